"""What a caller hands in: every wrong name, shape, dtype, domain and length is refused in one sentence that says which."""

from types import MappingProxyType

import numpy as np
import pytest

import refrnn
from refrnn.errors import NotFoundError, RefrnnError, ValuesError
from texts import changed

ELMAN, BATCHED, CLIP = (refrnn.load(name) for name in ("elman", "batched-rnn", "clip-norm"))
VALUES = ELMAN.draw(dtype="float64")  # T 7, batch 3


def refused(values, *words, spec=ELMAN, lengths=None, backend="equation", error=ValuesError):
    with pytest.raises(error) as caught:
        spec.forward(values, backend, lengths)
    message = str(caught.value)
    assert message.startswith(f"{spec.id}: ") and "\n" not in message and len(message) < 300
    for word in words:
        assert word in message, message


# ------------------------------------------------------------ names


@pytest.mark.parametrize("values", [None, [], 5, "x", np.zeros(3), object()])
def test_not_a_mapping(values):
    refused(values, "values must be a mapping from symbol names to arrays")


def test_names():
    refused({**VALUES, "W": VALUES["W_xh"]}, "there is no symbol W", "its symbols are x, h0, W_xh")
    refused({**VALUES, "h": VALUES["h0"]}, "there is no symbol h;")
    refused({**VALUES, 5: VALUES["h0"]}, "there is no symbol 5;")
    refused({}, "x is missing; give [T, batch, I]")
    refused({name: array for name, array in VALUES.items() if name != "W_hh"}, "W_hh is missing; give [H, H]")
    refused({**VALUES, "h0": None}, "h0 is missing; give [batch, H]")
    refused({name: value for name, value in VALUES.items() if name != "simple"}, "simple is missing; give an integer in [0, 1]")
    refused({"g": VALUES["h0"][0], "G": VALUES["h0"]}, "tau is missing; give a number in [1e-06, inf]", spec=refrnn.load("clip-norm"))


def test_any_mapping_will_do():
    run = ELMAN.forward(MappingProxyType(VALUES), "equation")
    assert run.outputs["h"].shape[:2] == (7, 3)


def test_a_batch_that_some_sum_runs_over_has_no_lengths():
    """What is one for all sequences would be that of the last one; the gradient of a parameter was."""
    made = BATCHED.gradient()
    values = BATCHED.draw(dtype="float64")
    run = BATCHED.forward(values, "equation")
    upstream = np.ones_like(run.outputs["h"])
    known = values | run.intermediates | run.outputs | {"g_h": upstream}
    given = {name: known[name] for name in made.arrays}
    whole, right = made.forward(given, "equation").outputs, run.backward({"h": upstream})
    assert all(np.allclose(whole[f"d_{name}"], right[name], rtol=1e-9, atol=1e-12) for name in right)
    items = upstream.shape[1]
    refused(given, "d_W_x is one for all sequences of the batch B, which can't be cut then; leave lengths out", spec=made, lengths=[1] * items)
    BATCHED.forward(values, "equation", [1] * items)
    assert BATCHED.joined == () == ELMAN.joined


# ------------------------------------------------------------ shapes


@pytest.mark.parametrize("name, change, words", [
    ("x", lambda x: x[0], ["x has the shape", "expected [T, batch, I]"]),
    ("x", lambda x: x[..., None], ["x has the shape", "expected [T, batch, I]"]),
    ("x", lambda x: x[:, :2], ["has the shape", "expected"]),
    ("x", lambda x: x[:, :, :2], ["W_xh has the shape [4, 5], expected [2, 5], which is [I, H]"]),
    ("W_hh", lambda W: W[:, :-1], ["W_hh has the shape [5, 4], expected [5, 5], which is [H, H]"]),
    ("W_hh", lambda W: W[0], ["expected [H, H]"]),
    ("h0", lambda h: h[:, :-1], ["has the shape", "[batch, H]", "expected"]),
    ("h0", lambda h: h[0], ["h0 has the shape [5], expected [batch, H]"]),
    ("x", lambda x: x[:0], ["T is 0; a sequence needs at least one step"]),
    ("x", lambda x: x[:, :0], ["batch is 0"]),
    ("x", lambda x: x[:, :, :0], ["I is 0; it must be at least 1"]),
    ("x", lambda x: np.float64(1), ["expected [T, batch, I]"]),
])  # fmt: skip
def test_shapes(name, change, words):
    values = {**VALUES, name: change(VALUES[name])}
    if "batch, H" in " ".join(words) and name == "h0" and values[name].ndim == 2:
        words = [word for word in words if word != "[batch, H]"]
    refused(values, *words)


