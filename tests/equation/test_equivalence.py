"""Proofs that a mutant is no fault; and none for what some case kills."""

import re
from pathlib import Path

import pytest

import refrnn
from refrnn.equation.mutate import Mutant, Symbols, mutants, normal
from refrnn.equation.mutate.equivalence import BUT_FOR_TIES, BY_ALGEBRA, EXCHANGED, MOVED, NO_GRADIENT, NO_SLOPE, SCALED, TURNED, Prover
from refrnn.equation.mutate.normal import Former
from refrnn.equation.parse import parse_equation
from refrnn.equation.sizes import Size
from refrnn.verify.cases import cases
from refrnn.verify.mutants import kill_matrix
from refrnn.verify.truth import Truth

CELLS = Path(__file__).parent.parent / "verify" / "cells"


def prover_of(spec):
    symbols = Symbols.of(spec)
    return Prover(spec.equations, symbols, {name: spec.full_shape(name) for name in symbols.shapes}, spec.outputs)


def proofs(spec):
    """The mutants that are proved, with the reason."""
    prover = prover_of(spec)
    found = {mutant.name: prover.prove(mutant) for mutant in mutants(spec)}
    return {name: reason for name, reason in found.items() if reason is not None}


SYMBOLS = [("x", "input", "T, H"), ("u", "parameter", "H"), ("v", "parameter", "H"), ("d", "parameter", ""), ("P", "parameter", "H, H")]


def small(equations, outputs, more=""):
    symbols = "".join(
        f"  {name}: {{role: {role}, shape: [{shape}]}}\n"
        for name, role, shape in SYMBOLS
        if any(re.search(rf"\b{name}\b", equation) for equation in equations)
    )
    lines = "".join(f"  - {equation}\n" for equation in equations)
    return refrnn.load_text(f"id: small\ntitle: small\nsizes: {{T: steps, H: units}}\nsymbols:\n{symbols}{more}equations:\n{lines}outputs: [{outputs}]\n")


def test_by_algebra():
    spec = small(["s[t] = x[t] + u", "y[t] = tanh(s[t] * (u / v))"], "y")
    assert proofs(spec) == {}
    spec = small(["r = u * v", "s = v * v", "y[t] = x[t] * (r / s)", "z[t] = x[t] / r / s"], "y, z")
    assert proofs(spec) == {"equation 4: swap r and s": BY_ALGEBRA}


@pytest.mark.parametrize(
    "condition, ends, chosen",
    [
        ("t > 0", "t", True), ("0 < t", "t", True), ("t >= 1", "t", True), ("t >= 0", "t", True), ("t != 0", "t", True), ("t > -1", "t", True),
        ("t < 1", "t", False), ("t <= 0", "t", False), ("t == 0", "t", False), ("t < 0", "t", False),
        ("t > 1", "t", None), ("t >= 2", "t", None), ("t != 1", "t", None), ("t == 1", "t", None), ("t < 2", "t", None), ("t <= 1", "t", None),
        ("t > 1", "1, t", True), ("t > 2", "1, t", None), ("t - 1 != 0", "1, t", True), ("t > 1", "t - 1", True), ("t < T", "t, T", True), ("t >= T", "t, T", False),
        ("T > 0", "t", None), ("u[0] > 0", "t", None), ("t > 0 and t > 1", "t", None),
    ],
)  # fmt: skip
def test_a_sum_over_nothing_needs_no_condition(condition, ends, chosen):
    """Wherever there is something to sum the condition holds, or does not: the sum is chosen everywhere, or nowhere."""
    former = Former({"x": (Size.of("T"), Size.of("H")), "u": (Size.of("H"),)})
    total = f"sum(x[s] * u for s in range({ends}))"
    straight, turned, alone, nothing = (
        former.form(parse_equation(f"y[t] = u * ({text})", "here").value)
        for text in (f"{total} if {condition} else zeros(H)", f"zeros(H) if {condition} else {total}", total, "zeros(H)")
    )
    assert (straight == alone, straight == nothing) == (chosen is True, chosen is False)
    assert (turned == alone, turned == nothing) == (chosen is False, chosen is True)


