"""Hopfield network: no input, and the number of steps given by name."""

import math

import numpy as np
import pytest
from differential import assert_added_near, assert_backends_agree, assert_near, assert_same, draw_upstream, each_backend, each_precision, given

import refrnn
from refrnn.errors import ValuesError

spec = refrnn.load("hopfield")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_steps_by_hand(backend, dtype):
    """1/2 - 1/2 = 0 and 1/4 + 1/4 = 1/2: the first state is (0, tanh(1/2))."""
    values = {**given(dtype, X0=[[0.5, 0.25]], W=[[1, 0], [0, 1]], Theta=[-0.5, 0.25]), "T": 2}
    run = spec.forward(values, backend)
    first = [0, math.tanh(0.5)]
    second = [math.tanh(-0.5), math.tanh(first[1] + 0.25)]
    assert_near(run.outputs["X"], [[first], [second]], ulp=2)
    d = 1 - second[0] ** 2
    gradients = run.backward(given(dtype, X=[[[0, 0]], [[1, 0]]]))
    for name, expected in {"X0": [[d, 0]], "W": [[0.5 * d, (first[1] + 0.25) * d], [0, 0]], "Theta": [2 * d, 0]}.items():
        assert_near(gradients[name], expected, ulp=6)


@each_backend
@each_precision
def test_weights_lead_from_column_to_row(backend, dtype):
    values = {**given(dtype, X0=[[0.5, 0.25]], W=[[0, 0], [1, 0]], Theta=[0, 0]), "T": 1}
    assert_near(spec.forward(values, backend).outputs["X"], [[[0, math.tanh(0.5)]]], ulp=2)


@each_backend
@each_precision
def test_two_units_that_forbid_each_other_swing(backend, dtype):
    """Every state is the one before it with the other sign, once the magnitude has settled."""
    values = {**given(dtype, X0=[[0.5, 0.5]], W=[[0, -2], [-2, 0]], Theta=[0, 0]), "T": 80}
    X = spec.forward(values, backend).outputs["X"]
    assert abs(X[-1]).min() > 0.9
    assert_near(X[-1], -X[-2].astype(np.longdouble), ulp=2)
    assert_same(X[:, :, 0], X[:, :, 1])


@each_backend
@each_precision
def test_chunks_join(backend, dtype):
    """Three steps and four more from where they ended are seven steps."""
    values = spec.draw({"T": 7}, batch=3, seed=3, dtype=dtype)
    whole, first = spec.forward(values, backend), spec.forward({**values, "T": 3}, backend)
    second = spec.forward({**values, **first.state, "T": 4}, backend)
    assert_same(whole.outputs["X"], np.concatenate((first.outputs["X"], second.outputs["X"])))
    upstream = draw_upstream(whole)
    of_second = second.backward({"X": upstream["X"][3:]})
    upstream["X"][2] = 0
    of_first = first.backward({"X": np.concatenate((upstream["X"][:2], of_second["X0"][None]))})
    gradients = whole.backward(upstream)
    assert_same(gradients["X0"], of_first["X0"])
    for name in ("W", "Theta"):
        assert_added_near(gradients[name], of_first[name] + of_second[name], terms=21)


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    """Items of a batch run for as many steps as their length says; behind it all is zero."""
    lengths = np.array([5, 7, 1, 4])
    values = spec.draw({"T": 7}, batch=4, seed=4, dtype=dtype)
    run = spec.forward(values, backend, lengths)
    upstream = draw_upstream(run)
    for item, length in enumerate(lengths):
        upstream["X"][length:, item] = np.nan
    gradients = run.backward(upstream)
    for item, length in enumerate(lengths):
        alone = spec.forward({**values, "X0": values["X0"][[item]], "T": int(length)}, backend)
        assert_same(run.outputs["X"][:length, [item]], alone.outputs["X"])
        assert not run.outputs["X"][length:, item].any()
        assert_same(gradients["X0"][[item]], alone.backward({"X": upstream["X"][:length, [item]]})["X0"])


@pytest.mark.parametrize("wrong, words", (({}, "T is missing"), ({"T": 0}, "at least one step"), ({"T": 2.5}, "must be an integer")))
def test_steps_are_given_by_name(wrong, words):
    values = {name: value for name, value in spec.draw().items() if name != "T"}
    with pytest.raises(ValuesError, match=words):
        spec.forward({**values, **wrong})
