"""Drawn values: reproducible, unequal, non-zero, in their domains, with pre-activations mostly in [-2, 2]; hostile sizes."""

import ast
from dataclasses import replace

import numpy as np
import pytest

import refrnn
from refrnn.equation.functions import FUNCTIONS
from refrnn.errors import ValuesError
from refrnn.spec import draw
from refrnn.spec.draw import complete_sizes
from refrnn.spec.library import rows
from refrnn.spec.spec import Spec
from texts import changed

IDS = rows()
ELMAN = refrnn.load("elman")


@pytest.mark.parametrize("name", IDS)
def test_reproducible_and_unequal(name):
    spec = refrnn.load(name)
    first, again, other = (spec.draw(seed=seed, dtype="float64") for seed in (1, 1, 2))
    assert list(first) == [*spec.arrays, *spec.named_sizes]
    for key, array in first.items():
        np.testing.assert_array_equal(array, again[key])
        if key in spec.named_sizes:
            assert type(array) is int and array > 1
            continue
        symbol = spec.symbols[key]
        if symbol.type == "real" and symbol.draw in ("normal", "distribution"):
            assert np.size(np.unique(array)) == np.size(array) and np.all(array != 0)
            assert not np.array_equal(array, other[key])
            if symbol.draw == "normal" and symbol.low is None and symbol.high is None:
                assert 0.02 < np.sqrt(np.mean(array**2)) < 4
                assert np.size(array) < 12 or (array.min() < 0 < array.max())


def _after(change):
    """A draw of real values that comes out changed."""
    right = draw._real
    return lambda symbol, shape, random: change(right(symbol, shape, random))


FAULTS = {
    "equal values": _after(lambda drawn: np.full_like(drawn, 0.5)),
    "values of a few kinds": _after(lambda drawn: np.sign(drawn) * np.ceil(np.abs(drawn) * 2) / 2),
    "tiny values": _after(lambda drawn: drawn * 1e-3),
    "huge values": _after(lambda drawn: drawn * 50),
    "zeros": _after(np.zeros_like),
    "a zero among them": _after(lambda drawn: np.where(np.arange(np.size(drawn)).reshape(np.shape(drawn)) == 0, 0.0, drawn)),
    "no negative values": _after(np.abs),
    "the same whatever the seed": lambda symbol, shape, random, right=draw._real: right(symbol, shape, np.random.default_rng(0)),
    "equal in all sequences": _after(lambda drawn: np.broadcast_to(drawn[..., :1], np.shape(drawn)) if np.ndim(drawn) else drawn),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_draw_is_found(fault, monkeypatch):
    monkeypatch.setattr(draw, "_real", FAULTS[fault])
    with pytest.raises(AssertionError):
        test_reproducible_and_unequal("elman")


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "longdouble", np.float32, np.dtype("f8")])
def test_types_and_shapes(name, dtype):
    spec = refrnn.load(name)
    values = spec.draw(batch=2, dtype=dtype)
    for key, symbol in spec.arrays.items():
        if symbol.is_integer_constant:
            assert type(values[key]) is int
        elif symbol.type == "real":
            assert values[key].dtype == np.dtype(dtype)
        assert np.ndim(values[key]) == len(symbol.shape) + (key in spec.batched)
    assert spec.forward(values, "equation").outputs.keys() == set(spec.outputs)


@pytest.mark.parametrize("name", IDS)
def test_domains(name):
    spec = refrnn.load(name)
    for seed in range(20):
        values = spec.draw(seed=seed)
        sizes = complete_sizes(spec, {}, 3)
        for key, symbol in spec.arrays.items():
            value = values[key]
            if symbol.type == "integer":
                least, greatest = symbol.integers(sizes)
                assert np.asarray(value).dtype.kind == "i" and np.all(value >= least) and np.all(value <= greatest)
            if symbol.low is not None:
                assert np.all(value >= np.float32(symbol.low))
            if symbol.high is not None:
                assert np.all(value <= np.float32(symbol.high))
            if symbol.draw == "distribution":
                np.testing.assert_allclose(value.sum(-1), 1, rtol=1e-6)
            if symbol.draw == "mask":
                assert set(np.unique(value)) <= {0, 1}


@pytest.mark.parametrize("name", IDS)
def test_what_is_drawn_varies(name):
    """Real numbers have both signs; integers, masks and places are of all kinds; arrays are not alike, and neither are sizes."""
    spec = refrnn.load(name)
    sizes = complete_sizes(spec, {}, 3)
    assert len({sizes[key] for key in sizes if key != spec.batch}) == len(sizes) - (spec.batch is not None)
    drawn = [spec.draw(seed=seed, dtype="float64") for seed in range(12)]
    normal = [key for key, symbol in spec.arrays.items() if symbol.type == "real" and symbol.draw == "normal" and symbol.low is None and symbol.high is None]
    if normal:
        numbers = np.concatenate([np.ravel(drawn[0][key]) for key in normal])
        assert np.unique(numbers).size == numbers.size
    for key, symbol in spec.arrays.items():
        values = np.stack([np.asarray(one[key]) for one in drawn])
        if symbol.type == "integer":
            least, greatest = symbol.integers(sizes)
            assert {least, greatest} <= set(values.ravel().tolist()) or greatest - least > values.size / 4
        elif symbol.draw == "mask":
            assert set(np.unique(values)) == {0, 1}
        elif symbol.draw == "one-hot":
            assert len(np.unique(values.argmax(axis=-1))) == values.shape[-1]
        elif symbol.draw == "distribution":
            assert np.unique(values).size > values.size / 2
        elif key in normal:
            assert values.min() < 0 < values.max()


