"""Who takes part in a race, each as two calls: forward, and forward + backward.

Reference, batched NumPy and kernel go through the library's face on checked values, as every user's call does. A peer is
made ready beforehand, with its weights in its own layout, as its users have it; its forward pass keeps nothing.
"""

import numpy as np

from refrnn.backends.run import run_checked
from refrnn.bench import batched
from refrnn.errors import NotFoundError, RefrnnError

FORWARD, BOTH = "forward", "forward + backward"


class Backend:
    """A backend behind the library's face."""

    def __init__(self, problem, backend, name):
        self.problem, self.backend, self.name = problem, backend, name

    def forward(self):
        return run_checked(self.problem.spec, self.problem.checked, self.backend)

    def both(self):
        run = self.forward()
        return run, run.backward(self.problem.upstream)

    def results(self, way):
        """What a pass computes, arrays by name."""
        if way == FORWARD:
            return self.forward().outputs
        run, gradients = self.both()
        return {**run.outputs, **_marked(gradients)}


class Peer:
    """A module of refrnn.peers."""

    def __init__(self, problem, module):
        from refrnn.peers.torch import arrays, tensor

        checked = problem.checked
        values = {name: array[()] if array.ndim == 0 else array for name, array in checked.arrays.items()}
        self.ready = module.whole(**values, **checked.integers)
        self.name = module.NAME
        self.upstream = {name: tensor(array) for name, array in problem.upstream.items()}
        self._arrays = arrays

    def forward(self):
        return self.ready.forward()

    def both(self):
        outputs = self.ready.call()
        return outputs, self.ready.gradients(outputs, self.upstream)

    def results(self, way):
        """What a pass computes, arrays by name."""
        if way == FORWARD:
            return self._arrays(self.forward())
        outputs, gradients = self.both()
        return {**self._arrays(outputs), **_marked(self.ready.named(gradients))}


def _marked(gradients):
    return {f"d_{name}": gradient for name, gradient in gradients.items()}


def check(spec, peers):
    """Refuse a spec that has nothing to race, before anything is timed."""
    for kind in ("kernel", "reference"):
        if kind not in spec.bindings:
            raise NotFoundError(f"{spec.id} has no {kind}, so there is nothing to measure; it has {', '.join(spec.backends)}")
    if peers and "peer" in spec.bindings:
        spec.bindings["peer"].load()


def gather(problem, peers):
    """(the kernel, its opponents) of a problem."""
    spec = problem.spec
    opponents = [Backend(problem, "reference", "reference")]
    module = batched.find(spec)
    if module is not None:
        opponents.append(Backend(problem, module, batched.NAME))
    if peers and "peer" in spec.bindings:
        opponents.append(Peer(problem, spec.bindings["peer"].load()))
    return Backend(problem, "kernel", "kernel"), opponents


def agree(problem, contenders, way):
    """Raise unless all contenders compute the same, but for rounding: who is wrong is not timed.

    This tells wrong from right, no more: rounding errors are allowed to grow with the root of the number of terms.
    """
    first, *others = contenders
    expected = first.results(way)
    sizes, batch = problem.checked.sizes, problem.checked.batch
    terms = batch * sum(sizes.values()) * max([sizes[name] for name in problem.spec.time], default=1)
    allowed = 8 * np.finfo(problem.checked.dtype).eps * np.sqrt(terms)
    for other in others:
        for name, array in other.results(way).items():
            distance = _distance(array, expected[name])
            if not distance <= allowed:
                raise RefrnnError(
                    f"{problem.spec.id}: {other.name} and {first.name} disagree in {name} by {distance:.2g} of its scale, "
                    f"allowed {allowed:.2g}; nothing was timed, refrnn verify {problem.spec.id} tells who is wrong"
                )


def _distance(array, expected):
    """The largest difference, in units of the largest magnitude."""
    if np.shape(array) != np.shape(expected):
        return np.inf
    difference = np.abs(np.asarray(array, np.float64) - expected).max(initial=0)
    scale = np.abs(np.asarray(expected, np.float64)).max(initial=0)
    return difference / scale if scale else difference
