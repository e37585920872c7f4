"""One kernel: the loops of a schedule, products of all its sequences in them, and between these the rows of each sequence."""

from contextlib import nullcontext
from dataclasses import dataclass, field

from refrnn.compiler.fuse import fused
from refrnn.compiler.rows import Lines, Rows
from refrnn.compiler.schedule import Branch, Loop, letter_at
from refrnn.compiler.storage import Storage, bracketed
from refrnn.equation.indices import ONE, ZERO, Known, replaced
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Apply, Choice, Read, Span, Total, is_on_indices, rebuilt, shape_of, walk


@dataclass
class Segment:
    """Lines of each sequence where ``guards`` hold, or, where ``guards`` is None, lines for all of them."""

    lines: list
    guards: tuple | None = None


@dataclass
class Context:
    """Where a statement stands: the value of each letter, names of loops around, what holds there."""

    letters: dict
    scope: tuple
    ranges: dict
    guards: list = field(default_factory=list)  # of each sequence
    block: list = field(default_factory=list)  # of all


class Body:
    """Makes the lines of a kernel over some sequences, or, not ``batched``, over what all of them share.

    ``storages`` by name; ``shapes(name)`` the whole shape and ``firsts(name)`` the first places of a symbol.
    """

    def __init__(self, names, storages, shapes, firsts, times, lowest, batched, given):
        """``given``: the names of arrays that are handed in."""
        self.names, self.storages, self.times, self.lowest, self.batched, self.given = names, storages, times, lowest, batched, given
        self._shapes, self.first = shapes, firsts
        self.temporaries, self.packs = {}, {}
        self.lengths = {name: Size.of(names.add(f"{name}_{names.sequence}" if batched else f"{name}_most")) for name in times}
        self.ends = {name: names.variable(f"ends_{name}") for name in times}
        self._own = {str(size): name for name, size in self.lengths.items()}

    # ------------------------------------------------------------ symbols

    def shape(self, name):
        return self.temporaries[name] if name in self.temporaries else self._shapes(name)

    def temporary(self, shape):
        """A new symbol for what is computed on the way, of a shape."""
        if any(size.names() & set(self._own) for size in shape):
            shape = tuple(replaced(size, {own: Size.of(name) for own, name in self._own.items()}) for size in shape)
        name = self.names.add("part")
        self.temporaries[name] = tuple(shape)
        batch = Size.of(self.names.batch)
        self.storages[name] = Storage(name, ((batch,) if self.batched else ()) + tuple(shape), (), 0 if self.batched else None)
        return name

    # ------------------------------------------------------------ schedule

    def lines(self, schedule):
        out = Lines()
        self._items(schedule, {}, (), {}, out)
        return out.lines

    def _items(self, items, around, scope, ranges, out):
        waiting = []
        for item in items:
            if isinstance(item, Branch):
                self._flush(waiting, out)
                for value, part in item.by_value.items():
                    with out.block(f"if {item.constant} == {value}:"):
                        self._items(part, around, scope, ranges, out)
            elif isinstance(item, Loop):
                self._flush(waiting, out)
                self._loop(item, around, scope, ranges, out)
            else:
                self._statement(item, around, scope, ranges, waiting, out)
        self._flush(waiting, out)

    def _loop(self, loop, around, scope, ranges, out):
        first = next(iter(_statements(loop.body)))
        letter, _ = letter_at(first, loop.axes[first.name])
        name = self.names.letter(letter or "t", scope)
        low, high = self._most(loop.low), self._most(loop.high)
        ends = f"{low}, {high}" if low != "0" else high
        head = f"range({ends})" if loop.forward else f"range({_less(high)}, {_less(low)}, -1)"
        with out.block(f"for {name} in {head}:"):
            inner = {**around, **{(symbol, axis): name for symbol, axis in loop.axes.items()}}
            self._items(loop.body, inner, (*scope, name), {**ranges, name: (loop.low, loop.high)}, out)

    def _steps(self, loop, around, scope, ranges, out):
        """The loop of a statement by itself; where it is one product, and all sequences are one thread's, it is one of all steps."""
        inner, self._at_once = Lines(), None
        self._loop(loop, around, scope, ranges, inner)
        if self._at_once is not None and len(inner.lines) == 2:
            names = self.names
            with out.block(f"if {names.end} - {names.begin} == {names.batch}:"):
                out.write(self._at_once)
            with out.block("else:"):
                for line in inner.lines:
                    out.write(line)
        else:
            for line in inner.lines:
                out.write(line)

    def _most(self, size):
        """A size as text where the longest sequence counts."""
        return str(size) if self.batched else str(replaced(size, self.lengths))

    def _statement(self, statement, around, scope, ranges, waiting, out):
        bound = {axis: name for (symbol, axis), name in around.items() if symbol == statement.name}
        free = [axis for axis in range(len(statement.places)) if axis not in bound and letter_at(statement, axis)[0]]
        storage = self.storages[statement.name]
        if free and free[0] == 0 and self.batched and storage.batch == 1:  # time stands outside of sequences
            self._flush(waiting, out)
            low, high = statement.letters[letter_at(statement, 0)[0]]
            _, offset = letter_at(statement, 0)
            loop = Loop("", low + offset, high + offset, True, (statement,), {statement.name: 0})
            return self._steps(loop, around, scope, ranges, out)
        context = self._context(statement, bound, scope, ranges)
        segments = self._segments(statement, context, free)
        if context.block:
            self._flush(waiting, out)
            with out.block(f"if {' and '.join(context.block)}:"):
                self._flush(segments, out)
        else:
            waiting.extend(segments)

    def _context(self, statement, bound, scope, ranges):
        """What the letters of a statement are in the loops around, and where it is to run."""
        known, letters, bounds, conditions = Known(ranges, self.lowest), {}, [], []
        for axis, name in bound.items():
            letter, offset = letter_at(statement, axis)
            if letter is None:
                conditions.append((Size.of(name), offset))
            elif letter in letters:
                conditions.append((Size.of(name) - offset, letters[letter]))
            else:
                letters[letter] = Size.of(name) - offset
                lower, upper = statement.letters[letter]
                bounds += [letters[letter] - lower, upper - ONE - letters[letter]]
        context = Context(letters, scope, ranges)
        for bound_size in [*bounds, *(replaced(one, letters) for one in statement.bounds)]:
            self._guard(bound_size, known, context, statement)
        for left, right in conditions:
            context.guards.append(f"{self._text(left)} == {self._text(right)}")
        return context

    def _guard(self, bound, known, context, statement):
        if bound.names() & (statement.letters.keys() - context.letters.keys()):
            return  # within loops of the rows
        proved = known.never_below_zero(bound)
        timed = bound.names() & set(self.times)
        if proved and not (timed and self.batched):
            return
        if not proved and not timed:
            context.block.append(at_least_zero(bound))
            return
        context.guards.append(at_least_zero(replaced(bound, self.lengths)))
        if not proved and self.batched and all(bound.terms.get((name,), 1) > 0 for name in timed):
            context.block.append(at_least_zero(bound))

    def _text(self, size):
        return str(replaced(size, self.lengths))

    # ------------------------------------------------------------ a statement

    def _segments(self, statement, context, free):
        segments = []
        node = statement.value
        letters_left = [letter_at(statement, axis)[0] for axis in free]
        if self.batched and not letters_left:
            is_alone = not statement.bounds and not statement.conditions and len(context.letters) == len(statement.places)
            target = (statement.name, statement.places) if is_alone else None
            node, done = self._products(statement, node, context, segments, target)
            if done:
                return segments
        rows = Rows(self, statement, context.letters, context.scope)
        self._assign(rows, statement, list(dict.fromkeys(letters_left)), node, context)
        segments.append(self._rows_segment(rows, context))
        return segments

    def _element(self, name, places):
        return self.shape(name)[len(places):]

    def _assign(self, rows, statement, letters, node, context):
        if letters:
            letter, *rest = letters
            before = rows.letters
            with rows.loop(letter, *statement.letters[letter]) as place:
                rows.letters = {**before, letter: place}
                self._assign(rows, statement, rest, node, context)
                rows.letters = before
            return
        inner = [one for one in statement.bounds if one.names() & (statement.letters.keys() - context.letters.keys())]
        conditions = [at_least_zero(rows.own(one)) for one in inner] + [f"({rows.condition(one)})" for one in statement.conditions]
        if conditions:
            with rows.block(f"if {' and '.join(conditions)}:"):
                rows.assign(statement.name, statement.places, node)
        else:
            rows.assign(statement.name, statement.places, node)

    def _rows_segment(self, rows, context):
        return Segment(rows.lines, tuple(context.guards))

    def _flush(self, segments, out):
        """Write segments, the rows that follow one another in one loop over the sequences."""
        while segments:
            if segments[0].guards is None:
                for line in segments.pop(0).lines:
                    out.write(line)
                continue
            together = []
            while segments and segments[0].guards is not None:
                together.append(segments.pop(0))
            if not self.batched:
                self._guarded(together, out)
                continue
            with out.block(f"for {self.names.sequence} in range({self.names.begin}, {self.names.end}):"):
                for name, own in self.lengths.items():
                    if any(str(own) in line for segment in together for line in (*segment.lines, *segment.guards)):
                        out.write(f"{own} = {self.ends[name]}[{self.names.sequence}]")
                self._guarded(together, out)

    def _guarded(self, segments, out):
        while segments:
            guards, together = segments[0].guards, []
            while segments and segments[0].guards == guards:
                together.append(segments.pop(0))
            lines = fused([line for segment in together for line in segment.lines], self.names)
            with out.block(f"if {' and '.join(guards)}:") if guards else nullcontext():
                for line in lines:
                    out.write(line)

    # ------------------------------------------------------------ products of all sequences

    def _products(self, statement, node, context, segments, target=None):
        """The value with products of all sequences computed before; whether the value was nothing but one, and stands at its target."""
        if self._is_product(node):
            name = self._direct(target)
            if name is None:
                temporary = self.temporary(shape_of(node, self.shape))
                self._multiply(statement, node, context, segments, (temporary, ()))
                return Read(temporary), False
            self._multiply(statement, node, context, segments, target)
            return node, True
        if isinstance(node, Total) or isinstance(node, Choice) and is_on_indices(node.condition):
            return node, False
        if isinstance(node, Apply) and node.name not in ("matmul", "outer") or isinstance(node, Choice):
            return rebuilt(node, lambda child: self._products(statement, child, context, segments)[0] if not _is_truth(child) else child), False
        return node, False

    def _direct(self, target):
        """Whether rows of products may be written to where they belong: they stand apart as those of temporaries do."""
        if target is None:
            return None
        storage = self.storages[target[0]]
        return target[0] if storage.batch is not None and len(self._element(*target)) == 1 else None

    def _is_product(self, node):
        return self.batched and isinstance(node, Apply) and node.name == "matmul" and self.packable(node.arguments[0]) and len(shape_of(node.arguments[1], self.shape)) == 1 and not _is_one_hot(node.arguments[1]) and self._varies(node.arguments[1])

    def _varies(self, node):
        return any(isinstance(one, Read) and self.storages[one.name].batch is not None for one in walk(node))

    def packable(self, node):
        """Whether a matrix is an array, or a part of one, that all sequences share and no loop changes."""
        inner = node.arguments[0] if isinstance(node, Apply) and node.name == "transpose" else node
        if not isinstance(inner, Read) or inner.name not in self.storages:
            return False
        storage = self.storages[inner.name]
        fixed = not any(place.names() & set(self.times) or any("__" in name for name in place.names()) for place in _sizes(inner.places))
        shape = shape_of(inner, self.shape)
        fixed = fixed and not any(size.names() & set(self.times) for size in shape)
        return storage.batch is None and storage.is_float and inner.name in self.given and fixed and len(shape) == 2

    def pack(self, node):
        """The name of the panels of a packable matrix, laid out for ``matrix @ vector``."""
        key = str(node)
        if key not in self.packs:
            self.packs[key] = self.names.add("panels"), node
        return self.packs[key][0]

    def _multiply(self, statement, node, context, segments, target):
        matrix, operand = node.arguments
        rows, terms = shape_of(matrix, self.shape)
        operand, _ = self._products(statement, operand, context, segments)
        operand = self._standing(statement, operand, context, segments)
        names, size = self.names, (terms, rows)
        begin, count = Size.of(names.begin), f"{names.end} - {names.begin}"
        segments.append(Segment([self._times(target, operand, context.letters, begin, matrix, count, size)]))
        if all(self._by_steps(name, places, statement) for name, places in (target, operand)):
            (letter, (low, high)), = statement.letters.items()
            count = f"{bracketed(str(high - low))} * {names.batch}"
            self._at_once = self._times(target, operand, {letter: low}, ZERO, matrix, count, size)

    def _by_steps(self, name, places, statement):
        """Whether a symbol is read or given at each step, its rows dense, so that those of all steps and sequences are rows of one matrix."""
        letters = list(statement.letters)
        return len(letters) == 1 and self.storages[name].batch == 1 and len(self.shape(name)) == 2 and places[0] == Size.of(letters[0])

    def _times(self, target, operand, letters, begin, matrix, count, size):
        """The line of a product of rows."""
        names, (terms, rows) = self.names, size
        to, source = (self.storages[name].offset(self._padded(name, places, letters), begin) for name, places in (target, operand))
        c_row, a_row = (self._row_distance(name) for name, _ in (target, operand))
        return (
            f"times({names.multiply}, shift({names.of(target[0])}, {to}), {c_row}, shift({names.of(operand[0])}, {source}), {a_row}, "
            f"{self.pack(matrix)}, {count}, {terms}, {rows})"
        )

    def _padded(self, name, places, letters):
        """Places along all axes of a symbol, the first ones where none are given."""
        firsts, rank = self.first(name), len(self.shape(name))
        more = [firsts[axis] if axis < len(firsts) else ZERO for axis in range(len(places), rank)]
        return [*(replaced(place, letters) for place in places), *more]

    def _row_distance(self, name):
        storage = self.storages[name]
        behind = [bracketed(str(extent)) for extent in storage.extents[storage.batch + 1:] if extent != ONE]
        return " * ".join(behind) or "1"

    def _standing(self, statement, operand, context, segments):
        """(symbol, places) of rows that stand somewhere; an expression is computed first."""
        if isinstance(operand, Read) and self.storages[operand.name].batch is not None and self.storages[operand.name].is_float:
            places = [place.lower if isinstance(place, Span) else place for place in operand.places]
            rank = len(self.shape(operand.name))
            single = [not isinstance(place, Span) for place in operand.places] + [False] * (rank - len(operand.places))
            timed = any(place.names() & set(self.times) for place in places)
            unbound = any(name for place in places for name in place.names() if name in statement.letters and name not in context.letters)
            if single == [True] * (rank - 1) + [False] and not timed and not unbound:
                return operand.name, places
        name = self.temporary(shape_of(operand, self.shape))
        rows = Rows(self, statement, context.letters, context.scope)
        rows.assign(name, (), operand)
        segments.append(self._rows_segment(rows, context))
        return name, ()

    def multiplied(self, rows, target, places, left, right):
        """Write a product of one row with a packed matrix; False where there is none."""
        if not self.packable(left) or len(rows.shape(right)) != 1 or len(rows.shape(left)) != 2:
            return False
        right = rows.prepared(right)
        if not isinstance(right, Read) or self._strides(right):
            right = rows.kept(right)
        operand = [place.lower if isinstance(place, Span) else place for place in right.places]
        to, source = (rows.offset(name, self._padded(name, at, {})) for name, at in ((target, places), (right.name, operand)))
        count, terms = shape_of(left, self.shape)
        names = self.names
        rows.write(
            f"times({names.multiply}, shift({names.of(target)}, {to}), {rows.text(count)}, shift({names.of(right.name)}, {source}), {rows.text(terms)}, "
            f"{self.pack(left)}, 1, {rows.text(terms)}, {rows.text(count)})"
        )
        return True

    def _strides(self, read):
        """Whether what is read does not stand in one row."""
        rank = len(self.shape(read.name))
        single = [not isinstance(place, Span) for place in read.places] + [False] * (rank - len(read.places))
        return single != [True] * (rank - 1) + [False] or not self.storages[read.name].is_float


def _is_truth(node):
    return type(node).__name__ in ("Compare", "Logical")


def _is_one_hot(node):
    while isinstance(node, Apply) and node.name == "negative":
        node = node.arguments[0]
    return isinstance(node, Apply) and node.name == "one_hot"


def _sizes(places):
    for place in places:
        yield from (place.lower, place.upper) if isinstance(place, Span) else (place,)


def _statements(items):
    for item in items:
        if isinstance(item, Loop):
            yield from _statements(item.body)
        else:
            yield item


def at_least_zero(size):
    """The condition that a size is 0 or more, as people write it: t < T."""
    rest = Size({names: count for names, count in size.terms.items() if names})
    above = Size({names: count for names, count in rest.terms.items() if count > 0})
    below = above - rest
    constant = size.terms.get((), 0)
    if constant < 0:
        return f"{below + Size.of(-constant - 1)} < {above}"
    return f"{below} <= {above + Size.of(constant)}"


def _less(text):
    """One less, as text."""
    return str(int(text) - 1) if text.lstrip("-").isdigit() else f"{text} - 1"
