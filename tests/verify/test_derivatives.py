"""A wrong adjoint is not confirmed: of any array, in any sequence, by either way; and right ones are."""

import numpy as np
import pytest
from unit import changed_way_back as changed
from unit import unit

import refrnn
from refrnn.equation.evaluate import Run
from refrnn.verify.cases import Case
from refrnn.verify.derivatives import ALLOWED, confirm
from refrnn.verify.truth import Truth

KINKED = refrnn.load_text(
    "id: kinked\ntitle: A\nsizes: {T: steps, H: units}\nsymbols:\n  x: {role: input, shape: [T, H]}\n  u: {role: parameter, shape: [H]}\n"
    "equations:\n  - y[t] = relu(u * x[t]) + u * x[t] * x[t]\noutputs: [y]\n"
)
TRUTHS = {"complex step": Truth(unit(), Case("plain", batch=3)), "central differences": Truth(KINKED, Case("plain", batch=3))}


@pytest.fixture(params=TRUTHS)
def method(request):
    return request.param


def test_right_adjoints_are_confirmed(method):
    truth = TRUTHS[method]
    confirmed = confirm(truth.spec, truth)
    assert confirmed.ok and confirmed.method == method and confirmed.error < ALLOWED[method] / 10


def test_the_allowed_errors_are_those_of_the_methods():
    """Some hundred roundings of extended precision; the square of a step of 1e-6, and what rounding is divided by it."""
    assert ALLOWED["complex step"] <= 1e4 * np.finfo(np.longdouble).eps and ALLOWED["central differences"] <= 1e-9


@pytest.mark.parametrize("sequence", [1, 2, 3])
@pytest.mark.parametrize("name", ["x", "u"])
def test_a_wrong_adjoint_in_one_sequence(monkeypatch, method, name, sequence):
    """Off by a thousand times what is allowed."""
    truth = TRUTHS[method]
    factor = 1 + np.longdouble(3000 * ALLOWED[method])
    changed(monkeypatch, lambda found, call: {**found, name: found[name] * (factor if (call - sequence) % 3 == 0 else 1)})
    confirmed = confirm(truth.spec, truth)
    assert not confirmed.ok and confirmed.symbol == name and confirmed.error > ALLOWED[method]
    assert str(confirmed).startswith(f"the gradient of {name} differs from {method} by ")


@pytest.mark.parametrize("factor, right", [(1, True), (1 + 1e-8, False)])
def test_what_bends_sharply_is_looked_at_closer(monkeypatch, factor, right):
    """A root near 0: the square of the step is not small there, its fourth power is."""
    spec = refrnn.load_text(
        "id: roots\ntitle: A\nsizes: {T: steps, H: units}\nsymbols:\n  x: {role: input, shape: [T, H]}\n  u: {role: parameter, shape: [H]}\n"
        "equations:\n  - y[t] = sqrt(u * x[t]) if u * x[t] > 0 else u * x[t]\noutputs: [y]\n"
    )
    truth = Truth(spec, Case("roots", sizes={"T": 1, "H": 2}, batch=1, values={"u": [1.0, 1.0], "x": [[[1e-3, 0.5]]]}))
    changed(monkeypatch, lambda found, call: {name: array * np.longdouble(factor) for name, array in found.items()})
    confirmed = confirm(spec, truth)
    assert confirmed.ok is right and confirmed.method == "central differences" and (confirmed.error < 1e-10) is right


def test_an_adjoint_that_is_no_number(monkeypatch, method):
    truth = TRUTHS[method]
    changed(monkeypatch, lambda found, call: {**found, "u": found["u"] * np.nan})
    confirmed = confirm(truth.spec, truth)
    assert not confirmed.ok and confirmed.error == float("inf") and confirmed.symbol == "u"


def test_an_adjoint_of_zero(monkeypatch, method):
    truth = TRUTHS[method]
    changed(monkeypatch, lambda found, call: {**found, "x": 0 * found["x"]})
    assert confirm(truth.spec, truth).error > 1e-3


def test_a_gradient_that_goes_out_is_relative_to_its_terms():
    spec = refrnn.load_text("id: out\ntitle: A\nsizes: {H: units}\nsymbols:\n  a: {role: parameter, shape: [H]}\n  b: {role: parameter, shape: []}\nequations:\n  - y = softmax(a + b)\noutputs: [y]\n")
    truth = Truth(spec, Case("plain"))
    assert truth.cancelling(("gradient", "d_b")).max() > 1e-3 and confirm(spec, truth).ok


def test_every_output_counts(monkeypatch):
    """What comes back from two of them is confirmed, and a part of it, from either one, is not."""
    spec = refrnn.load_text("id: two\ntitle: A\nsizes: {H: units}\nsymbols:\n  a: {role: parameter, shape: [H]}\nequations:\n  - y = tanh(a)\n  - z = a * a\noutputs: [y, z]\n")
    truth = Truth(spec, Case("plain"))
    assert confirm(spec, truth).ok
    right = Run.backward
    for lost in spec.outputs:
        monkeypatch.setattr(Run, "backward", lambda self, upstream, absorbing=None: right(self, {**upstream, lost: 0 * upstream[lost]}, absorbing))
        assert not confirm(spec, truth).ok
