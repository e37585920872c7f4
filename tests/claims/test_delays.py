"""The claims of the recurrences over several delays can fail."""

import pytest
from claimed import assert_can_fail, named

LEAKING_LINE = ("line[t] = X[t]", "line[t] = X[t] + line[t-1]")

WRONG = [
    ("tdnn", "affects_outputs_for_some_steps_only", LEAKING_LINE),
    ("tdnn", "long_term_dependence_is_not_reflected", LEAKING_LINE),
    ("tdnn", "bounded_input_gives_bounded_output", LEAKING_LINE),
    ("narx", "output_holds_the_entire_past", ("fed[t] = Y[t] if", "fed[t] = D[t] if")),
    ("narx", "the_fed_back_past_is_a_choice", ("D[t] if feedback == 1", "2 * D[t] if feedback == 1")),
    ("narx", "the_fed_back_past_is_a_choice", ("else D[t] - Y[t]", "else 2 * D[t] - Y[t]")),
    ("narx", "gradients_vanish_more_slowly", ("@ fed[t-n]", "@ fed[t-1]")),
    ("narx", "gradients_vanish_more_slowly", ("else D[t] - Y[t]", "else D[t] - Y[t] / 2")),
    ("narx", "gradients_vanish_more_slowly", ("D[t] if feedback == 1", "D[t] + Y[t] if feedback == 1")),
    ("narx-hidden", "gradients_vanish_more_slowly", ("@ fed[t-n]", "@ fed[t-1]")),
    ("narx-hidden", "gradients_vanish_more_slowly", ("sigmoid(V[l] @ h[t, l]", "sigmoid(V[l] @ h[t, l] / 9")),
    ("multi-tap-recursion", "taps_lengthen_the_memory", ("0.1 * h_three[t-8]", "0 * h_three[t-8]")),
    ("multi-tap-recursion", "taps_lengthen_the_memory", ("0.25 * h_two[t-5]", "0 * h_two[t-5]")),
    ("multi-tap-recursion", "poles_lie_inside_the_unit_circle", ("0.25 * h_two[t-5]", "0.75 * h_two[t-5]")),
    ("multi-tap-recursion", "memory_fades_exponentially", ("0.1 * h_three[t-8]", "0.25 * h_three[t-8]")),
    ("skip-connections", "gradient_passes_fewer_factors", ("V @ h[t-D]", "V @ h[t-1]")),
    ("skip-connections", "gradient_passes_fewer_factors", ("U @ h[t-1]", "U @ h[t-D]")),
    ("skip-connections", "more_gradient_is_left", ("V @ h[t-D]", "V @ h[t-1]")),
]


@pytest.mark.parametrize("name, test, changes", named(WRONG))
def test_claims_can_fail(name, test, changes):
    assert_can_fail(name, test, *changes)
