"""Networks that write: what they are told of the words before, what they write by themselves, and whether it is exact."""

import numpy as np


def told(wanted, words, mark):
    """The one-hot input of each step (T, batch, words): the word before it of ``wanted`` (T, batch), at first the ``mark`` that also ends a sequence.

    Past a sequence's end, where ``wanted`` is negative, it is zero.
    """
    before = np.concatenate((np.full((1, wanted.shape[1]), mark), wanted[:-1]))
    return np.where((wanted >= 0)[..., None], np.eye(words, dtype="float32")[before], np.float32(0))


def written(run, count, longest, words, mark):
    """The words (longest, count) that a network writes, the likeliest at each step, which is its next input.

    ``run`` takes all that was written so far, as :func:`told` has it, and answers scores of the words at every step of it.
    """
    chosen, given = np.empty((longest, count), int), np.zeros((longest, count, words), "float32")
    given[0, :, mark] = 1
    for step in range(longest):
        chosen[step] = run(given[: step + 1])[step].argmax(-1)
        if step + 1 < longest:
            given[step + 1, np.arange(count), chosen[step]] = 1
    return chosen


def exact(chosen, wanted):
    """Which sequences (batch) are right to their end, the mark of the end among them."""
    return ((chosen == wanted) | (wanted < 0)).all(axis=0)
