"""Teacher forcing: claims of krippahl about steps done at once, inference, and maximum likelihood."""

import itertools

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, SAME, distance, draws, farthest, norm, random_upstream, run

SIZES = ({"T": 2}, {"T": 5, "I": 3, "H": 6, "O": 2}, {"T": 9, "I": 2, "H": 3, "O": 4})


def all_steps_at_once(spec):
    """Every step as a sequence of its own that begins with the truth before it: the same outputs and gradients."""
    outputs, gradients = [], []
    for values in draws(spec, SIZES, 8, forced=1):
        values.pop("R")
        in_order, at_once = run(spec, values), run(spec, _apart(values))
        upstream = random_upstream(in_order.outputs, len(outputs))
        of_order = in_order.backward(upstream)
        of_steps = at_once.backward({name: array.swapaxes(0, 1) for name, array in upstream.items()})
        outputs += [distance(in_order.outputs[name].swapaxes(0, 1), at_once.outputs[name]) for name in spec.outputs]
        of_steps["x"] = of_steps["x"].swapaxes(0, 1)
        gradients.append(farthest(of_order, of_steps, ("x", "U", "W", "b", "V", "c")))
    return Shown(
        max(outputs + gradients) < SAME,
        f"without R, over {len(gradients)} draws with T from 2 to 9, the steps run as a batch of single steps and the steps in order "
        f"differ by at most {max(outputs):.2g} in states and outputs and {max(gradients):.2g} in gradients (asked: below {SAME:g})",
    )


def not_with_a_hidden_state(spec):
    """With R a step also waits for the state before it, which no ground truth gives."""
    apart = []
    for values in draws(spec, SIZES, 8, forced=1):
        in_order, at_once = run(spec, values).outputs["o"], run(spec, _apart(values)).outputs["o"]
        apart.append(distance(in_order[1:, 0], at_once[0, 1:]))
    return Shown(
        min(apart) > DIFFERENT,
        f"with R, over {len(apart)} draws with T from 2 to 9, steps that are run at once have outputs that are off by at least "
        f"{min(apart):.2g} of the largest one (asked: above {DIFFERENT:g})",
    )


def inference_sees_no_truth(spec):
    """Another ground truth changes training, and nothing in inference."""
    found = {0: [], 1: []}
    for values in draws(spec, SIZES, 8):
        other = np.random.default_rng(len(found[0])).standard_normal(values["y"].shape)
        for forced, apart in found.items():
            before, after = (run(spec, {**values, "forced": forced, "y": y}).outputs["o"] for y in (values["y"], other))
            apart.append(distance(before, after))
    return Shown(
        max(found[0]) == 0 and min(found[1]) > DIFFERENT,
        f"over {len(found[0])} draws another ground truth changes the outputs of inference by {max(found[0]):.2g} and those of "
        f"training by at least {min(found[1]):.2g} of the largest one (asked: 0, above {DIFFERENT:g})",
    )


def is_maximum_likelihood(spec):
    """At the very net that made noisy data, the squared error of training with y_{t-1} has a gradient of mean zero.

    The likelihood's gradient has, and so its maximum is there. The mean is over noise of the normal distribution in
    the first two steps, by a quadrature that is exact for polynomials; in the third one noise would change nothing.
    """
    forced, free = [], []
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    noise = np.zeros((3, len(nodes) ** 2, 1))
    noise[:2, :, 0] = np.array(list(itertools.product(nodes, repeat=2))).T
    chance = np.outer(weights, weights).ravel() / weights.sum() ** 2
    for seed in range(3):
        values = spec.draw({"T": 3, "I": 2, "H": 3, "O": 1}, batch=1, seed=seed, dtype="float64")
        values["W"] = values["W"] + np.sign(values["W"])  # the truth before weighs enough to be missed
        for name in ("x", "s0", "o0"):
            values[name] = np.repeat(values[name], noise.shape[1], spec.batch_axis(name))
        values["y"] = _made_by(spec, values, noise)
        forced.append(_mean_gradient(spec, {**values, "forced": 1}, chance))
        free.append(_mean_gradient(spec, {**values, "forced": 0}, chance))
    return Shown(
        max(forced) < SAME and min(free) > 1e-3,
        f"at {len(forced)} nets that made the data themselves, over {noise.shape[1]} sequences of noise, the mean "
        f"gradient of the squared error has a length of at most {max(forced):.2g} where y_{{t-1}} is fed (asked: below {SAME:g}) and of at "
        f"least {min(free):.2g} where o_{{t-1}} is (asked: above 0.001)",
    )


def _apart(values):
    """The steps of one sequence as sequences of one step, each beginning with the truth before it."""
    steps = len(values["x"])
    return {
        **values,
        "x": values["x"].swapaxes(0, 1),
        "y": values["y"].swapaxes(0, 1),
        "s0": np.repeat(values["s0"], steps, axis=0),
        "o0": np.concatenate((values["o0"], values["y"][:-1, 0])),
    }


def _made_by(spec, values, noise):
    """Data that the net makes: at each step its output from the data before, and noise."""
    y = np.zeros_like(noise)
    for t in range(len(y)):
        y[t] = run(spec, {**values, "y": y, "forced": 1}).outputs["o"][t] + noise[t]
    return y


def _mean_gradient(spec, values, chance):
    """The length of the mean gradient of the squared error by all weights."""
    found = run(spec, values)
    error = (found.outputs["o"] - values["y"]) * chance[:, None]
    gradients = found.backward({"o": error})
    return norm(np.concatenate([gradients[name].ravel() for name in ("U", "W", "R", "b", "V", "c")]))
