"""Scores of sequences by their length: as long as those of training, and longer."""

import numpy as np

from refrnn.tasks.task import Score


def near_and_far(found, longest, near, far, asked):
    """Two scores, named ``near`` and ``far``: of sequences up to the longest of training, of which ``asked`` is asked, and of longer ones, of which nothing is.

    ``found`` has, for each length, how many sequences there were (count), which part was exact, and which part is by chance.
    """

    def score(name, lengths, asked):
        weights = [found[length]["count"] for length in lengths]
        reached, chance = (np.average([found[length][what] for length in lengths], weights=weights) for what in ("exact", "chance"))
        return Score(f"{name}, of {sum(weights):,}", reached, asked, chance, percent=True)

    return [score(near, [length for length in found if length <= longest], asked), score(far, [length for length in found if length > longest], None)]
