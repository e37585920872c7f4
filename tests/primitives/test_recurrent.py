"""The recurrent family with all its options, against a plain loop and central differences."""

import itertools

import numpy as np
import pytest

from refrnn.kernels.families import recurrent
from refrnn.kernels.primitives.activations import IDENTITY, SIGMOID, TANH

PLAIN = {
    IDENTITY: lambda z: z,
    SIGMOID: lambda z: 1 / (1 + np.exp(-z)),
    TANH: np.tanh,
}
T, B, I, H = 6, 5, 3, 4
LENGTHS = np.array([6, 1, 4, 2, 5])
NAMES = ("x", "start", "W_in", "W", "bias")


def values(seed=0):
    random = np.random.default_rng(seed)
    shapes = {"x": (T, B, I), "start": (B, H), "W_in": (I, H), "W": (H, H), "bias": (H,)}
    return {name: random.standard_normal(shape) for name, shape in shapes.items()}


def plain(x, start, W_in, W, bias, lengths, activation):
    h = np.zeros((T, B, H))
    for b, length in enumerate(lengths):
        state = start[b]
        for t in range(length):
            state = h[t, b] = PLAIN[activation](x[t, b] @ W_in + bias + state @ W)
    return h


def past_the_end(array, lengths):
    return np.where((np.arange(len(array))[:, None] >= lengths)[..., None], np.nan, array)


@pytest.mark.parametrize("activation, lengths", itertools.product(PLAIN, (None, LENGTHS)))
def test_forward_and_gradients(activation, lengths):
    given = values()
    steps = np.full(B, T) if lengths is None else lengths
    d_h = np.random.default_rng(1).standard_normal((T, B, H))

    def scalar(changed):
        return np.sum(plain(**changed, lengths=steps, activation=activation) * d_h)

    x = past_the_end(given["x"], steps)
    h, saved = recurrent.forward(x, *(given[name] for name in NAMES[1:]), lengths, activation)
    expected = plain(**given, lengths=steps, activation=activation)
    assert np.allclose(h, expected, rtol=1e-12, atol=1e-13) and np.array_equal(h == 0, expected == 0)
    gradients = recurrent.backward(saved, past_the_end(d_h, steps))
    step = 1e-6
    for name in NAMES:
        direction = np.random.default_rng(2).standard_normal(np.shape(given[name]))
        onward, back = ({**given, name: given[name] + way * step * direction} for way in (1, -1))
        numeric = (scalar(onward) - scalar(back)) / (2 * step)
        assert np.isclose(np.sum(gradients[name] * direction), numeric, rtol=1e-6, atol=1e-7), name


def test_keep_cuts_the_past():
    given = values()
    d_h = np.random.default_rng(1).standard_normal((T, B, H))
    _, saved = recurrent.forward(*(given[name] for name in NAMES))
    keep = np.ones((T, B))
    keep[3] = 0
    cut = recurrent.backward(saved, d_h, keep)
    d_h_before = d_h.copy()
    d_h_before[3:] = 0
    _, whole = recurrent.forward(*(given[name] for name in NAMES))
    only_before = recurrent.backward(whole, d_h_before)
    assert np.allclose(cut["x"][:3], only_before["x"][:3], rtol=1e-13, atol=0)
    assert np.allclose(cut["start"], only_before["start"], rtol=1e-13, atol=0)
    nothing = recurrent.backward(saved, d_h, np.zeros((T, B)))
    assert not nothing["start"].any()


@pytest.mark.parametrize("bias", (False, True))
def test_input_product_may_be_given(bias):
    """Without W_in x is the product itself, and receives its error; nobody's array is written to."""
    given = values()
    u, bias = given["x"] @ given["W_in"], given["bias"] if bias else None
    d_h = np.random.default_rng(1).standard_normal((T, B, H))
    h, saved = recurrent.forward(given["x"], given["start"], given["W_in"], given["W"], bias, LENGTHS)
    gradients = recurrent.backward(saved, d_h)
    kept = u.copy()
    found, saved = recurrent.forward(u, given["start"], None, given["W"], bias, LENGTHS)
    assert np.array_equal(u, kept)
    assert np.allclose(found, h, rtol=1e-12, atol=1e-13)
    of_product = recurrent.backward(saved, d_h)
    for name in ("start", "W") if bias is None else ("start", "W", "bias"):
        assert np.allclose(of_product[name], gradients[name], rtol=1e-12, atol=1e-13)
    assert of_product["W_in"] is None and (bias is not None or gradients["bias"] is of_product["bias"] is None)
    assert np.allclose(of_product["x"] @ given["W_in"].T, gradients["x"], rtol=1e-12, atol=1e-13)
