"""How far results are from those of the kernel in float64 on the same values: the kernel beside each of the others."""

import numpy as np


def errors(found, exact):
    """By symbol (worst, mean): of the distances from ``exact``, in units of rounding of its largest magnitude."""
    known = {}
    for name in found.keys() & exact.keys():
        distance = np.abs(np.subtract(found[name], exact[name], dtype=np.float64))
        unit = np.finfo(np.asarray(found[name]).dtype).eps * np.abs(exact[name]).max(initial=0)
        if unit:
            known[name] = float(distance.max() / unit), float(distance.mean() / unit)
    return known


def beside(ours, theirs):
    """How many times as large ours are: {"worst": (ratio, symbol), "mean": (ratio, symbol)}, where that is most."""
    found = {}
    for place, word in enumerate(("worst", "mean")):
        ratios = [(ours[name][place] / theirs[name][place], name) for name in sorted(ours.keys() & theirs.keys()) if theirs[name][place]]
        if ratios:
            found[word] = max(ratios)
    return found
