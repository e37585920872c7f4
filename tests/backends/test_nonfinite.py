"""NaN and infinity go where arithmetic takes them: through every backend alike, and into no other sequence."""

import numpy as np
import pytest

import refrnn
from refrnn.errors import ValuesError

CELLS = ("elman", "lstm", "gru-reset-before", "gru-reset-after", "gru-minimal", "leaky-units", "lstm-peephole", "bidirectional")
BACKENDS = ("equation", "reference", "kernel")


@pytest.fixture(params=CELLS)
def spec(request):
    return refrnn.load(request.param)


def forward(spec, values, backend):
    run = spec.forward(values, backend)
    return run, {name: np.ones_like(array) for name, array in run.outputs.items()}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_stays_in_its_sequence(spec, backend, dtype):
    values = spec.draw(batch=3, dtype=dtype, seed=1)
    clean, upstream = forward(spec, values, backend)
    values["x"] = values["x"].copy()
    values["x"][2, 1, 0] = np.nan
    run, _ = forward(spec, values, backend)
    for name, array in run.outputs.items():
        np.testing.assert_array_equal(array[:, [0, 2]], clean.outputs[name][:, [0, 2]])
        width = array.shape[-1]
        assert np.isnan(array[2:, 1, : width // 2 if spec.id == "bidirectional" else width]).all()
        if spec.id != "bidirectional":
            np.testing.assert_array_equal(array[:2, 1], clean.outputs[name][:2, 1])
    gradients = run.backward(upstream)
    for name, gradient in gradients.items():
        if spec.batch_axis(name) is None:
            assert np.isnan(gradient).any(), name
        else:
            axis = spec.batch_axis(name)
            assert not np.isnan(gradient.take([0, 2], axis)).any() and np.isnan(gradient.take(1, axis)).any()


@pytest.mark.parametrize("what", ["input", "start", "parameter"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_all_backends_agree_where(spec, what, value):
    """The same entries are NaN, infinite or zero in all backends, in outputs and gradients."""
    values = spec.draw(batch=2, dtype="float64", seed=2)
    name = next(name for name, symbol in spec.arrays.items() if symbol.role == what and symbol.shape)
    values[name] = values[name].copy()
    values[name].flat[1] = value
    found = []
    for backend in BACKENDS:
        run, upstream = forward(spec, values, backend)
        found.append({**run.outputs, **(run.backward(upstream) if np.isnan(value) else {})})
    for other in found[1:]:
        for key, array in found[0].items():
            np.testing.assert_array_equal(np.isnan(array), np.isnan(other[key]), err_msg=key)
            np.testing.assert_allclose(array, other[key], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_infinite_input_saturates(backend):
    """tanh of infinity is 1: what follows is finite again."""
    spec = refrnn.load("elman")
    values = spec.draw(batch=2, dtype="float64", seed=3)
    values["x"] = values["x"].copy()
    values["x"][1, 0, 2] = np.inf
    h = spec.forward(values, backend).outputs["h"]
    np.testing.assert_array_equal(h[1, 0], np.sign(values["W_xh"][2]))
    assert np.isfinite(h).all()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_clipping_by_norm_reports_what_is_not_finite(backend, bad):
    spec = refrnn.load("clip-norm")
    values = spec.draw(dtype="float64")
    values["G"][0, 1] = bad
    with pytest.raises(ValuesError, match=rf"^clip-norm: G at \[0, 1\] is {bad}, not a finite number"):
        spec.forward(values, backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pointwise_functions(backend, dtype):
    """Clipping by value and the activations keep a NaN a NaN, and infinities in their place."""
    clip = refrnn.load("clip-value")
    g = np.array([np.nan, np.inf, -np.inf, 0.5, -0.0], dtype)
    run = clip.forward({"g": g, "c": 1.0}, backend)
    np.testing.assert_array_equal(run.outputs["g_clipped"], [np.nan, 1, -1, 0.5, 0])
    np.testing.assert_array_equal(run.backward({"g_clipped": np.ones_like(g)})["g"], [0, 0, 0, 1, 1])
    activations = refrnn.load("activation-jacobian")
    z = np.array([[[np.nan, np.inf, -np.inf]], [[0, 800, -800]]], dtype)
    found = activations.forward({"z": z}, backend).outputs
    wanted = {
        "h_sigmoid": [[np.nan, 1, 0], [0.5, 1, 0]], "h_tanh": [[np.nan, 1, -1], [0, 1, -1]], "h_relu": [[np.nan, np.inf, 0], [0, 800, 0]],
        "h_elu": [[np.nan, np.inf, -1], [0, 800, -1]], "h_softmax": [[np.nan] * 3, [0, 1, 0]],
    }  # fmt: skip
    for name, rows in wanted.items():
        np.testing.assert_allclose(found[name][:, 0], rows, atol=1e-30, err_msg=name)
