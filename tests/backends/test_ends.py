"""A sequence in a batch of unequal lengths is the sequence alone, bit for bit, also where numbers are not finite."""

import numpy as np
import pytest

import refrnn
from refrnn.spec.library import rows

T, LENGTHS = 5, (5, 2, 4)
BACKENDS = ("equation", "reference", "kernel")
RAGGED = [name for name in rows() if refrnn.load(name).time and refrnn.load(name).batch is None]
SPECIAL = {"nan": np.nan, "inf": np.inf, "large": 1e30}


def upstream_of(run):
    random = np.random.default_rng(1)
    return {name: random.standard_normal(array.shape).astype(array.dtype) for name, array in run.outputs.items()}


def alone(spec, values, upstream, item):
    """Values and upstream of one sequence, cut at its end."""
    found = {}
    for name, array in values.items():
        if name in spec.symbols and spec.batch_axis(name) is not None and np.ndim(array):
            array = array.take([item], spec.batch_axis(name))
            array = array[: LENGTHS[item]] if spec.time_size(name) else array
        found[name] = LENGTHS[item] if name in spec.time else array
    errors = {}
    for name, array in upstream.items():
        array = array.take([item], spec.batch_axis(name)) if spec.batch_axis(name) is not None else array
        errors[name] = array[: LENGTHS[item]] if spec.time_size(name) else array
    return found, errors


def places(spec, values):
    """One entry of each array that may be anything: (name, index)."""
    random = np.random.default_rng(2)
    for name, array in values.items():
        symbol = spec.symbols.get(name)
        if symbol and symbol.shape and symbol.type == "real" and symbol.low is None and symbol.high is None and not symbol.finite:
            yield name, tuple(int(random.integers(size)) for size in array.shape)


def check(spec, values, backend):
    lengths = {name: list(LENGTHS) for name in spec.time}
    run = spec.forward(values, backend, lengths=lengths)
    upstream = upstream_of(run)
    found = {**run.outputs, **{f"d_{name}": array for name, array in run.backward(upstream).items()}}
    for name, array in found.items():
        if spec.time_size(name.removeprefix("d_") if name not in run.outputs else name):
            for item, length in enumerate(LENGTHS):
                assert not array[length:, item].any(), f"{name} past the end"
    for item in range(len(LENGTHS)):
        own, errors = alone(spec, values, upstream, item)
        single = spec.forward(own, backend)
        expected = {**single.outputs, **{f"d_{name}": array for name, array in single.backward(errors).items()}}
        for name, array in expected.items():
            symbol = name if name in single.outputs else name.removeprefix("d_")
            if spec.batch_axis(symbol) is not None:
                part = found[name].take([item], spec.batch_axis(symbol))
                part = part[: LENGTHS[item]] if spec.time_size(symbol) else part
                np.testing.assert_array_equal(part, array, err_msg=f"{name} of item {item}")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", RAGGED)
def test_numbers_that_are_not_finite(name, backend):
    spec = refrnn.load(name)
    drawn = spec.draw(sizes={time: T for time in spec.time}, batch=len(LENGTHS), dtype="float32")
    check(spec, drawn, backend)
    for symbol, place in places(spec, drawn):
        for word, number in SPECIAL.items():
            values = {**drawn, symbol: np.array(drawn[symbol])}
            values[symbol][place] = number
            try:
                check(spec, values, backend)
            except AssertionError as error:
                raise AssertionError(f"with {symbol}{list(place)} = {word}: {error}") from None


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_units_overflow_is_its_own(backend):
    """Eigenvalues act each on its own component."""
    spec = refrnn.load("blow-up-criterion")
    values = spec.draw(sizes={"T": 40, "N": 3}, batch=2, dtype="float32")
    values["lamda_re"], values["lamda_im"] = np.array([0.5, 1e10, -0.5], "float32"), np.array([0.5, 1e10, 0.1], "float32")
    run = spec.forward(values, backend)
    gradients = run.backward({name: np.ones_like(array) for name, array in run.outputs.items()})
    for found in (run.outputs, gradients):
        for name, array in found.items():
            assert np.isfinite(array[..., [0, 2]]).all(), name
    assert not np.isfinite(run.outputs["length"][:, -1, 1]).any()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["elman", "jordan"])
def test_simple_learning_sends_nothing_to_earlier_steps(name, backend):
    """Not even what is not a number."""
    spec = refrnn.load(name)
    values = {**spec.draw(batch=2, dtype="float32"), "simple": 1}
    run = spec.forward(values, backend)
    upstream = {name: np.ones_like(array) for name, array in run.outputs.items()}
    clean = run.backward(upstream)["x"]
    upstream["h"][4, 0, 1] = np.nan
    d_x = run.backward(upstream)["x"]
    assert np.isnan(d_x[4, 0]).all() and np.allclose(np.delete(d_x, 4, 0), np.delete(clean, 4, 0), rtol=1e-6, atol=0)


@pytest.mark.parametrize("backend", ["reference", "kernel"])
def test_nothing_is_said_about_numbers_that_are_not_finite(backend, recwarn):
    """Infinities and NaN are results; Python's warnings about them are nobody's business."""
    for name in ("linear-recursion", "clip-norm", "eigen-expansion", "blow-up-criterion", "divergence", "bptt", "gradient-through-depth"):
        spec = refrnn.load(name)
        values = spec.draw(batch=2, dtype="float32")
        for symbol in values:
            if spec.symbols.get(symbol) and spec.symbols[symbol].shape and spec.symbols[symbol].low is None:
                values[symbol] = values[symbol] * np.float32(1e25)
        run = spec.forward(values, backend)
        if spec.differentiated:
            run.backward({name: np.full_like(array, 1e30) for name, array in run.outputs.items()})
    assert not [str(warning.message) for warning in recwarn]
