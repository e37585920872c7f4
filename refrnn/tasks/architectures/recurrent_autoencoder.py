"""Recurrent autoencoder: strings of letters through one vector and back, and what the vector keeps of them."""

from functools import cache

import numpy as np

import refrnn
from refrnn.learning import Adam, Trainer, by_norm, initial, of_spec
from refrnn.learning.ridge import ridge
from refrnn.tasks import split
from refrnn.tasks.lengths import near_and_far
from refrnn.tasks.task import Part, Table, Task, cosine

UNITS, BATCH, STEPS, RATE = 96, 64, 5000, 0.004
LETTERS = "abcde"
SHORTEST, SEEN, FAR = 3, 8, 12  # letters of the shortest string that is scored, of the longest in training, and of the longest that is scored
SCORED, CHECKED, READ = 500, 60, 2000  # strings of each length, and strings whose vectors are looked at
PENALTY = 0.01  # of the regression that reads letters out of vectors


def task(seed=0):
    """See :class:`Task`."""
    sizes = {"I": len(LETTERS), "E": UNITS, "H": UNITS}
    trainer = Trainer("recurrent-autoencoder", initial(refrnn.load("recurrent-autoencoder"), sizes, seed), Adam(RATE), by_norm(1.0), seed=seed)
    part = Part("autoencoder", trainer, STEPS, _batch, _wrong, cosine(RATE, RATE / 20), every=250)
    results = cache(lambda: _results(trainer, seed))
    notes = (
        f"trained on random strings of 1 to {SEEN} letters of {len(LETTERS)}, but for a quarter of those of {SHORTEST} and more; scored on half of "
        "that quarter, the other half chose the best weights. Exact is a string whose every letter comes back as the largest output of its step.",
        "The decoder is told nothing but the vector, the same at every step. No lecture gives a figure: the bar is ours. By chance is any "
        "string of as many letters.",
        "What the vector keeps is what a linear read-out of it, learned on other strings, gets right.",
    )
    title = f"Strings of letters through one vector of {UNITS} numbers, and back"
    return Task(
        "recurrent-autoencoder", title, [part], lambda: _scores(results()),
        lambda: [_table_of_lengths(results()), *_tables_of_the_vector(trainer, seed)], lambda: _samples(trainer), notes,
    )  # fmt: skip


def kept_for(strings, use):
    """Which strings (T, batch), with -1 past their ends, are for a use; those of fewer than SHORTEST letters are few, and all for training."""
    number = np.zeros(strings.shape[1], int)
    for letters in strings:
        number = np.where(letters < 0, number, number * (len(LETTERS) + 1) + letters + 1)
    return np.where((strings >= 0).sum(axis=0) < SHORTEST, use == "train", split.kept_for(number, use))


def drawn(random, lengths, use):
    """Random strings of these lengths for that use: letters (T, batch) as places, -1 past each end."""
    lengths = np.asarray(lengths)
    past = np.arange(lengths.max())[:, None] >= lengths
    strings = np.where(past, -1, random.integers(0, len(LETTERS), past.shape))
    while (others := ~kept_for(strings, use)).any():
        strings[:, others] = np.where(past[:, others], -1, random.integers(0, len(LETTERS), (len(past), others.sum())))
    return strings


def inputs(strings):
    """The one-hot x of strings, zero past their ends."""
    return np.where((strings >= 0)[..., None], np.eye(len(LETTERS), dtype="float32")[strings], np.float32(0))


