"""Which examples are for what: for training, for the choice of the best weights, or for the score; of no pattern that could be learned."""

import numpy as np

PARTS = {"train": range(2, 8), "check": (1,), "score": (0,)}  # of eight


def kept_for(numbers, use):
    """Whether each of the numbers (any shape, from 0) is for that use: an example is the number that it is, whoever draws it."""
    # The steps of splitmix64, by Steele, Lea and Flood, Fast splittable pseudorandom number generators (2014): every bit hangs on all.
    mixed = np.asarray(numbers).astype("uint64") + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.isin((mixed ^ (mixed >> np.uint64(31))) % np.uint64(8), PARTS[use])
