"""Constant error carousel: a state that only gates scale. Lecture cmu-2017, Hochreiter and Schmidhuber 1997.

sigma and h (T, H), h0 and d (H,), Div (), all of one float type.
"""

import numpy as np


def forward(sigma, h0, d):
    h = np.empty_like(sigma)

    h_previous = h0
    for t in range(len(sigma)):
        h[t] = h_previous * sigma[t]
        h_previous = h[t]
    Div = np.sum((h_previous - d) ** 2) / 2

    return {"h": h, "Div": Div}, {"sigma": sigma, "h0": h0, "d": d, "h": h}


def backward(saved, d_h, d_Div):
    sigma, h0, h = saved["sigma"], saved["h0"], saved["h"]
    d_sigma = np.empty_like(sigma)

    d_h_next = d_Div * (h[-1] - saved["d"])  # what h[t] receives from behind
    for t in reversed(range(len(sigma))):
        h_previous = h[t - 1] if t > 0 else h0
        d_h_t = d_h[t] + d_h_next
        d_sigma[t] = d_h_t * h_previous
        d_h_next = d_h_t * sigma[t]

    return {"sigma": d_sigma, "h0": d_h_next}
