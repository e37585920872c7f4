"""Peepholes: i and f see the memory before the step, o the one after it."""

from math import exp, tanh

import numpy as np
from differential import (
    OPEN,
    SHUT,
    assert_backends_agree,
    assert_chunks_join,
    assert_items_run_alone,
    assert_near,
    assert_same,
    draw_upstream,
    each_backend,
    each_precision,
    given,
    zeroed,
)

import refrnn

spec = refrnn.load("lstm-peephole")
GATES = "ifoC"  # in the order of the plain unit's one matrix


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_without_peepholes_it_is_the_plain_unit(backend, dtype):
    plain = refrnn.load("lstm")
    values = zeroed(spec.draw({"T": 5}, seed=1, dtype=dtype), "W_Ci", "W_Cf", "W_Co")
    W = np.concatenate([np.concatenate((values[f"W_h{gate}"], values[f"W_x{gate}"]), axis=1) for gate in GATES])
    b = np.concatenate([values[f"b_{gate}"] for gate in GATES])
    run = spec.forward(values, backend)
    expected = plain.forward({"x": values["x"], "h0": values["h0"], "c0": values["C0"], "W": W, "b": b}, backend)
    upstream = draw_upstream(run)
    gradients = run.backward(upstream)
    of_plain = expected.backward({"h": upstream["h"], "c": upstream["C"]})
    # One product of ten terms or two of four and six: 10 additions a step, passed on over 5 steps.
    for here, there in (("h", "h"), ("C", "c")):
        assert_near(run.outputs[here], expected.outputs[there], ulp=50)
    for here, there in (("x", "x"), ("h0", "h0"), ("C0", "c0")):
        assert_near(gradients[here], of_plain[there], ulp=50)
    H = values["h0"].shape[1]
    for gate, d_W, d_b in zip(GATES, np.split(of_plain["W"], 4), np.split(of_plain["b"], 4)):
        assert_near(gradients[f"W_h{gate}"], d_W[:, :H], ulp=50)
        assert_near(gradients[f"W_x{gate}"], d_W[:, H:], ulp=50)
        assert_near(gradients[f"b_{gate}"], d_b, ulp=50)
    assert gradients["W_Cf"].all() and gradients["W_Ci"].all() and gradients["W_Co"].all()


def blind(dtype, C0, **more):
    """One step of two units whose gates see nothing but the memory, where they see anything."""
    names = [name for name, symbol in spec.arrays.items() if symbol.role == "parameter"]
    shapes = {name: tuple(1 if str(size) == "I" else 2 for size in spec.symbols[name].shape) for name in names}
    values = given(dtype, x=[[[0]]], h0=[[0, 0]], C0=[C0], **{name: np.zeros(shape) for name, shape in shapes.items()})
    return {**values, **given(dtype, **more)}


@each_backend
@each_precision
def test_gates_see_the_other_unit_and_the_right_time(backend, dtype):
    """Peepholes from unit 1 to unit 0: f and i take C0[1], o takes C[1], halved by its own half-open forget gate."""
    weight = [[0, 2], [0, 0]]
    run = spec.forward(blind(dtype, [1, -0.5], W_Cf=weight, W_Ci=weight, W_Co=weight, b_C=[0.5, 0]), backend)

    def gate(argument):
        return 1 / (1 + exp(-argument))

    C = [gate(-1) * 1 + gate(-1) * tanh(0.5), -0.25]
    assert_near(run.outputs["C"], [[C]], ulp=4)
    assert_near(run.outputs["h"], [[[gate(-0.5) * tanh(C[0]), tanh(-0.25) / 2]]], ulp=4)
    # Unit 1 shows nothing that is wrong: its error is what it did to the gates of unit 0, o's through its own half-open f.
    gradients = run.backward(given(dtype, h=[[[1, 0]]]))
    d_o = tanh(C[0]) * gate(-0.5) * gate(0.5)
    d_C = gate(-0.5) * (1 - tanh(C[0]) ** 2)
    d_f, d_i = d_C * gate(-1) * gate(1), d_C * tanh(0.5) * gate(-1) * gate(1)
    assert_near(gradients["C0"], [[d_C * gate(-1), 2 * d_f + 2 * d_i + 2 * d_o / 2]], ulp=16)
    assert_near(gradients["W_Co"], [[d_o * C[0], d_o * -0.25], [0, 0]], ulp=16)
    assert_near(gradients["W_Cf"], [[d_f, d_f * -0.5], [-d_o / 4, d_o / 8]], ulp=16)


@each_backend
@each_precision
def test_a_memory_can_lock_itself(backend, dtype):
    """Peepholes that open the forget gate and shut the input gate wherever C is 1: it stays 1, whatever comes."""
    values = spec.draw({"T": 50, "H": 1}, seed=2, dtype=dtype)
    values |= given(dtype, W_Cf=[[2 * OPEN]], W_Ci=[[2 * SHUT]], C0=np.ones((3, 1)))
    assert_same(spec.forward(values, backend).outputs["C"], np.ones((50, 3, 1)))


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    # The error of C has four parts: its upstream, through h, through o, and from the step after.
    assert_chunks_join(spec, backend, dtype, ulp=16)
    assert_items_run_alone(spec, backend, dtype)
