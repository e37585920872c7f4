"""Evaluation on demand: from the outputs back to the starts, each element once, for one sequence.

The direction of a recurrence is nowhere said: an element is computed when all it needs is there.
"""

import ast
import math
import sys
import threading
from bisect import insort
from collections import OrderedDict
from typing import NamedTuple

import numpy as np

from refrnn.equation.algebra import Numbers, Shapes
from refrnn.equation.compile import Compiler, EquationError, Reads, Work
from refrnn.equation.functions import ShapeError
from refrnn.equation.indices import is_polynomial, linear_in, numbered, size_of
from refrnn.equation.operations import Tally
from refrnn.equation.parse import subscripts
from refrnn.equation.places import Places
from refrnn.equation.shapes import element_shapes as shapes_of_elements
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Names, tree_of
from refrnn.equation.tree import shown as tree_text
from refrnn.errors import SpecError, cut
from refrnn.kernels.primitives.fork import cached_property, held

# Steps of work: elements computed, elements read and terms of sums.
MOST_WORK = 50_000_000
MOST_WORK_AT_LOADING = 100_000
_ELEMENTS_KEPT = 200_000  # of schedules, some 60 MB; the latest is kept whatever its length
_LOOKED_THROUGH = 8  # equations of single elements of one symbol; more are found by the element
_keeping = threading.RLock()  # of schedules, which all threads share
held(sys.modules[__name__], "_keeping")


class Pattern(NamedTuple):
    """A subscript of a left side with an index letter: the places letter + offset, the letter running from 0 below size.

    It is ``narrow`` where the size is that of an array which the equation copies, as in h[d-D] = h_start[d].
    """

    letter: str
    offset: Size
    size: Size
    narrow: bool = False

    def places(self, indices):
        first = self.offset.number(indices)
        return range(first, first + self.size.number(indices))


class Definition:
    """The equations of one symbol: which of them gives the element at a key, and over which keys they run."""

    def __init__(self, name):
        self.name = name
        self.equations = []  # (equation, patterns, compiled), most specific first
        self.patterns = {}  # the patterns by the id of their equation
        self._lefts = set()
        self._singles = 0  # how many equations give a single element; they stand first
        self._by_key = ({}, {})  # these by their keys, at the indices that come first

    def add(self, equation, patterns, compiled):
        left = ast.dump(equation.target)
        if left in self._lefts:
            raise SpecError(f"{equation.place}: {self.name} has the same left side in two equations; delete one")
        self._lefts.add(left)
        self.patterns[id(equation)] = patterns
        insort(self.equations, (equation, patterns, compiled), key=_generality)
        self._singles += not any(isinstance(pattern, Pattern) for pattern in patterns)

    def is_whole(self, axis=0):
        """Whether an equation runs over all places from ``axis`` on."""
        return all(isinstance(pattern, Pattern) for pattern in self.equations[-1][1][axis:])

    def find(self, key, indices, places=None):
        """The equation for the element at ``key`` and the index letters it binds, or None; ``places`` tells errors."""
        found = None
        for entry in self._candidates(key, indices):
            if found is not None and _generality(entry) > _generality(found[1]):
                break
            bound = _match(entry[1], key, indices)
            if bound is not None and found is not None:
                element = (places or Places(indices)).element(self, key)
                raise SpecError(f"{entry[0].place}: {entry[0].shown()} and {found[1][0].shown()} both define {element}; delete one")
            if bound is not None:
                found = bound, entry
        return found and (found[1][0], found[0], found[1][2])

    def _candidates(self, key, indices):
        """The entries that may give the element at ``key``, most specific first."""
        if self._singles <= _LOOKED_THROUGH:
            return self.equations
        known, by_key = self._by_key
        if known != indices:
            by_key = {}
            for entry in self.equations[: self._singles]:
                by_key.setdefault(tuple(place(indices) for place in entry[1]), []).append(entry)
            self._by_key = dict(indices), by_key
        return [*by_key.get(key, ()), *self.equations[self._singles :]]

    def ranges(self, indices):
        """The range of keys along each axis: that of the most general equation."""
        spans = []
        for pattern in self.equations[-1][1]:
            if isinstance(pattern, Pattern):
                spans.append(pattern.places(indices))
            else:
                spans.append(range(pattern(indices), pattern(indices) + 1))
        return spans