def test_a_product_with_its_transpose_is_symmetric():
    spec = small(["S = P @ P.T", "y[t] = S @ x[t]"], "y")
    assert proofs(spec) == {"equation 2: transpose S": BY_ALGEBRA}
    assert proofs(small(["S = P @ P", "y[t] = S @ x[t]"], "y")) == {}


def test_a_choice_by_a_whole_constant():
    equations, low = ["y[t] = x[t] * (0 if n == 0 else 0.5 * n)"], "low: 0, high: 3, shape: []"
    whole = small(equations, "y", f"  n: {{role: constant, type: integer, {low}}}\n")
    assert proofs(whole) == {"equation 1: take 0.5 * n without if n == 0": BY_ALGEBRA}
    assert proofs(small(equations, "y", f"  n: {{role: constant, {low}}}\n")) == {}


def test_the_larger_of_two_but_for_ties():
    spec = small(["r[t] = x[t] + u", "s[t] = x[t] * v", "y[t] = max(r[t], s[t])"], "y")
    assert proofs(spec) == {"equation 3: swap r and s": BUT_FOR_TIES}


def test_what_is_read_in_conditions_alone_has_no_gradient():
    spec = small(["n[t] = norm(x[t], u)", "y[t] = x[t] * v if n[t] > 1 else x[t]"], "y")
    assert set(proofs(spec)) == {"equation 1: stop the gradient of x[t]", "equation 1: stop the gradient of u"} | {
        f"equation 1: count the gradient of u in the {word} step only" for word in ("first", "last")
    }
    assert set(proofs(spec).values()) == {NO_GRADIENT.format(name="n")}
    assert proofs(small(["n[t] = norm(x[t], u)", "y[t] = x[t] * v if n[t] > 1 else x[t]"], "y, n")) == {}


def test_a_sign_that_nothing_minds():
    equations = ["e[t] = x[t] * u", "y[t] = e[t] / sum(e[t])"]
    assert proofs(small(equations, "y")) == {"equation 1: flip the sign of the right side": TURNED.format(name="e")}
    assert proofs(small(equations, "y, e")) == {}
    assert proofs(small([*equations, "z[t] = v + e[t]"], "y, z")) == {}


def test_a_sign_that_nothing_minds_at_one_place_of_several():
    """A start that is squared, or of which the magnitude counts, may have either sign; beside itself at another place it may not."""
    equations = ["p[-1] = u", "p[t] = x[t]", "y[t] = p[t-1] * p[t-1] + abs(p[t-1])"]
    flips = {f"equation {number}: flip the sign of the right side": TURNED.format(name="p") for number in (1, 2)}
    assert proofs(small(equations, "y")) == flips
    assert proofs(small([*equations, "z[t] = x[t] / p[t-1] / p[t-1]"], "y, z")) == flips
    for other in ("p[t-1] * p[t]", "x[t] * p[t-1]", "p[t-1] + p[t-1] * p[t-1]", "x[t] if p[t-1, 0] > 0 else u"):
        assert proofs(small([*equations, f"z[t] = {other}"], "y, z")) == {}
    assert proofs(small(["p[0] = u", "p[t] = x[t]", "y = sum(p) * sum(p)"], "y")) == {}


def test_what_is_stopped_where_the_slope_is_zero():
    """Squares around a mean are least there; and so is what is made of them, but not what is made of the mean."""
    stop = "equation 1: stop the gradient of x[t] (4)"
    found = proofs(small(["y[t] = (x[t] - mean(x[t])) / sqrt(mean((x[t] - mean(x[t]))**2) + d)"], "y"))
    assert found == {stop: NO_SLOPE}
    assert proofs(small(["y[t] = (x[t] - mean(x[t])) / sqrt(mean((x[t] - 3 * mean(x[t]))**2) + d)"], "y")) == {}
    assert proofs(small(["y[t] = (x[t] - mean(x[t])) / sqrt(mean((x[t] - mean(x[t]))**3) + d)"], "y")) == {}
    spec = small(["y[t] = mean((x[t] - mean(x[t]))**2)"], "y")
    for new, reason in (("mean((x[t] - mean(stop(x[t])))**2)", NO_SLOPE), ("mean((x[t] - mean(stop(x[t])))**2) + 1", None)):
        changed = Mutant("", "", 0, (parse_equation(f"y[t] = {new}", "here"),))
        assert prover_of(spec).prove(changed) == reason


