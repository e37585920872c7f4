"""k-gram models, smoothed: those of the row markov-factorisation, on texts of millions of characters.

The row counts how often each word followed the context of the last k in a text, and adds pseudo-counts. Here the
pseudo-counts of k words of context are ``weight`` times the distribution after k - 1 of them, down to that of no text at
all, which is even: hierarchical Dirichlet smoothing (MacKay and Peto, A hierarchical Dirichlet language model, 1995).
"""

import numpy as np


class Grams:
    """The counts of texts, integers below N (T, batch), for contexts of up to K characters. N**(K+1) must be below 2**63."""

    def __init__(self, texts, N, K):
        self.N, self.K = N, K
        self._counts = [np.sort(_codes(texts, N, k).ravel()) for k in range(K + 1)]

    def surprise(self, streams, weight):
        """The mean surprise, in bits, of every character (T, batch) after its context in its own stream, for k = 0..K: K + 1 numbers."""
        distribution = np.full(streams.shape, 1 / self.N)
        found = []
        for k, counts in enumerate(self._counts):
            codes = _codes(streams, self.N, k)
            began = codes - codes % self.N  # of the context followed by the first character of all
            both = np.searchsorted(counts, codes, "right") - np.searchsorted(counts, codes)
            context = np.searchsorted(counts, began + self.N) - np.searchsorted(counts, began)
            distribution[k:] = (weight * distribution[k:] + both) / (weight + context)
            found.append(float(-np.log2(distribution).mean()))
        return found


def _codes(streams, N, k):
    """Each character with the k before it as one number, of those that have as many: (T - k, batch)."""
    count = len(streams) - k
    codes = np.zeros((count, streams.shape[1]), np.int64)
    for place in range(k + 1):
        codes = codes * N + streams[place : place + count]
    return codes
