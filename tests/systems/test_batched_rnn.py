"""The equation written in rows: rows are sequences, and share nothing but the weights."""

import numpy as np
from differential import (
    assert_added_near,
    assert_backends_agree,
    assert_chunks_join,
    assert_items_run_alone,
    assert_near,
    assert_same,
    draw_upstream,
    each_backend,
    each_precision,
    zeroed,
)

import refrnn

spec = refrnn.load("batched-rnn")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_permuted_rows_give_permuted_rows(backend, dtype):
    values, order = spec.draw(batch=5, seed=1, dtype=dtype), [3, 0, 4, 2, 1]
    permuted = {**values, "x": values["x"][:, order], "h0": values["h0"][order]}
    run, other = spec.forward(values, backend), spec.forward(permuted, backend)
    upstream = draw_upstream(run)
    gradients, others = run.backward(upstream), other.backward({"h": upstream["h"][:, order]})
    # Whole products may add up the last rows of a block in another order than the first ones.
    assert_near(other.outputs["h"], run.outputs["h"][:, order], ulp=8)
    assert_near(others["x"], gradients["x"][:, order], ulp=8)
    assert_near(others["h0"], gradients["h0"][order], ulp=8)
    for name in ("W_x", "W_h", "b_h"):
        assert_added_near(others[name], gradients[name], terms=7 * 5)


@each_backend
@each_precision
def test_a_row_learns_from_its_own_error_only(backend, dtype):
    run = spec.forward(spec.draw(batch=3, seed=2, dtype=dtype), backend)
    upstream = draw_upstream(run)
    upstream["h"][:, [0, 2]] = 0
    gradients = run.backward(upstream)
    assert not gradients["x"][:, [0, 2]].any() and gradients["x"][:, 1].all()
    assert not gradients["h0"][[0, 2]].any() and gradients["h0"][1].all()


@each_backend
@each_precision
def test_bias_gathers_over_rows_and_steps(backend, dtype):
    """Without weights every state is sigmoid(0) = 1/2 with slope 1/4; the first row is the one after one step."""
    values = zeroed(spec.draw({"T": 4, "H": 3}, batch=2, seed=3, dtype=dtype), "W_x", "W_h", "b_h")
    run = spec.forward(values, backend)
    assert_same(run.outputs["h"], np.full((4, 2, 3), 0.5))
    errors = np.arange(24, dtype=dtype).reshape(4, 2, 3)
    gradients = run.backward({"h": errors})
    assert_same(gradients["b_h"], errors.sum(axis=(0, 1))[None] / 4)
    # Later steps began with 1/2, the first one with h0.
    assert_near(gradients["W_h"], errors[1:].sum(axis=(0, 1)) / 8 + values["h0"].T @ errors[0] / 4, ulp=4)
    assert not gradients["x"].any() and not gradients["h0"].any()


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_chunks_join(spec, backend, dtype)
    assert_items_run_alone(spec, backend, dtype)
