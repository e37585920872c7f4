"""Unfolding: claims of krippahl about shared weights, and about gradients and values over many steps."""

import numpy as np

import refrnn
from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, SAME, distance, draws, farthest, jacobian, orthogonal, passed, rewritten, run

UNFOLDED = """
id: unfolded
title: The recursion unfolded, with a copy of the weights for each step
sizes: {T: time steps, I: input features, H: state units}
symbols:
  x:  {role: input, shape: [T, I]}
  s0: {role: start, shape: [H]}
  U:  {role: parameter, shape: [T, H, H]}
  V:  {role: parameter, shape: [T, H, I]}
equations:
  - s[-1] = s0
  - s[t] = tanh(U[t] @ s[t-1] + V[t] @ x[t])
outputs: [s]
"""
SIZES = ({"T": 1}, {"T": 4, "I": 2, "H": 5}, {"T": 11, "I": 3, "H": 2})


def gradient_is_sum_over_copies(spec):
    """Ordinary backpropagation through the unfolded net, its copies' gradients added up."""
    unfolded = refrnn.load_text(UNFOLDED, "unfolded net")
    outputs, shared = [], []
    for seed, values in enumerate(draws(spec, SIZES, 10)):
        folded, d_folded = passed(spec, values, seed)
        copies = {name: np.repeat(values[name][None], len(values["x"]), axis=0) for name in "UV"}
        apart, d_apart = passed(unfolded, {**values, **copies}, seed)
        outputs.append(farthest(folded, apart))
        shared.append(max(distance(d_folded[name], d_apart[name].sum(axis=0)) for name in "UV"))
    return Shown(
        max(outputs + shared) < SAME,
        f"over {len(shared)} draws with T from 1 to 11 the states differ by at most {max(outputs):.2g}, and the gradients of U and V "
        f"from the sums over their copies by {max(shared):.2g} of their largest entry (asked: below {SAME:g})",
    )


def _carried(spec, steps, stretch, seed, small=False):
    """How much the derivative of the last state by the start stretches a vector at most, for U = stretch * orthogonal.

    With ``small`` the state stays near 0, where tanh is its own argument.
    """
    values = spec.draw({"T": steps, "I": 2, "H": 3}, batch=1, seed=seed, dtype="float64")
    values["U"] = stretch * orthogonal(3, seed)
    if small:
        values["x"], values["s0"] = 0 * values["x"], 1e-15 * values["s0"]
    return float(np.linalg.norm(jacobian(spec, values, "s", "s0", steps - 1), 2))


def gradients_explode_or_vanish(spec):
    """The same product of Jacobians falls or grows with the number of steps, by the stretch of U."""
    steps = 40
    vanished = max(_carried(spec, steps, 0.6, seed) for seed in range(5))
    exploded = min(_carried(spec, steps, 1.4, seed, small=True) for seed in range(5))
    return Shown(
        vanished < 1e-6 and exploded > 1e5,
        f"over {steps} steps and 5 draws each, the derivative of the state by the start is at most {vanished:.2g} where U shrinks by "
        f"0.6 (asked: below 1e-6) and at least {exploded:.2g} where U stretches by 1.4 and the state is small (asked: above 1e5)",
    )


def patterns_do_not_depend_on_position(spec):
    """A pattern of three inputs at every place of a sequence of zeros, with shared weights and with a copy for each step."""
    unfolded = refrnn.load_text(UNFOLDED, "unfolded net")
    shared, own, length = [], [], 3
    for seed, values in enumerate(draws(spec, ({"T": 9, "I": 2, "H": 4}, {"T": 7, "I": 3, "H": 2}), 5)):
        steps, still = len(values["x"]), {**values, "x": 0 * values["x"], "s0": 0 * values["s0"]}
        other = unfolded.draw({"T": steps, "I": values["x"].shape[2], "H": values["U"].shape[0]}, 1, seed, "float64")
        for network, weights, found in ((spec, {}, shared), (unfolded, {name: other[name] for name in "UV"}, own)):
            answers = []
            for place in range(steps - length + 1):
                x = np.zeros_like(values["x"])
                x[place : place + length] = values["x"][:length]
                answers.append(run(network, {**still, **weights, "x": x}).outputs["s"][place : place + length])
            found += [distance(answer, answers[0]) for answer in answers[1:]]
    return Shown(
        max(shared) == 0 and min(own) > DIFFERENT,
        f"over {len(shared)} other places of a pattern of {length} inputs among zeros its states differ by {max(shared):.2g} (asked: 0), and with "
        f"weights of its own for each step by at least {min(own):.2g} of the largest (asked: above {DIFFERENT:g})",
    )


