"""Two hidden layers: claims of cmu-2020 about the starts, the shared weights and the component sums."""

import numpy as np

import refrnn
from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, SAME, descent, distance, draws, farthest, passed, run

MATRIX_FORM = """
id: two-layer-matrices
title: Two hidden layers in matrices
sizes: {T: time steps, I: input features, H1: units of layer 1, H2: units of layer 2, O: outputs}
symbols:
  X:        {role: input, shape: [T, I]}
  h1_start: {role: parameter, shape: [H1]}
  h2_start: {role: parameter, shape: [H2]}
  w1:       {role: parameter, shape: [I, H1]}
  w11:      {role: parameter, shape: [H1, H1]}
  b1:       {role: parameter, shape: [H1]}
  w2:       {role: parameter, shape: [H1, H2]}
  w22:      {role: parameter, shape: [H2, H2]}
  b2:       {role: parameter, shape: [H2]}
  w3:       {role: parameter, shape: [H2, O]}
  b3:       {role: parameter, shape: [O]}
equations:
  - h1[-1] = h1_start
  - h2[-1] = h2_start
  - h1[t] = tanh(w1.T @ X[t] + w11.T @ h1[t-1] + b1)
  - h2[t] = sigmoid(w2.T @ h1[t] + w22.T @ h2[t-1] + b2)
  - Y[t] = softmax(w3.T @ h2[t] + b3)
outputs: [h1, h2, Y]
"""
SIZES = ({"T": 2, "I": 3, "H1": 2, "H2": 4, "O": 3}, {"T": 4, "I": 2, "H1": 3, "H2": 2, "O": 3})


def sums_are_matrix_products(spec):
    """The component sums, and their gradients, are those of w.T @ h."""
    matrices = refrnn.load_text(MATRIX_FORM, "matrix form")
    outputs, gradients = [], []
    for seed, values in enumerate(draws(spec, SIZES, 8)):
        sums, d_sums = passed(spec, values, seed)
        products, d_products = passed(matrices, values, seed)
        outputs.append(farthest(sums, products))
        gradients.append(farthest(d_sums, d_products))
    return Shown(
        max(outputs + gradients) < SAME,
        f"over {len(outputs)} draws of two sets of sizes the outputs differ by at most {max(outputs):.2g} and the gradients by "
        f"{max(gradients):.2g} of their largest entry (asked: below {SAME:g})",
    )


def starts_are_parameters(spec):
    """Both starts have a gradient, and a small step against it lowers the squared error."""
    found = []
    for seed, values in enumerate(draws(spec, SIZES, 8)):
        wanted = np.random.default_rng(seed).dirichlet(np.ones(len(values["b3"])), (len(values["X"]), 1))
        found += [descent(spec, values, start, "Y", wanted) for start in ("h1_start", "h2_start")]
    slopes, drops = zip(*found)
    return Shown(
        min(slopes) > 0 and 0.99 < min(drops) and max(drops) < 1.01,
        f"over {len(found)} draws of a start its gradient has a norm of at least {min(slopes):.2g} (asked: above 0), and a step of "
        f"0.001 against it lowers the squared error by {min(drops):.4f} to {max(drops):.4f} of what it foretells (asked: within 1 %)",
    )


def weights_are_shared_over_time(spec):
    """Every step by itself, from the states that the step before it left, as a sequence that begins there."""
    apart, moved = [], []
    for values in draws(spec, SIZES, 8):
        outputs = run(spec, values).outputs
        for t in range(1, len(values["X"])):
            before = {"h1_start": outputs["h1"][t - 1, 0], "h2_start": outputs["h2"][t - 1, 0]}
            alone = run(spec, {**values, **before, "X": values["X"][t : t + 1]}).outputs
            apart.append(farthest({name: array[t] for name, array in outputs.items()}, {name: array[0] for name, array in alone.items()}))
            moved.append(distance(outputs["Y"][t], outputs["Y"][0]))
    return Shown(
        max(apart) < SAME and min(moved) > DIFFERENT,
        f"{len(apart)} steps behind the first differ from the same as first steps from the states before them by at most {max(apart):.2g} of the largest "
        f"entry (asked: below {SAME:g}), and their outputs from those of the first step by at least {min(moved):.2g} (asked: above {DIFFERENT:g})",
    )
