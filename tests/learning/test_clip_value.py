"""Clipping each entry: exact, so that every comparison here is."""

import numpy as np
from differential import assert_backends_agree, assert_same, each_backend, each_precision, given

import refrnn

spec = refrnn.load("clip-value")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_edges(backend, dtype):
    """At c exactly an entry stays and learns; one number further it is c and learns nothing."""
    c = np.array(0.75, dtype)
    inside, outside = np.nextafter(c, np.array(0, dtype)), np.nextafter(c, np.array(1, dtype))
    g = np.array([inside, c, outside, -inside, -c, -outside, 0], dtype)
    run = spec.forward({"g": g, "c": c}, backend)
    assert_same(run.outputs["g_clipped"], [inside, c, c, -inside, -c, -c, 0])
    assert_same(run.backward({"g_clipped": np.arange(1, 8, dtype=dtype)})["g"], [1, 2, 0, 4, 5, 0, 7])


@each_backend
@each_precision
def test_infinities_are_bounded_and_nan_is_not_hidden(backend, dtype):
    run = spec.forward(given(dtype, g=[np.inf, -np.inf, np.nan], c=2), backend)
    assert_same(run.outputs["g_clipped"], [2, -2, np.nan])
    assert_same(run.backward(given(dtype, g_clipped=[1, 1, 1]))["g"][:2], [0, 0])


@each_backend
@each_precision
def test_clipped_twice_is_clipped_once(backend, dtype):
    """And each entry is clipped by itself: reversed entries give reversed entries."""
    values = {**spec.draw({"N": 50}, dtype=dtype), "c": np.array(0.5, dtype)}
    once = spec.forward(values, backend).outputs["g_clipped"]
    assert 0 < np.count_nonzero(once == values["g"]) < 50
    assert_same(spec.forward({**values, "g": once}, backend).outputs["g_clipped"], once)
    assert_same(spec.forward({**values, "g": values["g"][::-1]}, backend).outputs["g_clipped"], once[::-1])
