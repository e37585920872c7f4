"""The functions and operators of the equation language, each entered here alone: all that the language knows of it is one record.

Every value works on NumPy arrays of any float or complex dtype. A complex argument carries a complex step: functions
that are only piecewise analytic choose their piece by the real part.
"""

import operator
from dataclasses import dataclass
from typing import Callable, NamedTuple

import numpy as np

from refrnn.equation.sizes import ShapeError, Size, entries, show_shape


class Mutants(NamedTuple):
    """How people write a function wrongly: ``instead`` are texts of ``a``, ``b`` and the call itself (``out``), by what they are in
    words; ``lost`` is the "function", which leaves its argument, an "argument", or ""; ``swapped`` are arguments next to one another."""

    instead: dict
    lost: str
    swapped: bool


class Kernel(NamedTuple):
    """How compiled kernels have a function, told by ``how``.

    "call" calls the primitive ``name`` of the module ``module`` (Python's own where it is ""), number by number; "sign" writes the
    operator. "entry" and "whole" are methods of :class:`refrnn.compiler.rows.Rows` for one entry, and for all of them where each
    hangs on many; ``before`` says whether lines are to be written before the value. Of what is "refused", ``name`` says why.
    """

    how: str
    name: str = ""
    module: str = ""
    before: bool = False


@dataclass(frozen=True, kw_only=True)
class Function:
    """One function: ``value(*arrays)``, ``pull(g, out, *arrays)`` (its adjoint), ``shape(*shapes)``. What has no field here has none anywhere.

    ``arguments`` is their number (0: any), ``sized`` how many of the last ones are integers (-1: all), ``operator`` its sign.
    A function of several pieces has ``decide(*arrays)``, which gives the piece and a margin that is zero where pieces
    meet; ``value`` and ``pull`` then take the piece as their last argument. The ``pull`` of an ``elementwise`` function
    of two arguments leaves it to the caller to sum over what was repeated; that of products is the sweep's (None).
    ``analytic`` says whether a complex step differentiates it everywhere, ``scalar`` whether it makes one number of many.
    On several runs at once it works "alike", along the "last axis", or for "each" by itself (``lanes``).
    ``roundings`` is the error of an honest implementation in units of rounding: of the result, or of ``summed(out,
    *arrays)`` where terms of that magnitude cancel in it, and of ``pull_summed(g, out, *arrays)`` on the way back.
    ``operations(shapes, result)`` is its work. ``adjoint`` is the way back in the language, a text for each argument (or
    one for all) of ``g``, ``out`` and the arguments ``a`` and ``b``, as many ``ones`` as the last axis is long, and the
    ``count`` of entries; by the arguments' ranks where it hangs on them; ``(builder, arguments, g)`` where no text says it;
    "" where nothing flows. ``printed`` is a method of :class:`refrnn.equation.typeset.tree.Builder` and what it takes,
    ``algebra`` one of :class:`refrnn.equation.mutate.normal.Former` that knows a law of the function ("": none).
    """

    value: Callable
    pull: Callable | None
    decide: Callable | None
    shape: Callable
    arguments: int
    sized: int
    operator: str
    elementwise: bool
    scalar: bool
    analytic: bool
    lanes: str
    roundings: float
    summed: Callable | None
    pull_summed: Callable | None
    operations: Callable
    adjoint: tuple | dict | Callable
    printed: tuple
    mutants: Mutants
    algebra: str
    kernel: Kernel

    @property
    def flowless(self):
        """Whether no gradient flows into any argument."""
        return self.adjoint == ("",)


# ---------------------------------------------------------------- shapes


def _same_shape(shape):
    return shape


def join_shapes(word):
    """The rule of element-wise operators: equal shapes, a scalar, or sizes of literally 1."""

    def shape(*shapes):
        joined = ()
        for other in shapes:
            if not joined or not other or joined == other:
                joined = joined or other
            elif len(joined) == len(other) and all(a == b or a == 1 or b == 1 for a, b in zip(joined, other)):
                joined = tuple(b if a == 1 else a for a, b in zip(joined, other))
            else:
                raise ShapeError(f"{word} of {show_shape(joined)} and {show_shape(other)}")
        return joined

    return shape


def _product_shape(left, right):
    good = len(left) in (1, 2) and len(right) in (1, 2) and left[-1] == right[0]
    if not good:
        raise ShapeError(f"the product {show_shape(left)} @ {show_shape(right)}")
    return left[:-1] + right[1:]


