"""Where recurrences begin, and which of their states may be handed over, so that the next chunk continues the sequence.

Everything is read off the equations. Row t of a symbol is its element for step t, whatever place its left side gives it:
with h[t+1] = ... row t is h[t+1], and the start h[0] is row -1.
"""

import ast
from typing import NamedTuple

from refrnn.equation.comparisons import COMPARISONS, kind_of
from refrnn.equation.evaluate import Pattern
from refrnn.equation.indices import size_of
from refrnn.equation.parse import subscripts
from refrnn.equation.sizes import Size
from refrnn.errors import ValuesError


class NotCarried:
    """Stands in ``Run.state`` for what does not go on in the next chunk; a pass that is given it refuses, and says why."""

    def __init__(self, spec, name, why):
        mend = "run all steps at once, or hand on by name what you need of run.state"
        self.sentence = f"{spec}: {name} need not go on in the next chunk, because {why}; {mend}"

    def __repr__(self):
        return f"<{self.sentence}>"

    def __array__(self, *_, **__):
        raise ValuesError(self.sentence)


class Beginning(NamedTuple):
    """A recurrence that begins with a start just as it is handed in: h[-1] = h0, or h[d-D] = h_start[d]."""

    start: str
    state: str
    forward: bool
    delayed: bool
    equation: object


def beginnings(spec):
    """All of a spec, in the order of its equations."""
    found = []
    for equation in spec.equations:
        start = _taken_as_it_is(spec, equation)
        if start is None or _time(spec, equation.name) is None:
            continue
        first = _patterns(spec, equation)[0]
        if not isinstance(first, Pattern):
            # h[T] begins a recurrence that runs backward.
            found.append(Beginning(start, equation.name, not _names(equation.subscripts[0]), False, equation))
        elif first.offset + first.size == 0:
            found.append(Beginning(start, equation.name, True, True, equation))
    return found


def continuing(spec, begun, constants):
    """Those of ``begun`` whose last state, handed over as the start, continues the sequence.

    All that their states depend on has to keep step: it reads what is given for its own step, and of the steps before
    nothing but states that are handed over too. ``constants`` are the integer constants that are known.
    """
    kept = [one for one in begun if one.delayed or _stands_before(spec, one)]
    while True:
        reading = _Reading(spec, kept, constants)
        left = [one for one in kept if reading.obstacle(one.state, one.forward) is None]
        if left == kept:
            return kept
        kept = left


def staying(spec, begun, kept, constants):
    """What does not go on in the next chunk though all of ``kept`` is handed over: by name, what is in the way.

    The names are those of starts; where all of them go on, those of outputs that have a time, and of states that other
    outputs depend on and that no start begins.
    """
    found = {one.start: _why_not(spec, one, begun, kept, constants) for one in begun if one not in kept}
    if found:
        return found
    reading, reading_all = _Reading(spec, kept, constants), _Reading(spec, begun, constants)
    for name in spec.outputs:
        if _time(spec, name) is not None:
            if all(reading.obstacle(name, forward) for forward in (True, False)):
                found[name] = reading_all.obstacle(name, True) or reading.obstacle(name, True)
        elif spec.time_size(name):
            found[name] = f"{reading.equations(name)[0].shown()} gives all its steps at once"
        else:
            found |= _behind(spec, name, reading_all) or _both_ways(spec, name, reading_all, begun)
    return found


def _why_not(spec, one, begun, kept, constants):
    """What is in the way of a beginning that does not go on."""
    if not one.delayed and not _stands_before(spec, one):
        return f"{one.equation.shown()} is no step before the first"
    readings = _Reading(spec, begun, constants), _Reading(spec, [*kept, one], constants)
    return readings[0].obstacle(one.state, one.forward) or readings[1].obstacle(one.state, one.forward)


def _behind(spec, output, reading):
    """The symbols with time that ``output`` depends on and that read a step before, which nothing hands over."""
    found = {}
    for name in _needed(spec, output, reading):
        for equation in reading.equations(name):
            behind = reading.reads(equation, True).behind
            if _time(spec, name) is not None and behind:
                found[name] = f"{equation.shown()} reads {behind}"
    return found


