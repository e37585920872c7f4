"""Multi-tap recursion with two and with three taps. Lecture cmu-2017.

Gives h_two and h_three (T, B, H).
"""

import numpy as np

from ..families import delayed
from ..primitives.activations import IDENTITY
from ..primitives.arguments import Arguments

TAKES = Arguments("x (T, B, H); h_two_start (B, 5, H); h_three_start (B, 8, H); lengths of T")

DELAYS = (1, 5, 8)
WEIGHTS = np.array([0.5, 0.25, 0.1])


@TAKES.forward
def forward(x, h_two_start, h_three_start, lengths=None):
    h_two, _, two = delayed.forward(x.copy(), h_two_start, DELAYS[:2], WEIGHTS[:2], lengths, IDENTITY)
    h_three, _, three = delayed.forward(x.copy(), h_three_start, DELAYS, WEIGHTS, lengths, IDENTITY)
    return {"h_two": h_two, "h_three": h_three}, {"recursions": (two, three)}


@TAKES.backward
def backward(saved, d_h_two, d_h_three):
    two, three = saved["recursions"]
    of_two, of_three = delayed.backward(two, d_h_two), delayed.backward(three, d_h_three)
    return {"x": of_two["u"] + of_three["u"], "h_two_start": of_two["start"], "h_three_start": of_three["start"]}
