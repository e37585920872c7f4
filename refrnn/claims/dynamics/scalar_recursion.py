"""Scalar recursion: claims of cmu-2017 about where it goes from a start, without input, by activation and by w."""

from fractions import Fraction

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import run

SIGMOID, TANH, RELU = 0, 1, 2
STARTS = (-1.0, -0.1, 0.1, 1.0)
STILL = 1e-3  # a state that moves no farther in a step stands still


def _states(spec, f, w, steps, starts=STARTS):
    """The states (steps, starts) without input."""
    count = len(starts)
    values = {"x": np.zeros((steps, count)), "h0": np.array(starts), "w": np.float64(w), "c": np.float64(1), "f": f}
    return run(spec, values).outputs["h"]


def _steps_until_still(h):
    """After how many steps nothing moves by more than STILL again; one more than there are where that never comes."""
    moving = np.flatnonzero(np.abs(np.diff(h, axis=0)).max(axis=1) > STILL)
    return int(moving[-1]) + 2 if moving.size else 1


def _fixed_point(function, low, high):
    """Where ``function`` changes its sign between low and high, by bisection."""
    rising = function(high) > 0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if (function(middle) > 0) == rising else (middle, high)
    return (low + high) / 2


def _turning_weight():
    """The w at which the sigmoid recursion's slope at its fixed point h, w h (1 - h), is -1."""
    h = _fixed_point(lambda h: np.log(h / (1 - h)) * (1 - h) + 1, 0.01, 0.5)
    return float(np.log(h / (1 - h)) / h)


def sigmoid_saturates(spec):
    """Steps until the state stands still, and the two values between which it jumps below the turning weight."""
    steps, turn = 40, _turning_weight()
    settled = {w: _steps_until_still(_states(spec, SIGMOID, w, steps)) for w in (-2, -1, -0.5, 0, 0.5, 1, 2, 4, 10, 100, 1000)}
    slow = [_steps_until_still(_states(spec, SIGMOID, w, steps)) for w in (-3, -4)]
    jumps, returns = [], []
    for w in (turn - 1, 2 * turn, 10 * turn):
        h = _states(spec, SIGMOID, w, steps)
        jumps.append(np.abs(h[-1] - h[-2]).min())
        returns.append(np.abs(h[-1] - h[-3]).max())
    holds = max(jumps) < STILL
    most = max(settled.values())
    return Shown(
        holds,
        f"from w = {min(settled)} to {max(settled)} and {len(STARTS)} starts from -1 to 1 it stands still after at most {most} steps (asked: 10), "
        f"at w = -3 after {slow[0]} and at -4 after {slow[1]}; at {turn - 1:.2f}, {2 * turn:.2f} and {10 * turn:.1f}, which lie below "
        f"{turn:.2f}, it still jumps by at least {min(jumps):.3f} at step {steps}, and by at most {max(returns):.2g} in two steps (asked: "
        f"above 0.1, below {STILL:g})",
        mend_holds=most <= 10 < slow[0] < slow[1] and abs(turn + 5.87) < 0.005 and min(jumps) > 0.1 and max(returns) < STILL,
    )


def tanh_is_sensitive(spec):
    """Weights that differ little give states that differ much."""
    ends = {w: float(_states(spec, TANH, w, 60, (0.1,))[-1, 0]) for w in (0.8, 1.2, 2.0, -1.2)}
    spread = ends[1.2] - ends[0.8]
    shown = ", ".join(f"{end:.3g} for w = {w}" for w, end in ends.items())
    return Shown(spread > 0.5 and ends[2.0] > ends[1.2], f"from 0.1 the state after 60 steps is {shown} (asked: 0.8 and 1.2 lead more than 0.5 apart)")


def tanh_saturates(spec):
    """Where w > 1, |w| <= 1 and w < -1 lead: to a fixed point, to zero, and to and fro."""
    steps, signs = 80, np.sign(STARTS)
    away, died, alternating, jumps, values = [], [], [], [], []
    for w in (1.2, 1.5, 2.0, 5.0):
        limit = _fixed_point(lambda h: h - np.tanh(w * h), 0.1, 2.0)
        values.append(limit)
        away.append(np.abs(_states(spec, TANH, w, steps)[-1] - limit * signs).max())
        back = _states(spec, TANH, -w, steps)[-2:]
        alternating.append(np.abs(back[1] - limit * signs).max())
        alternating.append(np.abs(back[0] + limit * signs).max())
        jumps.append(np.abs(back[1] - back[0]).min())
    for w in (-0.8, -0.5, 0.0, 0.5, 0.8):
        died.append(np.abs(_states(spec, TANH, w, steps)[-1]).max())
    edge = np.abs(_states(spec, TANH, 1.0, 400, (0.5, -0.5))[[99, 199, 399]]).max(axis=1)
    dies = max(died) < STILL and edge[0] > edge[1] > edge[2] and abs(edge[2] / edge[0] - 0.5) < 0.05
    return Shown(
        max(jumps) < STILL,
        f"after {steps} steps from {len(STARTS)} starts the state is within {max(away):.2g} of the root of h = tanh(w h), {values[0]:.3f} for w = "
        f"1.2 and {values[-1]:.4f} for 5, and for -w within {max(alternating):.2g} of that root with alternating sign, so that it jumps by at least {min(jumps):.2g}; for |w| <= 0.8 it is at "
        f"most {max(died):.2g} (all three asked: below {STILL:g}), and for w = 1 it is {edge[0]:.3f}, {edge[1]:.3f} and {edge[2]:.3f} after "
        f"100, 200 and 400 steps, like one over the root of the steps",
        mend_holds=max(away + alternating) < STILL and dies,
    )


