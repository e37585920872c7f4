"""Multi-tap recursion: claims of cmu-2017 about how long it remembers."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import jacobian, rewritten, run

ONE_TAP = "h_two[t] = 0.5 * h_two[t-1] + x[t]"
STEPS = 400
REMEMBERED = 0.01  # of the impulse
FORGOTTEN = 1e-6


def _quiet(spec, steps):
    """One unit without a past and without input."""
    values = spec.draw({"T": steps, "H": 1}, batch=1, seed=0, dtype="float64")
    return {name: np.zeros_like(array) for name, array in values.items()}


def _impulse_responses(spec):
    """What an input of 1 at the first step leaves in both states."""
    values = _quiet(spec, STEPS)
    values["x"][0] = 1
    outputs = run(spec, values).outputs
    return outputs["h_two"][:, 0, 0], outputs["h_three"][:, 0, 0]


def _memory(response):
    """The last step at which a response is still what counts as remembered."""
    return int(np.flatnonzero(np.abs(response) >= REMEMBERED).max())


def taps_lengthen_the_memory(spec):
    """The steps for which an impulse stays above 1 %, with one, two and three taps."""
    one, _ = _impulse_responses(rewritten(spec, ONE_TAP))
    steps = [_memory(response) for response in (one, *_impulse_responses(spec))]
    return Shown(
        steps[0] < steps[1] < steps[2] < STEPS - 1,
        f"an impulse stays above {REMEMBERED:.0%} for {steps[0]} steps with the first tap alone, {steps[1]} with two and {steps[2]} with three "
        f"(asked: ever more)",
    )


def _poles(spec):
    """The magnitude of the largest pole of each recursion, its taps read off as derivatives by the start."""
    found = []
    for name in ("h_two", "h_three"):
        taps = jacobian(spec, _quiet(spec, 1), name, f"{name}_start", 0)[0, ::-1, 0]
        found.append(np.abs(np.roots(np.concatenate(([1.0], -taps)))).max())
    return found


def poles_lie_inside_the_unit_circle(spec):
    """The largest pole of each recursion; and a constant input of 1 settles where 1 / (1 - sum of taps) says."""
    poles = _poles(spec)
    values = _quiet(spec, STEPS)
    values["x"][:] = 1
    outputs = run(spec, values).outputs
    ends = [float(outputs[name][-1, 0, 0]) for name in ("h_two", "h_three")]
    moved = max(abs(outputs[name][-1, 0, 0] / outputs[name][-21, 0, 0] - 1) for name in outputs)
    return Shown(
        max(poles) < 1 and moved < FORGOTTEN,
        f"the largest poles have the magnitudes {poles[0]:.4f} and {poles[1]:.4f} (asked: below 1); with a constant input of 1 the states settle at "
        f"{ends[0]:.4f} and {ends[1]:.4f}, the last 20 of {STEPS} steps move them by {moved:.2g} of that (asked: below {FORGOTTEN:g})",
    )


def memory_fades_exponentially(spec):
    """Late responses shrink by the largest pole at each step, and are gone after some."""
    rates, gone = [], []
    for response in _impulse_responses(spec):
        rates.append(float((response[300] / response[200]) ** (1 / 100)))
        gone.append(int(np.flatnonzero(np.abs(response) >= FORGOTTEN).max()) + 1)
    apart = max(abs(rate - pole) for rate, pole in zip(rates, _poles(spec)))
    return Shown(
        max(rates) < 1 and max(gone) < STEPS and apart < FORGOTTEN,
        f"from step 200 to step 300 the impulse responses shrink by {rates[0]:.4f} and {rates[1]:.4f} a step, {apart:.2g} off their largest poles "
        f"(asked: below 1, and {FORGOTTEN:g}); less than {FORGOTTEN:g} is left after {gone[0]} and {gone[1]} steps",
    )
