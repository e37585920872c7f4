"""Blow-up: the claim of cmu-2017 about the real part of the largest eigenvalue, in its two halves."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import run

STEPS = 200


def _grown(spec, eigenvalues, seed=0):
    """How many times its start each component is, after STEPS steps, for complex ``eigenvalues``; and what the spec says of it."""
    eigenvalues = np.array(eigenvalues, complex)
    values = spec.draw({"T": STEPS, "N": len(eigenvalues)}, batch=1, seed=seed, dtype="float64")
    found = run(spec, {**values, "lamda_re": eigenvalues.real.copy(), "lamda_im": eigenvalues.imag.copy()}).outputs
    return found["length"][0, -1] / np.hypot(values["r0"][0], values["s0"][0]), found


def _drawn(low, high, count, seed):
    """Eigenvalues whose real parts lie between low and high."""
    random = np.random.default_rng([seed, 23])
    return random.uniform(low, high, count) + 1j * random.uniform(-1, 1, count) * (random.random(count) < 0.7)


def blows_up_where_printed(spec):
    """Real parts above 1, with and without imaginary parts."""
    grown, _ = _grown(spec, _drawn(1.05, 1.5, 40, 1))
    return Shown(
        grown.min() > 1e3,
        f"40 drawn eigenvalues with real parts from 1.05 to 1.5 make a component at least {grown.min():.3g} times its start in {STEPS} steps "
        f"(asked: above 1000)",
    )


def shrinks_otherwise(spec):
    """Counterexamples with real parts of at most 1; and lengths against |l|^t, over all eigenvalues."""
    named = {"-1.1": -1.1, "0.9 ± 0.9i": 0.9 + 0.9j, "-1": -1.0, "0.6 ± 0.8i": 0.6 + 0.8j, "0.99": 0.99}
    grown, _ = _grown(spec, list(named.values()))
    shown = ", ".join(f"{times:.3g} for {name}" for name, times in zip(named, grown))
    drawn = _drawn(-1.4, 1.4, 60, 2)
    drawn = drawn[(np.abs(np.abs(drawn) - 1) > 0.05) & (np.abs(drawn) > 0.2)]
    lengths, found = _grown(spec, drawn, seed=1)
    power = float(np.abs(lengths / np.abs(drawn) ** STEPS - 1).max())
    judged = np.array_equal(found["blows_up"], lengths > 1e3) and np.array_equal(found["shrinks"], lengths < 1e-3)
    even = float(np.abs(grown[2:4] - 1).max())
    return Shown(
        grown.max() < 1e-3,
        f"after {STEPS} steps a component is {shown} times its start; of {len(drawn)} drawn eigenvalues with real parts from -1.4 to 1.4, all that "
        f"{'do' if judged else 'do not'} blow up or shrink are told by |λ|, and every component is |λ|^{STEPS} times its start to within {power:.2g} "
        f"(asked: below 1e-10); with |λ| = 1 it keeps its length to within {even:.2g} (asked: the same)",
        mend_holds=judged and power < 1e-10 and even < 1e-10 and grown[:2].min() > 1e3,
    )
