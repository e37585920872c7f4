"""Multi-tap recursion with two and with three taps. Lecture cmu-2017.

x, h_two and h_three (T, H), h_two_start (5, H), h_three_start (8, H), all of one float type.
"""

import numpy as np


def forward(x, h_two_start, h_three_start):
    T = len(x)
    two = np.concatenate((h_two_start, np.empty_like(x)))  # h_two of step t is two[5 + t]
    three = np.concatenate((h_three_start, np.empty_like(x)))  # h_three of step t is three[8 + t]

    for t in range(T):
        two[5 + t] = 0.5 * two[5 + t - 1] + 0.25 * two[5 + t - 5] + x[t]
        three[8 + t] = 0.5 * three[8 + t - 1] + 0.25 * three[8 + t - 5] + 0.1 * three[8 + t - 8] + x[t]

    return {"h_two": two[5:], "h_three": three[8:]}, {}


def backward(saved, d_h_two, d_h_three):
    d_two = np.concatenate((np.zeros_like(d_h_two[:1]).repeat(5, axis=0), d_h_two))
    d_three = np.concatenate((np.zeros_like(d_h_three[:1]).repeat(8, axis=0), d_h_three))

    for t in reversed(range(len(d_h_two))):
        d_two[5 + t - 1] += 0.5 * d_two[5 + t]
        d_two[5 + t - 5] += 0.25 * d_two[5 + t]
        d_three[8 + t - 1] += 0.5 * d_three[8 + t]
        d_three[8 + t - 5] += 0.25 * d_three[8 + t]
        d_three[8 + t - 8] += 0.1 * d_three[8 + t]

    # x[t] is added to both states of its step.
    return {"x": d_two[5:] + d_three[8:], "h_two_start": d_two[:5], "h_three_start": d_three[:8]}
