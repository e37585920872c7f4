"""Generation: claims of cmu-2017, and what a seed and a temperature do."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, SAME, another_spec, distance, draws, run

NEVER = -1
RARE = 3.0902  # standard deviations that a normal number exceeds once in a thousand times


def draws_from_the_distribution(spec):
    """Without a recurrent weight what comes next depends on one word alone, so that pairs of words can be counted."""
    steps, found, uniform = 500, [], []
    for temperature in (1.0, 0.5, 2.0):
        for values in draws(spec, ({"T": steps, "N": 4, "H": 5},), 1, temperature=temperature, end=NEVER):
            values |= {"W_hh": 0 * values["W_hh"], "W_xh": 3 * values["W_xh"], "W_hy": 3 * values["W_hy"]}
            forward = run(spec, values)
            words = forward.outputs["w"][:, 0].astype(int)
            N = len(values["W_xh"])
            counts, expected = np.zeros((N, N)), np.zeros((N, N))
            before = np.concatenate((values["w0"], words[:-1]))
            np.add.at(counts, (before, words), 1)
            np.add.at(expected, before, _softmax(np.tanh(values["W_xh"])[before] @ values["W_hy"] / temperature))
            found.append(np.sum((counts - expected) ** 2 / expected))
            flat = np.repeat(counts.sum(axis=1, keepdims=True) / N, N, axis=1)
            uniform.append(np.sum((counts - flat) ** 2 / flat))
    bound = _rarely_above(N * (N - 1))
    return Shown(
        max(found) < bound < min(uniform),
        f"texts of {steps} words at three temperatures: chi-squared of the pairs of words is at most {max(found):.3g} against "
        f"the distribution and at least {min(uniform):.3g} against even chances (one in a thousand exceeds {bound:.3g})",
    )


def feeds_back_what_it_drew(spec):
    """The character model, given the words that were drawn, has the very same distributions."""
    model, apart, moved = another_spec("character-model"), [], []
    for values in draws(spec, ({"T": 8}, {"T": 12, "N": 6, "H": 3}), 8, temperature=1.0, end=NEVER):
        forward = run(spec, values)
        words = forward.outputs["w"].astype(int)
        weights = {name: values[name] for name in ("h0", "W_xh", "W_hh", "W_hy")}
        given = np.concatenate((values["w0"][None], words[:-1]))
        P = run(model, {**weights, "w": given, "d": words}).outputs["P"]
        deaf = run(model, {**weights, "w": np.broadcast_to(values["w0"], words.shape), "d": words}).outputs["P"]
        apart.append(distance(forward.outputs["P"], P))
        moved.append(distance(forward.outputs["P"], deaf))
    return Shown(
        max(apart) <= SAME and np.median(moved) > DIFFERENT,
        f"over {len(apart)} texts the distributions are off those of the character model that is given the drawn words by at "
        f"most {max(apart):.2g} (asked: {SAME:g}), and off those of one that is given the first word again by {np.median(moved):.2g} "
        f"in the middle (asked: above {DIFFERENT:g})",
    )


def ends_by_itself(spec):
    """Once the word that ends a text was drawn, it stays; before, the text is as it would be without an end."""
    ended, after, changed = 0, 0, 0
    texts = list(draws(spec, ({"T": 25, "N": 4},), 12, temperature=1.0))
    for values in texts:
        end = (int(values["w0"][0]) + 1) % len(values["W_xh"])
        words = run(spec, {**values, "end": end}).outputs["w"][:, 0]
        endless = run(spec, {**values, "end": NEVER}).outputs["w"][:, 0]
        first = int(np.argmax(endless == end)) if (endless == end).any() else len(words)
        ended += first < len(words) - 1
        after += int(np.sum(words[first:] != end))
        changed += int(np.sum(words[:first] != endless[:first]))
    return Shown(
        ended > len(texts) / 2 and after == 0 and changed == 0,
        f"of {len(texts)} texts {ended} end before their last place; {after} other words come after an end, and {changed} words "
        f"before it are not those of the same text without an end (asked: most, 0, 0)",
    )


def seed_repeats_a_text(spec):
    same, other, count = 0, 0, 0
    for seed, values in enumerate(draws(spec, ({"T": 30, "N": 8},), 6, temperature=1.0, end=NEVER)):
        texts = []
        for chosen in (seed, seed, seed + 100):
            u = np.random.default_rng(chosen).random((30, 1))
            texts.append(run(spec, {**values, "u": u}).outputs["w"])
        same += np.array_equal(texts[0], texts[1])
        other += not np.array_equal(texts[0], texts[2])
        count += 1
    return Shown(
        same == other == count,
        f"of {count} texts of 30 words {same} come again with the same seed, and {other} are others with another seed",
    )


def no_temperature_takes_the_likeliest(spec):
    """Whatever the uniform numbers are; and a little temperature does the same."""
    wrong, little, count = 0, 0, 0
    for values in draws(spec, ({"T": 10}, {"T": 20, "N": 9}), 6, end=NEVER):
        cold = run(spec, {**values, "temperature": 0.0}).outputs
        likeliest = (cold["h"] @ values["W_hy"]).argmax(axis=-1)
        wrong += int(np.sum(cold["w"] != likeliest))
        little += int(np.sum(run(spec, {**values, "temperature": 1e-6}).outputs["w"] != likeliest))
        count += likeliest.size
    return Shown(
        wrong == 0 and little == 0,
        f"of {count} words at temperature 0 {wrong} are not the likeliest, and of as many at temperature 1e-06 {little}",
    )


def _softmax(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _rarely_above(freedom):
    """What chi-squared exceeds once in a thousand times (Wilson and Hilferty 1931)."""
    spread = 2 / (9 * freedom)
    return freedom * (1 - spread + RARE * spread**0.5) ** 3
