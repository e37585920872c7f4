"""What an evaluated symbol is: a shape (to check an equation) or a number with its history (to run and differentiate it)."""

import functools
import operator

import numpy as np

from refrnn.equation.comparisons import COMPARISONS
from refrnn.equation.functions import FUNCTIONS, ShapeError, join_shapes
from refrnn.equation.sizes import Size, show_shape
from refrnn.equation.sweep import Sweep, power_of

LARGEST_POWER = 100_000  # of a matrix
NEAR_POWERS = 1000  # products by the matrix itself, as its equation has them, before squaring is used
LOW_POWER = 4  # the same of a power that is the same at every place, so that no other one is asked for

# Functions that are more than their value: they stop, decide, or make an array of a size.
_APART = {"stop"} | {name for name, function in FUNCTIONS.items() if function.decide is not None or function.sized}
_OF_ONE_HOT = ("matmul", "negative")  # They look up where a one_hot is among their arguments.
_NO_POWER = f"a matrix to a power that is not a whole number from 0 to {LARGEST_POWER:,}"


def _is_power(exponent):
    return isinstance(exponent, int) and 0 <= exponent <= LARGEST_POWER


class Shapes:
    """The algebra of shapes: a value is a tuple of sizes."""

    symbolic = True

    def constant(self, number):
        return ()

    def apply(self, name, *arguments, sized=()):
        return FUNCTIONS[name].shape(*arguments, *sized)

    def power(self, base, exponent, alone=False):
        if len(base) == 2 and base[0] != base[1]:
            raise ShapeError(f"a power of {show_shape(base)}, which is not square")
        if len(base) > 2:
            raise ShapeError(f"a power of {show_shape(base)}")
        if len(base) == 2 and not _is_power(exponent):
            raise ShapeError(_NO_POWER)
        return base

    def total(self, operation, terms, shape=()):
        return FUNCTIONS[operation].shape(*terms) if terms else shape

    def index(self, shape, places):
        if len(places) > len(shape):
            raise ShapeError(f"{len(places)} subscripts for {show_shape(shape)}")
        left = []
        for place, size in zip(places, shape):
            if isinstance(place, tuple):
                left.append(place[1] - place[0])
        return tuple(left) + shape[len(places):]

    def stack(self, values, extent):
        first = values[0]
        if any(value != first for value in values):
            raise ShapeError(f"the elements {show_shape(first)} and others are not of one shape")
        return (Size.of(extent),) + first

    def filled(self, value, shape):
        return value or shape

    def join(self, word, shapes):
        return join_shapes(word)(*shapes)

    def compare(self, kind, left, right):
        return join_shapes("the comparison")(left, right)

    def logical(self, kind, values):
        return join_shapes("the condition")(*values)

    def select(self, condition, yes, no):
        return join_shapes("the conditional")(condition, yes, no)

    def named(self, value):
        return value


class Node:
    """A number on the tape: its value, and what it was computed from."""

    __slots__ = ("value", "name", "parents", "detail", "needs", "taken")

    def __init__(self, value, name, parents=(), detail=(), needs=False):
        self.value = value
        self.name = name
        self.parents = parents
        self.detail = detail
        self.needs = needs
        self.taken = False