def relu_can_blow_up(spec):
    """From a positive start the state is w^t of it."""
    steps = 100
    grown = {w: float(_states(spec, RELU, w, steps, (1.0,))[-1, 0]) for w in (0.9, 1.0, 1.1)}
    powers = max(abs(end / w**steps - 1) for w, end in grown.items())
    shown = ", ".join(f"{end:.3g} for w = {w}" for w, end in grown.items())
    return Shown(
        grown[1.1] > 1e4 and grown[0.9] < 1e-4 and powers < 1e-12,
        f"from 1 the state after {steps} steps is {shown}: w^{steps} to within {powers:.2g} (asked: above 1e4 for 1.1, below 1e-4 for 0.9)",
    )


def negative_start_has_no_response(spec):
    """Zero for w >= 0; for w < 0 one answer, then zero."""
    starts, steps = (-0.1, -1.0, -7.0), 20
    silent = max(np.abs(_states(spec, RELU, w, steps, starts)).max() for w in (0.0, 0.5, 1.0, 2.0, 10.0))
    answers, first, later = [], [], []
    for w in (-0.5, -1.0, -2.0, -10.0):
        h = _states(spec, RELU, w, steps, starts)
        answers.append(np.abs(h[0]).min())
        first.append(np.abs(h[0] - w * np.array(starts)).max())
        later.append(np.abs(h[1:]).max())
    return Shown(
        silent == 0 and max(answers) == 0,
        f"from {len(starts)} starts from -7 to -0.1 the states of {steps} steps are {silent:.2g} for five w from 0 to 10 (asked: 0); for four w from "
        f"-10 to -0.5 the first is at least {min(answers):.3g}, within {max(first):.2g} of w h(-1), and the others are {max(later):.2g} (asked: 0)",
        mend_holds=silent == 0 and min(answers) > 0 and max(first) < 1e-12 and max(later) == 0,
    )


def best_memory_is_short(spec):
    """A tanh unit between its two resting states, under random inputs, constant opposing ones, and ones that are too strong."""
    steps, w, starts = 2000, 2.0, (1.0, -1.0)
    highest = float(np.sqrt(1 - 1 / w))  # where the slope w (1 - h^2) is 1, the other resting state disappears
    strongest = w * highest - np.arctanh(highest)
    borne = float(np.floor(100 * strongest) / 100)
    random = np.random.default_rng(5).uniform(-1, 1, (steps, 2))
    against = -np.sign(starts) * np.ones((steps, 2))
    kept = [np.sign(starts) * _under(spec, TANH, w, borne * inputs, starts) for inputs in (0 * random, random, against)]
    turned = np.sign(starts) * _under(spec, TANH, w, 1.05 * strongest * against, starts)
    near, far = _under(spec, TANH, w, borne * random[:60, [0, 0]], (0.8, 1.0))[-1]
    least = min(states.min() for states in kept)
    return Shown(
        least < 0,
        f"with w = {w:g} the state keeps the sign of its start, 1 or -1, over {steps} steps, at a size of at least {least:.3g}, without input and under random and "
        f"opposing inputs of up to {borne:.2f}; opposing ones of {1.05 * strongest:.3f} turn it (the limit is {strongest:.4f}); of the difference "
        f"between the starts 0.8 and 1 {abs(near - far) / 0.2:.2g} is left after 60 steps (asked: below 1e-6)",
        mend_holds=least > 0.5 and turned[-1].max() < 0 and abs(near - far) < 1e-6 * 0.2 and borne == 0.53,
    )


def _under(spec, f, w, inputs, starts):
    """The states (steps, starts) under ``inputs`` of that shape."""
    return run(spec, {"x": inputs, "h0": np.array(starts), "w": np.float64(w), "c": np.float64(1), "f": f}).outputs["h"]


def state_holds_a_stack(spec):
    """Bits pushed one by one, h = h/2 + bit/2, and read off again from the last state, in two precisions."""
    steps, depths = 64, {}
    bits = np.random.default_rng(9).integers(0, 2, steps)
    bits[0] = 1  # the bottom of the stack
    for dtype, precision in (("float32", 24), ("float64", 53)):
        number = np.dtype(dtype).type
        values = {"x": bits[:, None].astype(dtype), "h0": np.zeros(1, dtype), "w": number(0.5), "c": number(0.5), "f": RELU}
        h = run(spec, values).outputs["h"][:, 0]
        depths[dtype] = next((count for count in range(1, steps + 1) if not np.array_equal(_popped(h[count - 1], count), bits[:count])), steps + 1) - 1
        if depths[dtype] != precision:
            break
    return Shown(
        min(depths.values()) >= steps,
        f"of {steps} bits pushed into one state all come back up to a depth of {', '.join(f'{depth} in {dtype}' for dtype, depth in depths.items())} "
        f"(a stack of any depth would give {steps})",
        mend_holds=depths == {"float32": 24, "float64": 53},
    )


def _popped(state, count):
    """The last ``count`` bits pushed, the oldest first, by exact doubling."""
    bits, rest = [], Fraction(float(state))
    for _ in range(count):
        bits.append(int(rest >= Fraction(1, 2)))
        rest = 2 * rest - bits[-1]
    return np.array(bits[::-1])
