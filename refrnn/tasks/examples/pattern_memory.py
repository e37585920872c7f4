"""Remembering over a gap, learned: the longest gap that a plain unit still bridges, and a gated one."""

import numpy as np

import refrnn
from refrnn.learning import Adam, Trainer, by_norm, initial
from refrnn.learning.losses import of_scores
from refrnn.tasks.task import Part, Score, Table, Task, cosine

PATTERNS, OTHERS = 4, 8  # first patterns, one of which is shown, and words of the other input between it and the second
GAPS = (4, 8, 16, 32, 64, 128, 256)
UNITS, BATCH, STEPS, RATE, SEEDS = 24, 32, 600, 0.01, 3
EACH = 1000  # sequences that are scored, at each gap
BRIDGED = 0.95  # the share of right answers, in the mean of the seeds, from which a gap is bridged
TIMES = 5  # as far as the plain unit
SHARPNESS = 4  # a state is at most 1: as a score it is taken so many times
MODELS = {"plain": "h", "gated": "c"}
PLAIN = ("W_x", "W_h", "b")  # the plain unit's parameters


def task(seed=0):
    """See :class:`Task`."""
    trainers = {(gap, number): _trainer(gap, SEEDS * seed + number) for gap in GAPS for number in range(SEEDS)}
    parts = [_part(trainer, gap, f"gap {gap}, seed {number + 1}") for (gap, number), trainer in trainers.items()]
    found = {}

    def shares():
        if not found:
            found.update({gap: [rights(trainers[gap, number], gap) for number in range(SEEDS)] for gap in GAPS})
        return found

    notes = (
        f"one of {PATTERNS} words, then a gap of other words, each one of {OTHERS}, then a word that asks for the first: of each unit the first"
        f" {PATTERNS} states after it are the scores of the answers; {UNITS} units of either kind, trained side by side, at each gap anew from {SEEDS} seeds,"
        f" on gaps of 1 to it; scored on {EACH:,} sequences at that gap",
        "the plain unit begins with an orthogonal matrix, the gate with biases as long as the gap (Tallec and Ollivier, Can recurrent neural networks warp time?, 2018)",
        f"a gap is bridged where {BRIDGED:.0%} are right in the mean of the seeds; the lecture gives no figure, the bar is ours",
    )
    title = "Which pattern came first, after a gap of other input: a plain and a gated unit"
    return Task("pattern-memory", title, parts, lambda: scores(shares()), lambda: [curve(shares())], notes=notes)


def _trainer(gap, seed):
    spec = refrnn.load("pattern-memory")
    parameters, random = initial(spec, {"I": PATTERNS + OTHERS + 1, "H": UNITS}, seed), np.random.default_rng(seed)
    parameters["W_h"][...] = np.linalg.qr(random.standard_normal((UNITS, UNITS)))[0]
    parameters["d"][...] = -np.log(random.uniform(1, gap, UNITS))
    return Trainer(spec, parameters, Adam(RATE), _apart(by_norm(1.0)), seed=seed)


def _apart(clip):
    """Clipping of each unit's gradients by themselves: where those of the one explode, the other learns on."""
    return lambda gradients: {
        name: clipped
        for of_plain in (True, False)
        for name, clipped in clip({name: gradient for name, gradient in gradients.items() if (name in PLAIN) is of_plain}).items()
    }


def _part(trainer, gap, name):
    def batch(random, step):
        x, wanted = sequences(random, random.integers(1, gap + 1), BATCH)
        return {"x": x}, loss(wanted), None

    return Part(name, trainer, STEPS, batch, lambda trainer: 2 - sum(rights(trainer, gap, 200, (1, gap))), cosine(RATE), every=100)


def sequences(random, gap, batch):
    """(x, wanted): one-hot words (gap + 2, batch, words), and which pattern was the first (batch)."""
    first = random.integers(0, PATTERNS, batch)
    between = random.integers(PATTERNS, PATTERNS + OTHERS, (gap, batch))
    words = np.concatenate((first[None], between, np.full((1, batch), PATTERNS + OTHERS)))
    return np.eye(PATTERNS + OTHERS + 1, dtype="float32")[words], first


def loss(wanted):
    """The cross-entropies of both units' answers, from their last states; they share no parameter."""

    def found(run):
        total, upstream = 0.0, {}
        for name in MODELS.values():
            states = run.outputs[name]
            number, slopes = of_scores(SHARPNESS * states[-1, :, :PATTERNS], wanted[:, None], np.ones(len(wanted), bool))
            total += number
            upstream[name] = np.zeros_like(states)
            upstream[name][-1, :, :PATTERNS] = SHARPNESS * slopes
        return total, upstream

    return found


def rights(trainer, gap, count=EACH, seed=2):
    """The share of right answers of the plain and of the gated unit at a gap."""
    x, wanted = sequences(np.random.default_rng(seed), gap, count)
    outputs = trainer.forward({"x": x}).outputs
    return [float((outputs[name][-1, :, :PATTERNS].argmax(axis=1) == wanted).mean()) for name in MODELS.values()]


def longest(shares, place):
    """The longest gap up to which every one is bridged, or 0; ``place`` is that of the model."""
    bridged = 0
    for gap, seeds in shares.items():
        if np.mean([share[place] for share in seeds]) < BRIDGED:
            break
        bridged = gap
    return bridged


def scores(shares):
    """How far each unit remembers; ``shares`` maps gaps to (plain, gated) of each seed."""
    plain, gated = (longest(shares, place) for place in range(len(MODELS)))
    longest_asked = max(shares)
    return [
        *(
            Score(f"{name}: the longest gap that is bridged{', and no longer one was asked' if gap == longest_asked else ''}", gap)
            for name, gap in (("plain", plain), ("gated", gated))
        ),
        Score("gated: times as far as plain", gated / plain if plain else float(gated), TIMES),
        Score(f"gated: right at a gap of {gated or GAPS[0]}", float(np.mean([one[1] for one in shares[gated or GAPS[0]]])), BRIDGED, 1 / PATTERNS, percent=True),
    ]


def curve(shares):
    """Right answers against the gap: in the mean of the seeds, and of the worst."""
    rows = [
        (gap, *(float(reduced([share[place] for share in seeds])) for place in range(len(MODELS)) for reduced in (np.mean, np.min)))
        for gap, seeds in shares.items()
    ]
    return Table("right answers against the gap", ("gap", "plain", "worst seed", "gated", "worst seed"), tuple(rows), percent=True)
