"""Parity, learned: a plain recurrent network sees strings of at most 16 letters and is exact on strings of any length."""

import numpy as np

import refrnn
from refrnn.learning import Adam, Trainer, by_norm, initial, squared_error
from refrnn.tasks.task import Part, Score, Task, cosine

UNITS, BATCH, STEPS, RATE = 32, 32, 5000, 0.005
SEEN = 16  # letters of the longest string in training
FAR, EACH = 200, 1000  # letters of the longest string that is scored, and strings of every length
PRINTED = ("abb", "bbaaab", "aababbb", "baaabbaaba")  # the strings of ds4440, and the bits of cmu-2017 with b for 1


def task(seed=0):
    """See :class:`Task`."""
    sizes = {"I": 2, "H": UNITS, "O": 1}
    trainer = Trainer("parity", initial(refrnn.load("parity"), sizes, seed), Adam(RATE), by_norm(1.0), seed=seed)
    part = Part("plain RNN", trainer, STEPS, _batch, _wrong, cosine(RATE, RATE / 20), every=250)
    notes = (
        f"trained on strings of 1 to {SEEN} letters, with the right answer after every letter; scored on {EACH:,} strings of every length from 1 to {FAR}",
        "no lecture gives a figure: the bar is ours. By chance is what the more frequent answer gets.",
    )
    return Task("parity", "Whether the count of b is even, for strings of any length", [part], lambda: scores(trainer), notes=notes)


def letters(bits):
    """Strings of letters (T, batch), b as 1, and what is wanted after each letter, as (x, y) of the spec."""
    x = np.stack([1 - bits, bits], -1).astype("float32")
    return x, even(bits).astype("float32")[..., None]


def even(bits):
    """Whether the count of b is even after each letter (T, batch), by counting."""
    return np.cumsum(bits, axis=0) % 2 == 0


def _batch(random, step):
    """Strings of one length, short ones first."""
    longest = 1 + min(SEEN - 1, SEEN * step // (STEPS // 2))
    x, wanted = letters(random.integers(0, 2, (longest, BATCH)))
    return {"x": x}, squared_error("y", wanted), None


def _wrong(trainer):
    """How far from what is wanted an answer is, at most, on strings of the longest length of training, drawn for this alone."""
    x, wanted = letters(np.random.default_rng([1, trainer.steps]).integers(0, 2, (SEEN, 1000)))
    return np.abs(trainer.forward({"x": x}).outputs["y"] - wanted).max()


def scores(trainer):
    """Exact strings of every length, and of those that the lecture prints."""
    random = np.random.default_rng(2)
    right, frequent, count = 0, 0, 0
    for length in range(1, FAR + 1):
        bits = random.integers(0, 2, (length, EACH))
        wanted = even(bits)[-1]
        right += int(np.count_nonzero(answers(trainer, bits) == wanted))
        frequent += max(np.count_nonzero(wanted), np.count_nonzero(~wanted))
        count += EACH
    printed = [np.array([[letter == "b"] for letter in string], int) for string in PRINTED]
    exact = sum(bool(answers(trainer, bits)[0] == even(bits)[-1, 0]) for bits in printed)
    return [
        Score(f"strings of 1 to {FAR} letters that are exact, of {count:,}", right / count, 1.0, frequent / count, percent=True),
        Score(f"the lectures' strings that are exact, of {len(printed)}", exact, len(printed), len(printed) / 2),
    ]


def answers(trainer, bits):
    """What the network says after the last letter of each string (batch): whether the count of b is even."""
    return trainer.forward({"x": letters(bits)[0]}).outputs["y"][-1, :, 0] > 0.5