def _transposed_shape(shape):
    if len(shape) != 2:
        raise ShapeError(f".T of {show_shape(shape)}, which is not a matrix")
    return shape[::-1]


def _vector_shape(word):
    def shape(argument):
        if not argument:
            raise ShapeError(f"{word} of a scalar")
        return argument

    return shape


def _scalar_shape(*shapes):
    return ()


def _joined_vectors_shape(*shapes):
    if any(len(shape) != 1 for shape in shapes):
        raise ShapeError("concat of " + ", ".join(map(show_shape, shapes)) + "; it joins vectors")
    total = Size.of(0)
    for shape in shapes:
        total = total + shape[0]
    return (total,)


def _diagonal_shape(shape):
    if len(shape) != 1:
        raise ShapeError(f"diag of {show_shape(shape)}; it takes a vector")
    return shape * 2


def _inverse_shape(shape):
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ShapeError(f"inv of {show_shape(shape)}; it takes a square matrix")
    return shape


def _outer_shape(left, right):
    if len(left) != 1 or len(right) != 1:
        raise ShapeError(f"outer of {show_shape(left)} and {show_shape(right)}; it takes two vectors")
    return left + right


def _argmax_shape(shape):
    if len(shape) != 1:
        raise ShapeError(f"argmax of {show_shape(shape)}; it takes a vector")
    return ()


def _one_hot_shape(place, length):
    if place != ():
        raise ShapeError(f"one_hot of {show_shape(place)}; it takes one integer")
    return (length,)


# ---------------------------------------------------------------- values


def _sigmoid(z):
    positive = z.real >= 0
    power = np.exp(np.where(positive, -z, z))
    return np.where(positive, power.dtype.type(1), power) / (1 + power)


def _softplus(z):
    positive = z.real > 0
    return np.where(positive, z, np.zeros_like(z)) + np.log1p(np.exp(np.where(positive, -z, z)))


def _inverse(a):
    """By elimination, of numbers of any dtype; where there is no inverse, what is not finite."""
    size = len(a)
    rows = np.concatenate([a, np.eye(size, dtype=a.dtype)], axis=1)
    for place in range(size):
        pivot = place + np.argmax(np.abs(rows[place:, place].real))
        rows[[place, pivot]] = rows[[pivot, place]]
        rows[place] = rows[place] / rows[place, place]
        others = rows[:, place].copy()
        others[place] = 0
        rows -= others[:, None] * rows[place]
    return rows[:, size:]


def _elu(z):
    return np.where(z.real > 0, z, np.expm1(np.where(z.real > 0, np.zeros_like(z), z)))


def _largest(z):
    return z.real.max(axis=-1, keepdims=True, initial=-np.inf)


def _log_softmax(z):
    shifted = z - _largest(z)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _softmax(z):
    powers = np.exp(z - _largest(z))
    return powers / powers.sum(axis=-1, keepdims=True)


def _norm(*arrays):
    largest = max(np.abs(array.real).max(initial=0) for array in arrays)
    if not largest > 0 or not np.isfinite(largest):
        return sum(np.sum(array * array) for array in arrays) ** arrays[0].real.dtype.type(0.5)
    return largest * np.sqrt(sum(np.sum((array / largest) ** 2) for array in arrays))


def _one_hot(place, n):
    if not (place.ndim == 0 and 0 <= place.real < n and place.real == int(place.real)):
        raise ShapeError(f"one_hot of {place.real}, which is none of the places 0 to {n - 1}")
    vector = np.zeros(n)
    vector[int(place.real)] = 1
    return vector


def unbroadcast(gradient, like):
    """Sum a gradient over the axes along which its argument was repeated."""
    if gradient.shape == like.shape:
        return gradient
    if like.ndim == 0:
        return gradient.sum()
    axes = tuple(axis for axis, size in enumerate(like.shape) if size == 1 and gradient.shape[axis] != 1)
    return gradient.sum(axis=axes, keepdims=True)


def _norm_pull(g, out, *arrays):
    return tuple(g * array / out if out != 0 else np.zeros_like(array) for array in arrays)


def _concat_pull(g, out, *arrays):
    ends = np.cumsum([len(array) for array in arrays])[:-1]
    return tuple(np.split(g, ends))