def _batch(random, step):
    """Strings of all lengths, longer ones more often, and at first of short ones alone."""
    longest = min(SEEN, 2 + 2 * SEEN * step // STEPS)
    lengths = random.integers(1, longest + 1, (2, BATCH)).max(axis=0)
    return {"x": inputs(drawn(random, lengths, "train"))}, of_spec("DIV"), lengths


def _wrong(trainer):
    """The part of strings that do not come back."""
    lengths = np.repeat(np.arange(SHORTEST, SEEN + 1), CHECKED)
    return 1 - back(trainer, drawn(np.random.default_rng(1), lengths, "check")).mean()


def outputs(trainer, strings):
    """(letters, vectors): the largest output of each step (T, batch), and v (batch, E)."""
    found = trainer.forward({"x": inputs(strings)}, (strings >= 0).sum(axis=0)).outputs
    return found["y"].argmax(-1), found["v"]


def back(trainer, strings):
    """Which strings (batch) come back letter by letter."""
    return ((outputs(trainer, strings)[0] == strings) | (strings < 0)).all(axis=0)


def _results(trainer, seed):
    """By the length of strings: how many there were, which part came back, which part of the letters, and by chance."""
    found, random = {}, np.random.default_rng([2, seed])
    for length in range(SHORTEST, FAR + 1):
        strings = np.unique(drawn(random, np.full(SCORED, length), "score"), axis=1)
        letters = outputs(trainer, strings)[0]
        others = random.integers(0, len(LETTERS), strings.shape)
        found[length] = {
            "count": strings.shape[1],
            "exact": (letters == strings).all(axis=0).mean(),
            "letters": (letters == strings).mean(),
            "chance": (others == strings).all(axis=0).mean(),
        }
    return found


def _scores(found):
    near = f"unseen strings of {SHORTEST} to {SEEN} letters that come back"
    return near_and_far(found, SEEN, near, f"strings of {SEEN + 1} to {FAR} letters, longer than any in training", 0.99)


def _table_of_lengths(found):
    rows = [
        (length, "yes" if length <= SEEN else "no", one["count"], one["exact"], one["letters"], one["chance"])
        for length, one in found.items()
    ]
    columns = ("letters", "in training", "strings", "exact", "letters right", "exact by chance")
    return Table("strings that come back, by their letters", columns, tuple(rows), percent=True)


def _tables_of_the_vector(trainer, seed):
    """Which letters a linear read-out of the vector finds, and where strings lie on the vectors' two principal axes."""
    random = np.random.default_rng([3, seed])
    learned, scored = (drawn(random, np.full(READ, SEEN), "score") for _ in range(2))
    scored = scored[:, ~(scored[:, :, None] == learned[:, None]).all(axis=0).any(axis=1)]
    vectors, others = (outputs(trainer, strings)[1] for strings in (learned, scored))
    rows = []
    for place in range(SEEN):
        right = readable(vectors, learned[place], others, scored[place])
        rows.append((place + 1, right, np.bincount(scored[place]).max() / len(scored[place])))
    places, parts = principal(others)
    axes = []
    for letter, name in enumerate(LETTERS):
        of_letter = [places[scored[end] == letter].mean(axis=0) for end in (0, -1)]
        axes.append((name, *map(float, of_letter[0]), *map(float, of_letter[1])))
    lie = f"where strings of {SEEN} letters lie on their vectors' two principal axes, by their first and by their last letter, mean"
    title = f"{lie} ({parts[0]:.0%} and {parts[1]:.0%} of the variance)"
    return [
        Table(f"letters that a linear read-out of the vector finds, in strings of {SEEN}", ("place", "right", "the commonest letter"), tuple(rows), percent=True),
        Table(title, ("letter", "first: axis 1", "axis 2", "last: axis 1", "axis 2"), tuple(axes)),
    ]


def readable(vectors, letters, others, scored):
    """The part of the letters ``scored`` that a linear read-out finds in ``others`` (batch, E), learned from other vectors and their letters."""
    one = [np.concatenate((array, np.ones_like(array[:, :1])), 1) for array in (vectors, others)]
    W = ridge(one[0][:, None], np.eye(len(LETTERS), dtype=vectors.dtype)[letters][:, None], PENALTY)
    return np.mean((one[1] @ W.T).argmax(-1) == scored)


def principal(vectors):
    """Where vectors (batch, E) lie on their two principal axes (batch, 2), and each axis' part of the variance."""
    centred = vectors - vectors.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    signs = np.sign(axes[:2][[0, 1], np.abs(axes[:2]).argmax(axis=1)])  # either sign would do, and one has to be chosen
    return centred @ (axes[:2] * signs[:, None]).T, (sizes**2 / np.sum(sizes**2))[:2]


def _samples(trainer):
    """A string of some lengths, and what comes back."""
    shown = []
    for length in (4, SEEN, SEEN + 1, FAR):
        strings = drawn(np.random.default_rng(4), np.full(2, length), "score")
        for item, letters in enumerate(outputs(trainer, strings)[0].T):
            shown.append(f"{_text(strings[:, item])} -> {_text(letters)}{'' if (letters == strings[:, item]).all() else ', which is wrong'}")
    return shown


def _text(letters):
    return "".join(LETTERS[letter] for letter in letters)
