"""The functions and operators of the equation language: value, adjoint, shape and cost in rounding of each.

Every entry works on NumPy arrays of any float or complex dtype. A complex argument carries a complex step:
functions that are only piecewise analytic choose their piece by the real part.
"""

import operator
from dataclasses import dataclass
from typing import Callable

import numpy as np

from refrnn.equation.sizes import ShapeError, Size, show_shape


@dataclass(frozen=True)
class Function:
    """One function: ``value(*arrays)``, ``pull(g, out, *arrays)`` (its adjoint), ``shape(*shapes)``.

    ``roundings`` is the error of an honest implementation in units of rounding: of the result, or of ``summed(out,
    *arrays)`` where terms of that magnitude cancel in it, and of ``pull_summed(g, out, *arrays)`` on the way back.
    A function of several pieces has ``decide(*arrays)``, which gives the piece and a margin that is zero where pieces
    meet; ``value`` and ``pull`` then take the piece as their last argument. The ``pull`` of an ``elementwise`` function
    of two arguments leaves it to the caller to sum over what was repeated. ``sized`` counts the trailing arguments that
    are integers (-1: all); ``analytic`` says whether a complex step differentiates it everywhere; ``arguments`` is
    their number (0: any). The way back through products of matrices and vectors is the sweep's (``pull`` is None).
    ``adjoint`` is the way back in the language, a text for each argument: of ``g``, ``out`` and the arguments ``a`` and
    ``b``; where it hangs on shapes, it is :class:`refrnn.equation.adjoint.Backward`'s; "" where nothing flows.
    """

    value: Callable
    pull: Callable | None
    shape: Callable
    arguments: int = 1
    roundings: float = 1.0
    sized: int = 0
    analytic: bool = True
    operator: bool = False
    elementwise: bool = False
    decide: Callable | None = None
    summed: Callable | None = None
    pull_summed: Callable | None = None
    adjoint: tuple | None = None


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


def _elementwise(value, left, right, word, **options):
    def pull(g, out, *arguments):
        return left(g, out, *arguments), right(g, out, *arguments)

    return Function(value, pull, join_shapes(word), arguments=2, elementwise=True, **options)


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