def _softmax_pull(g, out, z):
    return (out * (g - (g * out).sum(axis=-1, keepdims=True)),)


def _log_softmax_pull(g, out, z):
    return (g - np.exp(out) * g.sum(axis=-1, keepdims=True),)


def _inverse_pull(g, out, a):
    return (-(out.T @ g @ out.T),)


def _inverse_terms(out, a):
    """An inverse is as far off as the matrix is badly conditioned."""
    return np.abs(out) @ np.abs(a) @ np.abs(out)


def _inverse_pull_terms(g, out, a):
    return np.abs(out.T) @ np.abs(g) @ np.abs(out.T)


def _summed_terms(out, a):
    return np.maximum(np.abs(out), np.sqrt(np.sum(a * a)))


def _mean_terms(out, a):
    return _summed_terms(out * a.size, a) / a.size


def _sigmoid_terms(out, z):
    """Near 1 the power is small beside 1, and its error with it."""
    return out * (1 - 0.6 * out)


def _softmax_terms(out, z):
    """How far an entry lies below the largest is rounded too, and moves what is far below by that many times more."""
    return out * (1 + (_largest(z) - z) / 8)


def _softmax_pull_terms(g, out, z):
    return np.abs(out) * (np.abs(g) + np.abs(g * out).sum(axis=-1, keepdims=True))


def _log_softmax_pull_terms(g, out, z):
    return np.abs(g) + np.exp(out) * np.abs(g).sum(axis=-1, keepdims=True)


def _pick(first):
    """min (first = <=) and max (first = >=): the first argument where they are equal; NaN where one of them is."""

    def decide(a, b):
        return first(a.real, b.real), a.real - b.real

    def value(a, b, is_first):
        return np.where(is_first | np.isnan(a), a, b)

    def left(g, out, a, b, is_first):
        return np.where(is_first, g, np.zeros_like(g))

    def right(g, out, a, b, is_first):
        return np.where(is_first, np.zeros_like(g), g)

    return {"value": value, "left": left, "right": right, "decide": decide}


def _argmax_side(z):
    place = np.argmax(z.real)
    return place, z.real - z.real[place]


def _numbers_in_and_out(shapes, result):
    return sum(map(entries, shapes), entries(result))


def _products_of_sums(shapes, result):
    return entries(result) * shapes[0][-1] * 2


# ---------------------------------------------------------------- kinds: what their functions have in common; all else each says itself

_EXACT = {"roundings": 0, "summed": None, "pull_summed": None}
_SMOOTH = {"decide": None, "analytic": True}
_FAULTLESS = Mutants({}, "", False)
_BY_SIGN = {"printed": (), "mutants": _FAULTLESS, "algebra": ""}  # of operators: each is told by its sign wherever it is looked at


def _written_for(instead):
    """A function that is lost, or taken for others: their texts, by what they are in words."""
    return Mutants(instead, "function", False)


def _function(value, pull, shape, **fields):
    """A function that asks for as much work as numbers go in and come out."""
    return Function(value=value, pull=pull, shape=shape, operations=_numbers_in_and_out, **fields)


def _each_number(value, pull, **fields):
    """A function of one argument, number by number."""
    own = {"arguments": 1, "sized": 0, "operator": "", "elementwise": True, "scalar": False, "lanes": "alike", "pull_summed": None}
    return _function(value, pull, _same_shape, **own, **fields)


def _two_numbers(value, left, right, word, **fields):
    """A function of two arguments, number by number."""

    def pull(g, out, *arguments):
        return left(g, out, *arguments), right(g, out, *arguments)

    own = {"arguments": 2, "sized": 0, "elementwise": True, "scalar": False, "lanes": "alike", "summed": None, "pull_summed": None}
    return _function(value, pull, join_shapes(word), **own, **fields)


def _operator(value, left, right, word, sign, adjoint):
    return _two_numbers(value, left, right, word, operator=sign, adjoint=adjoint, roundings=1, kernel=Kernel("sign"), **_SMOOTH, **_BY_SIGN)


def _one_of_many(value, pull, shape, **fields):
    """A function that makes one number of many."""
    own = {"sized": 0, "operator": "", "elementwise": False, "scalar": True, "lanes": "each"}
    return _function(value, pull, shape, **own, **fields)


def _many(value, pull, shape, **fields):
    """A function that makes many numbers."""
    return _function(value, pull, shape, operator="", elementwise=False, scalar=False, **_SMOOTH, **fields)


