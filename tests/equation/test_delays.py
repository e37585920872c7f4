"""Starts of several steps: left sides such as h[d-D] = h_start[d], with offsets of sizes, constants and numbers."""

import numpy as np
import pytest
from programs import draw, mismatch, program, run, values

import refrnn
from refrnn.errors import SpecError
from refrnn.equation.mutate import mutants

random = np.random.default_rng(11)
x, start = random.standard_normal((7, 5)), random.standard_normal((4, 5))
PRECISE = 200 * float(np.finfo(np.longdouble).eps)

SPEC = """
id: delays
title: Delays
sizes: {T: steps, D: delays, H: units}
symbols:
  x: {role: input, shape: [T, H]}
  h_start: {role: start, shape: [D, H]}
  h: {role: value, shape: [T, H]}
equations:
  - h[d-D] = h_start[d]
  - h[t] = x[t] + 2 * h[t-D]
outputs: [h]
"""


def states(depth, weights, steps=7):
    """h[t] = x[t] and weights[delay] * h[t - delay], the start before it."""
    found = list(start[:depth])
    for t in range(steps):
        found.append(x[t] + sum(weight * found[depth + t - delay] for delay, weight in weights.items()))
    return np.array(found[depth:])


def close(found, wanted):
    np.testing.assert_allclose(np.asarray(found, float), wanted, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("order", (1, -1))
def test_offset_by_a_size(order):
    """S is 4: the start holds h[-4] to h[-1] in the order of time, and the order of the equations does not matter."""
    lines = ["h[s-S] = before[s]", "h[t] = x[t] + 2 * h[t-S] + 3 * h[t-1]"][::order]
    (h,) = values(lines, ["h"], declared={"h": "T, H"}, x=x, before=start)
    close(h, states(4, {4: 2, 1: 3}))


def test_offset_by_a_constant():
    lines = ["h[k-K] = before[k]", "h[t] = x[t] + 2 * h[t-K]"]
    (h,) = values(lines, ["h"], constants={"K": 3}, integers={"K"}, declared={"h": "T, H"}, x=x, before=start[:3])
    close(h, states(3, {3: 2}))


def test_offset_by_a_number():
    """The range is that of the array that is read, whatever the letter."""
    for letter in "kit":
        lines = [f"h[{letter}-2] = before[{letter}]", "h[t] = x[t] + h[t-1] + 2 * h[t-2]"]
        (h,) = values(lines, ["h"], declared={"h": "T, H"}, x=x, before=start[:2])
        close(h, states(2, {1: 1, 2: 2}))


def test_offset_of_several_parts():
    """h[s-S+1] runs from -3 to 0, and so gives the first step too."""
    lines = ["h[s-S+1] = 2 * before[s]", "h[t] = x[t] + h[t-1]"]
    (h,) = values(lines, ["h"], declared={"h": "T, H"}, x=x, before=start)
    close(h, 2 * start[3] + np.vstack([0 * x[0], np.cumsum(x[1:], axis=0)]))


def test_offset_behind_the_end():
    """A recurrence that runs backward starts at T and later."""
    lines = ["h[s+T] = after[s]", "h[t] = x[t] + 2 * h[t+S]"]
    (h,) = values(lines, ["h"], declared={"h": "T, H"}, x=x, after=start)
    for t in reversed(range(7)):
        close(h[t], x[t] + 2 * (np.asarray(h[t + 4], float) if t + 4 < 7 else start[t + 4 - 7]))


def test_components_with_an_offset():
    lines = ["h[s-S, i] = before[s, i]", "h[t, i] = x[t, i] + 2 * h[t-S, i]"]
    (h,) = values(lines, ["h"], declared={"h": "T, H"}, x=x, before=start)
    close(h, states(4, {4: 2}))


def test_gradients_of_a_start():
    lines = ["h[s-S] = before[s]", "h[t] = tanh(x[t] + 2 * h[t-S] - h[t-1])"]
    chosen = program(lines, {"x": "T, H", "before": "S, H"}, ["h"], declared={"h": "T, H"})
    arrays = draw(chosen)
    assert mismatch(chosen, arrays) < PRECISE
    outputs, backward = run(chosen, arrays)
    assert (backward({"h": np.ones_like(outputs["h"])})["before"] != 0).all()


def test_an_output_runs_over_the_general_equation():
    outputs = values(["h[t] = x[t] + h[t-S]", "h[s-S] = before[s]"], ["h"], declared={"h": "T, H"}, x=x, before=start)
    assert outputs[0].shape == (7, 5)


def test_a_delay_without_a_start_is_refused():
    with pytest.raises(SpecError, match=r"needs h\[t - S\] at t = 0, .* such as h\[d-S\] = h_start\[d\]$"):
        values(["h[t] = x[t] + h[t-S]"], ["h"], declared={"h": "T, H"}, x=x, before=start)
    with pytest.raises(SpecError, match=r"needs h\[t - S\] at t = 0"):
        values(["h[s-3] = before[s]", "h[t] = x[t] + h[t-S]"], ["h"], declared={"h": "T, H"}, x=x, before=start[:3])


@pytest.mark.parametrize("left", ("h[2*s]", "h[S-s]", "h[s-s]", "h[s-t]", "h[s-1.0]", "h[-s]"))
def test_left_sides_that_are_no_offset_are_refused(left):
    with pytest.raises(SpecError, match="must be an index letter"):
        program([f"{left} = before[s]"], {"before": "S, H"}, ["h"], declared={"h": "T, H"})


# ------------------------------------------------------------ in a spec


def test_a_spec_knows_what_its_start_is_followed_by():
    spec = refrnn.load_text(SPEC, "delays")
    assert spec.delayed == {"h_start": "h"} and spec.carried == {}
    assert refrnn.load("elman").delayed == {}
    changed = refrnn.load_text(SPEC.replace("= h_start[d]", "= 2 * h_start[d]"), "delays")
    assert changed.delayed == {}, "a start that is not taken as it is can't be continued"


def test_state_is_the_last_steps_of_start_and_sequence():
    spec = refrnn.load_text(SPEC, "delays")
    values = spec.draw({"T": 6, "D": 3}, batch=3, seed=1, dtype="float64")
    found = spec.forward(values, "equation", lengths=np.array([6, 1, 2]))
    h, before = found.outputs["h"], values["h_start"]
    state = found.state["h_start"]
    assert state.shape == (3, 3, 5)
    np.testing.assert_array_equal(state[0], h[3:, 0])
    np.testing.assert_array_equal(state[1], [before[1, 1], before[1, 2], h[0, 1]])
    np.testing.assert_array_equal(state[2], [before[2, 2], h[0, 2], h[1, 2]])


def test_faults_of_a_start():
    names = {mutant.name for mutant in mutants(refrnn.load_text(SPEC, "delays"))}
    assert {
        "equation 1: ignore the start h_start[d]",
        "equation 1: read h_start[d+1] for h_start[d]",
        "equation 1: read h_start[d-1] for h_start[d]",
        "equation 1: stop the gradient of h_start[d]",
    } <= names
