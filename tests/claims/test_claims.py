"""Every claim turns out as its verdict says, and every claim's function can fail."""

import importlib
import importlib.util
import inspect
import re
from pathlib import Path

import pytest
from claimed import assert_can_fail, named

import refrnn
from refrnn.claims import Shown
from refrnn.spec.library import rows
from refrnn.verify.claims import check_claims, module_name

SPECS = {name: refrnn.load(name) for name in rows()}
CLAIMS = [(name, claim) for name, spec in SPECS.items() for claim in spec.claims]


def functions(spec):
    """The functions of a spec's claims module that show a claim."""
    module = importlib.import_module(f"refrnn.claims.{spec.group}.{module_name(spec)}")
    return {
        name for name, function in vars(module).items()
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
    }


# ------------------------------------------------------------ the claims and their functions


@pytest.mark.parametrize("name", [name for name, spec in SPECS.items() if spec.claims])
def test_claims_turn_out_as_their_verdicts(name):
    """By the equations; that they do by the fastest backend, each spec's own tests ask by verifying it."""
    for result in check_claims(SPECS[name]):
        assert result.ok, f"{name}: {result.claim.statement}: {result.shown}"
        assert re.search(r"\d", result.shown), f"{name}: {result.claim.statement}: the evidence has no number"


@pytest.mark.parametrize("name", [name for name, spec in SPECS.items() if spec.claims])
def test_entries_and_functions_are_the_same(name):
    tests = [claim.test for claim in SPECS[name].claims]
    assert len(set(tests)) == len(tests)
    assert set(tests) == functions(SPECS[name])


def test_promised_claims_are_kept():
    for name, spec in SPECS.items():
        assert ("claim" in spec.verify) == bool(spec.claims), name


def test_claims_give_the_same_evidence_twice():
    for name in ("elman", "clip-halving"):
        assert check_claims(SPECS[name]) == check_claims(SPECS[name])


# ------------------------------------------------------------ each can fail

NO_CUT = ("stop(h[t-1]) if t % K1 == 0 and t > 0 else h[t-1]", "h[t-1] if t % K1 == 0 and t > 0 else h[t-1]")
NO_STOP = ("stop(h[t-1]) if simple == 1 else h[t-1]", "h[t-1] if simple == 1 else h[t-1]")
SQUASHED = ("s[t] = tanh(U @ s[t-1] + V @ x[t])", "s[t] = sigmoid(U @ s[t-1] + V @ x[t])")
SWAPPED = ("h[t] = z[t] * h[t-1] + (1 - z[t]) * h_hat[t]", "h[t] = (1 - z[t]) * h[t-1] + z[t] * h_hat[t]")
HALF_SUM = ("DIV_squared = sum(squared[t] for t in range(T))", "DIV_squared = sum(squared[t] for t in range(T)) / 2")