# ------------------------------------------------------------ dtypes


@pytest.mark.parametrize("name", ["x", "W_hh", "h0"])
@pytest.mark.parametrize("dtype", [np.int64, np.int8, bool, np.float16, object, complex, np.complex64, str, "datetime64[s]", ">f4", ">f8"])
def test_dtypes(name, dtype):
    array = np.zeros(VALUES[name].shape).astype(dtype)
    refused({**VALUES, name: array}, f"{name} has dtype", "use float32 or float64")


def test_mixed_precision():
    refused({**VALUES, "h0": VALUES["h0"].astype("float32")}, "several dtypes, float64 (x) and float32 (h0); use one")
    refused({**VALUES, "x": VALUES["x"].astype("longdouble")}, "several dtypes")


def test_lists():
    """A list of floats is an array of float64, and a list of whole numbers is not."""
    assert ELMAN.forward({name: np.asarray(value).tolist() for name, value in VALUES.items()}, "reference").outputs["h"].dtype == np.float64
    refused({**VALUES, "h0": np.zeros((3, 5), int).tolist()}, "h0 has dtype int64")
    refused({**VALUES, "h0": [[1.0], [1.0, 2.0]]}, "h0 is not an array; its rows may have unequal lengths")
    refused({**VALUES, "h0": {"a": 1}}, "h0 has dtype object")
    refused({**VALUES, "h0": "zero"}, "h0 has dtype <U4")


@pytest.mark.parametrize("value", [1.0, True, None, "1", [1], np.array([1]), np.float64(1), 2, -1])
def test_integer_constants(value):
    refused({**VALUES, "simple": value}, "simple")


def test_integer_constants_that_are_right():
    for value in (1, np.int8(1), np.array(1)):
        assert ELMAN.forward({**VALUES, "simple": value}, "reference").outputs["h"].shape[0] == 7


def test_scalars():
    values = CLIP.draw(dtype="float32")
    for tau in (2, 2.0, np.float64(2), np.float32(2), np.array(2), np.array(2.0)):
        run = CLIP.forward({**values, "tau": tau}, "reference")
        assert run.outputs["g_clipped"].dtype == np.float32
    for tau in (True, "2", 2j, None, [2.0], 10**400):
        refused({**values, "tau": tau}, "tau", spec=CLIP)


# ------------------------------------------------------------ domains


def test_domains():
    values = CLIP.draw(dtype="float64")
    refused({**values, "tau": -1.0}, "tau is -1.0, outside [", spec=CLIP)
    refused({**values, "tau": float("nan")}, "tau is nan, outside [", spec=CLIP)
    for bad in (np.nan, np.inf, -np.inf):
        g = values["g"].copy()
        g[2] = bad
        refused({**values, "g": g}, f"g at [2] is {bad}, not a finite number; nothing was computed", spec=CLIP)
        G = values["G"].copy()
        G[1, 2] = bad
        refused({**values, "G": G}, f"G at [1, 2] is {bad}, not a finite number", spec=CLIP)
    leaky = refrnn.load("leaky-units")
    for a in (0.0, 1.0, np.nan, np.inf):
        refused({**leaky.draw(), "a": np.float32(a)}, "a is", "outside [0.05, 0.95]", spec=leaky)


# ------------------------------------------------------------ lengths


