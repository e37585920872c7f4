"""Eigenvalue expansion: claims of cmu-2017 about the powers of a matrix, along the curves that it draws."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import distance, draws, opened, run

SIZES = ({"T": 8, "R": 3, "M": 2}, {"T": 6, "R": 1, "M": 1}, {"T": 5, "R": 4, "M": 3})
DRAWN = 51  # numbers of a curve
TURN = np.deg2rad(30)  # of a drawn complex pair at each step: twelve steps are a whole turn
CLOSE = 1e-9  # of the largest entry: eigenvalues are found less exactly than powers


def _values(spec, steps, real, pairs=((0, 0),), seed=0):
    """A drawn problem with these eigenvalues; where no pair is wanted, one that gives nothing after the first step."""
    sizes = {"T": steps, "R": len(real), "M": len(pairs)}
    values = spec.draw(sizes, batch=1, seed=seed, dtype="float64")
    pairs = np.array(pairs, float)
    return {**values, "lamda": np.array(real, float), "lamda_re": pairs[:, 0], "lamda_im": pairs[:, 1]}


def _lengths(spec, values):
    return np.linalg.norm(run(spec, values).outputs["power"][0], axis=-1)


def expansion_is_the_power(spec):
    """The sum of terms; and that W has the eigenvalues it is built from, which NumPy finds in it."""
    apart, eigenvalues = [], []
    for values in draws(spec, SIZES, 4):
        found = opened(spec, values)
        apart.append(distance(found.outputs["power"], found.outputs["expanded"]))
        pairs = values["lamda_re"] + 1j * np.abs(values["lamda_im"])
        given = np.concatenate([values["lamda"], pairs, pairs.conj()])
        eigenvalues.append(_farthest_from(np.linalg.eigvals(found.intermediates["W"]), given))
    return Shown(
        max(apart) < CLOSE and max(eigenvalues) < CLOSE,
        f"over {len(apart)} draws with 1 to 4 real eigenvalues and 1 to 3 complex pairs, the sum of terms differs from W^t h by at most "
        f"{max(apart):.2g} of its largest entry up to t = 7, and every eigenvalue that NumPy finds in W is within {max(eigenvalues):.2g} of a "
        f"given one (asked: below {CLOSE:g})",
    )


def _farthest_from(found, given):
    """How far the loneliest of ``found`` lies from the nearest of ``given``, and the other way round."""
    gaps = np.abs(found[:, None] - given[None, :])
    return float(max(gaps.min(axis=0).max(), gaps.min(axis=1).max()))


def largest_eigenvalue_leads(spec):
    """The term of argmax l beside the term of argmax |l|, each against W^t h at a large t."""
    steps, printed, mended = 100, [], []
    for real, pairs in (([1.0, -1.1, 0.5], ((0, 0),)), ([0.9, -0.4], ((-0.8, 0.7),)), ([0.9, 0.6, -0.3], ((0.1, 0.2),))):
        for seed in range(2):
            found = opened(spec, _values(spec, steps, real, pairs, seed))
            end, terms = found.outputs["power"][0, -1], [found.intermediates[name][0, -1] for name in ("plane", "line")]
            largest = int(np.argmax([*(re for re, _ in pairs), *real]))
            printed.append(distance(np.concatenate(terms)[largest], end))
            mended.append(distance(found.outputs["leading"][0, -1], end))
    return Shown(
        max(printed) < 1e-3,
        f"at t = {steps - 1}, over {len(printed)} draws with eigenvalues such as 1, -1.1, 0.5 and pairs such as -0.8 +- 0.7i, the term of the largest "
        f"λ differs from W^t h by up to {max(printed):.3g} of the largest entry, that of the largest |λ| by at most {max(mended):.2g} (asked: below 0.001)",
        mend_holds=max(mended) < 1e-3,
    )


def length_follows_the_largest(spec):
    """The growth per step at large t, with and without a component along the first and the second eigenvector, and under a pair."""
    steps, real = 80, [1.05, -0.9, 0.7, 0.3]
    rates, turns = [], []
    for missing in range(3):
        values = _values(spec, steps, real, seed=missing)
        found = opened(spec, values)
        u, a = found.intermediates["u"][2:], found.intermediates["a"][0, 2:]  # behind the pair of nothing
        without = values["h"][0] - a[:missing] @ u[:missing]
        # What rounding leaves of the component that is taken away would grow again: stop before it shows.
        lengths = _lengths(spec, {**values, "h": without[None]})
        last = steps - 1 if missing == 0 else 40
        rates.append(abs(lengths[last] / lengths[last - 1] / abs(real[missing]) - 1))
    for size in (0.9, 1.05):
        for seed in range(2):
            lengths = _lengths(spec, _values(spec, steps, [0.6, -0.5], ((size * np.cos(TURN), size * np.sin(TURN)),), seed))
            turns.append(abs(lengths[-1] / lengths[-13] / size**12 - 1))
    shown = ", ".join(f"{rate:.2g}" for rate in rates)
    return Shown(
        max(*rates, *turns) < 1e-3,
        f"with eigenvalues {', '.join(map(str, real))} the length changes per step by the size of the first from a whole start, of the second from "
        f"one without the first component, and of the third without the first two, to within {shown} of it; where a complex pair of size 0.9 or 1.05 is the "
        f"largest, over a whole turn of 12 steps by its power, to within {max(turns):.2g} (asked: below 0.001)",
    )


def curves_by_eigenvalues(spec):
    """The lecture's curves: |W^t h| for a start with equal components, by the largest and the second eigenvalue, real or a pair."""
    real, middling = _real_curves(spec)
    pairs = {size: _turning_curve(spec, size) for size in (0.9, 1.0, 1.1)}
    rates = [abs(curve[-1] / curve[-2] / size - 1) for (size, _), curve in real.items()]
    turns = [abs(curve[-1] / curve[-13] / size**12 - 1) for size, curve in pairs.items()]
    wave = np.ptp(pairs[1.0][-12:]) / pairs[1.0][-12:].max()
    falls_and_grows = all(curves[low][-1] < 0.05 and curves[high][-1] > 50 for curves, low, high in (
        (real, (0.9, 0.5), (1.1, 0.5)), (real, (0.9, 0.1), (1.1, 0.1)), (pairs, 0.9, 1.1),
    ))  # fmt: skip
    return Shown(
        max(*rates, *turns) < 1e-6 and falls_and_grows and middling[0.5] > 10 * middling[0.1] and wave > 0.01,
        f"at the end of {len(real)} curves of {DRAWN - 1} steps with λmax = 0.9, 1 and 1.1 the length changes per step by λmax to within {max(rates):.1g}, and "
        f"with complex pairs of these sizes, over each whole turn, to within {max(turns):.1g}; a pair of size 1 waves by {wave:.2g} of its "
        f"length; at t = 3 and λmax = 1 the length is {middling[0.5]:.2g} of its limit away from it for λ2nd = 0.5 and {middling[0.1]:.2g} for 0.1",
    )


def _real_curves(spec):
    """The curves by (largest, second), and how far those of λmax = 1 are from their limit at t = 3."""
    curves = {}
    u = opened(spec, _values(spec, 1, [1.0, 0.5])).intermediates["u"]  # the pair of nothing, then two eigenvectors
    for largest in (0.9, 1.0, 1.1):
        for second in (0.5, 0.1):
            values = _values(spec, DRAWN, [largest, second])
            curves[largest, second] = _lengths(spec, {**values, "h": (u[2] + u[3])[None]})
    return curves, {second: abs(curves[1.0, second][3] / curves[1.0, second][-1] - 1) for second in (0.5, 0.1)}


def _turning_curve(spec, size):
    """A complex pair leads, and a real eigenvalue of 0.5 is the second."""
    pair = (size * np.cos(TURN), size * np.sin(TURN))
    values = _values(spec, DRAWN, [0.5], (pair,))
    u = opened(spec, values).intermediates["u"]
    return _lengths(spec, {**values, "h": (u[0] + u[1] + u[2])[None]})
