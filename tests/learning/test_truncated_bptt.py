"""Truncated BPTT: forward through all time, backward through the last K2 steps of every K1."""

import numpy as np
import pytest
from differential import (
    assert_added_near,
    assert_backends_agree,
    assert_items_run_alone,
    assert_same,
    draw_upstream,
    each_backend,
    each_precision,
    zeroed,
)

import refrnn

spec = refrnn.load("truncated-bptt")


def test_backends_agree():
    assert_backends_agree(spec)


def drawn(dtype, K1, K2):
    return {**spec.draw({"T": 10}, seed=1, dtype=dtype), "K1": K1, "K2": K2}


@each_backend
@each_precision
@pytest.mark.parametrize("K1, K2", [(10, 10), (10, 11), (11, 10), (99, 99)])
def test_a_whole_window_is_full_bptt(K1, K2, backend, dtype):
    """The outputs bit for bit, and the gradients, of unfolding, which is the same net without bias and without truncation.

    A slope is the same product of two numbers, or one minus a square: of each step a rounding or two.
    """
    full = refrnn.load("unfolding")
    names = {"x": "x", "h0": "s0", "W_hh": "U", "W_xh": "V"}
    values = zeroed(drawn(dtype, K1, K2), "b_h")
    run, expected = spec.forward(values, backend), full.forward({there: values[here] for here, there in names.items()}, backend)
    assert_same(run.outputs["h"], expected.outputs["s"])
    upstream = draw_upstream(run)["h"]
    gradients, of_full = run.backward({"h": upstream}), expected.backward({"s": upstream})
    for here, there in names.items():
        assert_added_near(gradients[here], of_full[there], terms=11)


@each_backend
@each_precision
def test_chunks_are_runs_of_their_own_that_carry_the_state(backend, dtype):
    """K1 = K2 = 4: each chunk learns by itself, from the state that the one before left; only the first reaches h0."""
    values = drawn(dtype, 4, 4)
    whole = spec.forward(values, backend)
    upstream = draw_upstream(whole)["h"]
    gradients, totals, state = whole.backward({"h": upstream}), {}, {}
    for first in (0, 4, 8):
        part = slice(first, first + 4)
        chunk = spec.forward({**values, "x": values["x"][part], **state}, backend)
        state = chunk.state
        of_chunk = chunk.backward({"h": upstream[part]})
        assert_same(whole.outputs["h"][part], chunk.outputs["h"])
        assert_same(gradients["x"][part], of_chunk["x"])
        if first == 0:
            assert_same(gradients["h0"], of_chunk["h0"])
        for name in ("W_xh", "W_hh", "b_h"):
            totals[name] = totals.get(name, 0) + of_chunk[name]
    assert_same(whole.outputs["h"][-1], state["h0"])
    for name, total in totals.items():
        assert_added_near(gradients[name], total, terms=10 * 3)


@each_backend
@each_precision
def test_an_error_reaches_the_end_of_its_chunk_only(backend, dtype):
    """Which steps learn, of 10 and of a sequence that ends after 6, for chunks of 4 and windows of 1 and 3."""
    values = drawn(dtype, 4, 1)
    for K2, of_ten, of_six in ((1, [3, 7, 9], [3, 5]), (3, [1, 2, 3, 5, 6, 7, 8, 9], [1, 2, 3, 4, 5])):
        run = spec.forward({**values, "K2": K2}, backend, lengths=[10, 6, 10])
        learned = run.backward(draw_upstream(run))["x"].any(axis=2)
        for item, expected in enumerate((of_ten, of_six, of_ten)):
            assert np.flatnonzero(learned[:, item]).tolist() == expected


@each_backend
@each_precision
def test_a_window_above_the_chunk_is_the_chunk(backend, dtype):
    run, other = (spec.forward(drawn(dtype, 3, K2), backend) for K2 in (3, 8))
    upstream = draw_upstream(run)
    gradients, others = run.backward(upstream), other.backward(upstream)
    for name in gradients:
        assert_same(gradients[name], others[name])


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    assert_items_run_alone(spec, backend, dtype, K1=3, K2=2)
