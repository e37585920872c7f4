"""What an evaluated symbol is: a shape (to check an equation) or a number with its history (to run and differentiate it)."""

import functools
import itertools
import math

import numpy as np

from refrnn.equation.functions import FUNCTIONS, ShapeError, join_shapes, unbroadcast
from refrnn.equation.sizes import Size, show_shape

LARGEST_POWER = 100_000  # of a matrix

_COMPARE = {
    "Lt": np.less,
    "LtE": np.less_equal,
    "Gt": np.greater,
    "GtE": np.greater_equal,
    "Eq": np.equal,
    "NotEq": np.not_equal,
}


class Shapes:
    """The algebra of shapes: a value is a tuple of sizes."""

    symbolic = True

    def constant(self, number):
        return ()

    def apply(self, name, *arguments, sized=()):
        return FUNCTIONS[name].shape(*arguments, *sized)

    def power(self, base, exponent):
        if len(base) == 2 and base[0] != base[1]:
            raise ShapeError(f"a power of {show_shape(base)}, which is not square")
        if len(base) > 2:
            raise ShapeError(f"a power of {show_shape(base)}")
        if len(base) == 2 and not (isinstance(exponent, int) and 0 <= exponent <= LARGEST_POWER):
            raise ShapeError(f"the power {exponent} of a matrix; it must be a whole number from 0 to {LARGEST_POWER}")
        return base

    def total(self, operation, terms):
        return FUNCTIONS[operation].shape(*terms)

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

    def compare(self, kind, left, right):
        return join_shapes("the comparison")(left, right)

    def logical(self, kind, values):
        return join_shapes("the condition")(*values)

    def select(self, condition, yes, no):
        return join_shapes("the conditional")(condition, yes, no)

    def named(self, value):
        return value


class Node:
    """A number on the tape: its value, what it was computed from, and (after the sweep) its adjoint."""

    __slots__ = ("value", "name", "parents", "detail", "adjoint", "owned", "needs", "taken")

    def __init__(self, value, name, parents=(), detail=(), needs=False):
        self.value = value
        self.name = name
        self.parents = parents
        self.detail = detail
        self.adjoint = None
        self.owned = False
        self.needs = needs
        self.taken = False


class Noise:
    """Random rounding: what an honest implementation in a precision of ``eps`` could have computed.

    Each operation's result is moved by up to its number of roundings (Monte Carlo arithmetic, Parker 1997).
    """

    BLOCK = 4096  # random numbers are drawn in blocks: most values are a single number or a short vector

    def __init__(self, eps, seed):
        self.eps = eps
        self.random = np.random.default_rng(seed)
        self.one = np.longdouble(1)  # 1 + eps must not itself be rounded to a multiple of eps
        self.singles = iter(())
        self.block = np.empty(0)

    def relative(self, value, roundings):
        if not roundings:
            return value
        moved = self._single() if value.ndim == 0 else self._uniform(value.shape)
        return value * (self.one + self.eps * roundings * moved)

    def _single(self):
        """One number between -1 and 1."""
        for number in self.singles:
            return number
        self.singles = iter(self.random.uniform(-1, 1, self.BLOCK).tolist())
        return next(self.singles)

    def _uniform(self, shape):
        """An array of numbers between -1 and 1."""
        size = math.prod(shape)
        if size > self.block.size:
            self.block = self.random.uniform(-1, 1, max(size, self.BLOCK))
        taken, self.block = self.block[:size], self.block[size:]
        return taken.reshape(shape)

    def product(self, left, right, value):
        """A sum of products: its error scales with the products' lengths, not with their cancelled sum."""
        if left.ndim == 1 and right.ndim == 1:
            return self._summed(value, np.sqrt(np.sum((left * right) ** 2)), left.size)
        a, b = np.asarray(left, float), np.asarray(right, float)
        return self._summed(value, np.sqrt((a * a) @ (b * b)), left.shape[-1])

    def _summed(self, value, scale, terms):
        roundings = max(1.0, 0.5 * terms**0.5)
        return value + self.eps * roundings * scale * 1.7 * self._uniform(value.shape)


