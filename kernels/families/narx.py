"""Stages of NARX networks: products of what is fed back over several delays, and the output that is fed back.

What is fed back are the predicted outputs Y (feedback 0), the true ones D (1), or the errors in prediction D - Y (2).
"""

from ..engine.recurrence import Product, Stage
from ..primitives.compile import kernel
from .layers import STEPS


def delayed(matrix, gate, delays):
    """The products of what was fed back 1, 2, ... steps before; their matrices are ``matrix`` with that number."""
    return (Product("fed", f"{matrix}{n}", gate, delay=n) for n in range(1, delays + 1))


def by_delay(matrix, W):
    """The matrices of such products by name, of W (delays, O, I)."""
    return {f"{matrix}{n}": (part,) for n, part in enumerate(W, 1)}


def output(activation, feedback, bias, *products):
    """The stage that gives Y = f(sum of products + bias) and what is fed back; it takes D unless Y is."""
    f, slope = map(kernel, STEPS[activation])
    step, back = (_predicted, _true, _errors)[feedback](f, slope)
    gate = products[0].gates
    takes = gate if feedback == 0 else f"{gate} D"
    return Stage(gate, products, step, "Y fed", back, f"d_{gate}", {bias: gate}, arguments=takes)


def _predicted(f, slope):
    def step(a):
        Y = f(a)
        return Y, Y

    return step, lambda d_Y, d_fed, Y: slope(d_Y + d_fed, Y)


def _true(f, slope):
    return lambda a, D: (f(a), D), lambda d_Y, Y: slope(d_Y, Y)


def _errors(f, slope):
    def step(a, D):
        Y = f(a)
        return Y, D - Y

    return step, lambda d_Y, d_fed, Y: slope(d_Y - d_fed, Y)
