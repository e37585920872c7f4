"""Character-level language model."""

import math

import numpy as np
from differential import (
    assert_backends_agree,
    assert_items_run_alone,
    assert_near,
    assert_same,
    each_backend,
    each_precision,
    given,
    zeroed,
)

import refrnn

spec = refrnn.load("character-model")
elman = refrnn.load("elman")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_characters_by_hand(backend, dtype):
    """The character 1 makes the state tanh(0) = 0, then the character 0 makes it tanh(1)."""
    values = given(dtype, h0=[[0.5]], W_xh=[[1], [-1]], W_hh=[[2]], W_hy=[[0, 1]])
    run = spec.forward({**values, "w": np.array([[1], [0]]), "d": np.array([[0], [1]])}, backend)
    state = math.tanh(1)
    chance = 1 / (1 + math.exp(state))  # of the character 0
    assert_near(run.outputs["h"], [[[0]], [[state]]], ulp=2)
    assert_near(run.outputs["P"], [[[0.5, 0.5]], [[chance, 1 - chance]]], ulp=2)
    assert_near(run.outputs["Div"], [[math.log(2)], [-math.log(1 - chance)]], ulp=2)
    gradients = run.backward(given(dtype, Div=[[0], [1]]))
    d_state = -chance * (1 - state**2)  # the second score receives -chance
    expected = {"h0": [[4 * d_state]], "W_xh": [[d_state], [2 * d_state]], "W_hh": [[d_state]], "W_hy": [[chance * state, -chance * state]]}
    # The state before is 0, so that W_hh receives from the first step alone: 1/2 times 2 d_state.
    for name, gradient in gradients.items():
        # 1 - tanh(1)^2 = 0.42 comes of numbers near 1, whose rounding weighs more in it.
        assert_near(gradient, expected[name], ulp=8)


@each_backend
@each_precision
def test_is_an_elman_network_of_one_hot_vectors(backend, dtype):
    """The row that is looked up is the product with the vector."""
    values = spec.draw({"T": 6, "N": 5}, batch=3, seed=1, dtype=dtype)
    weights = {name: values[name] for name in ("h0", "W_xh", "W_hh", "W_hy")}
    h = elman.forward({**weights, "x": np.eye(5, dtype=dtype)[values["w"]], "simple": 0}, backend).outputs["h"]
    assert_near(spec.forward(values, backend).outputs["h"], h, ulp=8)


@each_backend
@each_precision
def test_before_learning_all_characters_have_even_chances(backend, dtype):
    values = zeroed(spec.draw({"T": 5, "N": 4}, batch=2, seed=2, dtype=dtype), "W_hy")
    run = spec.forward(values, backend)
    assert_same(run.outputs["P"], np.full((5, 2, 4), 0.25))
    assert_near(run.outputs["DIV"], np.full(2, 5 * math.log(4)), ulp=4)


@each_backend
@each_precision
def test_character_that_does_not_come_learns_nothing(backend, dtype):
    values = spec.draw({"T": 5, "N": 6}, batch=2, seed=3, dtype=dtype)
    values["w"] = np.minimum(values["w"], 4)
    d_W_xh = spec.forward(values, backend).backward({"DIV": np.ones(2, dtype)})["W_xh"]
    came = np.unique(values["w"])
    assert d_W_xh[came].all()
    assert not np.delete(d_W_xh, came, axis=0).any()


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    assert_items_run_alone(spec, backend, dtype)


@each_backend
@each_precision
def test_state_continues_a_text(backend, dtype):
    values = spec.draw({"T": 7}, batch=3, seed=4, dtype=dtype)
    whole = spec.forward(values, backend)
    first = spec.forward({**values, "w": values["w"][:3], "d": values["d"][:3]}, backend)
    second = spec.forward({**values, "w": values["w"][3:], "d": values["d"][3:], **first.state}, backend)
    for name in ("h", "P", "Div"):
        assert_same(whole.outputs[name], np.concatenate((first.outputs[name], second.outputs[name])))
