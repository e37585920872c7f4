"""Adjoint equations are followed: a gradient that is not theirs is found, of any array, in any sequence; and right ones hold."""

import numpy as np
import pytest
from unit import changed_way_back as changed
from unit import unit

import refrnn
from refrnn.spec import gradient
from refrnn.spec.library import rows
from refrnn.verify import adjoint, verify
from refrnn.verify.adjoint import ALLOWED, follow
from refrnn.verify.cases import Case
from refrnn.verify.truth import Truth

TRUTHS = [Truth(unit(), Case("plain", batch=3))]
DIFFERENTIATED = [name for name in rows() if refrnn.load(name).differentiated]


def test_right_gradients_are_those_of_the_equations():
    followed = follow(unit(), TRUTHS)
    assert followed.ok and not followed.refused and followed.equations > 3 and followed.error < ALLOWED / 100


def test_what_is_allowed_is_rounding():
    assert ALLOWED <= 1e4 * np.finfo(np.longdouble).eps


@pytest.mark.parametrize("sequence", [1, 2, 3])
@pytest.mark.parametrize("name", ["x", "h0", "u"])
def test_a_wrong_gradient_in_one_sequence(monkeypatch, name, sequence):
    """Off by a hundred times what is allowed."""
    factor = 1 + np.longdouble(100 * ALLOWED)
    changed(monkeypatch, lambda found, call: {**found, name: found[name] * (factor if call == sequence else 1)})
    followed = follow(unit(), TRUTHS)
    assert not followed.ok and followed.symbol == name
    assert str(followed).startswith(f"the gradient of {name} differs by ")


def test_a_gradient_that_is_no_number(monkeypatch):
    changed(monkeypatch, lambda found, call: {**found, "u": found["u"] * np.nan})
    assert follow(unit(), TRUTHS).error == np.inf


@pytest.mark.parametrize("line, wrong", [
    ("1 - h[t]**2", "1 - h[t]**3"), ("d_a[t+1] * u", "d_a[T-1] * u"), ("d_a[t+1] * u", "d_a[t+1]"), ("h_before[t] for", "h[t] for"), ("= g_h[t] +", "= g_h[T-1] +"),
    ("else h0", "else 0 * h0"), ("range(T)", "range(T-1)"), ("d_h0 =", "d_h0 = 2 *"),
])  # fmt: skip
def test_wrong_equations(monkeypatch, line, wrong):
    def made(spec):
        found = gradient.adjoint_of(spec)
        assert any(line in text for text in found.equations), found.equations
        found.equations = [text.replace(line, wrong) for text in found.equations]
        return found

    monkeypatch.setattr(adjoint, "adjoint_of", made)
    followed = follow(unit(), TRUTHS)
    assert not followed.ok and not followed.refused


def test_every_truth_is_followed(monkeypatch):
    changed(monkeypatch, lambda found, call: {**found, "u": found["u"] * (2 if call > 3 else 1)})
    assert not follow(unit(), TRUTHS * 2).ok


def test_what_has_no_equations_says_why():
    spec = refrnn.load_text(
        "id: single\ntitle: A\nsizes: {H: units}\nsymbols:\n  a: {role: input, shape: [H]}\n"
        "equations:\n  - h[0] = tanh(a)\n  - h[1] = tanh(h[0])\n  - y = h[1] * h[0]\noutputs: [y]\n"
    )
    followed = follow(spec, [Truth(spec, Case("plain", batch=2))])
    assert followed.ok and "single places" in followed.refused


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_every_spec_with_a_gradient_is_followed(name):
    """None is left out; that they agree says verify itself."""
    spec = refrnn.load(name)
    made = gradient.adjoint_of(spec)
    assert gradient.program_of(spec, made).outputs == tuple(f"d_{array}" for array in spec.differentiated)


def test_verify_says_so(monkeypatch):
    report = verify.verify_spec(unit(), backends=())
    assert not report.failures and report.adjoint["equations"] == follow(unit(), TRUTHS).equations and report.adjoint["error"] < ALLOWED
    monkeypatch.setattr(verify, "follow", lambda spec, truths: adjoint.Followed(3, 1.0, "u"))
    report = verify.verify_spec(unit(), backends=())
    assert any("differs by 1 from that of its adjoint equations" in failure for failure in report.failures)
