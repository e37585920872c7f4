"""What a backend answers is compared whole: what is missing, superfluous, of another name, shape or dtype is found."""

from types import ModuleType

import numpy as np
import pytest
from unit import Backend, off, unit

import refrnn
from refrnn.verify import verify
from refrnn.verify.backends import compare, describe, poisoned
from refrnn.verify.cases import Case, cases
from refrnn.verify.truth import Truth, Worst
from refrnn.verify.verify import verify_spec, wrong_with

SPEC = refrnn.load("gru-reset-before")
TRUTH = Truth(SPEC, cases(SPEC)[0])


class Planted:
    """Stands where a binding stands and gives a module whose answers are changed."""

    def __init__(self, backend, outputs=None, saved=None, gradients=None):
        right = SPEC.bindings[backend].load()
        self.module = ModuleType("planted")

        def forward(**arguments):
            found, kept = right.forward(**arguments)
            arrays = {name: value() if callable(value) else value for name, value in kept.items()}
            return (outputs or dict)(found), (saved or dict)(arrays) | {"kept": kept}

        def backward(saved, **upstream):
            return (gradients or dict)(right.backward(saved["kept"], **upstream))

        self.module.forward, self.module.backward = forward, backward

    def load(self):
        return self.module


def without(name):
    return lambda found: {other: array for other, array in found.items() if other != name}


def renamed(name, new):
    return lambda found: {new if other == name else other: array for other, array in found.items()}


def with_one_more(name):
    return lambda found: dict(found) | {name: np.zeros(3)}


def cast(name, dtype):
    return lambda found: dict(found) | {name: np.asarray(found[name], dtype)}


def texts(monkeypatch, backend, **changes):
    monkeypatch.setitem(SPEC.bindings, backend, Planted(backend, **changes))
    return wrong_with(SPEC, {TRUTH.case.name: TRUTH}, backend)


def test_nothing_is_found_where_nothing_is_planted(monkeypatch):
    monkeypatch.setitem(SPEC.bindings, "reference", Planted("reference"))
    assert compare(SPEC, TRUTH, "reference")[1] == []


@pytest.mark.parametrize("backend", ["reference", "kernel"])
@pytest.mark.parametrize("changes, text", [
    ({"outputs": without("h")}, "the outputs of forward lack h; they have nothing"),
    ({"outputs": with_one_more("H_")}, "the outputs of forward have H_, which the spec does not ask for; it asks for h"),
    ({"outputs": lambda found: list(found.values())}, "the outputs of forward must be arrays by name, not list"),
    ({"gradients": without("U_r")}, "the gradients of backward lack U_r; they have"),
    ({"gradients": renamed("x", "d_x")}, "the gradients of backward lack x; they have"),
    ({"gradients": with_one_more("k")}, "the gradients of backward have k, which the spec does not ask for"),
    ({"gradients": lambda found: None}, "the gradients of backward must be arrays by name, not NoneType"),
])  # fmt: skip
def test_an_answer_with_other_names(monkeypatch, backend, changes, text):
    if "gradients" in changes and "U_r" in text and "U_r" not in SPEC.differentiated:
        text = text.replace("U_r", SPEC.differentiated[-1])
        changes = {"gradients": without(SPEC.differentiated[-1])}
    found = texts(monkeypatch, backend, **changes)
    assert any(f"{backend}: {text}" in one and "in case plain-float64" in one for one in found), found[:2]


@pytest.mark.parametrize("backend", ["reference", "kernel"])
@pytest.mark.parametrize("answer", [lambda found, kept: found, lambda found, kept: (found, kept, None), lambda found, kept: None])
def test_an_answer_that_is_no_pair(monkeypatch, backend, answer):
    planted = Planted(backend)
    right = planted.module.forward
    planted.module.forward = lambda **arguments: answer(*right(**arguments))
    monkeypatch.setitem(SPEC.bindings, backend, planted)
    found = wrong_with(SPEC, {TRUTH.case.name: TRUTH}, backend)
    assert f"{backend}: forward must give a pair, its outputs by name and what backward needs; return both, in case plain-float64" in found


