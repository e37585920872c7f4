"""Who takes part in a race, and what each does when it is called: forward, or forward and back.

Every contender has the problem's values in its own memory and layout beforehand, and allocates what it gives. A kernel
is called as users call it, through ``spec.forward``, which checks the values first, and where its weights are bound once, too;
batched NumPy and peers are called directly.
"""

from importlib import import_module
from importlib.util import find_spec

from refrnn.bench import batched
from refrnn.bench.child import Child
from refrnn.bench.contender import Contender
from refrnn.bench.problem import BOTH, FORWARD
from refrnn.errors import NotFoundError

# name: (module of refrnn.peers, what makes it ready, the packages it needs, its framework, the passes it has)
PEERS = {
    "PyTorch": ("torch", "fused", ("torch",), "PyTorch", (FORWARD, BOTH)),
    "PyTorch loop": ("torch", "loop", ("torch",), "PyTorch", (FORWARD, BOTH)),
    "JAX scan": ("jax", "scan", ("jax",), "JAX", (FORWARD, BOTH)),
    "ONNX Runtime": ("onnxruntime", "session", ("onnxruntime", "onnx"), "ONNX Runtime", (FORWARD,)),
}
BOTH_WAYS = (FORWARD, BOTH)


def gather(start, patience, peers, reference):
    """(contenders, sentences about those that are not installed): the kernel is the last, the reference, if wanted, the first.

    ``start(child)`` starts the process of a :class:`refrnn.bench.child.Child`. Raises NotFoundError where ``peers`` are
    wanted and none is installed.
    """

    def contender(name, kind, make, *arguments, answers, ways=BOTH_WAYS):
        child = Child(__name__, make, *arguments)
        return Contender(name, kind, lambda: start(child), patience, answers, ways)

    everything = {"answers": lambda spec: True}
    found = [contender("reference", "reference", "Backend", "reference", **everything)] if reference else []
    found.append(contender(batched.NAME, "peer", "BatchedNumPy", answers=lambda spec: batched.find(spec) is not None))
    sentences = []
    if peers:
        lacking = {}
        for name, (module, make, packages, framework, ways) in PEERS.items():
            missing = [package for package in packages if find_spec(package) is None]
            if missing:
                lacking[framework] = f"{framework} is left out: {' and '.join(missing)} not installed (pip install refrnn[peers])"
                continue
            found.append(contender(name, "peer", "Peer", module, make, answers=lambda spec: "peer" in spec.bindings, ways=ways))
        sentences = list(lacking.values())
        if len(lacking) == len({framework for *_, framework, _ in PEERS.values()}):
            raise NotFoundError("--peers: no other framework is installed; pip install refrnn[peers], or leave it out")
    found.append(contender("kernel, bound", "bound", "Bound", answers=lambda spec: bool(spec.parameters)))
    return [*found, contender("kernel", "kernel", "Backend", "kernel", **everything)], sentences


def check(spec):
    """Refuse a spec that has nothing to race, before anything is timed."""
    for kind in ("kernel", "reference"):
        if kind not in spec.bindings:
            raise NotFoundError(f"{spec.id} has no {kind}, so there is nothing to measure; it has {', '.join(spec.backends)}")
    spec.bindings["kernel"].check_machine()  # where none can run, that is said once, and not of contenders that died


class Backend:
    """A backend behind the library's face."""

    def __init__(self, problem, backend):
        self.problem, self.backend = problem, backend

    def forward(self, way):
        return self.problem.spec.forward(self.problem.values, self.backend, self.problem.lengths)

    def call(self, way):
        run = self.forward(way)
        return (run, run.backward(self.problem.upstream)) if way == BOTH else (run, {})

    def results(self, way):
        run, gradients = self.call(way)
        return {**run.outputs, **_marked(gradients)}

    def exact(self, way):
        """Its results in float64."""
        return Backend(self.problem.in_double(), self.backend).results(way)


class Bound(Backend):
    """The kernel of a spec that is bound to its parameters once."""

    def __init__(self, problem):
        super().__init__(problem, "kernel")
        kept = {name for name, symbol in problem.spec.arrays.items() if symbol.is_kept}
        self.layer = problem.spec.bind({name: value for name, value in problem.values.items() if name in kept})
        self.values = {name: value for name, value in problem.values.items() if name not in kept}

    def forward(self, way):
        return self.layer.forward(self.values, self.problem.lengths, keep=way == BOTH)


class BatchedNumPy:
    """A module of refrnn.bench.batched."""

    def __init__(self, problem):
        self.module = batched.find(problem.spec)
        self.values = {**problem.checked.arrays, **problem.checked.integers}
        self.lengths = problem.lengths
        self.upstream = {f"d_{name}": array for name, array in problem.complete_upstream().items()}

    def call(self, way):
        outputs, saved = self.module.forward(**self.values, lengths=self.lengths)
        return (outputs, self.module.backward(saved, **self.upstream)) if way == BOTH else (outputs, {})

    def results(self, way):
        outputs, gradients = self.call(way)
        return {**outputs, **_marked(gradients)}


class Peer:
    """A framework's pass of the spec's module of refrnn.peers."""

    def __init__(self, problem, module, make):
        peer = problem.spec.bindings["peer"].load()
        self.ready = getattr(import_module(f"refrnn.peers.{module}"), make)(peer, problem.checked.arrays, problem.lengths)
        if problem.upstream and hasattr(self.ready, "send"):
            self.ready.send(problem.upstream)

    def call(self, way):
        return self.ready.both() if way == BOTH else (self.ready.forward(),)

    def results(self, way):
        outputs, gradients = self.ready.arrays(*self.call(way))
        return {**outputs, **_marked(gradients)}


def _marked(gradients):
    return {f"d_{name}": gradient for name, gradient in gradients.items()}