@pytest.mark.parametrize("lengths, words", [
    ([1, 2], "lengths must be 3 integers, one for each sequence, not int64 of shape [2]"),
    ([1, 2, 3, 4], "of shape [4]"), ([], "lengths must be 3 integers"), ([[1, 2, 3]], "of shape [1, 3]"), (3, "of shape []"), ("abc", "of shape []"),
    ([1, 2, 0], "the length of sequence 2 is 0; it must lie in 1 to 7"), ([1, -1, 1], "the length of sequence 1 is -1"),
    ([8, 1, 1], "the length of sequence 0 is 8; it must lie in 1 to 7"), ([1.0, 2.0, 3.0], "not float64"), ([True] * 3, "not bool"),
    ([None] * 3, "not object"), ([[1], [1, 2], 3], "lengths is not an array"), ([2**62, 1, 1], "it must lie in 1 to 7"),
    (np.array([2**63, 1, 1], np.uint64), "it must lie in 1 to 7"), ({"S": [1, 2, 3]}, "S is not a time of this spec; it has T"),
    ({"T": [1, 2]}, "of shape [2]"),
])  # fmt: skip
def test_lengths(lengths, words):
    refused(VALUES, words, lengths=lengths)


def test_lengths_without_time():
    for spec in (CLIP, refrnn.load("clip-value")):
        refused(spec.draw(), "it has no time, so lengths mean nothing; leave them out", spec=spec, lengths=[1, 2, 3])


@pytest.mark.parametrize("lengths", [[7, 1, 3], (7, 1, 3), np.array([7, 1, 3], np.int8), np.array([7, 1, 3], np.uint64), {"T": [7, 1, 3]}])
def test_lengths_that_are_right(lengths):
    h = ELMAN.forward(VALUES, "reference", lengths).outputs["h"]
    assert (h[:, 0] != 0).all() and (h[1:, 1] == 0).all() and (h[3:, 2] == 0).all() and (h[:3, 2] != 0).all()


# ------------------------------------------------------------ two times


def test_lengths_of_two_times():
    """A part of a symbol with two time axes belongs to each sequence, by the lengths of both."""
    text = changed(
        ("sizes: {T: steps, I: inputs, H: units}\ntime: T", "sizes: {T: steps, S: source steps, I: inputs, H: units}\ntime: [T, S]"),
        ("  h0:", "  a: {role: input, shape: [S, H]}\n  score: {role: value, shape: [T, S]}\n  h0:"),
        ("outputs: [h]", "  - score[t, s] = h[t] @ a[s]\n  - z[t] = softmax(score[t])\noutputs: [h, score, z]"),
    )
    spec = refrnn.load_text(text)
    values = spec.draw({"T": 5, "S": 4}, batch=3, dtype="float64")
    lengths = {"T": [5, 2, 1], "S": [1, 4, 3]}
    run = spec.forward(values, "equation", lengths)
    upstream = {name: np.ones_like(array) for name, array in run.outputs.items()}
    gradients = run.backward(upstream)
    for item in range(3):
        T, S = lengths["T"][item], lengths["S"][item]
        alone = {"x": values["x"][:T, item : item + 1], "a": values["a"][:S, item : item + 1], "h0": values["h0"][item : item + 1]}
        one = spec.forward({**values, **alone}, "equation")
        np.testing.assert_array_equal(run.outputs["score"][:T, item, :S], one.outputs["score"][:, 0])
        assert (run.outputs["score"][T:, item] == 0).all() and (run.outputs["score"][:, item, S:] == 0).all()
        own = one.backward({name: np.ones_like(array) for name, array in one.outputs.items()})
        np.testing.assert_array_equal(gradients["a"][:S, item], own["a"][:, 0])
        assert (gradients["a"][S:, item] == 0).all() and (gradients["x"][T:, item] == 0).all()
    refused(values, "give lengths as a mapping from each to integers", spec=spec, lengths=[1, 2, 3])


# ------------------------------------------------------------ upstream gradients and backends


@pytest.mark.parametrize("upstream, words", [
    (None, "backward takes a mapping from output names to gradients, not NoneType"), ([], "not list"), (np.zeros(3), "not ndarray"),
    ({"x": np.zeros(3)}, "x is not an output; its outputs are h, y"), ({3: 1}, "3 is not an output"),
    ({"h": np.zeros((7, 3))}, "the gradient of h has the shape [7, 3], expected [7, 3, 5]"), ({"h": 1.0}, "the gradient of h has the shape []"),
    ({"h": np.zeros((7, 3, 5), complex)}, "has dtype complex128"),
    ({"h": np.full((7, 3, 5), "a")}, "has dtype <U1"), ({"h": [[1.0], [1.0, 2.0]]}, "the gradient of h is not an array"),
])  # fmt: skip
def test_upstream(upstream, words):
    for backend in ("equation", "reference"):
        run = ELMAN.forward(VALUES, backend)
        with pytest.raises(ValuesError) as caught:
            run.backward(upstream)
        assert str(caught.value).startswith("elman: ") and words in str(caught.value)


