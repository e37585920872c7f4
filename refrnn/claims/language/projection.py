"""The projection of words: claims of cmu-2017, and why nobody multiplies by a one-hot vector."""

import itertools

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import SAME, distance, draws, passed, random_upstream, run

SIZES = ({"T": 2}, {"T": 12, "N": 5, "M": 3}, {"T": 6, "N": 30, "M": 4})


def product_is_a_look_up(spec):
    wrong, count = 0, 0
    for values in draws(spec, SIZES, 8):
        columns = values["P"].T[values["w"]]
        wrong += int(np.sum(run(spec, values).outputs["PW"] != columns))
        count += columns.size
    return Shown(wrong == 0, f"of {count} numbers in the products {wrong} differ from the column of P that the word names (asked: 0)")


def gradient_is_a_scatter_add(spec):
    """Added column by column, in any order of the words; a word that does not occur has the gradient zero."""
    apart, silent = [], []
    for seed, values in enumerate(draws(spec, SIZES, 8)):
        outputs, gradients = passed(spec, values, seed)
        upstream = random_upstream(outputs, seed)["PW"]
        added = np.zeros_like(values["P"])
        np.add.at(added.T, values["w"], upstream)
        apart.append(distance(gradients["P"], added))
        absent = np.setdiff1d(np.arange(added.shape[1]), values["w"])
        silent += list(np.abs(gradients["P"][:, absent]).max(axis=0))
    return Shown(
        max(apart) <= SAME and max(silent) == 0,
        f"over {len(apart)} draws the gradient of P is off the scatter-add by at most {max(apart):.2g} of its largest entry "
        f"(asked: {SAME:g}), and at the {len(silent)} words that do not occur by {max(silent):g} off zero",
    )


def weights_are_tied(spec):
    """One word at every place of a text: one point, and a gradient that is the sum of what the places give alone."""
    spread, apart = [], []
    for seed, values in enumerate(draws(spec, SIZES, 6)):
        values = {**values, "w": np.full_like(values["w"], values["w"][0, 0])}
        forward = run(spec, values)
        upstream = random_upstream(forward.outputs, seed)["PW"]
        spread.append(np.ptp(forward.outputs["PW"], axis=0).max())
        alone = np.zeros_like(values["P"])
        for t in range(len(upstream)):
            here = np.zeros_like(upstream)
            here[t] = upstream[t]
            alone += forward.backward({"PW": here})["P"]
        tied = values["P"] * 0
        tied[:, values["w"][0, 0]] = upstream.sum(axis=(0, 1))
        apart.append(max(distance(alone, tied), distance(alone, forward.backward({"PW": upstream})["P"])))
    return Shown(
        max(spread) == 0 and max(apart) <= SAME,
        f"over {len(spread)} texts of one repeated word its points spread by {max(spread):g} (asked: 0), and the gradient of P "
        f"is off the sum over the places by at most {max(apart):.2g} of its largest entry (asked: {SAME:g})",
    )


def density_goes_up(spec):
    """All words stay apart in the smaller cube."""
    N, M, side = 60, 6, 1e-4
    values = {**spec.draw({"T": N, "N": N, "M": M}, batch=1, seed=3, dtype="float64"), "w": np.arange(N)[:, None]}
    points = run(spec, values).outputs["PW"][:, 0]
    nearest = min(np.linalg.norm(left - right) for left, right in itertools.combinations(points, 2))
    before, after = N / 2.0**N, N / 2.0 ** points.shape[1]
    return Shown(
        nearest > side and points.shape[1] < N,
        f"{N} words projected to {points.shape[1]} dimensions stay at least {nearest:.2g} apart; the density goes from "
        f"{before:.2g} to {after:.2g}, by {np.log10(after / before):.1f} orders of magnitude; cubes of side {side:g} around "
        f"the points have a volume of {N * side ** points.shape[1]:.2g}",
    )


def distances_capture_relations(spec):
    """Three kinds of two words each; what comes next depends on the kind alone. P learns to predict it."""
    kinds = np.repeat(np.arange(3), 2)
    N, M, steps, rate = len(kinds), 2, 120, 1.0
    follows = np.eye(3)[(kinds + 1) % 3][:, kinds] / 2  # the distribution of the next word, for each word
    random = np.random.default_rng(5)
    P, U = random.standard_normal((M, N)) / 2, random.standard_normal((N, M)) / 2
    before = _ratio(P, kinds)
    for _ in range(steps):
        forward = run(spec, {"w": np.arange(N)[:, None], "P": P})
        points = forward.outputs["PW"][:, 0]
        powers = np.exp(points @ U.T)
        error = powers / powers.sum(axis=1, keepdims=True) - follows
        P = P - rate * forward.backward({"PW": (error @ U)[:, None]})["P"]
        U = U - rate * error.T @ points
    after = _ratio(P, kinds)
    return Shown(
        before > 1 and after < 0.1,
        f"{N} words of 3 kinds: the farthest two of one kind are {before:.2g} times as far apart as the nearest two of "
        f"different kinds before P is learned from what comes next (asked: above 1), and {after:.2g} times after {steps} "
        f"steps of gradient descent (asked: below 0.1)",
    )


def _ratio(P, kinds):
    """The largest distance within a kind over the smallest one between two kinds."""
    pairs = list(itertools.combinations(range(len(kinds)), 2))
    within = [np.linalg.norm(P[:, i] - P[:, j]) for i, j in pairs if kinds[i] == kinds[j]]
    between = [np.linalg.norm(P[:, i] - P[:, j]) for i, j in pairs if kinds[i] != kinds[j]]
    return max(within) / min(between)
