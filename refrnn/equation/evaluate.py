"""Evaluation on demand: from the outputs back to the starts, each element once, for one sequence.

The direction of a recurrence is nowhere said: an element is computed when all it needs is there.
"""

import ast
from collections import OrderedDict

import numpy as np

from refrnn.equation.algebra import Numbers, Shapes
from refrnn.equation.compile import Compiler, EquationError
from refrnn.equation.functions import ShapeError
from refrnn.equation.sizes import Size
from refrnn.errors import SpecError

MOST_ELEMENTS = 5_000_000
_SCHEDULES_KEPT = 64


class Definition:
    """The equations of one symbol: which of them gives the element at a key, and over which keys they run."""

    def __init__(self, name):
        self.name = name
        self.equations = []  # (equation, patterns, compiled), most specific first

    def add(self, equation, patterns, compiled):
        self.equations.append((equation, patterns, compiled))
        self.equations.sort(key=lambda entry: sum(isinstance(pattern, tuple) for pattern in entry[1]))

    def find(self, key, indices):
        """The equation for the element at ``key`` and the index letters it binds, or None."""
        for equation, patterns, compiled in self.equations:
            bound = _match(patterns, key, indices)
            if bound is not None:
                return equation, bound, compiled
        return None

    def ranges(self, indices):
        """The range of keys along each axis: that of the most general equation."""
        spans = []
        for pattern in self.equations[-1][1]:
            if isinstance(pattern, tuple):
                letter, offset, size = pattern
                spans.append(range(offset, size.number(indices) + offset))
            else:
                spans.append(range(pattern(indices), pattern(indices) + 1))
        return spans


def _match(patterns, key, indices):
    bound = {}
    for pattern, place in zip(patterns, key):
        if not isinstance(pattern, tuple):
            if pattern(indices) != place:
                return None
            continue
        letter, offset, size = pattern
        index = place - offset
        if not 0 <= index < size.number(indices) or bound.setdefault(letter, index) != index:
            return None
    return bound