def test_upstream_of_other_precision_is_cast():
    """A loss is often computed in double precision, or counted."""
    values = ELMAN.draw(dtype="float32")
    for backend in ELMAN.backends:
        run = ELMAN.forward(values, backend)
        d_h = np.round(np.random.default_rng(0).standard_normal((7, 3, 5)) * 4).astype("float32")
        expected = run.backward({"h": d_h})
        for dtype in ("float64", "longdouble", "int64"):
            found = run.backward({"h": d_h.astype(dtype)})
            assert all(np.array_equal(found[name], expected[name]) and found[name].dtype == np.float32 for name in expected)


# ------------------------------------------------------------ likely slips


def test_batch_first():
    turned = {**VALUES, "x": VALUES["x"].swapaxes(0, 1)}
    refused(turned, "x with the shape [3, 7, 4] looks like batch first; time comes first here, [T, batch, I]: give x.swapaxes(0, 1)")
    refused(turned, "looks like batch first", lengths=[7, 2, 1])
    spec = refrnn.load("character-model")
    values = spec.draw({"T": 7}, batch=3)
    both = {**values, "w": values["w"].T, "d": values["d"].T}
    refused(both, "w and d with the shape [3, 7] looks like batch first", spec=spec)
    refused({**values, "d": values["d"].T}, "d with the shape [3, 7] looks like batch first", spec=spec)


def test_a_matrix_that_would_fit_transposed():
    refused({**VALUES, "W_xh": VALUES["W_xh"].T}, "; W_xh.T would fit")
    with pytest.raises(ValuesError) as caught:
        ELMAN.forward({**VALUES, "W_xh": VALUES["W_xh"][:2, :3]}, "equation")
    assert "fit" not in str(caught.value)


class Tensor:
    """What a tensor of another library looks like to NumPy."""

    def __init__(self, requires_grad=False, device="cpu", says="no"):
        self.requires_grad, self.device, self.says = requires_grad, device, says

    def __array__(self, *_, **__):
        raise RuntimeError(self.says)


@pytest.mark.parametrize("given, words", [
    (Tensor(requires_grad=True), "x is a tensor that requires gradients; give x.detach().numpy(), and take the gradients from run.backward"),
    (Tensor(device="cuda:0"), "x is on the device cuda:0; give x.cpu().numpy()"),
    (Tensor(says="bfloat16 is unknown\nto NumPy"), "x can't be read as an array (bfloat16 is unknown); give a NumPy array"),
    (np.ma.masked_array(VALUES["x"], VALUES["x"] > 0), "x is a masked array; give plain numbers, such as x.filled(0), and say with lengths"),
])  # fmt: skip
def test_arrays_of_other_kinds(given, words):
    refused({**VALUES, "x": given}, words)


def test_masked_arrays_are_no_gradients_and_no_lengths():
    run = ELMAN.forward(VALUES, "equation")
    with pytest.raises(ValuesError, match="the gradient of h is a masked array"):
        run.backward({"h": np.ma.masked_array(run.outputs["h"])})
    refused(VALUES, "lengths is a masked array", lengths=np.ma.masked_array([1, 2, 3]))


def test_torch_tensors():
    torch = pytest.importorskip("torch")
    values = {name: torch.tensor(value) if np.ndim(value) else value for name, value in VALUES.items()}
    np.testing.assert_array_equal(ELMAN.forward(values).outputs["h"], ELMAN.forward(VALUES).outputs["h"])
    values["x"].requires_grad_()
    refused(values, "x is a tensor that requires gradients")


@pytest.mark.parametrize("backend", ["equation", "reference", "kernel"])
def test_a_time_without_lengths_is_whole(backend):
    whole = ELMAN.forward(VALUES, backend)
    for nothing in ({}, {"T": None}):
        np.testing.assert_array_equal(ELMAN.forward(VALUES, backend, nothing).outputs["h"], whole.outputs["h"])
    spec = refrnn.load("encoder-decoder")
    values = spec.draw({"S": 4, "T": 5}, batch=3)
    one, both = (spec.forward(values, backend, lengths) for lengths in ({"S": [4, 2, 1]}, {"S": [4, 2, 1], "T": [5, 5, 5]}))
    for name, array in one.outputs.items():
        np.testing.assert_array_equal(array, both.outputs[name])


