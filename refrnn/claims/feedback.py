"""How much of a gradient is left over a gap in time, by how many output delays the same feedback is spread over."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import distance, jacobian, norm

PREDICTED, TRUE, ERRORS = 0, 1, 2  # what a NARX network feeds back

# Feedback is a number that it comes back with, and an angle that it is turned by: by 0 it adds up, by 180 it changes sign.
STRENGTHS = (0.1, 0.3, 0.5, 0.7, 0.9)  # below 1, from where on one delay alone loses nothing
ANGLES = (0, 60, 120, 180)
DELAYS = (1, 2, 9)  # one being the plain recurrent network, and two the nearest to it

# Steps from the first inputs to the last output, and inputs that are seen together, as one of them may just be passed over.
GAP = 35
SEEN = max(DELAYS)

# With the product of the poles, which is the strength over the number of delays, the longest is at least as long as
# the single pole up to this strength, whatever the angle: of two delays up to this and no further. Spread unevenly, a
# weak feedback that changes its sign can lose more: 0.39 over one step and 0.01 over two have shorter poles than 0.4.
WEAK = 0.5
MORE = 1.1  # times as much is more; the same feedback beside other draws is not


def vanishes_less_with_more_delays(spec, wired):
    """The gradient that is left, with the same feedback spread evenly over few and many output delays, at every strength and angle.

    ``wired(spec, matrix, count)`` makes values whose feedback at rest is ``matrix`` (2, 2), spread over ``count`` delays.
    """
    left = np.array([[_spread(spec, wired, strength, angle) for angle in ANGLES] for strength in STRENGTHS])
    gained = (left[:, :, 1:] / left[:, :, :1]).min(axis=2)
    conditions = (np.array(STRENGTHS) <= WEAK)[:, None] | (np.array(ANGLES) == 0)
    worst = np.unravel_index(gained.argmin(), gained.shape)
    turned, lost = _other_kinds(spec, wired)
    return Shown(
        gained.min() > MORE and lost > 0,
        f"of {gained.size} feedbacks of strength {STRENGTHS[0]:g} to {STRENGTHS[-1]:g}, turned by 0 to 180 degrees, {np.sum(gained <= 1)} leave "
        f"less of the gradient over {GAP - SEEN + 1} steps and more with {DELAYS[1]} or {DELAYS[2]} output delays than with one, {gained.min():.2g} times as much at strength "
        f"{STRENGTHS[worst[0]]:g} and {ANGLES[worst[1]]} degrees; where nothing is turned, or the strength is at most {WEAK:g}, they leave at "
        f"least {gained[conditions].min():.2g} times as much (asked: above {MORE:g}); errors fed back are predictions with the other sign to "
        f"{turned:.2g}, and true values leave at most {lost:.2g} (asked: 0)",
        mend_holds=gained[conditions].min() > MORE and gained[:, -1].min() < 1 and turned < 1e-9 and lost == 0,
    )


def rotation(strength, angle):
    """The feedback (2, 2) that comes back with ``strength``, turned by ``angle`` degrees."""
    cosine, sine = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    return strength * np.array([[cosine, -sine], [sine, cosine]])


def _spread(spec, wired, strength, angle, feedback=PREDICTED):
    return [_left(spec, wired(spec, rotation(strength, angle), count), feedback) for count in DELAYS]


def _left(spec, values, feedback):
    """The derivative of the last output by the first inputs, of that by the last one."""
    quiet = {name: np.zeros_like(values[name]) for name in ("D", "X_start", "fed_start")}
    by_input = jacobian(spec, {**values, **quiet, "X": values["X"] / 4, "feedback": feedback}, "Y", "X", GAP)
    return norm(by_input[:, :SEEN]) / norm(by_input[:, GAP])


def _other_kinds(spec, wired):
    """How far errors fed back are from predictions of the other sign, and what true values leave at most."""
    predicted, errors = (_spread(spec, wired, sign * WEAK, 60, kind) for sign, kind in ((-1, PREDICTED), (1, ERRORS)))
    return distance(np.array(predicted), np.array(errors)), max(_spread(spec, wired, 1, 0, TRUE))