@pytest.mark.parametrize("kind, wanted", [("one-hot", np.eye(4)), ("mask", [[0], [1]])])
def test_draws_of_few_kinds_are_of_all_of_them(kind, wanted):
    text = changed(("  x:  {role: input, shape: [T, I]", f"  x:  {{role: input, shape: [T, I], draw: {kind}"))
    x = refrnn.load_text(text).draw({"T": 50, "I": 4})["x"]
    assert np.array_equal(np.unique(x.reshape(-1, np.shape(wanted)[1]), axis=0), np.flip(wanted, 0) if kind == "one-hot" else wanted)


def test_ends_of_integer_domains():
    for ends, least, greatest in [("low: 2, high: 3", 2, 3), ("high: 0", -4, 0), ("low: -2", -2, 2), ("low: 0.5, high: 1.5", 1, 1), ("means: any", 1, 5)]:
        text = changed(("  h0:", f"  K: {{role: constant, type: integer, shape: [], {ends}}}\n  h0:"), ("tanh(W", "K * tanh(W"))
        spec = refrnn.load_text(text)
        drawn = {spec.draw(seed=seed)["K"] for seed in range(60)}
        assert drawn == set(range(least, greatest + 1)) and spec.lowest_constants() == {"K": least}


ACTIVATIONS = ("sigmoid", "tanh", "softmax", "relu", "elu")


def activations(spec):
    """The activations that the equations of a recurrence apply."""
    called = {node.func.id for equation in spec.equations for node in ast.walk(equation.value) if isinstance(node, ast.Call)}
    return called & set(ACTIVATIONS) if spec.begun or spec.delayed else set()


@pytest.fixture
def met(monkeypatch):
    """Every number that an activation is applied to from now on, by activation."""
    found = {}

    def watched(name, function):
        def value(z, *side):
            found.setdefault(name, []).append(np.ravel(z))
            return function.value(z, *side)

        return replace(function, value=value)

    for name in ACTIVATIONS:
        monkeypatch.setitem(FUNCTIONS, name, watched(name, FUNCTIONS[name]))
    return found


@pytest.mark.parametrize("name", [name for name in IDS if activations(refrnn.load(name))])
def test_activations_are_neither_asleep_nor_saturated(name, met):
    spec = refrnn.load(name)
    for seed in range(3 if len(activations(spec)) < 3 else 20):
        spec.forward(spec.draw(seed=seed, dtype="float64"), "equation")
    assert met.keys() == activations(spec)
    arguments = np.concatenate([argument for of_one in met.values() for argument in of_one])
    # A sum over several steps before spreads wider.
    assert np.mean(np.abs(arguments) <= 2) > (0.6 if spec.delayed else 0.8) and np.std(arguments) > 0.3
    for kinked in met.keys() & {"relu", "elu"}:
        assert 0.1 < np.mean(np.concatenate(met[kinked]) > 0) < 0.9


# ------------------------------------------------------------ hostile


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "3", None, [3], float("nan"), 10**12, 10**30, np.float64(3)])
def test_sizes(value):
    with pytest.raises(ValuesError, match=r"^elman: .*(H|W_hh)"):
        ELMAN.draw({"H": value})
    if value is not None:
        with pytest.raises(ValuesError, match=r"^elman: .*(batch|x) "):
            ELMAN.draw(batch=value)


def test_sizes_that_are_too_much_together():
    for sizes in ({"T": 10**6, "I": 10**6}, {"H": 20_000}, {"T": 2**63}):
        with pytest.raises(ValuesError, match="choose smaller sizes"):
            ELMAN.draw(sizes)


def test_sizes_that_make_a_shape_vanish():
    spec = refrnn.load_text(changed(("h0:", "b: {role: parameter, shape: [T-2]}\n  h0:"), ("tanh(W", "sum(b) * tanh(W")))
    assert spec.draw({"T": 3})["b"].shape == (1,)
    with pytest.raises(ValuesError, match=r"b, which is \[T-2\], would have the shape \[0\]; choose larger sizes"):
        spec.draw({"T": 2})


@pytest.mark.parametrize("sizes", [{"Q": 3}, {5: 3}, [("H", 3)], "H", 5])
def test_names_of_sizes(sizes):
    with pytest.raises(ValuesError, match="^elman: "):
        ELMAN.draw(sizes)


@pytest.mark.parametrize("dtype", ["float16", "int64", int, "complex64", None, "f3", object, [], {}, 5, ">f4"])
def test_dtypes(dtype):
    with pytest.raises(ValuesError, match="must be float32, float64 or longdouble"):
        ELMAN.draw(dtype=dtype)


@pytest.mark.parametrize("seed", [-1, 1.5, "a", None, True, [1]])
def test_seeds(seed):
    with pytest.raises(ValuesError, match="the seed must be an integer from 0"):
        ELMAN.draw(seed=seed)


def test_a_spec_is_an_object_of_its_own():
    assert isinstance(ELMAN, Spec) and refrnn.load("elman") is ELMAN and repr(ELMAN).startswith("<refrnn spec elman")


@pytest.mark.parametrize("name", ["lstm", "batched-rnn"])
def test_small_integers_of_numpy_are_whole_numbers_too(name):
    """They are no longer where shapes are multiplied."""
    spec = refrnn.load(name)
    expected = spec.draw(sizes={"H": 100}, batch=3)
    found = spec.draw(sizes={"H": np.int8(100)}, batch=np.int8(3))
    assert all(np.array_equal(found[key], array) for key, array in expected.items())