def _both_ways(spec, output, reading, begun):
    """The ``output`` itself where it depends on states that run forward and on others that run backward: no chunk is next to both."""
    needed = _needed(spec, output, reading)
    first = {one.forward: one.state for one in reversed(begun) if one.state in needed}
    if len(first) < 2:
        return {}
    return {output: f"{output} depends on {first[True]}, which runs forward, and on {first[False]}, which runs backward"}


def _needed(spec, output, reading):
    """The symbols that ``output`` depends on, and itself."""
    seen, waiting, defined = {}, [output], set(spec.defined)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen[name] = True
            for equation in reading.equations(name):
                waiting += equation.reads & defined
    return seen


def _taken_as_it_is(spec, equation):
    """The array that an equation such as h[-1] = h0, h[-1, i] = h0[i] or h[d-D] = h_start[d] takes as it is, or None."""
    value, places = equation.value, equation.subscripts
    if not places:
        return None
    first = _patterns(spec, equation)[0]
    letters = [pattern.letter if isinstance(pattern, Pattern) else None for pattern in _patterns(spec, equation)]
    letters = letters if isinstance(first, Pattern) else letters[1:]
    if isinstance(value, ast.Subscript):
        read = [node.id if isinstance(node, ast.Name) else "" for node in subscripts(value)]
        value = value.value if read == letters else None
    elif letters:
        value = None
    return value.id if isinstance(value, ast.Name) and value.id in spec.arrays else None


def _stands_before(spec, one):
    """Whether a start at a fixed place is the row just before the first step, or just behind the last one."""
    sizes = spec.small_sizes(4)
    place = _patterns(spec, one.equation)[0]({**sizes, **spec.lowest_constants()})
    row = place - _whole(spec, one.state).offset.number({**sizes, **spec.lowest_constants()})
    return row == (-1 if one.forward else sizes[_time(spec, one.state)])


class _Reading:
    """What equations read where ``kept`` are handed over, at the integer ``constants`` that are known; each is read once."""

    def __init__(self, spec, kept, constants):
        self.spec, self.constants = spec, constants
        self.starts = {id(one.equation) for one in kept}
        self.states = {forward: {one.state for one in kept if one.forward == forward} for forward in (True, False)}
        self.delayed = {True: {one.state for one in kept if one.delayed}, False: set()}
        self.found = {}
        self.clear = {True: set(), False: set()}  # symbols without an obstacle, by the direction

    def equations(self, name):
        """The equations of a symbol but for the starts that are handed over."""
        return [equation for equation in self.spec.program.by_name.get(name, ()) if id(equation) not in self.starts]

    def reads(self, equation, forward):
        mark = id(equation), forward
        if mark not in self.found:
            self.found[mark] = _StepReads(self.spec, equation, forward, self.states[forward], self.delayed[forward], self.constants)
        return self.found[mark]

    def obstacle(self, state, forward):
        """What keeps a symbol from going on, in words; None where all it depends on keeps step."""
        seen, waiting = set(), [state]
        while waiting:
            name = waiting.pop()
            if name in seen or name in self.clear[forward]:
                continue
            seen.add(name)
            for equation in self.equations(name):
                reads = self.reads(equation, forward)
                if reads.stray is not None:
                    return f"{equation.shown()} reads {reads.stray}" if reads.stray else f"{equation.shown()} begins with no start as it is handed in"
                waiting += sorted(reads.same_step)
        self.clear[forward] |= seen
        return None