@pytest.mark.parametrize("backend", ["reference", "kernel"])
def test_what_is_saved_without_names_is_the_modules_own(monkeypatch, backend):
    planted = Planted(backend)
    forward, backward = planted.module.forward, planted.module.backward
    planted.module.forward = lambda **arguments: (lambda found, kept: (found, (kept,)))(*forward(**arguments))
    planted.module.backward = lambda saved, **upstream: backward(saved[0], **upstream)
    monkeypatch.setitem(SPEC.bindings, backend, planted)
    found = wrong_with(SPEC, {TRUTH.case.name: TRUTH}, backend)
    assert [one for one in found if "does not save" not in one] == [] and bool(found) is (backend == "reference")


@pytest.mark.parametrize("saved", [without("r"), renamed("r", "reset"), lambda kept: {}, lambda kept: dict(kept) | {"r": list(kept["r"])}])
def test_a_reference_offers_every_intermediate(monkeypatch, saved):
    found = texts(monkeypatch, "reference", saved=saved)
    assert any("reference: does not save r under its name" in one for one in found)


def test_a_kernel_that_offers_none_is_said_to(monkeypatch):
    monkeypatch.setitem(SPEC.bindings, "kernel", Planted("kernel", saved=lambda kept: {}))
    monkeypatch.setattr(verify, "asked", lambda spec, level: [TRUTH.case])
    assert {"r", "z"} <= set(verify_spec(SPEC, ["kernel"]).not_offered["kernel"])
    assert verify_spec(SPEC, ["reference"]).not_offered == {}


@pytest.mark.parametrize("changes, name", [
    ({"outputs": cast("h", np.float32)}, "h"), ({"saved": cast("r", np.float32)}, "r"), ({"gradients": cast("x", np.float32)}, "d_x"),
])  # fmt: skip
def test_dtypes_are_judged(monkeypatch, changes, name):
    """Of a kernel, whose arrays are its own; float32 is told before its rounding is."""
    monkeypatch.setitem(SPEC.bindings, "kernel", Planted("kernel", **changes))
    found = [str(finding) for finding in compare(SPEC, TRUTH, "kernel")[1]]
    assert f"kernel: {name} has dtype float32, expected float64 in case plain-float64" in found


@pytest.mark.parametrize("changes, name", [
    ({"outputs": lambda found: {"h": found["h"][:, :, :2]}}, "h"),
    ({"saved": lambda kept: dict(kept) | {"r": np.asarray(kept["r"])[None]}}, "r"),
    ({"gradients": lambda found: dict(found) | {"x": found["x"].T}}, "d_x"),
])  # fmt: skip
def test_shapes_are_judged(monkeypatch, changes, name):
    monkeypatch.setitem(SPEC.bindings, "kernel", Planted("kernel", **changes))
    found = [str(finding) for finding in compare(SPEC, TRUTH, "kernel")[1]]
    assert any(f"kernel: {name} has the shape [" in text and "expected [" in text for text in found)
    assert not any("differs" in text for text in found)


QUANTITIES = sorted(TRUTH.quantities)


@pytest.mark.parametrize("kind, name", QUANTITIES)
@pytest.mark.parametrize("backend", ["equation", "reference", "kernel"])
def test_every_quantity_of_every_backend_is_compared(monkeypatch, kind, name, backend):
    """Three bounds off in one entry of one quantity, on its way from the backend: that very quantity is named."""
    from refrnn.verify import backends

    right = backends.run_checked
    key = kind, name

    def off(array):
        moved = np.array(array)
        moved.flat[int(np.argmax(np.abs(TRUTH.quantities[key])))] += float(3 * TRUTH.bounds[key] * TRUTH.eps * TRUTH.scales[key].max())
        return moved

    def wrong(spec, checked, chosen):
        run = right(spec, checked, chosen)
        for found in (run.outputs, run.intermediates):
            if kind != "gradient" and name in found:
                found[name] = off(found[name])
        back = run.backward
        run.backward = lambda upstream: {
            other: off(array) if f"d_{other}" == name else array for other, array in back(upstream).items()
        }
        return run

    if backend == "kernel" and name not in SPEC.outputs and kind != "gradient":
        if name not in right(SPEC, TRUTH.checked, "kernel").intermediates:
            pytest.skip("the kernel does not save it")
    monkeypatch.setattr(backends, "run_checked", wrong)
    found = [str(finding) for finding in compare(SPEC, TRUTH, backend)[1]]
    assert found and all(f"{backend}: {name} differs" in text for text in found)


