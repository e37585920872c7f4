"""Results are held against one another before anything is timed: who is wrong takes no part."""

import numpy as np

from refrnn.bench.problem import BOTH


def refused(results, needed, allowed):
    """Sentences, by name, about the contenders whose results are not those of most, or lack one of ``needed``.

    ``results`` maps contenders to arrays by symbol; of the rest, what only one of two gives is not compared. The results
    of most are those that most others agree with; where as many agree with others, the first contender's count.
    """
    lacking = {name: [symbol for symbol in needed if symbol not in found] for name, found in results.items()}
    idle = {name: f"it does not give {', '.join(symbols)}" for name, symbols in lacking.items() if symbols}
    return idle | _apart({name: found for name, found in results.items() if name not in idle}, allowed)


def needed(problem, way):
    """What every contender has to give: the outputs that are sent gradients, and all gradients."""
    return [*problem.upstream, *(f"d_{name}" for name in problem.spec.differentiated if way == BOTH)]


def _apart(results, allowed):
    names = list(results)
    if not names:
        return {}
    distances = {name: {other: _distance(results[other], results[name]) for other in names} for name in names}
    middle = max(names, key=lambda name: sum(distance <= allowed for _, distance in distances[name].values()))
    return {
        name: f"its {symbol} differs from that of {middle} by {distance:.2g} of its scale, where rounding explains {allowed:.2g}"
        for name, (symbol, distance) in distances[middle].items()
        if not distance <= allowed
    }


def allowed(problem):
    """How far results may be apart: rounding errors grow with the root of the number of terms. This tells wrong from right, no more.

    Sums run over units and features, in every step anew, and those of weights' gradients over the steps of all sequences.
    """
    sizes, batch = problem.checked.sizes, problem.checked.batch
    terms = (sum(sizes.values()) + batch) * max([sizes[name] for name in problem.spec.time], default=1)
    return 8 * np.finfo(problem.checked.dtype).eps * np.sqrt(terms)


def _distance(found, expected):
    """(symbol, distance) where two contenders are furthest apart, in units of the largest magnitude that is expected."""
    apart = {name: _of_arrays(found[name], expected[name]) for name in found if name in expected}
    worst = max(apart, key=lambda name: np.inf if np.isnan(apart[name]) else apart[name])
    return worst, apart[worst]


def _of_arrays(array, expected):
    if np.shape(array) != np.shape(expected):
        return np.inf
    difference = np.abs(np.subtract(array, expected, dtype=np.float64)).max(initial=0)
    scale = np.abs(expected).max(initial=0)
    return difference / scale if scale else difference