def _keys(spans):
    keys = [()]
    for span in spans:
        keys = [key + (place,) for key in keys for place in span]
    return keys


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
        self.element_shapes = dict(element_shapes or {})
        self._schedules = OrderedDict()
        self.ranks = self._find_ranks()
        self.definitions = {}
        compiler = Compiler(self.sizes, self.integers, self.arrays, self.ranks, self.stack_keys)
        for equation in self.equations:
            self._define(equation, compiler)

    def _find_ranks(self):
        ranks = {}
        for equation in self.equations:
            rank = len(equation.subscripts)
            if ranks.setdefault(equation.name, rank) != rank:
                raise SpecError(f"{equation.place}: {equation.name} has {rank} subscripts here and {ranks[equation.name]} elsewhere")
        return ranks

    def _define(self, equation, compiler):
        try:
            patterns = [self._pattern(equation, axis, node, compiler) for axis, node in enumerate(equation.subscripts)]
            letters = frozenset(pattern[0] for pattern in patterns if isinstance(pattern, tuple))
            compiled = compiler.compile(equation.value, letters)
        except EquationError as error:
            raise SpecError(f"{equation.place}: in {str(equation)!r}: {error}") from None
        definition = self.definitions.setdefault(equation.name, Definition(equation.name))
        for other, other_patterns, _ in definition.equations:
            if [ast.dump(node) for node in other.subscripts] == [ast.dump(node) for node in equation.subscripts]:
                raise SpecError(f"{equation.place}: {equation.name} has the same left side in two equations; delete one")
        definition.add(equation, patterns, compiled)

    def _pattern(self, equation, axis, node, compiler):
        """A subscript of a left side: (letter, offset, size of its range), or a function that computes a fixed place."""
        letters = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id not in self.sizes and n.id not in self.integers]
        if not letters:
            return compiler.integer(node, frozenset())
        letter, offset = letters[0], 0
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)) and isinstance(node.right, ast.Constant):
            offset = node.right.value if isinstance(node.op, ast.Add) else -node.right.value
            node = node.left
        if not isinstance(node, ast.Name) or not isinstance(offset, int):
            raise EquationError(f"the subscript {ast.unparse(node)} on the left must be an index letter, t+1, t-1 or a fixed place")
        if letter in self.arrays or letter in self.ranks:
            raise EquationError(f"the index letter {letter} is also a symbol; choose another letter")
        return letter, offset, self._range_of(equation.name, axis, letter)

    def _range_of(self, name, axis, letter):
        shape = self.declared.get(name)
        if shape is not None and axis < len(shape):
            return shape[axis]
        if letter.upper() in self.sizes:
            return Size.of(letter.upper())
        raise EquationError(
            f"the index {letter} of {name} has no range; declare {name} under symbols with role value and a shape, "
            f"or name the index after a size"
        )

    def stack_keys(self, name, indices):
        """All keys of a defined symbol, in order."""
        return _keys(self.definitions[name].ranges(indices))

    def schedule(self, indices, wanted):
        """The elements to compute, each after all it needs: a list of (name, key, bound indices, compiled, equation)."""
        mark = (tuple(sorted(indices.items())), wanted)
        if mark in self._schedules:
            self._schedules.move_to_end(mark)
            return self._schedules[mark]
        schedule = self._order(indices, wanted)
        self._schedules[mark] = schedule
        if len(self._schedules) > _SCHEDULES_KEPT:
            self._schedules.popitem(last=False)
        return schedule

    def _order(self, indices, wanted):
        order, done, open_elements = [], set(), {}
        stack = [(name, key) for name in reversed(wanted) for key in reversed(self.stack_keys(name, indices))]
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
            entry, needed = self._needed(element, indices)
            open_elements[element] = entry
            for other in needed:
                if other in open_elements:
                    raise SpecError(self._cycle(other, entry[2], stack, open_elements))
                if other not in done:
                    stack.append(other)
            if len(order) + len(stack) > MOST_ELEMENTS:
                raise SpecError(f"{self.equations[0].place}: these sizes need more than {MOST_ELEMENTS} elements; choose smaller ones")
        return order

    def _needed(self, element, indices):
        name, key = element
        found = self.definitions[name].find(key, indices)
        if found is None:
            if self.outside_is_zero:
                return (None, None, None), []
            raise SpecError(self._no_equation(name, key, indices))
        equation, bound, compiled = found
        bound = {**indices, **bound}
        needed = []
        if compiled.needs is not None:
            try:
                compiled.needs(bound, lambda other, place: needed.append((other, place)))
            except EquationError as error:
                raise SpecError(f"{equation.place}: in {str(equation)!r}: {error}") from None
        return (bound, compiled, equation), needed

    def _no_equation(self, name, key, indices):
        spans = self.definitions[name].ranges(indices)
        equation = self.definitions[name].equations[-1][0]
        run_over = ", ".join(f"{span.start} to {span.stop - 1}" for span in spans)
        place = ", ".join(map(str, key))
        mend = f"; give a start, such as {name}[{place}] = {name}0" if len(key) == 1 else ""
        return f"{equation.place}: {name}[{place}] is needed, but the equations define only {run_over}{mend}"

    def _cycle(self, element, equation, stack, open_elements):
        name, key = element
        chain = [entry for entry in stack if entry in open_elements]
        chain = chain[chain.index(element):] + [element]
        shown = " -> ".join(f"{n}[{', '.join(map(str, k))}]" if k else n for n, k in chain[:6])
        return f"{equation.place}: {name} needs itself without a delay ({shown}); a recurrence reads an earlier step, such as {name}[t-1]"

    # ------------------------------------------------------------ running

    def run(self, arrays, sizes, algebra=None, constants=None, wanted=None, differentiate=()):
        """Evaluate for one sequence: ``arrays`` by name, ``sizes`` and integer ``constants`` as integers.

        ``differentiate`` names the arrays whose gradient a later :meth:`Run.backward` is to give.
        """
        indices = {**sizes, **(constants or {})}
        wanted = tuple(wanted or self.outputs)
        run = Run(self, arrays, indices, algebra or Numbers(np.float64), set(differentiate))
        with np.errstate(all="ignore"):
            run.evaluate(self.schedule(indices, wanted))
        return run

    def check(self, sizes, constants=None, wanted=None):
        """Run over shapes instead of numbers, with small sizes; returns the shapes of all defined symbols.

        Finds cycles, missing starts, indices out of range and shapes that do not fit before any number is computed.
        """
        indices = {**sizes, **(constants or {})}
        wanted = tuple(wanted or self.outputs)
        run = Run(self, self.arrays, indices, Shapes(), set())
        run.evaluate(self.schedule(indices, wanted))
        shapes = {}
        for name, key in run.memo:
            shape = run.memo[name, key]
            if shapes.setdefault(name, shape) != shape:
                equation = self.definitions[name].find(key, indices)[0]
                raise SpecError(
                    f"{equation.place}: in {str(equation)!r}: {name} has shape {list(shape)} here and {list(shapes[name])} elsewhere"
                )
        return shapes