def test_two_that_are_exchanged_where_nothing_tells_them_apart():
    """Also where each has a start and goes on from itself."""
    equations = ["r[t] = tanh(x[t] * u)", "s[t] = tanh(x[t] * v)", "y[t] = r[t] + s[t]"]
    swap = "equation 1: swap u and v"
    assert proofs(small(equations, "y")) == {swap: EXCHANGED.format(names="r, s")}
    assert proofs(small(equations, "y, r")) == {}
    assert proofs(small([*equations[:2], "y[t] = r[t] - s[t]"], "y")) == {}
    assert proofs(small([equations[0], "s[t] = tanh(2 * x[t] * v)", equations[2]], "y")) == {}
    going_on = ["r[-1] = zeros(H)", "r[t] = tanh(x[t] * u + r[t-1])", "s[-1] = zeros(H)", "s[t] = tanh(x[t] * v + s[t-1])", "y[t] = r[t] * s[t]"]
    assert proofs(small(going_on, "y"))["equation 2: swap u and v"] == EXCHANGED.format(names="r, s")
    assert "equation 2: swap u and v" not in proofs(small([*going_on[:3], "s[t] = tanh(x[t] * v + 2 * s[t-1])", going_on[4]], "y"))


def test_a_term_that_nothing_minds():
    more = "  e: {role: value, shape: [T, H]}\n"
    equations = ["e[t, j] = x[t, j] * u[j] + d", "y[t] = softmax(e[t])"]
    found = proofs(small(equations, "y", more))
    assert set(found) == {
        f"equation 1: {words}"
        for words in ("drop the term d", "flip the sign of d", "stop the gradient of d", "count the gradient of d in the first step only", "count the gradient of d in the last step only")
    }
    assert set(found.values()) == {MOVED.format(name="e")}
    assert proofs(small(equations, "y, e", more)) == {}
    assert proofs(small([*equations, "z[t] = e[t, 0] * v"], "y, z", more)) == {}
    assert proofs(small(["e[t, j] = x[t, j] * u[j] + v[j]", "y[t] = softmax(e[t])"], "y", more)) == {}


def test_a_term_that_nothing_minds_where_it_is_there():
    """It is added under the condition under which it is read, and under no other."""
    more = "  e: {role: value, shape: [T, H]}\n  w: {role: value, shape: [T, H]}\n"
    scores, powers, last = "e[t, j] = x[t, j] * u[j] + d if j <= t else 0", "w[t, j] = exp(e[t, j]) if j <= t else 0", "y[t] = sum(w[t, j] * x[t, j] for j in range(H)) / sum(w[t])"
    found = proofs(small([scores, powers, last], "y", more))
    assert found["equation 1: drop the term d"] == found["equation 1: flip the sign of d"] == MOVED.format(name="e")
    assert found["equation 1: change 0 to 1 in x[t, j] * u[j] + d if j <= t else 0"] == MOVED.format(name="e")
    assert "equation 1: drop the term d" not in proofs(small([scores, powers, last], "y, w", more))
    for other in ("w[t, j] = exp(e[t, j])", "w[t, j] = exp(e[t, j]) if j <= t + 1 else 0", "w[t, j] = exp(e[t, j]) if t <= j else 0"):
        assert "equation 1: drop the term d" not in proofs(small([scores, other, last], "y", more))