class Numbers:
    """The algebra of numbers in one dtype; with ``record`` it keeps the tape that :meth:`sweep` runs back.

    ``noise`` (a :class:`Noise`) shakes every operation; ``stops`` is a list: values met by stop() are appended
    to it, or, with ``replay``, taken from it, so that a finite difference holds them still.
    """

    symbolic = False

    def __init__(self, dtype, record=True, noise=None, stops=None, replay=False):
        self.dtype = np.dtype(dtype).type
        self.tape = [] if record else None
        self.noise = noise
        self.stops = stops
        self.replay = iter(stops) if replay else None
        self.constants = {}
        self.powers = {}

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
            node = self.constants[number] = Node(self.dtype(number), "constant")
        return node

    def apply(self, name, *arguments, sized=()):
        function = FUNCTIONS[name]
        if name == "stop":
            return self._stopped(arguments[0])
        values = [argument.value for argument in arguments]
        value = function.value(*values, *sized)
        if not arguments or name in ("one_hot", "argmax"):
            return Node(value.astype(self.dtype), name)
        if self.noise is not None:
            if name == "matmul":
                value = self.noise.product(*values, value)
            else:
                value = self.noise.relative(value, function.roundings)
        return self._node(value, name, arguments)

    def _stopped(self, argument):
        value = argument.value.real
        if self.replay is not None:
            value = next(self.replay)
        elif self.stops is not None:
            self.stops.append(value)
        return Node(value if np.iscomplexobj(value) else np.asarray(value).astype(self.dtype)[()], "stop")

    def power(self, base, exponent):
        if base.value.ndim == 2:
            if exponent == 0:
                return Node(np.eye(len(base.value)).astype(self.dtype), "identity")
            return self._powers_of(base, exponent)[exponent - 1]
        value = base.value**exponent if isinstance(exponent, int) else base.value ** self.dtype(exponent)
        if self.noise is not None:
            value = self.noise.relative(value, 2)
        return self._node(value, "power", (base,), exponent)

    def _powers_of(self, base, most):
        """The powers of a matrix from the first to ``most`` or beyond: a sum over W**(k-j) makes each of them once."""
        powers = self.powers.setdefault(base, [base])
        while len(powers) < most:
            powers.append(self.apply("matmul", powers[-1], base))
            powers[-1].taken = True  # an equation that is this power and nothing else names a copy
        return powers

    def total(self, operation, terms):
        """The sum or product of many terms."""
        if not terms:
            return self.constant(0 if operation == "add" else 1)
        if operation != "add" or len(terms) == 1:
            result = terms[0]
            for term in terms[1:]:
                result = self.apply(operation, result, term)
            return result
        value = terms[0].value
        for term in terms[1:]:
            value = self._shaken(value + term.value, 1)
        return self._node(value, "total", terms)

    def index(self, node, places):
        where = tuple(slice(*place) if isinstance(place, tuple) else place for place in places)
        return self._node(node.value[where], "index", (node,), where)

    def stack(self, nodes, extent=None):
        return self._node(np.stack([node.value for node in nodes]), "stack", tuple(nodes))

    def compare(self, kind, left, right):
        return Node(_COMPARE[kind](left.value.real, right.value.real), "compare")

    def logical(self, kind, values):
        combine = {"And": np.logical_and, "Or": np.logical_or}.get(kind)
        if combine is None:
            return Node(np.logical_not(values[0].value), "compare")
        return Node(functools.reduce(combine, [value.value for value in values]), "compare")

    def select(self, condition, yes, no):
        if condition.value.ndim == 0:
            chosen, other = (yes, no) if condition.value else (no, yes)
            if chosen.value.shape == other.value.shape or other.value.ndim == 0:
                return chosen
        return self._node(np.where(condition.value, yes.value, no.value), "select", (yes, no), condition.value)

    def named(self, node):
        """The node itself, or a copy of it where others may share it: each symbol has its own adjoint."""
        if node.taken or node.name in ("leaf", "constant", "index"):
            node = self._node(node.value, "copy", (node,))
        node.taken = True
        return node

    # ------------------------------------------------------------ the way back

    def forget(self, nodes):
        """Drop the adjoints of an earlier sweep, on the tape and in ``nodes``."""
        for node in itertools.chain(self.tape, nodes):
            node.adjoint, node.owned = None, False

    def sweep(self):
        """Reverse mode: run the tape back and leave in every node the adjoint of what was seeded."""
        for node in reversed(self.tape):
            if node.adjoint is None or not node.parents:
                continue
            if node.name == "index":
                self._scatter(node.parents[0], node.detail, node.adjoint)
                continue
            for parent, gradient in zip(node.parents, self._pulled(node)):
                if parent.needs and gradient is not None:
                    self.accumulate(parent, gradient)

    def _pulled(self, node):
        g = node.adjoint
        if node.name == "copy":
            return (g,)
        if node.name == "total":
            return [unbroadcast(g, parent.value) for parent in node.parents]
        if node.name == "stack":
            return tuple(g)
        values = [parent.value for parent in node.parents]
        if node.name == "select":
            zero = np.zeros_like(g)
            return (
                unbroadcast(np.where(node.detail, g, zero), values[0]),
                unbroadcast(np.where(node.detail, zero, g), values[1]),
            )
        if node.name == "power":
            exponent = node.detail
            if exponent == 0:
                return (np.zeros_like(g),)
            return (self._shaken(g * exponent * values[0] ** (exponent - 1), 3),)
        pulled = FUNCTIONS[node.name].pull(g, node.value, *values)
        if self.noise is None:
            return pulled
        if node.name == "matmul":
            return self._shaken_products(g, values, pulled)
        return tuple(self._shaken(gradient, 2) for gradient in pulled)

    def _shaken(self, gradient, roundings):
        return gradient if self.noise is None or gradient is None else self.noise.relative(gradient, roundings)

    def _shaken_products(self, g, values, pulled):
        left, right = values
        if left.ndim == 2 and right.ndim == 1:
            return self.noise.relative(pulled[0], 1), self.noise.product(left.T, g, pulled[1])
        if left.ndim == 1 and right.ndim == 2:
            return self.noise.product(right, g, pulled[0]), self.noise.relative(pulled[1], 1)
        if left.ndim == 1:
            return tuple(self.noise.relative(gradient, 1) for gradient in pulled)
        return self.noise.product(g, right.T, pulled[0]), self.noise.product(left.T, g, pulled[1])

    def accumulate(self, node, gradient):
        """Add ``gradient`` to the adjoint of ``node``."""
        if node.adjoint is None:
            node.adjoint = gradient
            return
        node.adjoint = self._shaken(node.adjoint + gradient, 1)
        node.owned = True

    def _scatter(self, node, where, gradient):
        if not node.owned:
            fresh = np.zeros(node.value.shape, self.dtype)
            if node.adjoint is not None:
                fresh += node.adjoint
            node.adjoint, node.owned = fresh, True
        node.adjoint[where] = self._shaken(node.adjoint[where] + gradient, 1)
