"""The family of recurrences through layers with all its options, against a plain loop and central differences."""

import itertools

import numpy as np
import pytest

from refrnn.kernels.families import layered
from refrnn.kernels.primitives import threads

T, B, H, O = 6, 5, 4, 3
LENGTHS = np.array([6, 1, 4, 2, 5])
STEP = 1e-6


def past_the_end(array, lengths):
    return np.where((np.arange(len(array))[:, None] >= lengths)[..., None], np.nan, array)


def drawn(delays, behind, steps=T, batch=B, units=H, outputs=O):
    random = np.random.default_rng([delays, behind])
    shapes = {
        "u": (steps, batch, units), "start": (batch, delays, outputs), "W": (delays, outputs, units), "V": (behind, units, units),
        "bias": (behind, units), "W_o": (units, outputs), "bias_o": (outputs,),
    }  # fmt: skip
    return {name: random.standard_normal(shape) for name, shape in shapes.items()}


def plain(u, start, W, V, bias, W_o, bias_o, lengths, given, share):
    y, fed = np.zeros((T, B, O)), np.zeros((T, B, O))
    for b, length in enumerate(lengths):
        past = list(start[b])
        for t in range(length):
            z = u[t, b] + sum(past[-d] @ W[d - 1] for d in range(1, len(W) + 1))
            for l in range(len(V)):
                z = 1 / (1 + np.exp(-z)) @ V[l] + bias[l]
            y[t, b] = 1 / (1 + np.exp(-z)) @ W_o + bias_o
            fed[t, b] = (0 if given is None else given[t, b]) + share * y[t, b]
            past.append(fed[t, b])
    return y, fed


@pytest.mark.parametrize(
    "delays, behind, lengths, fed_back", itertools.product((1, 2, 9), (1, 3), (None, LENGTHS), ((False, 1), (True, -1), (True, 0)))
)
def test_forward_and_gradients(delays, behind, lengths, fed_back):
    with_given, share = fed_back
    values, steps = drawn(delays, behind), np.full(B, T) if lengths is None else lengths
    given, d_y, d_fed = np.random.default_rng(1).standard_normal((3, T, B, O))
    given = given if with_given else None
    # As delayed.taps makes it: what u holds past an item's end are numbers, whichever.
    y, fed, layers, saved = layered.forward(
        **values, lengths=lengths, given=None if given is None else past_the_end(given, steps), share=share
    )

    def scalar(changed):
        found = plain(**changed, lengths=steps, given=given, share=share)
        return np.sum(found[0] * d_y) + np.sum(found[1] * d_fed)

    here = (np.arange(T)[:, None] < steps)[..., None]
    wanted_y, wanted_fed = plain(**values, lengths=steps, given=given, share=share)
    assert np.allclose(y, wanted_y, rtol=1e-12, atol=1e-13) and np.array_equal(y == 0, wanted_y == 0)
    assert np.allclose(fed * here, wanted_fed, rtol=1e-12, atol=1e-13)
    assert np.allclose((layers[-1] @ values["W_o"] + values["bias_o"]) * here, y, rtol=1e-12, atol=1e-13)
    assert not layers[np.broadcast_to(~here, layers.shape)].any()
    gradients = layered.backward(saved, past_the_end(d_y, steps), past_the_end(d_fed, steps))
    assert gradients.keys() == values.keys()
    for name, gradient in gradients.items():
        direction = np.random.default_rng(2).standard_normal(values[name].shape)
        onward, back = (scalar({**values, name: values[name] + way * STEP * direction}) for way in (1, -1))
        assert np.isclose(np.sum(gradient * direction), (onward - back) / (2 * STEP), rtol=1e-6, atol=1e-7), name
    assert not gradients["u"][np.broadcast_to(~here, gradients["u"].shape)].any()


def test_the_same_for_every_number_of_threads():
    values = drawn(3, 2, steps=20, batch=33, units=96, outputs=40)
    values = {name: value / (10 if name in ("W", "V", "W_o") else 1) for name, value in values.items()}
    d_y, d_fed = np.random.default_rng(4).standard_normal((2, 20, 33, 40))
    found = []
    for count in range(1, threads.most() + 1):
        with threads.using(count):
            y, _, _, saved = layered.forward(**{**values, "u": values["u"].copy()})
            found.append((y, *layered.backward(saved, d_y, d_fed).values()))
    for other in found[1:]:
        for left, right in zip(found[0], other):
            np.testing.assert_array_equal(left, right)
