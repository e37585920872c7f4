"""Places as errors tell them: as numbers where a caller chose the sizes, in sizes where they are a check's own."""

import ast

from refrnn.equation.sizes import Size

NEAR = 3  # places from an end that are told from there: T-1, T, T+1


class Places:
    """Tells places at the given ``indices`` (sizes and integer constants by name); ``symbolic`` where these are nobody's business."""

    def __init__(self, indices, symbolic=False):
        self.indices = indices
        self.symbolic = symbolic

    def place(self, number, pattern):
        """One place of a subscript that ``pattern`` runs through."""
        if not self.symbolic or not isinstance(pattern, tuple):
            return str(number)
        ends = (pattern.offset, pattern.offset + pattern.size)
        away = [number - end.number(self.indices) for end in ends]
        end, distance = min(zip(ends, away), key=lambda pair: abs(pair[1]))
        return str(end + Size.of(distance)) if abs(distance) <= NEAR else str(number)

    def element(self, definition, key):
        """h[T-1]."""
        patterns = definition.equations[-1][1]
        return _subscripted(definition.name, [self.place(number, pattern) for number, pattern in zip(key, patterns)])

    def run_over(self, definition):
        """h[0] to h[T-1]."""
        first, last = [], []
        equation, patterns, _ = definition.equations[-1]
        for pattern, node in zip(patterns, equation.subscripts):
            if not isinstance(pattern, tuple):
                first.append(ast.unparse(node))
                last.append(ast.unparse(node))
                continue
            ends = (pattern.offset, pattern.offset + pattern.size - Size.of(1))
            told = [str(end if self.symbolic else end.number(self.indices)) for end in ends]
            first.append(told[0])
            last.append(told[1])
        ends = [_subscripted(definition.name, places) for places in (first, last)]
        return " to ".join(dict.fromkeys(ends))

    def letters(self, patterns, bound, end=None):
        """at t = 0, i = H-1; a letter at the ``end`` of another size, where that is left, is told in that size."""
        told = {}
        for pattern in patterns:
            if isinstance(pattern, tuple) and pattern.letter in bound:
                number = bound[pattern.letter]
                beyond = end is not None and number == end.number(self.indices)
                told[pattern.letter] = str(end) if beyond else self.place(number, pattern._replace(offset=Size.of(0)))
        return " at " + ", ".join(f"{letter} = {place}" for letter, place in told.items()) if told else ""


def _subscripted(name, places):
    return f"{name}[{', '.join(places)}]" if places else name
