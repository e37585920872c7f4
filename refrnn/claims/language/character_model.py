"""Character-level model: the claim of eee511 that it gives a text its probability."""

import itertools

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import SAME, draws, run


def texts_have_probabilities(spec):
    """All texts of a length that begin alike: their probabilities add up to 1, and those of all that go on in one way to its own."""
    whole, parts, count = [], [], 0
    for values in draws(spec, ({"T": 4, "N": 3, "H": 4}, {"T": 6, "N": 2, "H": 3}), 4):
        (N, _), steps = values["W_xh"].shape, len(values["w"])
        texts = np.array(list(itertools.product(range(N), repeat=steps))).T
        probabilities = _probabilities(spec, values, texts)
        whole.append(abs(probabilities.sum() - 1))
        shorter, inverse = np.unique(texts[:-1], axis=1, return_inverse=True)
        summed = np.bincount(inverse.ravel(), probabilities)
        parts.append(np.abs(summed / _probabilities(spec, values, shorter) - 1).max())
        count += texts.shape[1]
    return Shown(
        max(whole + parts) < SAME,
        f"the probabilities of all {count} texts of {len(whole)} models add up to 1 for each, to within {max(whole):.2g}, and those of texts that differ in the last character "
        f"alone to that of the text without it, to within {max(parts):.2g} of it (asked: below {SAME:g})",
    )


def _probabilities(spec, values, texts):
    """exp(-DIV) of each text (steps, texts), the characters that come behind the first one of ``values``."""
    count = texts.shape[1]
    first = np.full((1, count), values["w"][0, 0])
    given = {"w": np.concatenate((first, texts[:-1])), "d": texts, "h0": np.repeat(values["h0"], count, axis=0)}
    return np.exp(-run(spec, {**values, **given}).outputs["DIV"])
