"""Claims about how an error flows, through steps and through layers: each can fail."""

import numpy as np
import pytest
from claimed import assert_can_fail, named

import refrnn
from refrnn.claims.depth import ACTIVATIONS, layer_plot, layer_table, starting_values

SQUASHED = ("w * h[t]", "tanh(w * h[t])")
SMALLER = ("w * h[t]", "w * h[t] / 1.5")
PAST_KEPT = ("f[n+1] = elu(z[n+1])", "f[n+1] = f[n] + elu(z[n+1])")
DOUBLED = ("W[n] @ f[n]", "2 * W[n] @ f[n]")
NOT_LINEAR = ("h[t-1] * sigma[t]", "tanh(h[t-1]) * sigma[t]")

WRONG = [
    ("bptt-jacobians", "error_is_a_product_of_jacobians", ("(y_hat - y)**2 / 2", "(y_hat - y)**2")),
    ("bptt-jacobians", "every_step_adds_its_own_part", ("h[t] @ W_h", "stop(h[t]) @ W_h")),
    ("bptt-jacobians", "gradients_explode_or_vanish", ("sigmoid(x[t]", "tanh(x[t]")),
    ("teacher-forcing", "all_steps_at_once", ("y[t-1] if forced == 1 and t > 0", "y[t-2] if forced == 1 and t > 1")),
    ("teacher-forcing", "not_with_a_hidden_state", ("R @ s[t-1]", "0 * R @ s[t-1]")),
    ("teacher-forcing", "inference_sees_no_truth", ("forced == 1 and t > 0", "forced < 2 and t > 0")),
    ("teacher-forcing", "is_maximum_likelihood", ("y[t-1] if", "y[t] if")),
    ("power-of-a-scalar", "repetition_is_a_power", SQUASHED),
    ("power-of-a-scalar", "power_of_three_tenths", SMALLER),
    ("power-of-a-scalar", "power_of_seventeen_tenths", SMALLER),
    ("power-of-a-scalar", "learning_stops_or_breaks", SQUASHED),
    ("gradient-through-depth", "magnitude_falls", PAST_KEPT),
    ("gradient-through-depth", "start_decides", ("relu(z[n+1])", "sigmoid(z[n+1])")),
    ("gradient-through-depth", "start_decides", ("sigmoid(z[n+1])", "sigmoid(z[n+1] / 4)")),
    ("gradient-through-depth", "width_is_counted_in_units", ("W[n] @", "stop(W[n]) @")),
    ("gradient-through-depth", "worse_with_depth", PAST_KEPT),
    ("gradient-through-depth", "worse_with_depth", ("sigmoid(z[n+1])", "sigmoid(z[n+1] / 4)")),
    ("singular-value-bound", "bound_holds", DOUBLED),
    ("singular-value-bound", "jacobians_stretch_nothing", ("tanh(z[n+1])", "tanh(2 * z[n+1])")),
    ("singular-value-bound", "bound_is_reached", ("tanh(z[n+1])", "tanh(z[n+1] / 2)")),
    ("singular-value-bound", "vanishes_below_one", DOUBLED),
    ("singular-value-bound", "gradients_vanish", ("tanh(z[n+1])", "sigmoid(z[n+1])")),
    ("constant-error-carousel", "error_is_carried_unchanged", NOT_LINEAR),
    ("constant-error-carousel", "only_gates_scale", NOT_LINEAR),
]


@pytest.mark.parametrize("name, test, changes", named(WRONG))
def test_claims_can_fail(name, test, changes):
    assert_can_fail(name, test, *changes)


# ------------------------------------------------------------ the table of layers


@pytest.mark.parametrize("activation", range(len(ACTIVATIONS)))
def test_table_is_the_same_by_kernel_and_by_equation(activation):
    spec = refrnn.load("gradient-through-depth")
    values = {**starting_values(12, 5, instances=3, dtype="float64"), "activation": activation}
    for by_kernel, by_equation in zip(*(layer_table(spec, values, backend) for backend in ("kernel", "equation"))):
        np.testing.assert_allclose(by_kernel, by_equation, rtol=1e-12)


def test_table_has_a_number_for_every_layer_and_instance():
    values = {**starting_values(200, 6, instances=4), "activation": 3}
    batch, single = layer_table(refrnn.load("gradient-through-depth"), values)
    assert batch.shape == (6,) and single.shape == (4, 6)
    # Errors of several instances have a mean that is shorter than they are.
    assert np.all(batch < single.mean(axis=0)) and batch[0] < batch[-1]


def test_plot_is_a_bar_for_every_layer():
    assert layer_plot(np.array([1e-4, 1e-2, 1e-1, 1.0]), width=8) == [
        "  4 output  1.0e+00 ########",
        "  3         1.0e-01 ######",
        "  2         1.0e-02 ####",
        "  1 input   1.0e-04 ",
    ]
    assert len(layer_plot(np.ones(3))) == 3
