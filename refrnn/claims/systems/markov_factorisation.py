"""Markov factorisation: claims of ds4440 about how many of the last words are enough."""

import itertools

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import run

EXACT = 1e-9  # what the pseudo-counts of 1e-12 leave of a difference
ODD, EVEN = 2, 3  # the words that end a sentence of the words 0 and 1

# Sources by their order: the probability of each next word after each context, in quarters. Each has all contexts
# equally often, for the words that lead to a context add up to four quarters.
SOURCES = {
    1: {(0,): (3, 1), (1,): (1, 3)},
    2: {(0, 0): (3, 1), (1, 0): (1, 3), (0, 1): (1, 3), (1, 1): (3, 1)},
}
THREE_WORDS = {(0,): (2, 1, 1), (1,): (1, 2, 1), (2,): (1, 1, 2)}


def last_words_are_not_enough_for_a_parity(spec):
    """Sentences of three words 0 or 1 and the word that says whether the 1s among them are odd in number."""
    sentences = [(*words, ODD if sum(words) % 2 else EVEN) for words in itertools.product((0, 1), repeat=3)]
    text, shares = np.array(sentences).ravel(), {}
    for K in (1, 2, 3):
        P = _probabilities(spec, sentences, text, 4, K)
        right, wrong = np.array([(P[row, words[-1]], P[row, ODD + EVEN - words[-1]]) for row, words in enumerate(sentences)]).T
        shares[K] = right / (right + wrong)
    lost, exact = np.abs(np.concatenate((shares[1], shares[2])) - 0.5).max(), np.abs(shares[3] - 1).max()
    return Shown(
        max(lost, exact, *_errors(spec, SOURCES[1])[1:]) < EXACT,
        f"over all {len(sentences)} sentences of three words and their parity, the last one or two words give the right parity "
        f"{shares[2].max():.3g} of the chance (within {lost:.2g}), all three give it {shares[3].min():.9f} (asked: within {EXACT:g} of 1/2 and 1)",
    )


def exact_for_a_markov_source(spec):
    """Texts with exactly the frequencies of a source, and the source's own probabilities."""
    errors = [_errors(spec, source) for source in (SOURCES[1], SOURCES[2], THREE_WORDS)]
    shorter, fitting, longer = zip(*errors)
    return Shown(
        max(fitting + longer) < EXACT and min(shorter) > 0.1,
        f"over {len(errors)} sources of order 1 and 2 and all their contexts, k words give probabilities within {max(fitting):.2g} of the "
        f"source's and k + 1 words within {max(longer):.2g} (asked: below {EXACT:g}), k - 1 words leave errors of at least {min(shorter):.2g} (asked: above 0.1)",
    )


def _errors(spec, source):
    """How far the probabilities are from the source's with one word of context less than its order, as many, one more."""
    order, words = len(next(iter(source))), len(next(iter(source.values())))
    cycle, errors = _typical_cycle(source), []
    for K in (order - 1, order, order + 1):
        known = max(K, order)
        strings = list(itertools.product(range(words), repeat=known + 1))
        weights = np.array([source[string[known - order : known]] for string in strings])
        # The cycle's end stands before its beginning, so that every word has its K words of context.
        found = _probabilities(spec, strings, np.array(cycle[len(cycle) - K :] + cycle), words, K)
        errors.append(np.abs(found - weights / 4).max())
    return errors


def _probabilities(spec, sequences, text, words, K):
    """The probabilities (sequence, word) at the last word of each sequence, counted in ``text`` with next to no prior."""
    values = {"x": np.array(sequences).T, "c": text, "alpha": np.full(words, 1e-12), "K": K}
    return run(spec, values).outputs["P"][-1]


def _typical_cycle(source):
    """A cycle of words that has every string of order + 2 words exactly as often as the source says, over and over.

    Each such string leads from its first order + 1 words to its last ones; a way along all of them that ends where it
    began (an Eulerian circuit, by Hierholzer's rule) is the cycle.
    """
    open_ways = {}
    for (context, first), (shift, second) in itertools.product(*[[(c, w) for c in source for w in range(len(source[c]))]] * 2):
        if (*context, first)[1:] == shift:
            open_ways.setdefault((*context, first), []).extend([second] * (source[context][first] * source[shift][second]))
    path, cycle = [next(iter(open_ways))], []
    while path:
        ways = open_ways[path[-1]]
        if ways:
            path.append((*path[-1][1:], ways.pop()))
        else:
            cycle.append(path.pop()[-1])
    return cycle[:0:-1]
