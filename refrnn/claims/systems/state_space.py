"""State-space model: claims of cmu-2020 about its response, its training and its start."""

import numpy as np

import refrnn
from refrnn.claims import Shown
from refrnn.claims.measure import descent, draws, norm, run, tangent

FINITE_RESPONSE = """
id: finite-response
title: Finite-response system
sizes: {T: time steps, I: input features, O: outputs, L: taps}
symbols:
  x: {role: input, shape: [T, I]}
  W: {role: parameter, shape: [L, O, I]}
equations:
  - y[t] = tanh(sum(W[n] @ x[t-n] for n in range(min(L, t + 1))))
outputs: [y]
"""
STEPS = 60
TAPS = 4


def affects_outputs_for_ever(spec):
    """An input's tangent never dies where W_hh is invertible; in a shift register, and in a finite response, it dies.

    At each step the derivative is multiplied by diag(1 - h**2) W_hh, which is invertible where W_hh is.
    """
    finite = refrnn.load_text(FINITE_RESPONSE, "finite response")
    here, shifted, smallest_singular = [], [], []
    for values in draws(spec, ({"T": STEPS}, {"T": STEPS, "H": 3, "O": 2}), 4):
        smallest_singular.append(np.linalg.svd(values["W_hh"], compute_uv=False)[-1])
        for place in (0, 17):
            here.append(_response(spec, values, place))
            register = {**values, "W_hh": np.triu(values["W_hh"], 1)}
            shifted.append(_response(spec, register, place)[len(register["W_hh"]) :].max())
    there = [_response(finite, values, 5) for values in draws(finite, ({"T": STEPS, "L": TAPS},), 4)]
    late = max(response[TAPS:].max() for response in there)
    early = min(response[:TAPS].min() for response in there)
    smallest = min(response.min() for response in here)
    return Shown(
        smallest > 0 and min(shifted) > 0,
        f"over {len(here)} tangents and {STEPS} steps the derivative of y[s] by x[t] is at least {smallest:.2g} (asked: above 0; "
        f"the smallest singular value of W_hh is {min(smallest_singular):.2g}); with {TAPS} taps it is at least {early:.2g} "
        f"for {TAPS} steps and then {late:.2g} (asked: exactly 0); with weights W_hh above the diagonal alone it is {max(shifted):.2g} after as many "
        f"steps as there are units (asked: exactly 0)",
        mend_holds=smallest > 0 and min(smallest_singular) > 0 and late == 0 and early > 0 and max(shifted) == 0,
    )


def _response(spec, values, place):
    """The magnitude of the change of y at every step from ``place`` on, for a change of x at ``place``."""
    direction = np.zeros_like(values["x"])
    direction[place] = 1 / np.sqrt(direction.shape[-1])
    return np.abs(tangent(spec, values, {"x": direction})["y"][place:]).max(axis=1)


def error_updates_the_past(spec):
    """With one input and an error at the last step alone, the weights of the input still get a gradient."""
    sizes = [dict(zip("TIHO", chosen)) for chosen in ((3, 4, 5, 3), (8, 2, 3, 4), (15, 3, 6, 2))]
    found = []
    for values in draws(spec, sizes, 10):
        values["x"][1:] = 0
        forward = run(spec, values)
        upstream = np.zeros_like(forward.outputs["y"])
        upstream[-1] = forward.outputs["y"][-1]
        found.append(norm(forward.backward({"y": upstream})["W_xh"]))
    return Shown(
        min(found) > 0,
        f"over {len(found)} draws with an error at the last of 3, 8 or 15 steps and an input at the first alone, the gradient "
        f"of W_xh has a norm of at least {min(found):.2g} (asked: above 0)",
    )


def start_is_learned(spec):
    """The start has a gradient, and a small step against it lowers the squared error."""
    found = []
    for seed, values in enumerate(draws(spec, ({"T": 2}, {"T": 6, "H": 3, "O": 2}), 15)):
        outputs = values["W_hy"].shape[0]
        wanted = np.random.default_rng(seed).uniform(0.1, 0.9, (len(values["x"]), 1, outputs))
        found.append(descent(spec, values, "h_start", "y", wanted))
    slopes, drops = zip(*found)
    return Shown(
        min(slopes) > 0 and 0.99 < min(drops) and max(drops) < 1.01,
        f"over {len(found)} draws the gradient of h_start has a norm of at least {min(slopes):.2g} (asked: above 0), and a step of "
        f"0.001 against it lowers the squared error by {min(drops):.4f} to {max(drops):.4f} of what it foretells (asked: within 1 %)",
    )
