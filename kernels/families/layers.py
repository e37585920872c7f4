"""A layer as a stage of a recurrence: row = f(sum of products + bias), with f of each unit alone."""

from ..engine.recurrence import Stage
from ..primitives import activations
from ..primitives.activations import IDENTITY, SIGMOID, TANH


def identity(a):
    return a


def identity_back(d_h, h):
    return d_h


def sigmoid(a):
    return activations.sigmoid(a)


def sigmoid_back(d_h, h):
    return d_h * (h * (1 - h))


def tanh(a):
    return activations.finer_tanh(a)  # no gate stands between its error and the next step


def tanh_back(d_h, h):
    return d_h * ((1 - h) * (1 + h))


# By the code of the activation: the step, and its way back.
STEPS = {IDENTITY: (identity, identity_back), SIGMOID: (sigmoid, sigmoid_back), TANH: (tanh, tanh_back)}


def layer(row, activation, bias, *products):
    """The stage that gives ``row``; the products are of one gate, ``bias`` is the name of its bias, or None."""
    f, back = STEPS[activation]
    gate = products[0].gates
    return Stage(gate, products, f, row, back, f"d_{gate}", {bias: gate} if bias else {}, arguments=gate, back_arguments=f"d_{row} {row}")


def one_gate(**parameters):
    """Matrices and biases that are of one gate each, as a recurrence takes them."""
    return {name: (array,) for name, array in parameters.items()}
