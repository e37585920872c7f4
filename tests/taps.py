"""A kernel whose steps read states of many steps before, by the engine: multi-tap-recursion, which compiles to loops of its own."""

from refrnn.kernels.engine.passes import run
from refrnn.kernels.engine.recurrence import Recurrence, Stage
from refrnn.kernels.primitives.arguments import Arguments

TAKES = Arguments("x (T, B, H); h_two_start (B, 5, H); h_three_start (B, 8, H); lengths of T")


def step(x, h_two_before, h_two_before_5, h_three_before, h_three_before_5, h_three_before_8):
    h_two = 0.5 * h_two_before + 0.25 * h_two_before_5 + x
    return h_two, 0.5 * h_three_before + 0.25 * h_three_before_5 + 0.1 * h_three_before_8 + x


def back(d_h_two, d_h_three):
    return 0.5 * d_h_two, 0.25 * d_h_two, 0.5 * d_h_three, 0.25 * d_h_three, 0.1 * d_h_three, d_h_two + d_h_three


RECURSION = Recurrence(
    "multi-tap-recursion", "h_two h_three",
    Stage(
        "", (), step, "h_two h_three",
        back, "d_h_two_before d_h_two_before_5 d_h_three_before d_h_three_before_5 d_h_three_before_8 d_x",
    ),
)  # fmt: skip


@TAKES.forward
def forward(x, h_two_start, h_three_start, lengths=None):
    recursion = run(RECURSION, {"x": x}, {"h_two": h_two_start, "h_three": h_three_start}, {}, lengths)
    return recursion.outputs, recursion.saved(h_two="h_two", h_three="h_three")


@TAKES.backward
def backward(saved, d_h_two, d_h_three):
    d = saved["layer"].backward({"h_two": d_h_two, "h_three": d_h_three}, {})
    return {"x": d["x"], "h_two_start": d["h_two"], "h_three_start": d["h_three"]}
