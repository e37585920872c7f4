"""A gated memory keeps what it was given as long as its gate is shut; a plain state does not."""

import numpy as np
from differential import SHUT, assert_backends_agree, assert_chunks_join, assert_items_run_alone, each_backend, each_precision, zeroed

import refrnn

spec = refrnn.load("pattern-memory")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_a_shut_gate_carries_memory_and_error_unchanged(backend, dtype):
    values = zeroed(spec.draw({"T": 60}, dtype=dtype), "V")
    values["d"] = np.full_like(values["d"], SHUT)
    run = spec.forward(values, backend)
    assert np.array_equal(run.outputs["c"], np.broadcast_to(values["c0"], run.outputs["c"].shape))
    d_c = np.zeros_like(run.outputs["c"])
    d_c[-1] = 1
    assert np.all(run.backward({"c": d_c})["c0"] == 1)


@each_backend
@each_precision
def test_an_open_gate_forgets_all_at_once(backend, dtype):
    values = zeroed(spec.draw({"T": 3}, dtype=dtype), "V")
    values["d"] = np.full_like(values["d"], -SHUT)
    run = spec.forward(values, backend)
    d_c = np.ones_like(run.outputs["c"])
    assert np.all(run.backward({"c": d_c})["c0"] == 0)


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_chunks_join(spec, backend, dtype)
    assert_items_run_alone(spec, backend, dtype)