@pytest.mark.parametrize("quantity", ["h", "a", "d_x", "d_h0", "d_u"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_quantity_of_a_module_of_ones_own(quantity, dtype):
    truth = Truth(unit(), Case("plain", dtype, seed=1))
    found = [str(finding) for finding in compare(unit(), truth, off(quantity).load())[1]]
    assert found and all(f"planted: {quantity} differs at [" in text for text in found)
    assert compare(unit(), truth, Backend().load())[1] == []


@pytest.mark.parametrize("dtype, other", [("float32", np.float64), ("float64", np.float32)])
def test_dtypes_are_judged_in_both_precisions(dtype, other):
    def forward(right, **arguments):
        outputs, saved = right(**arguments)
        return {"h": outputs["h"].astype(other)}, saved

    def backward(right, saved, **d):
        return {**(found := right(saved, **d)), "u": found["u"].astype(other)}

    truth = Truth(unit(), Case("plain", dtype, seed=1))
    found = [str(finding) for finding in compare(unit(), truth, Backend(forward, backward).load())[1]]
    for name in ("h", "d_u"):
        assert f"planted: {name} has dtype {np.dtype(other)}, expected {dtype} in case plain" in found


def test_what_can_t_be_judged_is_a_finding():
    spec = refrnn.load_text(WORDS.replace("w[t] * u * x[t]", "w[t] * u * log(x[t] - x[t])"))
    found = [str(finding) for finding in compare(spec, Truth(spec, Case("plain")), "equation")[1]]
    assert found and all(text.startswith("equation: can't be judged: ") for text in found)


# ------------------------------------------------------------ past the end


WORDS = """
id: words
title: Words
sizes: {T: steps, H: units}
symbols:
  w: {role: input, type: integer, shape: [T], low: 1, high: 4}
  x: {role: input, shape: [T, H]}
  u: {role: parameter, shape: [H]}
equations:
  - y[t] = w[t] * u * x[t]
outputs: [y]
"""
RAGGED = Case("ragged", "float32", sizes={"T": 5}, batch=3, seed=1, ragged=True)


def test_what_is_past_an_end_is_poisoned_and_nothing_else_is():
    spec = refrnn.load_text(WORDS)
    truth = Truth(spec, RAGGED)
    found = poisoned(spec, truth.checked)
    past = np.arange(5)[:, None] >= truth.lengths
    assert past.any() and truth.lengths.max() == 5
    for name, array in found.arrays.items():
        given = truth.checked.arrays[name]
        if name == "u":
            assert np.array_equal(array, given)
            continue
        assert (np.isnan(array[past]) if name == "x" else array[past] == -1).all()
        assert np.array_equal(array[~past], given[~past])


@pytest.mark.parametrize("of", ["forward", "backward"])
def test_what_masks_by_multiplication_is_found(of):
    """Zero times what stands past an end is zero only where a number stands there."""

    def forward(right, x, lengths, **arguments):
        outputs, saved = right(x=x, lengths=lengths, **arguments)
        return {"h": outputs["h"] + 0 * x}, saved

    def backward(right, saved, d_h):
        found = right(saved, d_h=d_h)
        return {**found, "x": found["x"] + 0 * d_h}

    truth = Truth(unit(), RAGGED)
    kernel = Backend(forward) if of == "forward" else Backend(backward=backward)
    found = [str(finding) for finding in compare(unit(kernel=kernel), truth, "kernel")[1]]
    assert any(f"kernel: {'h' if of == 'forward' else 'd_x'} differs" in text and "is not a number or not zero" in text for text in found)
    assert compare(unit(), truth, "kernel")[1] == []


def test_a_difference_is_told_in_ulp_beside_its_bound():
    assert describe(Worst("h", "forward", 12.5, 4.0, (1, 2)), "plain") == "h differs at [1, 2] in case plain, 12.5 ulp, bound 4"
