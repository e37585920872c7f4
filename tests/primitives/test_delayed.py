"""The delayed family with all its options, against a plain loop and central differences."""

import itertools

import numpy as np
import pytest

from refrnn.kernels.families import delayed
from refrnn.kernels.primitives import threads
from refrnn.kernels.primitives.activations import IDENTITY, SIGMOID, TANH

PLAIN = {IDENTITY: lambda z: z, SIGMOID: lambda z: 1 / (1 + np.exp(-z)), TANH: np.tanh}
T, B, H, DEPTH = 6, 5, 4, 3
LENGTHS = np.array([6, 1, 4, 2, 5])
STEP = 1e-6


def past_the_end(array, lengths):
    return np.where((np.arange(len(array))[:, None] >= lengths)[..., None], np.nan, array)


def drawn(delays, matrices, seed=0):
    random = np.random.default_rng(seed)
    W = random.standard_normal((len(delays), H, H) if matrices else len(delays)) / 2
    shapes = {"u": (T, B, H), "start": (B, DEPTH, H)}
    return {**{name: random.standard_normal(shape) for name, shape in shapes.items()}, "W": W}


def plain(u, start, W, delays, lengths, activation, given, share):
    h, fed = np.zeros((T, B, H)), np.zeros((T, B, H))
    for b, length in enumerate(lengths):
        past = list(start[b])
        for t in range(length):
            z = u[t, b].copy()
            for weight, d in zip(W, delays):
                z += past[-d] @ weight if np.ndim(weight) else weight * past[-d]
            h[t, b] = PLAIN[activation](z)
            fed[t, b] = (0 if given is None else given[t, b]) + share * h[t, b]
            past.append(fed[t, b])
    return h, fed


OPTIONS = list(
    itertools.product(((1,), (3,), (1, 3), (2, 2, 1), ()), (True, False), PLAIN, (None, LENGTHS), ((False, 1), (True, -1), (True, 0)))
)


@pytest.mark.parametrize("delays, matrices, activation, lengths, fed_back", OPTIONS)
def test_forward_and_gradients(delays, matrices, activation, lengths, fed_back):
    if not delays and matrices:
        delays, matrices = (3, 2, 1), True  # as many delays as states before the first step
    with_given, share = fed_back
    values, steps = drawn(delays, matrices), np.full(B, T) if lengths is None else lengths
    given, d_h, d_fed = np.random.default_rng(1).standard_normal((3, T, B, H))
    given = given if with_given else None
    options = (lengths, activation, None if given is None else past_the_end(given, steps), share)
    h, fed, saved = delayed.forward(past_the_end(values["u"], steps), values["start"], delays, values["W"], *options)

    def scalar(changed):
        found = plain(**changed, delays=delays, lengths=steps, activation=activation, given=given, share=share)
        return np.sum(found[0] * d_h) + np.sum(found[1] * d_fed)

    expected = plain(**values, delays=delays, lengths=steps, activation=activation, given=given, share=share)
    for array, wanted in zip((h, fed), expected):
        assert np.allclose(array, wanted, rtol=1e-12, atol=1e-13) and np.array_equal(array == 0, wanted == 0)
    gradients = delayed.backward(saved, past_the_end(d_h, steps), past_the_end(d_fed, steps))
    for name in gradients:
        direction = np.random.default_rng(2).standard_normal(values[name].shape)
        onward, back = (scalar({**values, name: values[name] + way * STEP * direction}) for way in (1, -1))
        assert np.isclose(np.sum(gradients[name] * direction), (onward - back) / (2 * STEP), rtol=1e-6, atol=1e-7), name
    assert gradients.keys() == ({"u", "start", "W"} if matrices else {"u", "start"})
    assert not gradients["u"][np.arange(T)[:, None] >= steps].any()


@pytest.mark.parametrize("past", (0, 1, 2, 9))
@pytest.mark.parametrize("lengths", (None, LENGTHS))
def test_taps(past, lengths):
    """The inputs of one step, weighed: a longer past than the sequence too, and none."""
    random = np.random.default_rng(3)
    x, start = random.standard_normal((T, B, 3)), random.standard_normal((B, past, 3))
    W, bias, d_u = random.standard_normal((past + 1, 3, H)), random.standard_normal(H), random.standard_normal((T, B, H))
    steps = np.full(B, T) if lengths is None else lengths
    d_u[np.arange(T)[:, None] >= steps] = 0

    def expected(x, start, W, bias):
        line = np.concatenate((start.swapaxes(0, 1), x))
        return sum(line[past - n : past - n + T] @ W[n] for n in range(past + 1)) + bias

    u, saved = delayed.taps(past_the_end(x, steps), start if past else None, W, bias, lengths)
    here = np.arange(T)[:, None] < steps
    assert np.allclose(u[here], expected(x, start, W, bias)[here], rtol=1e-12, atol=1e-13)
    given = {"x": x, "start": start, "W": W, "bias": bias}
    gradients = delayed.taps_backward(saved, d_u)
    for name, value in given.items():
        direction = random.standard_normal(value.shape)
        change = expected(**{**given, name: value + direction}) - expected(**{**given, name: value})
        assert np.isclose(np.sum(gradients[name] * direction), np.sum(change * d_u), rtol=1e-10, atol=1e-10), name
    assert not gradients["x"][~here].any()
    assert gradients["start"].shape == start.shape


def test_the_same_for_every_number_of_threads():
    random = np.random.default_rng(4)
    steps, batch, units, depth = 20, 33, 96, 4
    u, start = random.standard_normal((steps, batch, units)), random.standard_normal((batch, depth, units))
    W, d_h = random.standard_normal((2, units, units)) / 10, random.standard_normal((steps, batch, units))
    found = []
    for count in range(1, threads.most() + 1):
        with threads.using(count):
            h, _, saved = delayed.forward(u.copy(), start, (1, depth), W)
            found.append((h, *delayed.backward(saved, d_h).values()))
    for other in found[1:]:
        for left, right in zip(found[0], other):
            np.testing.assert_array_equal(left, right)
