"""What a pass asks of the machine, and what binds it.

- *operations*: every weight matrix takes part once in every step of every sequence, with a product and a sum for each
  entry: 2 x entries of the matrices x true steps of all sequences. The way back takes each twice more, for the gradient
  of what it was multiplied with and for its own. Pointwise work is not counted.
- *bytes*: a step that waits for the one before reads all weights anew, from whichever memory holds them: bytes of the
  parameters x steps (of the longest sequence), and inputs, starts and outputs once. Forward + backward: twice that, and
  the gradients of the parameters once.
- With ``peak`` operations a second in registers, and ``bandwidth`` bytes a second read of memory as large as the
  parameters, both measured on as many threads, no call takes less than about
  *roof* = max(operations / peak, bytes / bandwidth).
- *verdict*: **compute** or **memory**, whichever of the two is larger, where roof is at least half of the time that was
  measured; else **latency**: most of the time goes to what is neither, such as steps waiting for one another.
"""

from dataclasses import dataclass

import numpy as np

from refrnn.bench.contender import Out
from refrnn.bench.problem import BOTH

HALF = 0.5


@dataclass(frozen=True)
class Work:
    """Of one call: operations, bytes that are moved, bytes of the parameters."""

    operations: int
    bytes: int
    weights: int


def work(problem, way):
    """The :class:`Work` of a pass, or None where it can't be told: no weight matrix, or more than one time."""
    spec, arrays = problem.spec, problem.checked.arrays
    matrices = [arrays[name] for name in spec.parameters if name in arrays and np.ndim(arrays[name]) >= 2]
    if not matrices or len(spec.time) > 1:
        return None
    parameters = sum(arrays[name].nbytes for name in spec.parameters if name in arrays)
    others = sum(array.nbytes for name, array in arrays.items() if name not in spec.parameters)
    outputs = sum(array.nbytes for array in problem.complete_upstream().values())
    steps = problem.checked.sizes[spec.time[0]] if spec.time else 1
    operations, moved = 2 * sum(array.size for array in matrices) * problem.steps, parameters * steps + others + outputs
    if way == BOTH:
        operations, moved = 3 * operations, 2 * moved + parameters
    return Work(operations, moved, parameters)


class Limits:
    """Peak and bandwidth, measured when they are first asked for by whom ``ask`` asks; None where that one can't tell."""

    def __init__(self, ask, dtype):
        self._ask, self._dtype, self._found = ask, dtype, {}

    @property
    def peak(self):
        """Operations a second."""
        return self._measured("peak", self._dtype)

    def bandwidth(self, size):
        """Bytes a second of so much memory."""
        return self._measured("bandwidth", size)

    def as_dict(self):
        """What was measured, for ``--json``."""
        bandwidths = {str(size): found for (name, size), found in self._found.items() if name == "bandwidth"}
        return {"peak": self._found.get(("peak", self._dtype)), "bandwidth": bandwidths}

    def _measured(self, *question):
        if question not in self._found:
            try:
                self._found[question] = self._ask(*question)
            except Out:
                self._found[question] = None
        return self._found[question]


def verdict(seconds, work, peak, bandwidth):
    """Which of compute, memory and latency binds a call that takes so long, with the two bounds in seconds."""
    compute, memory = work.operations / peak, work.bytes / bandwidth
    word = "latency" if max(compute, memory) < HALF * seconds else "compute" if compute >= memory else "memory"
    return {"bound": word, "compute_seconds": compute, "memory_seconds": memory, "roof_share": max(compute, memory) / seconds}
