"""The fixed weights of a reservoir: drawn at random, then scaled into the range that is asked for."""

import numpy as np

from refrnn.errors import ValuesError
from refrnn.learning.settings import checked


def spectral_radius(W, a=0.0):
    """The largest magnitude of an eigenvalue of a + (1 - a) W: how fast small states of leaky units grow without input."""
    W = np.asarray(W)
    return float(np.abs(np.linalg.eigvals(a * np.eye(len(W)) + (1 - a) * W)).max())


def fixed_weights(inputs, units, radius=0.9, reach=1.0, filled=1.0, seed=0, dtype="float64"):
    """W_in (units, inputs), uniform between -reach and reach, and W (units, units) of the spectral ``radius``.

    ``filled`` is the part of W's entries that are not zero.
    """
    _check(inputs, units, radius, reach, filled)
    random = np.random.default_rng(seed)
    W_in = random.uniform(-reach, reach, (units, inputs))
    W = random.standard_normal((units, units)) * (random.random((units, units)) < filled)
    found = spectral_radius(W)
    # The eigenvalues of a matrix without cycles are all 0, whatever rounding makes of them.
    if found < 1e-6 * np.abs(W).max(initial=1):
        raise ValuesError(f"with {units} units and {filled:g} of the weights filled no cycle is left to scale; ask for more")
    return W_in.astype(dtype), (W * (radius / found)).astype(dtype)


def _check(inputs, units, radius, reach, filled):
    for name, number in (("inputs", inputs), ("units", units)):
        if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < 1:
            raise ValuesError(f"{name} must be an integer of at least 1, not {number!r}")
    for name, number, most in (("radius", radius, np.inf), ("reach", reach, np.inf), ("filled", filled, 1)):
        checked(name, number, lambda number: 0 < number <= most and number < np.inf, "above 0" + " and at most 1" * (most == 1))