def test_an_output_without_a_place():
    text = changed(("  W:", "  d: {role: value, shape: [T-1, H]}\n  W:"), ("outputs: [h]", "  - d[t] = h[t+1] - h[t]\noutputs: [d]"))
    spec = refrnn.load_text(text)
    assert spec.forward(spec.draw({"T": 2}), "equation").outputs["d"].shape[-1] == 5
    with pytest.raises(RefrnnError, match=r"d, which is \[T-1, H\], would have the shape \[0, 5\]; choose larger sizes"):
        spec.draw({"T": 1})
    values = spec.draw({"T": 2})
    with pytest.raises(RefrnnError, match=r"d, which is \[T-1, H\], would have the shape \[0, 5\]; choose larger sizes"):
        spec.forward({**values, "x": values["x"][:1]}, "equation")


@pytest.mark.parametrize("settings", [{"sizes": {"T": 2**62}}, {"sizes": {"T": 2**200}}, {"sizes": {"I": 2**62}}, {"batch": 2**62}])
def test_sizes_that_no_memory_holds(settings):
    with pytest.raises(ValuesError, match="choose smaller sizes"):
        ELMAN.draw(**settings)


def test_scalar_upstream():
    bptt = refrnn.load("clip-norm")
    run = bptt.forward(bptt.draw(dtype="float32"), "reference")
    for one in (1, 1.0, np.float64(1), np.array(1.0)):
        assert run.backward({"length": one})["g"].dtype == np.float32
    for wrong in (True, "a", 1j, None, [1.0]):
        if wrong is None:
            assert (run.backward({"length": None})["g"] == 0).all()
            continue
        with pytest.raises(ValuesError, match="the gradient of length"):
            run.backward({"length": wrong})


@pytest.mark.parametrize("backend", ["torch", "", None, [], {}, 5, object()])
def test_unknown_backend(backend):
    refused(VALUES, "there is no backend", "this spec has equation, reference", backend=backend, error=NotFoundError)


def test_a_kernel_refuses_extended_precision():
    values = ELMAN.draw(dtype="longdouble")
    refused(values, "kernels run in float32 and float64", "use the equation or the reference", backend="kernel")
    assert ELMAN.forward(values, "reference").outputs["h"].dtype == np.longdouble


def test_an_optional_symbol_left_out():
    spec = refrnn.load("lstm")
    values = spec.draw(dtype="float64")
    zero = {**values, "b": np.zeros_like(values["b"])}
    for backend in ("equation", "reference", "kernel"):
        for missing in ({name: array for name, array in values.items() if name != "b"}, {**values, "b": None}):
            run = spec.forward(missing, backend)
            np.testing.assert_array_equal(run.outputs["h"], spec.forward(zero, backend).outputs["h"])
            assert "b" not in run.backward({"h": np.ones_like(run.outputs["h"])})


def test_sizes_that_cannot_be_told():
    text = changed(("  h0:", "  b: {role: parameter, shape: [N], optional: true}\n  h0:"), ("H: units", "H: units, N: more"), ("tanh(W", "sum(b) * tanh(W"))
    spec = refrnn.load_text(text)
    values = spec.draw()
    del values["b"]
    refused(values, "the size N can't be told, because every array that shows it was left out", spec=spec)


def test_every_refusal_is_a_refrnn_error():
    assert issubclass(ValuesError, RefrnnError) and issubclass(ValuesError, ValueError) and issubclass(NotFoundError, LookupError)


@pytest.mark.parametrize("name, size, output", [("one-hot", "N", "W"), ("hopfield", "T", "X"), ("eigen-expansion", "T", "power")])
@pytest.mark.parametrize("backend", ["equation", "reference", "kernel"])
def test_a_size_by_name_that_asks_for_too_much_is_refused(name, size, output, backend):
    spec = refrnn.load(name)
    with pytest.raises(ValuesError, match=rf"{name}: {output} would have the shape .* entries; choose a smaller {size}"):
        spec.forward(spec.draw() | {size: 2**62}, backend)