class Run:
    """One evaluation: the elements computed so far, and the outputs."""

    def __init__(self, program, arrays, indices, algebra, differentiate):
        self.program = program
        self.arrays = arrays
        self.indices = indices
        self.algebra = algebra
        self.differentiate = differentiate
        self.outside_is_zero = program.outside_is_zero
        self.memo = {}
        self.leaves = {}
        self.stacks = {}

    def evaluate(self, schedule):
        for name, key, bound, compiled, equation in schedule:
            if compiled is None:
                self.memo[name, key] = self._zero_element(name)
                continue
            try:
                self.memo[name, key] = self.algebra.named(compiled.value(self, bound))
            except (EquationError, ShapeError) as error:
                at = ", ".join(f"{letter} = {bound[letter]}" for letter in bound if letter not in self.indices)
                verb = "does not fit" if isinstance(error, ShapeError) else "is wrong"
                raise SpecError(f"{equation.place}: {str(equation)!r} {verb}{' at ' + at if at else ''}: {error}") from None

    def leaf(self, name):
        if name not in self.leaves:
            array = self.arrays[name]
            self.leaves[name] = array if self.algebra.symbolic else self.algebra.leaf(array, name in self.differentiate)
        return self.leaves[name]

    def element(self, name, key):
        return self.memo[name, key]

    def stacked(self, name, indices):
        """All elements of ``name`` as one value."""
        if name in self.stacks:
            return self.stacks[name]
        definition = self.program.definitions[name]
        spans = definition.ranges(indices)
        values = [self.memo[name, key] for key in _keys(spans)]
        patterns = definition.equations[-1][1]
        for span, pattern in zip(reversed(spans), reversed(patterns)):
            size = pattern[2] if isinstance(pattern, tuple) else 1
            values = [
                self.algebra.stack(values[start:start + len(span)], size) for start in range(0, len(values), len(span))
            ]
        self.stacks[name] = values[0]
        return values[0]

    def extent(self, value, axis):
        """How many places an axis has, or None where there is no such axis."""
        shape = value if self.algebra.symbolic else np.shape(value.value)
        if axis >= len(shape):
            return None
        return shape[axis].number(self.indices) if self.algebra.symbolic else shape[axis]

    def whole_number(self, size):
        """A slice bound as an integer."""
        return size.number(self.indices) if isinstance(size, Size) else size

    def zero(self, value, taken):
        """Zeros in the shape of ``value`` after ``taken`` subscripts."""
        if self.algebra.symbolic:
            return value[taken:]
        return self.algebra.apply("zeros", sized=np.shape(value.value)[taken:])

    def _zero_element(self, name):
        shape = self.program.element_shapes[name]
        if self.algebra.symbolic:
            return shape
        return self.algebra.apply("zeros", sized=tuple(size.number(self.indices) for size in shape))

    # ------------------------------------------------------------ results

    def value(self, name):
        """The value of a defined symbol, stacked over its indices, or None where not all of it was computed."""
        spans = self.program.definitions[name].ranges(self.indices)
        nodes = [self.memo.get((name, key)) for key in _keys(spans)]
        if any(node is None for node in nodes):
            return None
        lengths = tuple(len(span) for span in spans)
        return np.stack([np.asarray(node.value) for node in nodes]).reshape(lengths + np.shape(nodes[0].value))

    def at(self, name, key):
        """The value of one element."""
        return self.memo[name, key].value

    def backward(self, upstream):
        """Reverse mode: the adjoints of the differentiated arrays, by name, from adjoints of defined symbols."""
        with np.errstate(all="ignore"):
            for name, gradient in upstream.items():
                self._seed(name, gradient)
            self.algebra.sweep()
        return {name: self._leaf_adjoint(name) for name in self.differentiate}

    def _seed(self, name, gradient):
        spans = self.program.definitions[name].ranges(self.indices)
        lengths = tuple(len(span) for span in spans)
        gradient = np.asarray(gradient).reshape((-1,) + np.shape(gradient)[len(lengths):])
        for key, part in zip(_keys(spans), gradient):
            self.algebra.accumulate(self.memo[name, key], part)

    def _leaf_adjoint(self, name):
        leaf = self.leaves.get(name)
        if leaf is None or leaf.adjoint is None:
            return np.zeros(np.shape(self.arrays[name]), self.algebra.dtype)
        return np.asarray(leaf.adjoint)

    def adjoint(self, name):
        """After :meth:`backward`: the adjoint of a defined symbol, stacked over its indices."""
        nodes = [self.memo[name, key] for key in _keys(self.program.definitions[name].ranges(self.indices))]
        lengths = tuple(len(span) for span in self.program.definitions[name].ranges(self.indices))
        parts = [np.zeros_like(node.value) if node.adjoint is None else node.adjoint for node in nodes]
        return np.stack(parts).reshape(lengths + np.shape(nodes[0].value))
