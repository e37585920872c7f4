"""Binary addition, learned: a recurrent network that adds numbers of any length, and a feed-forward one that does not."""

import numpy as np

import refrnn
from refrnn.learning import Adam, Trainer, binary_cross_entropy, by_norm, initial, squared_error
from refrnn.tasks.task import Part, Score, Task, cosine

UNITS, BATCH, STEPS, RATE = 32, 32, 4000, 0.005
SEEN = 8  # bits of the longest number in training
FAR, PAIRS = 64, 1000  # bits of the numbers that are scored, and pairs of them
PRINTED = ("1000110010", "1100101100", "10101011110")  # the lecture's sum
WIDE, LAYER, LAYER_BATCH, LAYER_STEPS, LAYER_RATE = 6, 64, 128, 10000, 0.02  # bits N, and the feed-forward network
HELD = 10  # one pair in so many is not seen in training: the even ones of these are scored


def task(seed=0):
    """See :class:`Task`."""
    spec = refrnn.load("binary-adder")
    recurrent = Trainer(spec, initial(spec, {"I": 2, "H": UNITS, "O": 1}, seed), Adam(RATE), by_norm(1.0), seed=seed)
    sizes = {"I": 2 * (WIDE + 1), "H": LAYER, "O": WIDE + 2}
    layer = Trainer(spec, initial(spec, sizes, seed), Adam(LAYER_RATE), by_norm(1.0), seed=seed)
    x, wanted = all_pairs(WIDE)
    seen, deciding, scored = split(len(x), seed)
    parts = [
        Part("recurrent", recurrent, STEPS, _batch, _wrong, cosine(RATE, RATE / 20), every=250),
        Part(
            "feed-forward",
            layer,
            LAYER_STEPS,
            lambda random, step: _layer_batch(x, wanted, random.choice(seen, LAYER_BATCH)),
            lambda trainer: 1 - right(trainer, x[deciding], wanted[deciding]),
            cosine(LAYER_RATE),
            every=500,
        ),
    ]
    notes = (
        f"recurrent: trained on pairs of numbers of 1 to {SEEN} bits, the lowest bit first; scored on {PAIRS:,} pairs of {FAR} bits",
        f"feed-forward: one hidden layer of {LAYER} units (the recurrence with one step), all bits at once and a place for one bit more,"
        f" trained on {len(seen):,} of the {len(x):,} pairs of {WIDE} bits; a pair is right where all {WIDE + 2} bits of the sum are",
        "no lecture gives a figure: the bars are ours. By chance is what bits drawn evenly get.",
    )
    return Task("binary-adder", "The sum of two binary numbers, for numbers of any length", parts, lambda: scores(recurrent, layer, x, wanted, seen, scored), notes=notes)


def digits(numbers, width):
    """The bits of whole numbers (...), the lowest first: (..., width)."""
    return (np.asarray(numbers)[..., None] >> np.arange(width)) & 1


def added(bits):
    """The bits of the sums of numbers (T, batch, 2), the lowest first, one more than those have: (T + 1, batch), by carrying."""
    carry, found = np.zeros(bits.shape[1], int), []
    for pair in [*bits, np.zeros_like(bits[0])]:
        total = pair.sum(axis=-1) + carry
        found.append(total % 2)
        carry = total // 2
    return np.stack(found)


def pairs(bits):
    """Numbers (T, batch, 2) and what is wanted of them, as (x, y) of the spec, with one step more for the last carry."""
    x = np.concatenate((bits, np.zeros((1, *bits.shape[1:]), int)))
    return x.astype("float32"), added(bits).astype("float32")[..., None]


def all_pairs(width):
    """All pairs of numbers of ``width`` bits for a feed-forward network that has room for one bit more: (x, y), each (pairs, ...)."""
    first, second = (grid.ravel() for grid in np.meshgrid(np.arange(2**width), np.arange(2**width)))
    x = np.concatenate((digits(first, WIDE + 1), digits(second, WIDE + 1)), axis=1)
    return x.astype("float32"), digits(first + second, WIDE + 2).astype("float32")


def split(count, seed):
    """Places of pairs that training sees, that decide when it was best, and that are scored: no two share one."""
    order = np.random.default_rng([3, seed]).permutation(count)
    held = count // HELD
    return order[2 * held :], order[:held], order[held : 2 * held]


def _batch(random, step):
    """Pairs of one length, short ones first."""
    x, wanted = pairs(random.integers(0, 2, (1 + min(SEEN - 1, SEEN * step // (STEPS // 2)), BATCH, 2)))
    return {"x": x}, squared_error("y", wanted), None


def _layer_batch(x, wanted, chosen):
    return {"x": x[None, chosen]}, binary_cross_entropy("y", wanted[None, chosen]), None


def _layer(trainer, x):
    """The score of each bit of the sum, above 0 where it is 1."""
    return trainer.forward({"x": x[None]}).outputs["y"][0]


def _wrong(trainer):
    """How far from what is wanted a bit is, at most, on pairs of the longest length of training, drawn for this alone."""
    x, wanted = pairs(np.random.default_rng([1, trainer.steps]).integers(0, 2, (SEEN, 1000, 2)))
    return np.abs(trainer.forward({"x": x}).outputs["y"] - wanted).max()


def scores(recurrent, layer, x, wanted, seen, scored):
    """Sums that are right in every bit."""
    far = np.random.default_rng(2).integers(0, 2, (FAR, PAIRS, 2))
    first, second, total = ([int(bit) for bit in reversed(word)] for word in PRINTED)
    printed = sums(recurrent, np.stack((first, second), axis=-1)[:, None])[:, 0]
    longer, longer_wanted = all_pairs(WIDE + 1)
    beyond = (longer[:, WIDE] + longer[:, 2 * WIDE + 1]) > 0
    chance = 2.0 ** -(WIDE + 2)
    return [
        Score(f"recurrent: pairs of {FAR} bits", float((sums(recurrent, far) == added(far)).all(axis=0).mean()), 1.0, 2.0 ** -(FAR + 1), percent=True),
        Score(f"recurrent: {PRINTED[0]} + {PRINTED[1]}, bits of the sum", int((printed == total).sum()), len(total), len(total) / 2),
        Score(f"feed-forward: pairs of {WIDE} bits that it was trained on", right(layer, x[seen], wanted[seen]), 1.0, chance, percent=True),
        Score(f"feed-forward: pairs of {WIDE} bits that it never saw", right(layer, x[scored], wanted[scored]), 0.99, chance, percent=True),
        Score(
            f"feed-forward: pairs of {WIDE + 1} bits", right(layer, longer[beyond], longer_wanted[beyond]), 0.05, chance, "it fails, as the lecture says", False, True
        ),
    ]


def sums(trainer, bits):
    """The bits of the sums that the recurrent network gives for numbers (T, batch, 2): (T + 1, batch)."""
    return (trainer.forward({"x": pairs(bits)[0]}).outputs["y"][..., 0] > 0.5).astype(int)


def right(trainer, x, wanted):
    """The share of pairs of which the feed-forward network gives every bit of the sum."""
    return float(((_layer(trainer, x) > 0) == (wanted > 0.5)).all(axis=1).mean())