def _generality(entry):
    """How many index letters the left side of an entry of a definition has, and how many of them are not narrow."""
    found = [pattern for pattern in entry[1] if isinstance(pattern, Pattern)]
    return len(found), sum(not pattern.narrow for pattern in found)


def _match(patterns, key, indices):
    bound = {}
    for pattern, place in zip(patterns, key):
        if not isinstance(pattern, Pattern):
            if pattern(indices) != place:
                return None
            continue
        span = pattern.places(indices)
        index = place - span.start
        if place not in span or bound.setdefault(pattern.letter, index) != index:
            return None
    return bound


def _keys(spans, begin=()):
    keys = [begin]
    for span in spans:
        keys = [key + (place,) for key in keys for place in span]
    return keys


def _placed(place, equation):
    """A fixed place of a left side, whose errors name the equation."""

    def placed(indices):
        try:
            return place(indices)
        except EquationError as error:
            raise SpecError(f"{equation.place}: in {equation.shown()}: {error}") from None

    return placed


class Program:
    """Equations ready to run.

    ``sizes`` are the names of sizes, ``arrays`` the declared shapes of what is handed in, ``integers`` the names
    of integer constants, ``declared`` the shapes of defined symbols where a spec gives them, ``outputs`` what is wanted.
    With ``outside_is_zero`` an element that no equation defines counts as zero (``element_shapes`` gives its shape).
    """

    def __init__(self, equations, sizes, arrays, integers=(), declared=None, outputs=(), outside_is_zero=False, element_shapes=None):
        self.equations = list(equations)
        self.sizes = set(sizes)
        self.arrays = dict(arrays)
        self.integers = set(integers)
        self.declared = declared or {}
        self.outputs = tuple(outputs)
        self.outside_is_zero = outside_is_zero
        self.shapes_outside = dict(element_shapes or {})
        self.works = {}  # by equation: the work of each way through it
        self.kept_shapes = {}  # by the trees of sums and conditionals: what an empty sum, or a branch that is a single number, is
        self._schedules = OrderedDict()
        self._amounts = {}  # by the same: the operations, and the numbers kept
        self.by_name = {}
        for equation in self.equations:
            self.by_name.setdefault(equation.name, []).append(equation)
        self.ranks = self._find_ranks()
        self.definitions = {}
        self.names = Names(self.sizes, self.integers, self.arrays, self.ranks)
        self.trees = {}  # of the right sides, by the id of their equation
        compiler = Compiler(self.names, self.stack_keys)
        for equation in self.equations:
            self._define(equation, compiler)

    @cached_property
    def element_shapes(self):
        """The shape of one element of each defined symbol, the same in every branch and at all sizes."""
        return shapes_of_elements(self)

    def _find_ranks(self):
        ranks = {}
        for equation in self.equations:
            rank = len(equation.subscripts)
            if ranks.setdefault(equation.name, rank) != rank:
                raise SpecError(f"{equation.place}: {equation.name} has {rank} subscripts here and {ranks[equation.name]} elsewhere")
        return ranks

    def _define(self, equation, compiler):
        try:
            patterns = [self._pattern(equation, axis, node) for axis, node in enumerate(equation.subscripts)]
            letters = frozenset(pattern.letter for pattern in patterns if isinstance(pattern, Pattern))
            tree = self.trees[id(equation)] = tree_of(equation.value, self.names, letters)
            compiled = compiler.compile(tree)
        except (EquationError, ShapeError) as error:
            raise SpecError(f"{equation.place}: in {equation.shown()}: {error}") from None
        definition = self.definitions.setdefault(equation.name, Definition(equation.name))
        definition.add(equation, patterns, compiled)

    def _pattern(self, equation, axis, node):
        """A subscript of a left side: a Pattern, or a function that computes a fixed place."""
        letters = self._letters(node)
        if not letters:
            return _placed(numbered(self.names.index(node, frozenset())), equation)
        letter = letters[0]
        count, offset = linear_in(size_of(node), letter) if self.names.is_integer(node, {letter}) else (None, None)
        if count != 1 or not is_polynomial(offset):
            raise EquationError(
                f"the subscript {cut(ast.unparse(node))} on the left must be an index letter, t+1, t-1 or a fixed place, "
                f"or a letter with sizes added to it or taken away, such as d-D"
            )
        if letter in self.arrays or letter in self.ranks:
            raise EquationError(f"the index letter {letter} is also a symbol; choose another letter")
        usual, copied = self._range_of(equation.name, axis, letter), None
        if offset != 0 and (usual is None or self._is_start(equation, axis)):
            copied = self._copied_axis(equation, letter)
        if copied is None and usual is None:
            raise EquationError(
                f"the index {letter} of {equation.name} has no range; declare {equation.name} under symbols with role value and a shape, "
                f"or name the index after a size"
            )
        return Pattern(letter, offset, copied or usual, narrow=copied is not None and copied != usual)

    def _is_start(self, equation, axis):
        """Whether an equation reads nothing but what is handed in, and another one gives its symbol over an index too."""
        others = (other for other in self.by_name[equation.name] if other is not equation)
        return not equation.reads & self.ranks.keys() and any(self._letters(other.subscripts[axis]) for other in others)

    def _letters(self, node):
        return [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id not in self.sizes and n.id not in self.integers]

    def _range_of(self, name, axis, letter):
        """The size that a letter runs through by its place in a declared shape, else by its name; or None."""
        shape = self.declared.get(name)
        if shape is not None and axis < len(shape):
            return shape[axis]
        return Size.of(letter.upper()) if letter.upper() in self.sizes else None

    def _copied_axis(self, equation, letter):
        """The axis of the arrays handed in that an equation reads at just ``letter``, as a Size; None where there is none."""
        found = {}
        for node in ast.walk(equation.value):
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in self.arrays:
                for subscript, size in zip(subscripts(node), self.arrays[node.value.id]):
                    if isinstance(subscript, ast.Name) and subscript.id == letter:
                        found.setdefault(size, node.value.id)
        if len(found) > 1:
            told = " and ".join(f"over {size} in {name}" for size, name in found.items())
            raise EquationError(f"the index {letter} of {equation.name} would run {told}; use one letter for each size")
        return next(iter(found), None)

    def stack_keys(self, name, indices, work, begin=()):
        """All keys of a defined symbol that begin with ``begin``, in order."""
        definition = self.definitions[name]
        spans = definition.ranges(indices)[len(begin):]
        count = math.prod(max(0, span.stop - span.start) for span in spans)
        if not count:
            raise EquationError(f"{name} has no place at all at these sizes; choose larger ones")
        if not definition.is_whole(len(begin)):
            raise EquationError(f"{name} is defined at single places only; read those, or give it an equation with an index letter")
        work.spend(count)
        return _keys(spans, begin)

    def schedule(self, indices, wanted, most=MOST_WORK, places=None):
        """The elements to compute, each after all it needs: a list of (name, key, bound indices, compiled, equation)."""
        mark = (tuple(sorted(indices.items())), wanted)
        with _keeping:
            if mark in self._schedules:
                self._schedules.move_to_end(mark)
                return self._schedules[mark]
        schedule, amounts = self._order(indices, wanted, Work(most), places or Places(indices))
        with _keeping:
            self._schedules[mark], self._amounts[mark] = schedule, amounts
            while len(self._schedules) > 1 and sum(map(len, self._schedules.values())) > _ELEMENTS_KEPT:
                self._schedules.popitem(last=False)
        return schedule

    def _order(self, indices, wanted, work, places):
        order, done, open_elements = [], set(), {}
        stack = self._wanted_elements(indices, wanted, work)[::-1]
        self._count(stack, indices, places)
        tally = Tally(self, indices, places.symbolic)
        while stack:
            element = stack[-1]
            if element in done:
                stack.pop()
                continue
            if element in open_elements:
                stack.pop()
                done.add(element)
                order.append((*element, *open_elements.pop(element)))
                continue
            reader = next(reversed(open_elements.values())) if open_elements else None
            entry, needed = self._needed(element, indices, work, reader, places)
            open_elements[element] = entry
            if entry[2] is not None:
                tally.add(entry[2], entry[0])
            for other in needed:
                if other in open_elements:
                    raise SpecError(self._cycle(other, entry[2], list(open_elements), places))
                if other not in done:
                    stack.append(other)
        return order, tuple(tally.total)

    def amounts(self, sizes, constants=None, wanted=None):
        """The operations of one run, and the numbers that it keeps; refused where one run is too much."""
        indices, wanted = {**sizes, **(constants or {})}, tuple(wanted or self.outputs)
        mark = (tuple(sorted(indices.items())), wanted)
        if mark not in self._amounts:
            self.schedule(indices, wanted)
        return self._amounts[mark]

    def priced(self, sizes, constants=None):
        """For each equation how many elements it gives, and no fewer operations and numbers kept than any of them asks for, without a look at each.

        They are those of the dearest one at the ends and in the middle of its ranges.
        """
        indices = {**sizes, **(constants or {})}
        tally, found = Tally(self, indices, guarded=False), []
        for definition in self.definitions.values():
            for equation, patterns, _ in definition.equations:
                spans = {pattern.letter: pattern.size.number(indices) for pattern in patterns if isinstance(pattern, Pattern)}
                corners = [indices]
                for letter, size in spans.items():
                    corners = [corner | {letter: place} for corner in corners for place in {0, size // 2, size - 1}]
                dearest = map(max, zip(*(tally.of_element(equation, corner) for corner in corners)))
                found.append((max(0, math.prod(spans.values())), *dearest))
        return found

    def _count(self, elements, indices, places):
        """Refuse at once where the elements that are wanted are too much work by themselves."""
        tally = Tally(self, indices, places.symbolic)
        for name, key in elements:
            found = self.definitions[name].find(key, indices, places)
            if found is not None:
                tally.add(found[0], {**indices, **found[1]})

    def _wanted_elements(self, indices, wanted, work):
        elements = []
        for name in wanted:
            try:
                elements += [(name, key) for key in self.stack_keys(name, indices, work)]
            except EquationError as error:
                raise SpecError(f"{self.definitions[name].equations[-1][0].place}: {error}") from None
        return elements

    def _needed(self, element, indices, work, reader, places):
        """What finds the value of an element, and the elements it needs; ``reader`` is what finds the one that asks for it."""
        name, key = element
        found = self.definitions[name].find(key, indices, places)
        if found is None:
            if self.outside_is_zero:
                return (None, None, None), []
            raise SpecError(self._no_equation(element, reader, places))
        equation, bound, compiled = found
        bound = {**indices, **bound}
        reads = Reads(work)
        if compiled.needs is not None:
            try:
                compiled.needs(bound, reads)
            except EquationError as error:
                raise SpecError(f"{equation.place}: in {equation.shown()}: {error}") from None
        return (bound, compiled, equation), reads.found

    def _no_equation(self, element, reader, places):
        definition = self.definitions[element[0]]
        equation, at, mend = definition.equations[-1][0], "", ""
        shown = places.element(definition, element[1])
        if reader is not None:
            bound, compiled, equation = reader
            reads = Reads(Work(MOST_WORK), {})
            compiled.needs(bound, reads)
            shown = tree_text(reads.readers[element]) if places.symbolic and element in reads.readers else shown
            at = places.letters(self.patterns_of(equation), bound)
        if len(element[1]) == 1:
            start = self._start(shown) if places.symbolic else None
            mend = "; give a start, such as " + (start or f"{places.element(definition, element[1])} = {definition.name}0")
        return f"{equation.place}: {equation.shown()} needs {cut(shown)}{at}, but the equations define only {places.run_over(definition)}{mend}"

    def _start(self, shown):
        """A start for h[t-S], whose first place is another at other sizes; None for h[t-2]."""
        tree = ast.parse(shown, mode="eval").body
        names = {node.id for node in ast.walk(tree.slice) if isinstance(node, ast.Name)} if isinstance(tree, ast.Subscript) else set()
        size = min(names & (self.sizes | self.integers), default=None)
        return size and f"{tree.value.id}[d-{size}] = {tree.value.id}_start[d]"

    def patterns_of(self, equation):
        """The subscripts of the left side of one of the program's equations."""
        return self.definitions[equation.name].patterns[id(equation)]

    def _cycle(self, element, equation, chain, places):
        name = element[0]
        chain = chain[chain.index(element):] + [element]
        shown = " -> ".join(places.element(self.definitions[n], key) for n, key in chain[:6])
        return f"{equation.place}: {name} needs itself without a delay ({shown}); a recurrence reads an earlier step, such as {name}[t-1]"

    # ------------------------------------------------------------ running

    def run(self, arrays, sizes, algebra=None, constants=None, wanted=None, differentiate=(), scaled=None):
        """Evaluate for one sequence: ``arrays`` by name, ``sizes`` and integer ``constants`` as integers.

        ``differentiate`` names the arrays whose gradient a later :meth:`Run.backward` is to give. ``scaled`` maps
        defined symbols to two numbers that multiply their value, and their adjoint on the way back.
        """
        indices = {**sizes, **(constants or {})}
        wanted = tuple(wanted or self.outputs)
        self.element_shapes  # noqa: B018  (what does not fit is refused before any number is computed)
        run = Run(self, arrays, indices, algebra or Numbers(np.float64), dict.fromkeys(differentiate))
        run.scaled = scaled or {}
        with np.errstate(all="ignore"):
            run.evaluate(self.schedule(indices, wanted))
        return run

    def check(self, sizes, constants=None, wanted=None):
        """Run over shapes instead of numbers at small sizes; returns the shape of an element of each defined symbol.

        Finds shapes that do not fit at any size, and cycles, missing starts and places out of range at these.
        """
        shapes = self.element_shapes
        indices = {**sizes, **(constants or {})}
        run = Run(self, self.arrays, indices, Shapes(), set(), MOST_WORK_AT_LOADING)
        run.evaluate(self.schedule(indices, tuple(wanted or self.outputs), MOST_WORK_AT_LOADING, Places(indices, symbolic=True)))
        return shapes


class Run:
    """One evaluation: the elements computed so far, and the outputs."""

    def __init__(self, program, arrays, indices, algebra, differentiate, most=MOST_WORK):
        self.program = program
        self.arrays = arrays
        self.indices = indices
        self.algebra = algebra
        self.differentiate = differentiate
        self.outside_is_zero = program.outside_is_zero
        self.work = Work(most)
        self.memo = {}
        self.leaves = {}
        self.entries = {}
        self.stacks = {}
        self.scaled = {}
        self.choices = None if algebra.symbolic else algebra.choices

    def evaluate(self, schedule):
        for name, key, bound, compiled, equation in schedule:
            if compiled is None:
                self.memo[name, key] = self._zero_element(name)
                continue
            if self.choices is not None:
                self.choices.element = name, key
            try:
                value = compiled.value(self, bound)
                if name in self.scaled:
                    value = self.algebra.scaled(value, *self.scaled[name])
                self.memo[name, key] = self.algebra.named(value)
            except (EquationError, ShapeError, MemoryError) as error:
                raise SpecError(self._refusal(equation, bound, error)) from None

    def _refusal(self, equation, bound, error):
        at = Places(self.indices, self.algebra.symbolic).letters(self.program.patterns_of(equation), bound, getattr(error, "end", None))
        if isinstance(error, MemoryError):
            return f"{equation.place}: {equation.shown()}{at} does not fit into memory; choose smaller sizes"
        verb = "does not fit" if isinstance(error, ShapeError) else "is wrong"
        return f"{equation.place}: {equation.shown()} {verb}{at}: {error}"

    def leaf(self, name):
        if name not in self.leaves:
            array = self.arrays[name]
            self.leaves[name] = array if self.algebra.symbolic else self.algebra.leaf(array, name in self.differentiate)
        return self.leaves[name]

    def element(self, name, key):
        return self.memo[name, key]

    def stacked(self, name, begin, indices):
        """The elements of ``name`` whose key begins with ``begin`` as one value."""
        if (name, begin) in self.stacks:
            return self.stacks[name, begin]
        definition = self.program.definitions[name]
        spans = definition.ranges(indices)[len(begin):]
        values = [self.memo[name, key] for key in _keys(spans, begin)]
        for span, pattern in zip(reversed(spans), reversed(definition.equations[-1][1])):
            values = [
                self.algebra.stack(values[start:start + len(span)], pattern.size) for start in range(0, len(values), len(span))
            ]
        self.stacks[name, begin] = values[0]
        return values[0]

    def kept_shape(self, tree, indices):
        """The shape of the terms of a sum, or of a conditional with a branch that is a single number; else None."""
        shape = self.program.kept_shapes.get(id(tree))
        return shape if shape is None or self.algebra.symbolic else tuple(size.number(indices) for size in shape)

    def extents(self, value):
        """How many places each axis has."""
        if self.algebra.symbolic:
            return [size.number(self.indices) for size in value]
        return value.value.shape[: self.algebra.rank(value.value)]

    def whole_number(self, size):
        """A slice bound as an integer."""
        return size.number(self.indices) if isinstance(size, Size) else size

    def zero(self, value, taken):
        """Zeros in the shape of ``value`` after ``taken`` subscripts."""
        if self.algebra.symbolic:
            return value[taken:]
        return self.algebra.apply("zeros", sized=self.extents(value)[taken:])

    def _zero_element(self, name):
        shape = self.program.shapes_outside[name]
        if self.algebra.symbolic:
            return shape
        return self.algebra.apply("zeros", sized=tuple(size.number(self.indices) for size in shape))

    # ------------------------------------------------------------ results

    def value(self, name):
        """The value of a defined symbol, stacked over its indices, or None where not all of it was computed."""
        definition = self.program.definitions[name]
        spans = definition.ranges(self.indices)
        nodes = [self.memo.get((name, key)) for key in _keys(spans)] if definition.is_whole() else []
        if not nodes or any(node is None for node in nodes):
            return None
        lengths = tuple(len(span) for span in spans)
        return np.stack([np.asarray(node.value) for node in nodes]).reshape(lengths + np.shape(nodes[0].value))

    def at(self, name, key):
        """The value of one element."""
        return self.memo[name, key].value

    def sweep(self, upstream, absorbing=False):
        """Reverse mode: a :class:`refrnn.equation.sweep.Sweep` with the adjoints of all nodes, from adjoints of defined symbols."""
        sweep = self.algebra.way_back(absorbing)
        with np.errstate(all="ignore"):
            for name, gradient in upstream.items():
                self._seed(sweep, name, gradient)
            sweep.run()
        return sweep

    def backward(self, upstream, absorbing=None):
        """The adjoints of the differentiated arrays, by name, from adjoints of defined symbols.

        Where finite arrays have an adjoint that is not finite, zeros absorb (see :class:`Sweep`): it was a branch not
        taken, or there is no number. ``absorbing`` settles it beforehand.
        """
        gradients = self._gradients(upstream, bool(absorbing))
        # A sum tells it at once, if it does not itself leave the range.
        if absorbing is not None or all(np.isfinite(np.add.reduce(array, axis=None)) for array in gradients.values()):
            return gradients
        lost = ~self._finite(gradients) & self._finite(self.arrays)
        if np.any(lost):
            absorbed = self._gradients(upstream, True)
            gradients = absorbed if np.all(lost) else {name: np.where(lost, absorbed[name], array) for name, array in gradients.items()}
        return gradients

    def _finite(self, arrays):
        """Whether all is finite, on each lane."""
        each = [np.isfinite(array).all(axis=tuple(range(self.algebra.rank(array)))) for array in arrays.values()]
        return np.logical_and.reduce(each, axis=0)

    def _gradients(self, upstream, absorbing):
        sweep = self.sweep(upstream, absorbing)
        return {name: self._leaf_adjoint(sweep, name) for name in self.differentiate}

    def _seed(self, sweep, name, gradient):
        spans = self.program.definitions[name].ranges(self.indices)
        lengths = tuple(len(span) for span in spans)
        gradient = np.asarray(gradient).reshape((-1,) + np.shape(gradient)[len(lengths):])
        for key, part in zip(_keys(spans), gradient):
            sweep.accumulate(self.memo[name, key], part)

    def _leaf_adjoint(self, sweep, name):
        leaf = self.leaves.get(name)
        adjoint = None if leaf is None else sweep.of(leaf)
        if adjoint is None:
            return np.zeros(np.shape(self.arrays[name]), self.algebra.dtype)
        return np.asarray(adjoint)

    def adjoint(self, sweep, name):
        """The adjoint of a defined symbol in a sweep of this run, stacked over its indices."""
        spans = self.program.definitions[name].ranges(self.indices)
        nodes = [self.memo[name, key] for key in _keys(spans)]
        found = [sweep.of(node) for node in nodes]
        parts = [np.zeros_like(node.value) if adjoint is None else adjoint for node, adjoint in zip(nodes, found)]
        return np.stack(parts).reshape(tuple(len(span) for span in spans) + np.shape(nodes[0].value))