def test_what_is_passed_on_until_nothing_minds():
    """A number beside an exponent scales the powers, and their sum, but not the quotient of two sums."""
    more = "  e: {role: value, shape: [T, H]}\n"
    equations = ["e[t, j] = x[t, j] * u[j] + d", "s[t] = sum(exp(e[t, j]) for j in range(H))", "y[t] = sum(exp(e[t, j]) * x[t, j] for j in range(H)) / s[t]"]
    assert proofs(small(equations, "y", more))["equation 1: drop the term d"] == MOVED.format(name="e")
    assert proofs(small(equations, "y, s", more)) == {}
    assert proofs(small([*equations, "z[t] = log(s[t])"], "y, z", more)) == {}
    equations = ["r[t] = exp(d) * x[t]", "s[t] = sum(r[t])", "y[t] = r[t] / s[t]"]
    found = proofs(small(equations, "y"))
    assert found["equation 1: flip the sign of the right side"] == TURNED.format(name="r")
    assert found["equation 1: stop the gradient of d"] == found["equation 1: drop the factor exp(d)"] == SCALED.format(name="r")
    # Where d is 0, the quotient is none; without d it is.
    assert "equation 1: drop the factor d" not in proofs(small(["r[t] = d * x[t]", *equations[1:]], "y"))


def test_what_changes_with_the_place_does_matter():
    """A number of its own at each place does not leave a softmax over the places as it was."""
    more = "  e: {role: value, shape: [T, H]}\n"
    assert proofs(small(["e[t, j] = x[t, j] * u[j] + d * j", "y[t] = softmax(e[t])"], "y", more)) == {}
    found = proofs(small(["r[t] = exp(d * t) * x[t]", "y[t] = r[t] / sum(r[t-1] if t > 0 else r[t])"], "y"))
    assert found == {"equation 1: flip the sign of the right side": TURNED.format(name="r")}


def test_a_change_that_differs_from_place_to_place_is_known_where_it_is_made():
    found = proofs(small(["r[t] = exp(d * t) * x[t]", "y[t] = r[t] / sum(r[T-1-t])"], "y"))
    assert found == {"equation 1: flip the sign of the right side": TURNED.format(name="r")}


def test_a_factor_is_one_of_all_terms():
    """Not what makes one term another one, which is met first."""
    more = "  e: {role: value, shape: [T, H]}\n"
    sums = [f"sum({part} for i in range(H))" for part in ("e[t, i] * u[i]", "e[t, i]")]
    found = proofs(small(["e[t, j] = exp(d) * (x[t, j]**2 + x[t, j])", f"y[t] = {' / '.join(sums)}"], "y", more))
    assert found["equation 1: drop the factor exp(d)"] == SCALED.format(name="e")


def test_a_change_that_is_made_of_what_changes_is_not_followed():
    """Here it would be no fault, and no rule here says so."""
    more = "  e: {role: value, shape: [T, H]}\n"
    assert proofs(small(["e[t] = x[t] + (sum(e[t-1]) if t > 0 else 0)", "y[t] = softmax(e[t])"], "y", more)) == {}


def test_a_recurrent_term_is_not_taken_for_one_that_is_added_once():
    more = "  h: {role: value, shape: [T, H]}\n"
    assert proofs(small(["h[-1] = u", "h[t] = h[t-1] * v + x[t] + d", "y[t] = softmax(h[t])"], "y", more)) == {}


# ------------------------------------------------------------ nothing else is proved


def _killed_and_proved(spec):
    """The mutants that cases kill although they are proved: a wrong proof."""
    truths = {case.name: Truth(spec, case) for case in cases(spec)[:2]}
    matrix = kill_matrix(spec, truths)
    open_ones = {name for pairs in (matrix.proved, matrix.listed, matrix.alive, matrix.refused) for name, _ in pairs}
    return [name for name in proofs(spec) if name not in open_ones]


@pytest.mark.parametrize("name", ["gru-reset-after", "sequence-tagging", "linear-recursion"])
def test_what_a_case_kills_is_not_proved(name):
    assert _killed_and_proved(refrnn.load(name)) == []


@pytest.mark.parametrize("name", [str(CELLS / "binary-hopfield.yaml"), "slstm"], ids=["binary-hopfield", "slstm"])
def test_what_a_case_kills_is_not_proved_in_cells_with_equivalents(name):
    assert _killed_and_proved(refrnn.load(name)) == []


def test_a_wrong_rule_is_found_by_what_a_case_kills(monkeypatch):
    """The planted fault of the tests above: where a matrix counts as its transpose, killed mutants are proved."""
    monkeypatch.setattr(normal, "transposed", lambda value: value)
    assert "equation 2: transpose U_z" in _killed_and_proved(refrnn.load("gru-reset-after"))
