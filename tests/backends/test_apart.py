"""What a caller writes into arrays, given or received, changes nothing of the pass that was run."""

import itertools

import numpy as np
import pytest

import refrnn
from refrnn.kernels.engine.passes import Pass
from refrnn.spec.library import rows

BACKENDS = ("equation", "reference", "kernel")
SCRIBBLE = 123


def drawn(spec):
    """Values, lengths and an upstream gradient of every output; all arrays may be written to."""
    values = {name: np.array(value) if np.ndim(value) else value for name, value in spec.draw(batch=3, dtype="float32").items()}
    sizes = {name: 7 * (1 + place) for place, name in enumerate(spec.time)}
    lengths = {name: np.array([size, 1, size - 2]) for name, size in sizes.items()} or None
    return values, lengths


def arrays(mapping):
    return [array for array in mapping.values() if isinstance(array, np.ndarray) and array.ndim]


def scribble(mapping):
    for array in arrays(mapping):
        array[...] = SCRIBBLE


def same(left, right):
    return all(left[name].tobytes() == right[name].tobytes() for name in left)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", rows())
def test_gradients_are_those_of_the_pass_that_was_run(name, backend):
    spec = refrnn.load(name)
    values, lengths = drawn(spec)
    if spec.batch is not None and lengths is not None:
        lengths = {time: steps[: values[next(iter(spec.arrays))].shape[1]] for time, steps in lengths.items()}
    run = spec.forward(values, backend, lengths=lengths)
    outputs = {name: np.array(array) for name, array in run.outputs.items()}
    intermediates = {name: np.array(array) for name, array in run.intermediates.items()}
    random = np.random.default_rng(1)
    upstream = {name: random.standard_normal(array.shape).astype(array.dtype) for name, array in outputs.items()}
    expected = run.backward({name: np.array(array) for name, array in upstream.items()})
    kept = {name: np.array(array) for name, array in expected.items()}
    again = spec.forward(values, backend, lengths=lengths)
    for mapping in (again.outputs, again.intermediates, values, lengths or {}):
        scribble(mapping)
    first = again.backward(upstream)
    assert same(kept, first), "written into before backward"
    shared = [(a, b) for a, b in itertools.product(arrays(first), arrays(upstream)) if np.shares_memory(a, b)]
    shared += [(a, b) for a, b in itertools.combinations(arrays(first), 2) if np.shares_memory(a, b)]
    assert not shared, "gradients share memory with what was given, or with one another"
    scribble(first)
    second = again.backward(upstream)
    assert same(kept, second) and not any(np.shares_memory(first[name], second[name]) for name in first)
    assert same(outputs, run.outputs) and same(intermediates, run.intermediates)


@pytest.mark.parametrize("name", rows())
def test_a_kernel_alone_shares_nothing(name):
    """Neither outputs nor what is saved share memory with the arguments, nor with each other.

    What is saved may be arguments whose numbers only the way forward reads: written into they change nothing of the way back.
    """
    spec = refrnn.load(name)
    values, lengths = drawn(spec)
    if spec.time:
        given = None if spec.batch is not None else lengths if len(spec.time) > 1 else lengths[spec.time[0]]
        values["lengths"] = given
    module = spec.bindings["kernel"].load()
    outputs, saved = module.forward(**values)
    kept = list(held(saved))
    assert kept or not spec.differentiated or name == "clip-halving"  # which keeps a number
    for array in arrays(outputs):
        assert not any(np.shares_memory(array, other) for other in [*kept, *arrays(values)])
    unread = module.TAKES.items.keys() - module.TAKES.keeps
    assert not any(np.shares_memory(values[name], other) for name in values.keys() - unread if np.ndim(values[name]) for other in kept)
    if spec.differentiated:
        upstream = {f"d_{name}": np.ones_like(array) for name, array in outputs.items()}
        expected = {name: np.array(array) for name, array in module.backward(saved, **upstream).items()}
        outputs, saved = module.forward(**values)
        scribble({name: values[name] for name in unread})
        assert same(expected, module.backward(saved, **upstream))


def held(what):
    """Every array in what a kernel saved, in its closures and passes of the engine too."""
    if isinstance(what, np.ndarray):
        yield what
    elif isinstance(what, dict):
        yield from held(list(what.values()))
    elif isinstance(what, (list, tuple)):
        for part in what:
            yield from held(part)
    elif getattr(what, "__closure__", None):
        yield from held([cell.cell_contents for cell in what.__closure__])
    elif isinstance(what, Pass):
        yield from held(vars(what))


CARELESS = """
import numpy as np

def forward(x, lengths=None):
    y = 2 * x
    return {"y": y}, {"x": x, "y": y}

def backward(saved, d_y):
    d_y *= 2
    return {"x": d_y}
"""

TWINS = """
def forward(x, z, lengths=None):
    return {"y": x + z}, {}

def backward(saved, d_y):
    return {"x": d_y, "z": d_y}
"""

SQUARE = """
id: doubled
title: Twice the input
sizes: {T: time steps, I: features}
symbols: {x: {role: input, shape: [T, I], means: input}}
equations: ["y[t] = 2 * x[t]"]
outputs: [y]
kernel: careless.py
"""


def test_a_module_of_ones_own_is_kept_apart_too(tmp_path):
    (tmp_path / "careless.py").write_text(CARELESS)
    (tmp_path / "doubled.yaml").write_text(SQUARE)
    spec = refrnn.load(str(tmp_path / "doubled.yaml"))
    x, d_y = np.ones((3, 2, 4)), np.ones((3, 2, 4))
    run = spec.forward({"x": x}, "kernel")
    assert not np.shares_memory(run.outputs["y"], run.backward({"y": d_y})["x"])
    first = run.backward({"y": d_y})["x"]
    assert not np.shares_memory(first, d_y) and np.array_equal(d_y, np.ones_like(d_y)) and np.all(first == 2)


def test_gradients_of_a_module_of_ones_own_share_nothing(tmp_path):
    (tmp_path / "careless.py").write_text(TWINS)
    (tmp_path / "sum.yaml").write_text(SQUARE.replace("{x: {", "{z: {role: input, shape: [T, I], means: input}, x: {").replace("2 * x[t]", "x[t] + z[t]"))
    spec = refrnn.load(str(tmp_path / "sum.yaml"))
    d_y = np.ones((3, 2, 4))
    found = spec.forward({"x": d_y + 1, "z": d_y + 2}).backward({"y": d_y})
    assert not any(np.shares_memory(a, b) for a, b in itertools.combinations([d_y, found["x"], found["z"]], 2))
