"""The smallest errors that the cases find: measured rightly, and small."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import refrnn
from refrnn.backends.equation import EquationPass
from refrnn.commands.main import main
from refrnn.equation.parse import parse_equation
from refrnn.spec.build import variant
from refrnn.verify import world
from refrnn.verify.cases import Case, cases
from refrnn.verify.sensitivity import Least, bluntest, sensitivity
from refrnn.verify.truth import Truth

FORGET = "f[t] = sigmoid(a[t, H:2*H])"


def truths_of(name, chosen=("plain-float64", "plain-float32")):
    spec = refrnn.load(name)
    return spec, {case.name: Truth(spec, case) for case in cases(spec) if chosen is None or case.name in chosen}


@pytest.fixture(scope="module")
def lstm():
    return truths_of("lstm")


@pytest.fixture(scope="module")
def found(lstm):
    return {(least.symbol, least.of, least.dtype): least for least in sensitivity(*lstm)}


def test_every_symbol_is_tried_in_both_precisions(lstm, found):
    spec, truths = lstm
    assert found.keys() == {(name, of, dtype) for name in spec.defined for of in ("value", "slope") for dtype in ("float64", "float32")}
    assert {least.case for least in found.values()} == set(truths)


def is_seen(lstm, dtype, line):
    """Whether a case of this precision finds that the equation of the forget gate was exchanged."""
    spec, truths = lstm
    truth = truths[f"plain-{dtype}"]
    broken = EquationPass(spec, truth.checked, np.longdouble, program=variant(spec, [parse_equation(line, "test")]))
    quantities = {("forward", name): array for name, array in broken.gather(spec.defined).items()}
    quantities.update({("gradient", f"d_{name}"): array for name, array in broken.backward(truth.upstream).items()})
    return not all(worst.ok for worst in truth.judge(quantities))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_is_the_border_between_what_is_found_and_what_is_not(lstm, found, dtype):
    """The same errors, written into the equation."""
    least = found["f", "value", dtype].relative
    for factor, seen in ((1.05, True), (0.95, False)):
        assert is_seen(lstm, dtype, f"{FORGET} * (1 + {least * factor!r})") is seen
    slope = found["f", "slope", dtype].relative
    for factor, seen in ((1.05, True), (0.95, False)):
        # Its value as it was, its slope longer.
        line = f"{FORGET} * (1 + {slope * factor!r}) - stop(sigmoid(a[t, H:2*H])) * {slope * factor!r}"
        assert is_seen(lstm, dtype, line) is seen


@pytest.mark.parametrize("name, most", [("elman", 15), ("gru-reset-before", 15), ("clip-norm", 8), ("clip-halving", 3), ("generation", 9), ("skip-gram", 60)])
def test_cases_see_small_errors_of_every_symbol(name, most):
    """In units of rounding; bounds a few times as large would show here."""
    found = sensitivity(*truths_of(name, None))
    assert all(least.relative is not None for least in found)
    assert 1 < bluntest(found).ulp < most, str(bluntest(found))


def test_a_larger_bound_sees_less(lstm, monkeypatch):
    spec, truths = lstm
    least = bluntest(sensitivity(spec, truths))
    monkeypatch.setattr(world, "HEADROOM", 1000 * world.HEADROOM)
    blunted = {name: Truth(spec, truth.case) for name, truth in truths.items()}
    assert bluntest(sensitivity(spec, blunted)).ulp > 300 * least.ulp


def test_where_a_small_error_decides_otherwise_it_is_searched_for():
    """Out of all proportion to its size: at 2.1 ulp the comparison goes the other way, below the bound of z itself."""
    lines = "  - z[t] = x[t] / 5\n  - y[t] = z[t] if z[t] <= c else 2 * z[t]\n"
    symbols = "  x: {role: input, shape: [T]}\n  c: {role: constant, shape: []}\n  z: {role: value, shape: [T]}\n  y: {role: value, shape: [T]}\n"
    spec = refrnn.load_text(f"id: made\ntitle: Made\nsizes: {{T: steps}}\nsymbols:\n{symbols}equations:\n{lines}outputs: [y]\n")
    truth = Truth(spec, Case("near", sizes={"T": 1}, batch=1, values={"x": [[1.0]], "c": 0.2 + 3 * 2.0**-55}))
    assert truth.undecided == []
    least = next(least for least in sensitivity(spec, {"near": truth}) if (least.symbol, least.of) == ("z", "value"))
    assert 2.1 < least.ulp < 2.2 and truth.bounds["forward", "z"] > 2.4


def test_of_a_place_any_error_is_found():
    """An index that is off by anything is none; half an ulp is the smallest error there is."""
    spec, truths = truths_of("generation", ("plain-float64",))
    least = next(least for least in sensitivity(spec, truths) if (least.symbol, least.of) == ("w", "value"))
    assert least.ulp == 0.5


def test_what_nothing_sees_is_said():
    """An output that is compared nowhere, as if its bound was infinite."""
    spec, truths = truths_of("elman", ("plain-float64",))
    for truth in truths.values():
        truth.bounds.update(dict.fromkeys(truth.bounds, 1e30))
    found = sensitivity(spec, truths)
    assert {least.relative for least in found} == {None} and ("h", "slope") in {(least.symbol, least.of) for least in found}
    assert str(bluntest(found)) == "value of h in float64: no error is found"


def test_the_bluntest_is_the_one_of_which_least_is_found():
    sharp, blunt, unseen = (Least(name, "value", "float64", ulp, ulp, None) for name, ulp in (("a", 3.0), ("b", 9.0), ("c", None)))
    assert bluntest([sharp, blunt]) is bluntest([blunt, sharp]) is blunt
    assert bluntest([sharp, unseen, blunt]) is unseen and bluntest([]) is None


def test_a_symbol_without_a_gradient_has_no_slope():
    found = sensitivity(*truths_of("clip-halving"))
    assert ("length", "slope") not in {(least.symbol, least.of) for least in found}
    assert ("length", "value") in {(least.symbol, least.of) for least in found}


def test_the_command_prints_it(tmp_path):
    result = CliRunner().invoke(main, ["verify", "clip-value", "--sensitivity", "-v", "--backends", "equation", "--json", str(tmp_path / "out.json")])
    assert result.exit_code == 0, result.output
    assert "clip-value: every error is found that is larger than that in the value of g_clipped in float" in result.output
    data = json.loads((tmp_path / "out.json").read_text())["specs"][0]["sensitivity"]
    assert {"symbol", "of", "dtype", "relative", "ulp", "case", "text"} == set(data["symbols"][0])
    assert all(least["text"] in result.output for least in data["symbols"])
