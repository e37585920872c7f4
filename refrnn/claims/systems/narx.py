"""NARX network: claims of cmu-2020 about its memory, of cmu-2017 about what is fed back, and our own about its gradients."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.feedback import ERRORS, GAP, PREDICTED, TRUE, vanishes_less_with_more_delays
from refrnn.claims.measure import DIFFERENT, SAME, distance, draws, run, tangent

STEPS = 60


def output_holds_the_entire_past(spec):
    """An input's tangent never dies where predictions or their errors come back; of true values it dies after M steps.

    Without a return, as with weights above the diagonal alone, it dies after M steps and N for every output but the first.
    """
    alive, late, led_on = [], [], []
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
            (N, O, _), line = values["W_y"].shape, {**values, "feedback": PREDICTED, "W_y": np.triu(values["W_y"], 1)}
            led = tangent(spec, line, {"X": direction})["Y"][place + delays + N * (O - 1) + 1 :]
            led_on.append(np.abs(led).max(initial=0))
    return Shown(
        min(alive) > 0 and min(led_on) > 0,
        f"over {len(alive)} tangents and {STEPS} steps the derivative of every later output by an input is at least {min(alive):.2g} "
        f"with predicted outputs or errors fed back (asked: above 0), and with true values at most {max(late):.2g} once the input "
        f"delays have passed (asked: 0); with weights of predicted outputs above the diagonal alone it is at most {max(led_on):.2g} once N steps more "
        f"have passed for each output behind the first (asked: 0)",
        mend_holds=min(alive) > 0 and max(late) == 0 and max(led_on) == 0,
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
    """Feedback of every strength and angle, spread over output delays: the mended form of what narx-hidden quotes."""
    found = vanishes_less_with_more_delays(spec, _wired)
    return Shown(found.mend_holds, found.evidence)


def _wired(spec, matrix, count):
    """Values at rest in zero, where tanh has the slope 1."""
    values = spec.draw({"T": GAP + 1, "M": 1, "N": count, "I": 2, "O": 2}, 1, seed=count, dtype="float64")
    return {**values, "b": np.zeros(2), "W_y": np.repeat(matrix[None] / count, count, axis=0)}