def state_records_the_inputs(spec):
    """The least stretch beside the largest of the derivative of the last state by each input; a U that is not invertible loses some.

    An orthogonal U keeps the two near one another, so that the least one is not lost in the rounding of the largest.
    """
    kept, lost = [], []
    for seed, values in enumerate(draws(spec, ({"T": 6, "I": 3, "H": 3}, {"T": 15, "I": 2, "H": 2}), 6)):
        last = len(values["x"]) - 1
        for U, found in ((orthogonal(len(values["U"]), seed), kept), (np.triu(values["U"], 1), lost)):
            by_x = jacobian(spec, {**values, "U": U}, "s", "x", last)
            stretches = np.linalg.svd(by_x.swapaxes(0, 1), compute_uv=False)
            found.append(np.min(stretches[:, -1] / np.maximum(stretches[:, 0], np.finfo(float).tiny)))
    return Shown(
        min(kept) > DIFFERENT and max(lost) == 0,
        f"over {len(kept)} draws of 6 and 15 steps with an orthogonal U, the derivative of the last state by each input stretches no vector by less than {min(kept):.2g} of "
        f"its largest stretch (asked: above {DIFFERENT:g}); with weights U above the diagonal alone, which are not invertible, at least one input has vectors of which {max(lost):.2g} is left (asked: 0)",
    )


def composing_the_same_function_is_unstable(spec):
    """Stretches of a state near 0, where tanh is its own argument, over 40 steps: by the same weights, and by weights in turn."""
    unfolded = refrnn.load_text(UNFOLDED, "unfolded net")
    steps, stretches = 40, (0.6, 1.0, 1.4)
    same = {stretch: _carried(spec, steps, stretch, 1, small=True) for stretch in stretches}
    turns = []
    for stretch in stretches:
        values = spec.draw({"T": steps, "I": 2, "H": 3}, batch=1, seed=1, dtype="float64")
        U = np.stack([(stretch, 1 / stretch)[step % 2] * orthogonal(3, step) for step in range(steps)])
        copies = {"x": 0 * values["x"], "s0": 1e-15 * values["s0"], "U": U, "V": np.repeat(values["V"][None], steps, axis=0)}
        turns.append(abs(float(np.linalg.norm(jacobian(unfolded, copies, "s", "s0", steps - 1), 2)) - 1))
    apart = max(abs(same[stretch] / stretch**steps - 1) for stretch in stretches)
    shown = ", ".join(f"{same[stretch]:.3g} where each step does by {stretch:g}" for stretch in stretches)
    return Shown(
        min(abs(np.log(same[stretch])) for stretch in stretches) > 1,
        f"over {steps} steps a small state is stretched by {shown}, the power but for {apart:.2g}; by these stretches and their inverses in "
        f"turn it is stretched by 1 but for {max(turns):.2g} (asked: below 1e-9)",
        mend_holds=apart < 1e-9 and max(turns) < 1e-9,
    )


def dependencies_weaken(spec):
    """A counterexample where U stretches; where it shrinks, the power of its stretch bounds the dependency."""
    intervals = (4, 12, 36)
    grown = [_carried(spec, steps, 1.2, 3, small=True) for steps in intervals]
    tightest = 0.0
    for stretch in (0.5, 0.8, 0.95):
        for steps in intervals:
            tightest = max(tightest, *(_carried(spec, steps, stretch, seed) / stretch**steps for seed in range(2)))
    shown = " and ".join(f"{number:.3g} after {steps}" for number, steps in zip(grown, intervals))
    return Shown(
        not grown[0] < grown[1] < grown[2],
        f"where U stretches by 1.2 and the state is small, the dependency on the start grows: {shown} steps; where U shrinks by "
        f"0.5, 0.8 or 0.95 it is at most {tightest:.3g} times the power of that (asked: at most 1)",
        mend_holds=tightest <= 1 + SAME,
    )


def values_explode(spec):
    """With tanh the state never leaves [-1, 1]; with a linear f it grows, or falls, like the power of U."""
    linear = rewritten(spec, "s[t] = U @ s[t-1] + V @ x[t]")
    bounded, grown, fallen = [], [], []
    for values in draws(spec, ({"T": 60, "I": 2, "H": 4},), 6):
        still = {**values, "x": 0 * values["x"]}
        turn = orthogonal(4, len(grown))
        bounded.append(np.abs(run(spec, {**values, "U": 3 * turn}).outputs["s"]).max())
        grown.append(_growth(linear, {**still, "U": 1.4 * turn}))
        fallen.append(_growth(linear, {**still, "U": 0.6 * turn}))
    exploded = max(bounded) > 1
    return Shown(
        exploded,
        f"over {len(grown)} draws of 60 steps the state of the tanh net, with U stretching by 3, is at most {max(bounded):.6f} (bound: "
        f"1); with a linear f and no input it becomes at least {min(grown):.2g} times the start where U stretches by 1.4 (asked: above "
        f"1e8) and at most {max(fallen):.2g} times where U shrinks by 0.6 (asked: below 1e-8)",
        mend_holds=not exploded and min(grown) > 1e8 and max(fallen) < 1e-8,
    )


def _growth(spec, values):
    return np.linalg.norm(run(spec, values).outputs["s"][-1]) / np.linalg.norm(values["s0"])