class Numbers:
    """The algebra of numbers in one dtype; with ``record`` it keeps the tape that a Sweep runs back.

    ``noise`` (a :class:`Noise`) shakes every operation. ``choices`` and ``stops`` (each a :class:`Held`) record the
    sides of comparisons and kinks, and what stop() passes on, or take them over from another run.
    """

    symbolic = False
    functions = FUNCTIONS
    lanes = ()  # the last axes of every array, which no equation speaks of: see :class:`Lanes`

    def __init__(self, dtype, record=True, noise=None, stops=None, choices=None):
        self.dtype = np.dtype(dtype).type
        self.tape = [] if record else None
        self.noise = noise
        self.stops = stops
        self.choices = choices
        self.constants = {}
        self.powers = {}
        self.compared = {}
        self.rounded = {}  # by what was computed of which values; they are kept, so that no other one gets their id

    def rank(self, array):
        """How many axes an array has for the equation."""
        return array.ndim - len(self.lanes)

    def way_back(self, absorbing):
        return Sweep(self, absorbing)

    def leaf(self, array, needs):
        if array.dtype.kind in "iu":
            array = array.astype(self.dtype)
        node = Node(array, "leaf", needs=needs)
        if self.tape is not None:
            self.tape.append(node)
        return node

    def _node(self, value, name, parents, detail=()):
        if self.tape is None:
            return Node(value, name)
        for parent in parents:
            if parent.needs:
                node = Node(value, name, parents, detail, True)
                self.tape.append(node)
                return node
        return Node(value, name)

    def constant(self, number):
        node = self.constants.get(number)
        if node is None:
            value = self._full((), number)
            node = self.constants[number] = Node(value if self.noise is None else self.noise.relative(value, 1), "constant")
        return node

    def _full(self, shape, number):
        return np.full((*shape, *self.lanes), self.dtype(number))[()]

    def apply(self, name, *arguments, sized=()):
        function = self.functions[name]
        values = [argument.value for argument in arguments]
        if name in _APART:
            return self._apart(name, function, arguments, values, sized)
        if name in _OF_ONE_HOT and "one_hot" in [argument.name for argument in arguments]:
            return self._looked_up(name, *arguments)
        if self.noise is None:
            value = function.value(*values)
        else:
            value = self._once((name, *map(id, values)), values, self._shaken_result, name, function, values)
        return self._node(value, name, arguments)

    def _apart(self, name, function, arguments, values, sized):
        if name == "stop":
            return self._stopped(arguments[0])
        if function.decide is not None:
            return self._decided(name, function, arguments, values)
        value = function.value(*values, *sized).astype(self.dtype)
        return Node(value, name, detail=(int(values[0].real), False) if name == "one_hot" else ())

    def _looked_up(self, name, left, right=None):
        """A product with one_hot(place, n): the entry, row or column at the place. It reads no other, be there NaN or infinity."""
        if name == "negative":
            place, negative = left.detail
            return Node(-left.value, "one_hot", detail=(place, not negative))
        if right.name == "one_hot":
            (place, negative), found = right.detail, left
            where = (place,) if self.rank(left.value) == 1 else ((0, len(left.value)), place)
        else:
            (place, negative), found = left.detail, right
            where = (place,)
        entry = self.index(found, where)
        return self.apply("negative", entry) if negative else entry

    def _once(self, what, values, make, *given):
        """What was made of the same values before: one expression in two places is rounded alike, and a tie with itself stays one."""
        known = self.rounded.get(what)
        if known is None:
            known = self.rounded[what] = make(*given), values
        return known[0]

    def _shaken_result(self, name, function, values):
        value = function.value(*values)
        if name == "matmul":
            return self.noise.product(*values, value)
        if function.summed is not None:
            whole = (lambda: self.functions["sum"].value(*map(np.abs, values))) if function.scalar else None  # of a sum, or a mean
            return self.noise.against(value, function.summed(value, *values), function.roundings, whole)
        return self.noise.relative(value, function.roundings)

    def _decided(self, name, function, arguments, values):
        """A function of several pieces: which of them it is on, then its value there."""
        side, margin = function.decide(*values)
        side = self._chosen(side, margin)
        value = function.value(*values, side)
        if name == "argmax":
            return Node(value.astype(self.dtype), name)
        return self._node(value, name, arguments, side)

    def _chosen(self, side, margin):
        return side if self.choices is None else self.choices.take(side, margin)

    def _stopped(self, argument):
        value = argument.value.real
        if self.stops is not None:
            value = self.stops.take(value)
        return Node(value if np.iscomplexobj(value) else np.asarray(value).astype(self.dtype)[()], "stop")

    def power(self, base, exponent, alone=False):
        if self.rank(base.value) == 2:
            if not _is_power(exponent):
                raise ShapeError(_NO_POWER)
            if exponent == 0:
                return self.apply("identity", sized=(len(base.value),))
            return self._power_of(base, exponent, LOW_POWER if alone else NEAR_POWERS)
        value = power_of(base.value, exponent, self.dtype)
        if self.noise is not None:
            value = self._once(("power", id(base.value), exponent), base.value, self.noise.relative, value, 2)
        return self._node(value, "power", (base,), exponent)

    def _power_of(self, base, exponent, near):
        """A power of a matrix. A sum over W**(k-j) makes each of them once, from the one before; one far beyond them is made by squaring."""
        powers = self.powers.setdefault(base, {1: base})
        if exponent in powers:
            return powers[exponent]
        before = next((less for less in range(exponent - 1, max(0, exponent - near), -1) if less in powers), None)
        if before is None:
            half = self._power_of(base, exponent // 2, near)
            powers[exponent] = self.apply("matmul", half, self._power_of(base, exponent - exponent // 2, near))
            powers[exponent].taken = True  # an equation that is this power and nothing else names a copy
            return powers[exponent]
        for next_one in range(before + 1, exponent + 1):
            powers[next_one] = self.apply("matmul", powers[next_one - 1], base)
            powers[next_one].taken = True
        return powers[exponent]

    def total(self, operation, terms, shape=()):
        """The sum or product of many terms, each of the given shape where there are none."""
        if not terms:
            neutral = 0 if operation == "add" else 1
            return Node(self._full(shape, neutral), "constant") if shape else self.constant(neutral)
        if operation != "add" or len(terms) == 1:
            result = terms[0]
            for term in terms[1:]:
                result = self.apply(operation, result, term)
            return result
        values = [term.value for term in terms]
        if self.noise is None:
            return self._node(functools.reduce(operator.add, values), "total", terms)
        value = self._once(("total", *map(id, values)), values, functools.reduce, self._shaken_sum, values)
        return self._node(value, "total", terms)

    def _shaken_sum(self, left, right):
        return self.noise.relative(left + right, 1)

    def filled(self, node, shape):
        """The value, or, where it is a single number, an array of it."""
        return node if self.rank(node.value) else self._node(np.full((*shape, *self.lanes), node.value), "total", (node,))

    def index(self, node, places):
        where = tuple(slice(*place) if isinstance(place, tuple) else place for place in places)
        if self.noise is None:
            return self._node(node.value[where], "index", (node,), where)
        value = self._once(("index", id(node.value), *places), node.value, node.value.__getitem__, where)
        return self._node(value, "index", (node,), where)

    def stack(self, nodes, extent=None):
        return self._node(np.stack([node.value for node in nodes]), "stack", tuple(nodes))

    def compare(self, kind, left, right):
        """A comparison; that of the same two numbers is one decision, however often the equations ask for it."""
        known = self.compared.get((kind, left, right))
        if known is None:
            side = COMPARISONS[kind].holds(left.value.real, right.value.real)
            if self.choices is not None:
                side = self.choices.take(side, left.value.real - right.value.real)
            known = self.compared[kind, left, right] = Node(side, "compare")
        return known

    def logical(self, kind, values):
        combine = {"And": np.logical_and, "Or": np.logical_or}.get(kind)
        if combine is None:
            return Node(np.logical_not(values[0].value), "compare")
        return Node(functools.reduce(combine, [value.value for value in values]), "compare")

    def select(self, condition, yes, no):
        if self.rank(condition.value) == 0:
            chosen, other = (yes, no) if self._agreed(condition.value) else (no, yes)
            if chosen.value.shape == other.value.shape or self.rank(other.value) == 0:
                return chosen
        return self._node(np.where(condition.value, yes.value, no.value), "select", (yes, no), condition.value)

    def _agreed(self, condition):
        return condition

    def scaled(self, node, value, slope):
        """A node whose value, and whose adjoint on the way back, are multiplied by a number each."""
        return self._node(node.value * self.dtype(value), "scaled", (node,), self.dtype(slope))

    def named(self, node):
        """The node itself, or a copy of it where others may share it: each symbol has its own adjoint."""
        if node.taken or node.name in ("leaf", "constant", "index"):
            node = self._node(node.value, "copy", (node,))
        node.taken = True
        return node
