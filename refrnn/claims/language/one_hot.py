"""One-hot vectors: claims of cmu-2017 about where the words lie."""

import string

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import SAME, run

VOCABULARIES = (2, 3, 5, 12, 40)


def _all_words(spec, N):
    """Every word of a vocabulary of N, one in a row."""
    return run(spec, {"w": np.arange(N)[:, None], "N": N}).outputs["W"][:, 0]


def all_are_the_same_length(spec):
    lengths = np.concatenate([np.linalg.norm(_all_words(spec, N), axis=1) for N in VOCABULARIES])
    return Shown(
        np.ptp(lengths) == 0,
        f"the {len(lengths)} words of vocabularies of {VOCABULARIES[0]} to {VOCABULARIES[-1]} have lengths from "
        f"{lengths.min():g} to {lengths.max():g}",
    )


def every_pair_is_the_same_distance(spec):
    distances = []
    for N in VOCABULARIES:
        words = _all_words(spec, N)
        distances += [np.linalg.norm(words[i] - words[j]) for i in range(N) for j in range(i)]
    return Shown(
        np.ptp(distances) <= SAME and min(distances) > 0,
        f"the {len(distances)} pairs in vocabularies of {VOCABULARIES[0]} to {VOCABULARIES[-1]} are from "
        f"{min(distances):.6g} to {max(distances):.6g} apart, square root of 2 is {np.sqrt(2):.6g}",
    )


def no_volume_is_used(spec):
    """Points have none, and here not even what lies between them: it is a piece of a plane."""
    off = max(np.abs(_all_words(spec, N).sum(axis=1) - 1).max() for N in VOCABULARIES)
    side, N = 0.01, VOCABULARIES[-1]
    return Shown(
        off == 0,
        f"the words of vocabularies of {VOCABULARIES[0]} to {N}, and so all that lies between them, are off the plane of "
        f"coordinates with sum 1 by {off:g} (asked: 0); cubes of side {side:g} around {N} words already have no more "
        f"volume than {N * side**N:.2g}",
    )


def corners_of_the_cube_are_mostly_empty(spec):
    """Of the 2^N corners of the cube N are words."""
    right, shown = [], []
    for N in VOCABULARIES:
        words = _all_words(spec, N)
        corners = {tuple(word) for word in words if np.isin(word, (0, 1)).all()}
        right.append(len(corners) == N)
        shown.append(f"{len(corners)} of {2**N}")
    return Shown(all(right), f"words are {', '.join(shown)} corners of the cube, for N = {', '.join(map(str, VOCABULARIES))}")


def english_needs_about_a_hundred_characters(spec):
    """Letters of both cases, digits, punctuation and the space; a text comes back from its vectors."""
    vocabulary = string.ascii_letters + string.digits + string.punctuation + " "
    text = "Four score and seven years ago our fathers brought forth, on this continent, a new nation"
    N = len(vocabulary)
    places = np.array([[vocabulary.index(character)] for character in text])
    vectors = run(spec, {"w": places, "N": N}).outputs["W"][:, 0]
    back = "".join(vocabulary[place] for place in vectors.argmax(axis=1))
    wrong = sum(found != character for found, character in zip(back, text))
    return Shown(
        90 <= N <= 110 and wrong == 0,
        f"letters, digits, punctuation and the space are {N} characters; of a text of {len(text)} {wrong} come back wrong "
        f"from their vectors",
    )
