"""NARX network with input and output delays. Lectures cmu-2020 and cmu-2017, Lin et al. 1996.

Feedback is 0 (predicted outputs), 1 (true values) or 2 (errors in prediction). Gives Y and fed (T, B, O).
"""

from ..families import delayed
from ..primitives.arguments import Arguments
from ..primitives.arrays import cut

TAKES = Arguments(
    "X (T, B, I); D (T, B, O); X_start (B, M, I); fed_start (B, N, O); W_x (M+1, O, I); W_y (N, O, O); b (O); "
    "feedback 0 to 2; lengths of T"
)

# What is fed back is D or nothing, plus the output times this.
SHARES = (1, 0, -1)


@TAKES.forward
def forward(X, D, X_start, fed_start, W_x, W_y, b, feedback, lengths=None):
    u, taps = delayed.taps(X, X_start, W_x.swapaxes(1, 2), b, lengths)
    given = None if feedback == 0 else D
    delays = range(1, len(W_y) + 1)
    Y, fed, loop = delayed.forward(
        u, fed_start, delays, W_y.swapaxes(1, 2), lengths, given=given, share=SHARES[feedback]
    )
    return {"Y": Y, "fed": fed}, {"line": cut(X, lengths), "taps": taps, "loop": loop}


@TAKES.backward
def backward(saved, d_Y, d_fed):
    of_loop = delayed.backward(saved["loop"], d_Y, d_fed)
    d = delayed.taps_backward(saved["taps"], of_loop["u"])
    return {
        "X": d["x"], "X_start": d["start"], "fed_start": of_loop["start"],
        "W_x": d["W"].swapaxes(1, 2), "W_y": of_loop["W"].swapaxes(1, 2), "b": d["bias"],
    }  # fmt: skip