FUNCTIONS = {
    # operators: Python's own, which NumPy answers for single numbers far sooner than its functions do
    "add": _operator(operator.add, lambda g, out, a, b: g, lambda g, out, a, b: g, "the sum", "+", ("g", "g")),
    "subtract": _operator(operator.sub, lambda g, out, a, b: g, lambda g, out, a, b: -g, "the difference", "-", ("g", "-g")),
    "multiply": _operator(operator.mul, lambda g, out, a, b: g * b, lambda g, out, a, b: g * a, "the element-wise product", "*", ("g * b", "g * a")),
    "divide": _operator(operator.truediv, lambda g, out, a, b: g / b, lambda g, out, a, b: -g * out / b, "the quotient", "/", ("g / b", "-(g * out) / b")),
    "negative": _function(
        operator.neg, lambda g, out, a: (-g,), _same_shape, arguments=1, sized=0, operator="-", elementwise=True, scalar=False, lanes="alike",
        adjoint=("-g",), kernel=Kernel("entry", "negative"), **_SMOOTH, **_EXACT, **_BY_SIGN,
    ),
    "matmul": Function(
        value=operator.matmul, pull=None, shape=_product_shape, arguments=2, sized=0, operator="@", elementwise=False, scalar=False, lanes="each",
        roundings=1, summed=None, pull_summed=None, operations=_products_of_sums,
        adjoint={(1, 1): ("g * b", "g * a"), (2, 1): ("outer(g, b)", "a.T @ g"), (1, 2): ("b @ g", "outer(a, g)"), (2, 2): ("g @ b.T", "a.T @ g")},
        kernel=Kernel("whole", "matmul", before=True), **_SMOOTH, **_BY_SIGN,
    ),
    "transpose": _function(
        np.transpose, lambda g, out, a: (g.T,), _transposed_shape, arguments=1, sized=0, operator=".T", elementwise=False, scalar=False, lanes="each",
        adjoint=("g.T",), kernel=Kernel("entry", "transpose"), **_SMOOTH, **_EXACT, **_BY_SIGN,
    ),
    # activations
    "sigmoid": _each_number(
        _sigmoid, lambda g, out, z: (g * out * (1 - out),), roundings=4, summed=_sigmoid_terms, **_SMOOTH, adjoint=("g * out * (1 - out)",),
        printed=("named", "σ"), mutants=_written_for({"tanh": "tanh(a)"}), algebra="sigmoid", kernel=Kernel("call", "sigmoid", "activations"),
    ),
    "tanh": _each_number(
        np.tanh, lambda g, out, z: (g * (1 - out * out),), roundings=3, summed=None, **_SMOOTH, adjoint=("g * (1 - out**2)",),
        printed=("named", "tanh"), mutants=_written_for({"sigmoid": "sigmoid(a)"}), algebra="odd", kernel=Kernel("call", "tanh", "activations"),
    ),
    "relu": _each_number(
        lambda z, above: np.where(above | np.isnan(z), z, np.zeros_like(z)), lambda g, out, z, above: (np.where(above, g, np.zeros_like(g)),),
        roundings=0, summed=None, analytic=False, decide=lambda z: (z.real > 0, z.real), adjoint=("g if a > 0 else 0",),
        printed=("named", "ReLU"), mutants=_written_for({"elu": "elu(a)"}), algebra="", kernel=Kernel("call", "relu", "activations"),
    ),
    "elu": _each_number(
        _elu, lambda g, out, z: (g * np.exp(np.minimum(z, 0)),), roundings=4, summed=None, decide=None, analytic=False, adjoint=("g if a > 0 else g * exp(a)",),
        printed=("named", "ELU"), mutants=_written_for({"relu": "relu(a)"}), algebra="", kernel=Kernel("call", "elu", "activations"),
    ),
    "softplus": _each_number(
        _softplus, lambda g, out, z: (g * _sigmoid(z),), roundings=4, summed=None, **_SMOOTH, adjoint=("g * sigmoid(a)",),
        printed=("named", "softplus"), mutants=_written_for({"relu": "relu(a)"}), algebra="", kernel=Kernel("call", "softplus", "vectors"),
    ),
    "softmax": _many(
        _softmax, _softmax_pull, _vector_shape("softmax"), arguments=1, sized=0, lanes="last axis",
        roundings=6, summed=_softmax_terms, pull_summed=_softmax_pull_terms,
        adjoint={(1,): ("out * (g - sum(g * out))",), (2,): ("out * (g - outer((g * out) @ ones, ones))",)},
        printed=("named", "softmax"), mutants=_written_for({"sigmoid": "sigmoid(a)"}), algebra="softmax", kernel=Kernel("whole", "softmax", before=True),
    ),
    "log_softmax": _many(
        _log_softmax, _log_softmax_pull, _vector_shape("log_softmax"), arguments=1, sized=0, lanes="last axis",
        roundings=3, summed=lambda out, z: 1 + np.abs(out), pull_summed=_log_softmax_pull_terms,
        adjoint={(1,): ("g - softmax(a) * sum(g)",), (2,): ("g - softmax(a) * outer(g @ ones, ones)",)},
        printed=("named", "log softmax"), mutants=_written_for({"log of sigmoid": "log(sigmoid(a))"}), algebra="softmax", kernel=Kernel("whole", "log_softmax", before=True),
    ),
    # elementary functions
    "exp": _each_number(
        np.exp, lambda g, out, z: (g * out,), roundings=2, summed=None, **_SMOOTH, adjoint=("g * out",),
        printed=("named", "exp"), mutants=_written_for({"1 + its argument": "1 + a"}), algebra="exp", kernel=Kernel("call", "exp", "activations"),
    ),
    "log": _each_number(
        np.log, lambda g, out, z: (g / z,), roundings=2, summed=None, **_SMOOTH, adjoint=("g / a",),
        printed=("named", "log"), mutants=_written_for({"its argument - 1": "a - 1"}), algebra="", kernel=Kernel("call", "logarithm", "vectors"),
    ),
    "sin": _each_number(
        np.sin, lambda g, out, z: (g * np.cos(z),), roundings=2, summed=None, **_SMOOTH, adjoint=("g * cos(a)",),
        printed=("named", "sin"), mutants=_written_for({"cos": "cos(a)"}), algebra="odd", kernel=Kernel("call", "sin", "vectors"),
    ),
    "cos": _each_number(
        np.cos, lambda g, out, z: (-(g * np.sin(z)),), roundings=2, summed=None, **_SMOOTH, adjoint=("-(g * sin(a))",),
        printed=("named", "cos"), mutants=_written_for({"sin": "sin(a)"}), algebra="even", kernel=Kernel("call", "cos", "vectors"),
    ),
    "sqrt": _each_number(
        np.sqrt, lambda g, out, z: (g / (2 * out),), roundings=1, summed=None, **_SMOOTH, adjoint=("g / (2 * out)",),
        printed=("root",), mutants=_written_for({}), algebra="", kernel=Kernel("call", "root", "vectors"),
    ),
    "abs": _each_number(
        lambda z, sign: np.where(sign < 0, -z, z) + 0, lambda g, out, z, sign: (np.where(sign > 0, g, np.where(sign < 0, -g, np.zeros_like(g))),),
        roundings=0, summed=None, analytic=False,  # adding 0 makes -0.0 positive
        decide=lambda z: (np.sign(z.real), z.real), adjoint=("g if a > 0 else (-g if a < 0 else 0)",),
        printed=("fenced", "|", ",", "|"), mutants=_written_for({}), algebra="even", kernel=Kernel("call", "abs"),
    ),
    "min": _two_numbers(
        **_pick(np.less_equal), word="min", operator="", analytic=False, adjoint=("g if a <= b else 0", "0 if a <= b else g"), roundings=0,
        printed=("named", "min"), mutants=Mutants({"max": "max(a, b)"}, "argument", False), algebra="choice", kernel=Kernel("call", "smaller", "vectors"),
    ),
    "max": _two_numbers(
        **_pick(np.greater_equal), word="max", operator="", analytic=False, adjoint=("g if a >= b else 0", "0 if a >= b else g"), roundings=0,
        printed=("named", "max"), mutants=Mutants({"min": "min(a, b)"}, "argument", False), algebra="choice", kernel=Kernel("call", "larger", "vectors"),
    ),
    # from many numbers to one
    "norm": _one_of_many(
        _norm, _norm_pull, _scalar_shape, arguments=0, roundings=4, summed=None, pull_summed=None, **_SMOOTH, adjoint=("g * a / out if out > 0 else 0",),
        printed=("fenced", "‖", ",", "‖"), mutants=Mutants({"its square": "out**2"}, "argument", False), algebra="norm", kernel=Kernel("whole", "norm", before=True),
    ),
    "sum": _one_of_many(
        np.sum, lambda g, out, a: (np.full_like(a, g),), _scalar_shape, arguments=1, roundings=4, summed=_summed_terms, pull_summed=None, **_SMOOTH, adjoint=("g",),
        printed=("named", "sum"), mutants=Mutants({"mean": "mean(a)"}, "", False), algebra="entries", kernel=Kernel("whole", "sum", before=True),
    ),
    "mean": _one_of_many(
        lambda a: np.sum(a) / a.size, lambda g, out, a: (np.full_like(a, g / a.size),), _scalar_shape, arguments=1,
        roundings=4, summed=_mean_terms, pull_summed=None, **_SMOOTH, adjoint=("g / count",), printed=("named", "mean"), mutants=Mutants({"sum": "sum(a)"}, "", False), algebra="entries", kernel=Kernel("whole", "mean", before=True),
    ),
    "argmax": _one_of_many(
        lambda z, place: place, lambda g, out, z, place: (None,), _argmax_shape, arguments=1, analytic=False, decide=_argmax_side, adjoint=("",), **_EXACT,
        printed=("named", "argmax"), mutants=_FAULTLESS, algebra="argmax", kernel=Kernel("whole", "argmax", before=True),
    ),
    # building vectors and matrices
    "concat": _many(
        lambda *a: np.concatenate(a), _concat_pull, _joined_vectors_shape, arguments=0, sized=0, lanes="alike",
        adjoint=lambda builder, arguments, g: builder.pieces(g, arguments),
        printed=("fenced", "[", ";", "]"), mutants=Mutants({}, "", True), algebra="", kernel=Kernel("entry", "concat", before=True), **_EXACT,
    ),
    "diag": _many(
        np.diag, lambda g, out, a: (np.diag(g).copy(),), _diagonal_shape, arguments=1, sized=0, lanes="each",
        adjoint=lambda builder, arguments, g: (builder.diagonal(g),),
        printed=("named", "diag"), mutants=_FAULTLESS, algebra="diag", kernel=Kernel("entry", "diag"), **_EXACT,
    ),
    "inv": _many(
        _inverse, _inverse_pull, _inverse_shape, arguments=1, sized=0, lanes="each",
        roundings=3, summed=_inverse_terms, pull_summed=_inverse_pull_terms, adjoint=("-(out.T @ g @ out.T)",),
        printed=("named", "inv"), mutants=_written_for({}), algebra="", kernel=Kernel("refused", "kernels have no inv"),
    ),
    "outer": _many(
        np.outer, None, _outer_shape, arguments=2, sized=0, lanes="each", roundings=1, summed=None, pull_summed=None, adjoint=("g @ b", "a @ g"),
        printed=("turned",), mutants=Mutants({}, "", True), algebra="outer", kernel=Kernel("entry", "outer"),
    ),
    "one_hot": _many(
        _one_hot, lambda g, out, place, n: (None,), _one_hot_shape, arguments=2, sized=1, lanes="each", adjoint=("",),
        printed=("named", "one-hot"), mutants=_FAULTLESS, algebra="", kernel=Kernel("entry", "one_hot", before=True), **_EXACT,
    ),
    "zeros": _many(
        lambda *sizes: np.zeros(sizes), lambda g, out, *sizes: (), lambda *sizes: sizes, arguments=0, sized=-1, lanes="alike", adjoint=(),
        printed=("bold", "0"), mutants=_FAULTLESS, algebra="", kernel=Kernel("entry", "zeros"), **_EXACT,
    ),
    "identity": _many(
        np.eye, lambda g, out, n: (), lambda n: (n, n), arguments=1, sized=-1, lanes="alike", adjoint=(),
        printed=("bold", "I"), mutants=_FAULTLESS, algebra="", kernel=Kernel("entry", "identity"), **_EXACT,
    ),
    # a gradient that is not to flow: the evaluator cuts it, and a complex step loses its imaginary part
    "stop": _each_number(
        lambda z: z.real, lambda g, out, z: (None,), roundings=0, summed=None, decide=None, analytic=False, adjoint=("",),
        printed=("named", "stop"), mutants=_FAULTLESS, algebra="stop", kernel=Kernel("entry", "stop"),
    ),
}
