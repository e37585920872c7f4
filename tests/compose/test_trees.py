"""Equations whose time runs the other way, and sizes put in the place of others."""

import pytest

import refrnn
from refrnn.compose.trees import mirrored
from refrnn.equation.parse import equation_of
from refrnn.errors import SpecError


def of(text_or_id, **more):
    """The mirrored equations of a spec as texts."""
    spec = refrnn.load(text_or_id) if "\n" not in text_or_id else refrnn.load_text(text_or_id)
    return [str(equation_of(*mirrored(spec, equation))) for equation in spec.equations]


def made(*equations, more=""):
    """A spec of these equations over x [T, I], h0 [H], W [H, I]."""
    lines = "".join(f"  - {equation}\n" for equation in equations)
    return f"""
id: made
title: Made
sizes: {{T: steps, I: inputs, H: units}}
symbols:
  x: {{role: input, shape: [T, I]}}
  h0: {{role: start, shape: [H]}}
  W: {{role: parameter, shape: [H, I]}}
{more}equations:
{lines}outputs: [h]
"""


def test_a_recurrence_runs_from_the_end():
    assert of("unfolding") == ["s[T] = s0", "s[t] = tanh(U @ s[t + 1] + V @ x[t])"]


def test_twice_is_once():
    assert of("bidirectional")[2:4] == ["h_b[-1] = h_binf", "h_b[t] = tanh(W_b @ x[t] + U_b @ h_b[t - 1] + b_b)"]
    assert of("bidirectional")[0] == "h_f[T] = h_f0"


def test_components_and_sums_keep_their_letters():
    assert of("two-layer-rnn")[0] == "h1[T, i] = h1_start[i]"
    assert "w11[j, i] * h1[t + 1, j] for j in range(H1)" in of("two-layer-rnn")[2]


def test_conditions_count_from_the_end():
    assert of("truncated-bptt")[1] == "carried[t] = stop(h[t + 1]) if (T - 1 - t) % K1 == 0 and T - 1 - t > 0 else h[t + 1]"


def test_what_is_without_time_reads_the_other_end():
    text = made("h[-1] = h0", "h[t] = tanh(W @ x[t] + h[t-1] + v)", "v = W @ x[T-1] + W @ x[0]")
    assert of(text)[2] == "v = W @ x[0] + W @ x[T - 1]"


def test_sums_over_steps_go_over_the_same_steps():
    text = made("h[t] = W @ sum(x[j] for j in range(t + 1)) + h0")
    assert of(text) == ["h[t] = W @ sum((x[T - 1 - j] for j in range(T - 1 - t + 1))) + h0"]


def test_several_steps_at_once_are_refused():
    with pytest.raises(SpecError, match=r"takes several steps at once \(x\[0:1\]\), so it can't run backward"):
        of(made("h[t] = tanh(W @ x[0:1].T @ zeros(1) + h0)"))
    with pytest.raises(SpecError, match="several steps at once"):
        of(made("h[t] = tanh(W @ x.T @ zeros(T) + h0)"))
