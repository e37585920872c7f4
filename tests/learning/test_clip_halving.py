"""Halving, as printed: it bounds nothing."""

import numpy as np
import pytest
from differential import assert_backends_agree, assert_same, each_backend, each_precision, given

import refrnn

spec = refrnn.load("clip-halving")


def test_backends_agree():
    assert_backends_agree(spec)


def clipped(backend, dtype, g, G, tau):
    outputs = spec.forward(given(dtype, g=[g], G=[[G]], tau=tau), backend).outputs
    return outputs["g_clipped"][0], outputs["G_clipped"][0, 0]


@each_backend
@each_precision
def test_halved_is_not_below_the_threshold(backend, dtype):
    """The counterexample: a norm of 50 is 25 after clipping at 5, and takes four clippings to get below."""
    g, G = 30, 40
    norms = []
    for _ in range(5):
        g, G = clipped(backend, dtype, g, G, 5)
        norms.append(np.hypot(g, G))
    assert norms == [25, 12.5, 6.25, 3.125, 3.125]


@each_backend
@each_precision
def test_halves_from_the_threshold_on(backend, dtype):
    above = np.nextafter(np.array(5, dtype), np.array(6, dtype))
    assert clipped(backend, dtype, 3, 4, 5) == (1.5, 2)
    assert clipped(backend, dtype, 3, 4, above) == (3, 4)


@each_backend
@each_precision
def test_norm_is_that_of_both_together(backend, dtype):
    """Neither 3 nor 4 reaches a threshold of 4.5 by itself."""
    assert clipped(backend, dtype, 3, 4, 4.5) == (1.5, 2)
    assert clipped(backend, dtype, 3, 0, 4.5) == (3, 0)
    assert clipped(backend, dtype, 0, 4, 4.5) == (0, 4)


@each_backend
@each_precision
@pytest.mark.parametrize("tau, factor", [(5, 0.5), (6, 1)])
def test_error_is_halved_like_the_gradient(tau, factor, backend, dtype):
    """Through the condition itself nothing is learned."""
    run = spec.forward(given(dtype, g=[3], G=[[4]], tau=tau), backend)
    gradients = run.backward(given(dtype, g_clipped=[7], G_clipped=[[-9]]))
    assert_same(gradients["g"], [7 * factor])
    assert_same(gradients["G"], [[-9 * factor]])