WRONG = [
    ("elman", "simple_training_differs", NO_STOP),
    ("elman", "error_stays_in_its_step", NO_STOP),
    ("elman", "order_matters", ("W_hh.T @ context[t] +", "0 * W_hh.T @ context[t] +")),
    ("elman", "recurrence_is_the_memory", ("W_hh.T @ context[t] +", "0 * W_hh.T @ context[t] +")),
    ("elman", "recurrence_is_the_memory", ("W_hh.T @ context[t] +", "W_hh.T @ context[t] + h[t-1] / 9 +")),
    ("state-space", "affects_outputs_for_ever", ("W_hh @ h[t-1]", "0 * W_hh @ h[t-1]")),
    ("state-space", "error_updates_the_past", ("W_hh @ h[t-1]", "W_hh @ stop(h[t-1])")),
    ("state-space", "start_is_learned", ("h[-1] = h_start", "h[-1] = stop(h_start)")),
    ("two-layer-rnn", "starts_are_parameters", ("h2[-1, i] = h2_start[i]", "h2[-1, i] = stop(h2_start[i])")),
    ("two-layer-rnn", "weights_are_shared_over_time", ("w22[j, i] * h2[t-1, j]", "w22[j, i] * h2[t-1, j] * (1 + t / 9)")),
    ("two-layer-rnn", "sums_are_matrix_products", ("w11[j, i] * h1[t-1, j]", "w11[j, i] * h1[t-1, i]")),
    ("unfolding", "gradient_is_sum_over_copies", ("tanh(U @ s[t-1] +", "tanh(U @ stop(s[t-1]) +")),
    ("unfolding", "gradients_explode_or_vanish", SQUASHED),
    ("unfolding", "dependencies_weaken", SQUASHED),
    ("unfolding", "state_records_the_inputs", ("tanh(U @ s[t-1] +", "tanh(U @ s[t-1] * (t % 2) +")),
    ("unfolding", "patterns_do_not_depend_on_position", ("V @ x[t])", "V @ x[t] + t / 9)")),
    ("unfolding", "composing_the_same_function_is_unstable", SQUASHED),
    ("sequence-tagging", "tags_depend_on_the_inputs_so_far", ("h[t-1] @ W_h", "h[t-1] @ W_h * (t % 2)")),
    ("sequence-tagging", "tags_depend_on_the_inputs_so_far", ("W_o @ h[t] +", "W_o @ h[T-1] +")),
    ("sequence-classification", "lengths_may_differ_in_one_batch", ("h[T-1]", "h[0]")),
    ("unfolding", "values_explode", ("s[t] = tanh(U @ s[t-1] + V @ x[t])", "s[t] = U @ s[t-1] + V @ x[t]")),
    ("divergence", "derivative_is_local", HALF_SUM),
    ("divergence", "any_other_divergence_has_a_factor", HALF_SUM),
    ("divergence", "edit_distance_has_no_slope", ("DIV_entropy = sum(entropy[t] for t in range(T))", "DIV_entropy = sum(entropy[t] + stop(entropy[t]) for t in range(T))")),
    ("truncated-bptt", "whole_window_is_full_bptt", ("t % K1 == 0", "t % 3 == 0")),
    ("truncated-bptt", "is_full_bptt_cut_at_the_state", ("- t <= K2", "- t < K2")),
    ("truncated-bptt", "state_is_carried_through_all_time", ("stop(h[t-1]) if t % K1", "0 * h[t-1] if t % K1")),
    ("truncated-bptt", "error_stays_in_its_window", ("- t <= K2", "- t <= K2 + 1")),
    ("truncated-bptt", "memory_grows_with_the_chunk", NO_CUT),
    ("truncated-bptt", "long_sequences_explode_or_vanish", NO_CUT),
    ("truncated-bptt", "nothing_is_kept_behind_the_window", NO_CUT),
    ("truncated-bptt", "splitting_does_it", NO_CUT),
    ("truncated-bptt", "state_resets_after_a_batch", ("stop(h[t-1]) if t % K1", "0 * h[t-1] if t % K1")),
    ("clip-halving", "bounds_the_norm", ("g / 2 if", "tau * g / (2 * length) if"), ("G / 2 if", "tau * G / (2 * length) if")),
    ("clip-halving", "suffices_up_to_twice", ("g / 2 if", "g / 3 if"), ("G / 2 if", "G / 3 if")),
    ("clip-halving", "keeps_the_direction", ("G / 2 if", "G / 4 if")),
    ("activation-jacobian", "jacobian_is_diagonal", ("h_tanh[t] = tanh(z[t])", "h_tanh[t] = softmax(z[t])")),
    ("activation-jacobian", "softmax_jacobian_is_not_diagonal", ("h_softmax[t] = softmax(z[t])", "h_softmax[t] = sigmoid(z[t])")),
    ("activation-jacobian", "diagonals_are_bounded", ("h_relu[t] = relu(z[t])", "h_relu[t] = 2 * relu(z[t])")),
    ("activation-jacobian", "derivatives_are_less_than_one", ("h_elu[t] = elu(z[t])", "h_elu[t] = elu(z[t]) / 2")),
    ("activation-jacobian", "derivatives_are_less_than_one", ("h_tanh[t] = tanh(z[t])", "h_tanh[t] = tanh(z[t] / 2)")),
    ("lstm", "gates_do_what_they_are_for", ("f[t] * c[t-1] + i[t] * g[t]", "i[t] * c[t-1] + f[t] * g[t]")),
    ("lstm", "gates_do_what_they_are_for", ("o[t] * tanh(c[t])", "tanh(o[t] + c[t])")),
    ("lstm", "along_the_memory_it_is_elementwise", ("f[t] * c[t-1] +", "f[t] * c[t-1] + 0.1 * sum(c[t-1]) +")),
    ("lstm", "no_matrix_products_in_backpropagation", ("concat(h[t-1], x[t])", "concat(stop(h[t-1]), x[t])")),
    ("lstm", "memory_is_linear", ("f[t] * c[t-1] +", "f[t] * tanh(c[t-1]) +")),
    ("lstm", "forget_gate_may_vanish", ("f[t] * c[t-1] +", "(0.99 + 0.01 * f[t]) * c[t-1] +")),
    ("lstm", "gate_near_one_keeps_the_gradient", ("f[t] = sigmoid(a[t, H:2*H])", "f[t] = sigmoid(a[t, H:2*H]) / 2")),
    ("lstm", "flow_is_uninterrupted", ("f[t] * c[t-1] + i[t] * g[t]", "c[t-1] + stop(f[t] * i[t] * g[t])")),
    ("lstm", "memory_can_be_held", ("f[t] * c[t-1] +", "f[t] * tanh(c[t-1]) +")),
    ("lstm", "output_lies_within_one", ("o[t] * tanh(c[t])", "o[t] * c[t]")),
    ("lstm-separate-matrices", "gates_do_what_they_are_for", ("f[t] * c[t-1] + i[t] * c_hat[t]", "i[t] * c[t-1] + f[t] * c_hat[t]")),
    ("lstm-separate-matrices", "gates_do_what_they_are_for", ("o[t] * tanh(c[t])", "tanh(o[t] + c[t])")),
    ("lstm-separate-matrices", "is_the_unit_with_one_matrix", ("o[t] * tanh(c[t])", "o[t] * c[t]")),
    ("gru-reset-after", "place_of_reset_matters", ("r[t] * (U @ h[t-1] + b_u)", "U @ (r[t] * h[t-1]) + b_u")),
    ("gru-reset-after", "gates_do_what_they_are_for", ("r[t] * (U @ h[t-1] + b_u)", "U @ h[t-1] + r[t] * b_u")),
    ("gru-reset-after", "avoids_vanishing_gradients", SWAPPED),
    ("gru-minimal", "is_an_lstm_with_one_gate", ("(1 - z[t]) * h[t-1] + z[t] * h_tilde[t]", "z[t] * h[t-1] + (1 - z[t]) * h_tilde[t]")),
    ("gru-minimal", "one_memory_needs_no_compression", ("(1 - z[t]) * h[t-1] +", "h[t-1] +")),
    ("bidirectional", "is_not_online", ("U_b @ h_b[t+1]", "0 * U_b @ h_b[t+1]")),
    ("bidirectional", "backward_net_runs_in_reverse_time", ("U_b @ h_b[t+1]", "U_b @ (h_b[t+1] / 2)")),
]


@pytest.mark.parametrize("name, test, changes", named(WRONG))
def test_claims_can_fail(name, test, changes):
    assert_can_fail(name, test, *changes)


def tables():
    """Every file of this folder has a table of its own, some another of networks beside the specs."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        found = importlib.util.spec_from_file_location(f"table_of_{path.stem}", path)
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        yield [*module.WRONG, *getattr(module, "BESIDE", ())]


def test_every_claim_is_seen_to_fail():
    assert {(name, test) for table in tables() for name, test, *_ in table} == {(name, claim.test) for name, claim in CLAIMS}


def test_shown_holds_plain_truth_values():
    import numpy as np

    found = Shown(np.bool_(True), "1", np.bool_(False))
    assert found.holds is True and found.mend_holds is False