FUNCTIONS = {
    # operators: Python's own, which NumPy answers for single numbers far sooner than its functions do
    "add": _elementwise(operator.add, lambda g, out, a, b: g, lambda g, out, a, b: g, "the sum", operator=True, adjoint=("g", "g")),
    "subtract": _elementwise(operator.sub, lambda g, out, a, b: g, lambda g, out, a, b: -g, "the difference", operator=True, adjoint=("g", "-g")),
    "multiply": _elementwise(operator.mul, lambda g, out, a, b: g * b, lambda g, out, a, b: g * a, "the element-wise product", operator=True, adjoint=("g * b", "g * a")),
    "divide": _elementwise(operator.truediv, lambda g, out, a, b: g / b, lambda g, out, a, b: -g * out / b, "the quotient", operator=True, adjoint=("g / b", "-(g * out) / b")),
    "negative": Function(operator.neg, lambda g, out, a: (-g,), _same_shape, roundings=0, operator=True, elementwise=True, adjoint=("-g",)),
    "matmul": Function(operator.matmul, None, _product_shape, arguments=2, operator=True),
    "transpose": Function(np.transpose, lambda g, out, a: (g.T,), _transposed_shape, roundings=0, operator=True, adjoint=("g.T",)),
    # activations
    "sigmoid": Function(_sigmoid, lambda g, out, z: (g * out * (1 - out),), _same_shape, roundings=4, elementwise=True, summed=_sigmoid_terms, adjoint=("g * out * (1 - out)",)),
    "tanh": Function(np.tanh, lambda g, out, z: (g * (1 - out * out),), _same_shape, roundings=3, elementwise=True, adjoint=("g * (1 - out**2)",)),
    "relu": Function(lambda z, above: np.where(above | np.isnan(z), z, np.zeros_like(z)), lambda g, out, z, above: (np.where(above, g, np.zeros_like(g)),), _same_shape, roundings=0, analytic=False, elementwise=True, decide=lambda z: (z.real > 0, z.real), adjoint=("g if a > 0 else 0",)),
    "elu": Function(_elu, lambda g, out, z: (g * np.exp(np.minimum(z, 0)),), _same_shape, roundings=4, analytic=False, elementwise=True, adjoint=("g if a > 0 else g * exp(a)",)),
    "softplus": Function(_softplus, lambda g, out, z: (g * _sigmoid(z),), _same_shape, roundings=4, elementwise=True, adjoint=("g * sigmoid(a)",)),
    "softmax": Function(_softmax, _softmax_pull, _vector_shape("softmax"), roundings=6, summed=_softmax_terms, pull_summed=_softmax_pull_terms),
    "log_softmax": Function(_log_softmax, _log_softmax_pull, _vector_shape("log_softmax"), roundings=3, summed=lambda out, z: 1 + np.abs(out), pull_summed=_log_softmax_pull_terms),
    # elementary functions
    "exp": Function(np.exp, lambda g, out, z: (g * out,), _same_shape, roundings=2, elementwise=True, adjoint=("g * out",)),
    "log": Function(np.log, lambda g, out, z: (g / z,), _same_shape, roundings=2, elementwise=True, adjoint=("g / a",)),
    "sin": Function(np.sin, lambda g, out, z: (g * np.cos(z),), _same_shape, roundings=2, elementwise=True, adjoint=("g * cos(a)",)),
    "cos": Function(np.cos, lambda g, out, z: (-(g * np.sin(z)),), _same_shape, roundings=2, elementwise=True, adjoint=("-(g * sin(a))",)),
    "sqrt": Function(np.sqrt, lambda g, out, z: (g / (2 * out),), _same_shape, elementwise=True, adjoint=("g / (2 * out)",)),
    "abs": Function(lambda z, sign: np.where(sign < 0, -z, z), lambda g, out, z, sign: (g * sign,), _same_shape, roundings=0, analytic=False, elementwise=True, decide=lambda z: (np.sign(z.real), z.real), adjoint=("g if a > 0 else (-g if a < 0 else 0)",)),
    "min": _elementwise(**_pick(np.less_equal), word="min", roundings=0, analytic=False, adjoint=("g if a <= b else 0", "0 if a <= b else g")),
    "max": _elementwise(**_pick(np.greater_equal), word="max", roundings=0, analytic=False, adjoint=("g if a >= b else 0", "0 if a >= b else g")),
    # from many numbers to one
    "norm": Function(_norm, _norm_pull, _scalar_shape, arguments=0, roundings=4),
    "sum": Function(np.sum, lambda g, out, a: (np.full_like(a, g),), _scalar_shape, roundings=4, summed=_summed_terms, adjoint=("g",)),
    "mean": Function(lambda a: np.sum(a) / a.size, lambda g, out, a: (np.full_like(a, g / a.size),), _scalar_shape, roundings=4, summed=_mean_terms),
    "argmax": Function(lambda z, place: place, lambda g, out, z, place: (None,), _argmax_shape, roundings=0, analytic=False, decide=_argmax_side, adjoint=("",)),
    # building vectors and matrices
    "concat": Function(lambda *a: np.concatenate(a), _concat_pull, _joined_vectors_shape, arguments=0, roundings=0),
    "diag": Function(np.diag, lambda g, out, a: (np.diag(g).copy(),), _diagonal_shape, roundings=0),
    "inv": Function(_inverse, _inverse_pull, _inverse_shape, roundings=3, summed=_inverse_terms, pull_summed=_inverse_pull_terms, adjoint=("-(out.T @ g @ out.T)",)),
    "outer": Function(np.outer, None, _outer_shape, arguments=2, adjoint=("g @ b", "a @ g")),
    "one_hot": Function(_one_hot, lambda g, out, place, n: (None,), _one_hot_shape, arguments=2, roundings=0, sized=1, adjoint=("",)),
    "zeros": Function(lambda *sizes: np.zeros(sizes), lambda g, out, *sizes: (), lambda *sizes: sizes, arguments=0, roundings=0, sized=-1),
    "identity": Function(np.eye, lambda g, out, n: (), lambda n: (n, n), roundings=0, sized=-1),
    # a gradient that is not to flow: the evaluator cuts it, and a complex step loses its imaginary part
    "stop": Function(lambda z: z.real, lambda g, out, z: (None,), _same_shape, roundings=0, analytic=False, adjoint=("",)),
}
