"""Blow-up: the claim of cmu-2017 about the real part of the largest eigenvalue."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import another_spec, rewritten, run

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


def real_part_decides(spec):
    """Counterexamples with real parts of at most 1; lengths against |l|^t, over all eigenvalues; and too few eigenvectors."""
    named = {"-1.1": -1.1, "0.9 ± 0.9i": 0.9 + 0.9j, "-1": -1.0, "0.6 ± 0.8i": 0.6 + 0.8j}
    grown, _ = _grown(spec, list(named.values()))
    shown = ", ".join(f"{times:.3g} for {name}" for name, times in zip(named, grown))
    drawn = _drawn(-1.4, 1.4, 60, 2)
    drawn = drawn[(np.abs(np.abs(drawn) - 1) > 0.05) & (np.abs(drawn) > 0.2)]
    lengths, found = _grown(spec, drawn, seed=1)
    power = float(np.abs(lengths / np.abs(drawn) ** STEPS - 1).max())
    judged = np.array_equal(found["blows_up"], lengths > 1e3) and np.array_equal(found["shrinks"], lengths < 1e-3)
    even = float(np.abs(grown[2:] - 1).max())
    short = [_too_few_eigenvectors(steps) for steps in (STEPS, 2 * STEPS)]
    return Shown(
        grown.max() < 1e-3,
        f"after {STEPS} steps a component is {shown} times its start; of {len(drawn)} drawn eigenvalues with real parts from -1.4 to 1.4, all that "
        f"{'do' if judged else 'do not'} blow up or shrink are told by |λ|, and every component is |λ|^{STEPS} times its start to within {power:.2g} "
        f"(asked: below 1e-10); with |λ| = 1 it keeps its length to within {even:.2g} (asked: the same); W = [[1, 1], [0, 1]], which has one "
        f"eigenvector, makes (1, 1) {short[0]:.4g} times as long, and {short[1]:.4g} times in {2 * STEPS} steps (asked: 1.9 to 2.1 times that)",
        mend_holds=judged and power < 1e-10 and even < 1e-10 and grown[:2].min() > 1e3 and short[0] > 100 and 1.9 < short[1] / short[0] < 2.1,
    )


def _too_few_eigenvectors(steps):
    """How many times its start's length a state is whose W has the eigenvalue 1 twice and one eigenvector."""
    W, start = np.array([[1.0, 1.0], [0.0, 1.0]]), np.ones((1, 2))
    values = {"x": np.zeros((steps, 1, 1)), "h0": start, "W_h": W, "W_x": np.zeros((2, 1))}
    return np.linalg.norm(run(rewritten(another_spec("linear-recursion"), outputs=("h",)), values).outputs["h"][-1]) / np.linalg.norm(start)
