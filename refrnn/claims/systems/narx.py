"""NARX network: claims of cmu-2020 about its memory, and of cmu-2017 about what is fed back and about its gradients."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, SAME, distance, draws, jacobian, norm, run, tangent

STEPS = 60
PREDICTED, TRUE, ERRORS = 0, 1, 2

# Delays that the same feedback is spread over, one being the plain recurrent network; outputs; the gap in steps.
DELAYS = (1, 3, 9)
UNITS = 3
GAP = 27


def output_holds_the_entire_past(spec):
    """An input's tangent never dies where predictions or their errors are fed back; of true values it dies after M steps."""
    alive, late = [], []
    for values in draws(spec, ({"T": STEPS, "M": 3, "N": 3}, {"T": STEPS, "M": 2, "N": 1, "I": 3, "O": 2}), 2):
        delays = values["X_start"].shape[1]
        for place in (0, 17):
            direction = np.zeros_like(values["X"])
            direction[place] = 1
            for feedback in (PREDICTED, ERRORS, TRUE):
                change = tangent(spec, {**values, "feedback": feedback}, {"X": direction})["Y"][place:]
                response = np.abs(change).max(axis=1)
                if feedback == TRUE:
                    late.append(response[delays + 1 :].max())
                else:
                    alive.append(response.min())
    return Shown(
        min(alive) > 0 and max(late) == 0,
        f"over {len(alive)} tangents and {STEPS} steps the derivative of every later output by an input is at least {min(alive):.2g} "
        f"with predicted outputs or errors fed back (asked: above 0), and with true values at most {max(late):.2g} once the input "
        f"delays have passed (asked: 0)",
    )


def the_fed_back_past_is_a_choice(spec):
    """Three networks; with true predictions, the first two are the same and the third feeds nothing back."""
    apart, same, nothing = [], [], []
    for values in draws(spec, ({"T": 4}, {"T": 9, "N": 3, "O": 2}), 8):
        outputs = [_predicted(spec, values, feedback) for feedback in (PREDICTED, TRUE, ERRORS)]
        apart += [distance(outputs[left], outputs[right]) for left, right in ((0, 1), (0, 2), (1, 2))]
        same.append(distance(outputs[PREDICTED], _predicted(spec, {**values, "D": outputs[PREDICTED]}, TRUE)))
        values["fed_start"] = np.zeros_like(values["fed_start"])
        alone = _predicted(spec, {**values, "W_y": np.zeros_like(values["W_y"])}, ERRORS)
        nothing.append(distance(alone, _predicted(spec, {**values, "D": alone}, ERRORS)))
    return Shown(
        min(apart) > DIFFERENT and max(same) <= SAME and max(nothing) <= SAME,
        f"over {len(same)} draws the outputs of any two choices differ by at least {min(apart):.2g} of the largest (asked: above {DIFFERENT:g}); "
        f"with true predictions the first two differ by {max(same):.2g}, and the third from a network without feedback by {max(nothing):.2g} "
        f"(asked: at most {SAME:g})",
    )


def _predicted(spec, values, feedback):
    return run(spec, {**values, "feedback": feedback}).outputs["Y"]


def gradients_vanish_more_slowly(spec):
    """The same feedback matrix, spread evenly over 1, 3 and 9 output delays: what is left of the gradient over a gap.

    A spectral radius below 1/2 makes it hold for eigenvalues of any sign: over N delays an eigenvalue c gives poles whose
    product is c / N, so that the largest is at least (c / N)^(1 / N), which grows with N.
    """
    left = {count: [] for count in DELAYS}
    for seed in range(6):
        random = np.random.default_rng([seed, 5])
        matrix = random.standard_normal((UNITS, UNITS))
        matrix *= random.uniform(0.3, 0.45) / np.abs(np.linalg.eigvals(matrix)).max()
        for count, found in left.items():
            values = spec.draw({"T": GAP + 1, "M": 1, "N": count, "I": 2, "O": UNITS}, 1, seed, "float64")
            values = {**values, "feedback": PREDICTED, "W_y": np.repeat(matrix[None] / count, count, axis=0)}
            values.update(X=values["X"] / 4, fed_start=np.zeros((1, count, UNITS)))
            by_x = jacobian(spec, values, "Y", "X", GAP)
            found.append(norm(by_x[:, 0]) / norm(by_x[:, GAP]))
    more = [min(np.divide(left[later], left[earlier])) for earlier, later in zip(DELAYS, DELAYS[1:])]
    shown = ", ".join(f"{max(left[count]):.2g}" for count in DELAYS)
    return Shown(
        min(more) > 2,
        f"over {len(left[1])} feedback matrices with a spectral radius of 0.3 to 0.45, at most {shown} of the gradient is left after {GAP} steps with "
        f"{', '.join(map(str, DELAYS))} output delays; for each matrix it grows at least {more[0]:.2g} and {more[1]:.2g} times (asked: above 2)",
    )