class _StepReads(ast.NodeVisitor):
    """What an equation reads.

    ``same_step`` names the defined symbols at its own step. ``stray`` is what else it reads that is not handed over, such
    as x[t-1], or "" where the equation does not run over all steps; None says that there is nothing. ``behind`` is a
    step before that it reads and that is not handed over, or None.
    """

    def __init__(self, spec, equation, forward, states, delayed, constants):
        self.spec, self.forward, self.states, self.delayed = spec, forward, states, delayed
        self.same_step, self.stray, self.behind = set(), None, None
        time, self.letter = _time(spec, equation.name), None
        if time is not None:
            first = _patterns(spec, equation)[0]
            if not isinstance(first, Pattern) or first != _whole(spec, equation.name)._replace(letter=first.letter):
                self.stray = ""
                return
            self.letter = first.letter
        self.visit(_Lean(constants).visit(ast.parse(ast.unparse(equation.value), mode="eval").body))

    def visit_Subscript(self, node):
        name = node.value.id if isinstance(node.value, ast.Name) else None
        if name is None or _time(self.spec, name) is None:
            self.generic_visit(node)
            return
        first, *rest = subscripts(node)
        distance = self._distance(name, first)
        if distance == 0:
            if name in self.spec.defined:
                self.same_step.add(name)
        elif not self._is_handed_over(name, distance):
            self._strays(_text(node))
            if distance is not None and all(count < 0 for count in distance.terms.values()):
                self.behind = self.behind or _text(node)
        for other in rest:
            self.visit(other)

    def visit_Name(self, node):
        """A symbol without a step of its own, or what only a whole sequence has: all its steps, their number, a step's number."""
        spec, name = self.spec, node.id
        if name == self.letter or name in spec.time or _time(spec, name) is not None:
            self._strays(name)
        elif name in spec.arrays:
            if any(size.names() & set(spec.time) for size in spec.symbols[name].shape):
                self._strays(name)
        elif name in spec.defined:
            self.same_step.add(name)

    def _strays(self, text):
        self.stray = text if self.stray is None else self.stray

    def _distance(self, name, place):
        """How many steps the row that is read lies after this one, as a Size, or None."""
        if isinstance(place, ast.Slice) or self.letter not in _names(place):
            return None
        row = size_of(place)
        if name in self.spec.defined:
            row = row - _whole(self.spec, name).offset
        return row - Size.of(self.letter)

    def _is_handed_over(self, name, distance):
        if distance is None:
            return False
        if name in self.delayed:
            return all(count < 0 for count in distance.terms.values())
        return name in self.states and distance == (-1 if self.forward else 1)


class _Lean(ast.NodeTransformer):
    """Leaves out what changes no value: stop, branches that are never taken, and conditions between equal branches."""

    def __init__(self, constants):
        self.constants = constants

    def visit_Call(self, node):
        self.generic_visit(node)
        return node.args[0] if isinstance(node.func, ast.Name) and node.func.id == "stop" else node

    def visit_IfExp(self, node):
        self.generic_visit(node)
        decided = _decided(node.test, self.constants)
        if decided is not None:
            return node.body if decided else node.orelse
        return node.body if ast.dump(node.body) == ast.dump(node.orelse) else node


def _decided(test, constants):
    """Whether a condition is true, as far as ``constants`` tell, or None."""
    if isinstance(test, ast.BoolOp):
        parts = [_decided(part, constants) for part in test.values]
        decides = isinstance(test.op, ast.Or)
        return decides if decides in parts else None if None in parts else not decides
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        left, right = (_known(node, constants) for node in (test.left, test.comparators[0]))
        return None if left is None or right is None else COMPARISONS[kind_of(test)].holds(left, right)
    return None


def _known(node, constants):
    return node.value if isinstance(node, ast.Constant) else constants.get(node.id) if isinstance(node, ast.Name) else None


def _patterns(spec, equation):
    return spec.program.patterns_of(equation)


def _whole(spec, name):
    """The pattern of the first subscript of a defined symbol, in the equation that runs over all its places."""
    patterns = spec.program.definitions[name].equations[-1][1]
    return patterns[0] if patterns else None


def _time(spec, name):
    """The time of a symbol's first axis, or None."""
    if name in spec.arrays:
        shape = spec.symbols[name].shape
        size = shape[0] if shape else None
    elif name in spec.program.definitions:
        size = getattr(_whole(spec, name), "size", None)
    else:
        size = None
    return str(size) if str(size) in spec.time else None


def _names(tree):
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _text(subscripted):
    """h[t-1], as it is written."""
    return ast.unparse(subscripted).replace(" ", "")
