"""The claims about what a recursion does over time can fail."""

import pytest
from claimed import assert_can_fail, named

RELU_IS_IDENTITY = ("tanh(z[t]) if f == 1 else relu(z[t])", "tanh(z[t]) if f == 1 else z[t]")
RELU_HAS_A_CEILING = ("tanh(z[t]) if f == 1 else relu(z[t])", "tanh(z[t]) if f == 1 else min(relu(z[t]), 1)")
NO_TANH = ("tanh(z[t]) if f == 1 else relu(z[t])", "z[t] if f == 1 else relu(z[t])")
FLAT_TANH = ("tanh(z[t]) if f == 1", "tanh(z[t]) / 3 if f == 1")
HALF_IMAGINARY = ("lamda_re[j] * s[t-1, j]", "lamda_re[j] * s[t-1, j] / 2")

WRONG = [
    ("linear-recursion", "superposition_is_the_state", ("h[k] = z[k]", "h[k] = tanh(z[k])")),
    ("linear-recursion", "superposition_is_the_state", ("W_h**(k-j) @ W_x", "W_h**(k-j+1) @ W_x")),
    ("linear-recursion", "response_is_a_power", ("W_h @ h[k-1] +", "W_h.T @ h[k-1] +")),
    ("eigen-expansion", "expansion_is_the_power", HALF_IMAGINARY),
    ("eigen-expansion", "expansion_is_the_power", ("v[j] = one_hot(j, 2*M+R) -", "v[j] = one_hot(j, 2*M+R) +")),
    ("eigen-expansion", "largest_eigenvalue_leads", ("abs(lamda)", "lamda")),
    ("eigen-expansion", "length_follows_the_largest", ("power[t] = W**t @ h", "power[t] = W**t @ h / (t + 1)")),
    ("eigen-expansion", "length_follows_the_largest", ("a[j] = v[j] @ h", "a[j] = u[j] @ h")),
    ("eigen-expansion", "curves_by_eigenvalues", ("power[t] = W**t @ h", "power[t] = tanh(W**t @ h)")),
    ("eigen-expansion", "curves_by_eigenvalues", ("+ lamda_im[j] * (outer(u[M+j], v[j]) - outer(u[j], v[M+j]))", "")),
    ("blow-up-criterion", "real_part_decides", ("r[t] = lamda_re * r[t-1]", "r[t] = lamda_re * r[t-1] / 2")),
    ("blow-up-criterion", "real_part_decides", ("blows_up[j] = 1 if lamda_re[j]**2 + lamda_im[j]**2 > 1", "blows_up[j] = 1 if lamda_re[j] > 1")),
    ("scalar-recursion", "sigmoid_saturates", ("h[t] = sigmoid(z[t])", "h[t] = sigmoid(z[t] / 100)")),
    ("scalar-recursion", "sigmoid_saturates", ("h[t] = sigmoid(z[t])", "h[t] = sigmoid(2 * z[t])")),
    ("scalar-recursion", "tanh_is_sensitive", FLAT_TANH),
    ("scalar-recursion", "tanh_saturates", FLAT_TANH),
    ("scalar-recursion", "tanh_saturates", NO_TANH),
    ("scalar-recursion", "relu_can_blow_up", RELU_HAS_A_CEILING),
    ("scalar-recursion", "negative_start_has_no_response", RELU_IS_IDENTITY),
    ("scalar-recursion", "negative_start_has_no_response", ("z[t] = w * h[t-1]", "z[t] = abs(w) * h[t-1]")),
    ("scalar-recursion", "best_memory_is_short", FLAT_TANH),
    ("scalar-recursion", "state_holds_a_stack", ("z[t] = w * h[t-1]", "z[t] = (w + 0.1) * h[t-1]")),
    ("vector-recursion", "tanh_memory_is_a_power", FLAT_TANH),
    ("vector-recursion", "only_tanh_is_reasonable", FLAT_TANH),
    ("vector-recursion", "only_tanh_is_reasonable", RELU_HAS_A_CEILING),
    ("vector-recursion", "only_tanh_is_reasonable", ("else relu(z[t])", "else relu(z[t]) * 1.000001")),
    ("vector-recursion", "bounded_ones_are_as_the_scalar", NO_TANH),
    ("vector-recursion", "bounded_ones_are_as_the_scalar", ("h[t] = sigmoid(z[t])", "h[t] = relu(z[t])")),
    ("vector-recursion", "negative_start_answers", RELU_IS_IDENTITY),
    ("vector-recursion", "negative_start_answers", ("z[t] = W @ h[t-1]", "z[t] = relu(W) @ h[t-1]")),
    ("vector-recursion", "relu_alone_blows_up", RELU_HAS_A_CEILING),
    ("vector-recursion", "relu_alone_blows_up", NO_TANH),
    ("vector-recursion", "relu_against_the_scalar", RELU_HAS_A_CEILING),
    ("vector-recursion", "relu_against_the_scalar", RELU_IS_IDENTITY),
]


@pytest.mark.parametrize("name, test, changes", named(WRONG))
def test_claims_can_fail(name, test, changes):
    assert_can_fail(name, test, *changes)
