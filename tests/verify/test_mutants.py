"""The kill matrix puts every mutant where it belongs: killed, refused, equivalent by proof or by the spec's list, alive."""

from dataclasses import dataclass

import numpy as np
import pytest

import refrnn
from refrnn.equation.mutate import equivalence, mutants, normal
from refrnn.verify import adversarial
from refrnn.verify import mutants as verify_mutants
from refrnn.verify.adversarial import DRAWS
from refrnn.verify.cases import Case, cases
from refrnn.verify.mutants import UNDECIDED, _Judge, kill_matrix
from refrnn.verify.truth import Truth
from refrnn.verify.verify import verify_spec

CELL = """
id: cell
title: A unit with what some cases can't tell
sizes: {T: steps, H: units}
symbols:
  x:  {role: input, shape: [T, H]}
  h0: {role: start, shape: [H]}
  u:  {role: parameter, shape: [H]}
  v:  {role: parameter, shape: [H], low: 0.5, high: 2}
equations:
  - h[-1] = h0
  - c = u * u
  - h[t] = tanh(u * h[t-1] + x[t] / c / v)
"""
ENDS = "outputs: [h]\n"


def matrix_of(text, used=2):
    spec = refrnn.load_text(text)
    return kill_matrix(spec, {case.name: Truth(spec, case) for case in cases(spec)[:used]})


def test_every_mutant_is_counted_once():
    spec = refrnn.load_text(CELL + ENDS)
    matrix = kill_matrix(spec, {case.name: Truth(spec, case) for case in cases(spec)[:2]})
    lists = (matrix.refused, matrix.proved, matrix.listed, matrix.alive)
    assert matrix.killed + sum(map(len, lists)) == len(list(mutants(spec)))
    assert matrix.tried == matrix.killed and not matrix.proved and matrix.killed == sum(matrix.by_case.values()) > 20
    assert not matrix.alive and not matrix.listed


def test_refused_mutants_are_apart_and_say_why():
    refused = dict(matrix_of(CELL + ENDS).refused)
    assert "needs itself" in refused["equation 3: read h[t] for h[t-1]"]
    assert "equation 3: read h[t-2] for h[t-1]" not in refused  # it reads zero outside of its range, and a case tells


def test_what_reads_outside_and_no_case_tells_is_refused():
    """k[-2] is nowhere: as a spec this is refused, though a zero there makes no difference."""
    text = CELL.replace("- h[-1] = h0", "- h[-1] = h0\n  - k[-1] = zeros(H)\n  - k[t] = u").replace("h[t] = tanh(u", "h[t] = tanh(0 * k[t-1] + u") + ENDS
    refused = dict(matrix_of(text).refused)
    assert "needs k[t - 2] at t = 0" in refused["equation 5: read k[t-2] for k[t-1]"]


VECTOR = """
id: vector
title: A sum that a number alone has not the shape of
sizes: {H: units}
symbols:
  u: {role: parameter, shape: [H]}
  a: {role: parameter, shape: []}
equations:
  - y = u + a
outputs: [y]
"""


def test_an_output_of_another_shape_is_refused():
    assert dict(matrix_of(VECTOR).refused)["equation 1: drop the bias u"] == "y has the shape [], not [H]"


FAR_BACK = """
id: far-back
title: What is read k steps back, and makes no difference
sizes: {T: steps, H: units}
symbols:
  k: {role: constant, type: integer, shape: [], low: 1, high: 2}
  x: {role: input, shape: [T, H]}
equations:
  - z[-1] = zeros(H)
  - z[-2] = zeros(H)
  - z[t] = x[t]
  - h[t] = x[t] + 0 * z[t-k]
outputs: [h]
"""


def test_what_is_outside_at_one_end_of_a_constant_alone_is_refused():
    """z[-3] is nowhere, and is read where k is 2."""
    spec = refrnn.load_text(FAR_BACK)
    refused = dict(kill_matrix(spec, {"low": Truth(spec, Case("low", values={"k": 1}))}).refused)
    assert "needs z[t - k - 1] at t = 0" in refused["equation 4: read z[t-k-1] for z[t-k]"]


def test_proved():
    text = CELL.replace("- c = u * u", "- c = u * u\n  - d = v * v").replace("/ c / v", "/ c / d") + ENDS
    assert dict(matrix_of(text).proved) == {"equation 4: swap c and d": equivalence.BY_ALGEBRA}


def listing(mutant):
    return f'equivalent:\n  - {{mutant: "{mutant}", because: they say the same}}\n'


TIED = """
id: tied
title: A threshold that drawn values do not meet
sizes: {T: steps}
symbols:
  x: {role: input, shape: [T]}
equations:
  - y[t] = 1 if x[t] > 0.5 else 0
outputs: [y]
"""
THRESHOLD = "equation 1: replace x[t] > 0.5 by x[t] >= 0.5"


def test_a_threshold_that_no_case_meets_is_alive_and_the_draw_is_named():
    assert dict(matrix_of(TIED).alive)[THRESHOLD] == "the draw tied tells it"


def test_a_gradient_at_a_tie_tells_what_values_do_not():
    text = TIED.replace("1 if x[t] > 0.5 else 0", "x[t] if x[t] > 0.5 else 0.5")
    assert dict(matrix_of(text).alive)[THRESHOLD] == "the draw tied tells it"


LARGER = """
id: larger
title: The larger of two
sizes: {H: units}
symbols:
  u: {role: parameter, shape: [H]}
  v: {role: parameter, shape: [H]}
equations:
  - y = max(u, v)
outputs: [y]
"""


def test_what_is_the_same_but_for_ties_is_equivalent():
    assert equivalence.BUT_FOR_TIES in dict(matrix_of(LARGER).proved).values()


def test_a_list_that_a_draw_contradicts_is_wrong():
    matrix = matrix_of(TIED + listing(THRESHOLD))
    assert (THRESHOLD, "alive: the draw tied tells it") in matrix.wrongly_listed and THRESHOLD in dict(matrix.alive)


def test_a_case_of_its_own_kills_it():
    own = "cases:\n  - {name: at-the-threshold, sizes: {T: 2}, values: {x: [[0.5, 0.5, 0.5], [0.7, 0.2, 0.5]]}}\n"
    matrix = matrix_of(TIED + own, None)
    assert THRESHOLD not in dict(matrix.alive) and matrix.by_case["at-the-threshold"] >= 1


SAME = """
id: same
title: Two ways to write one number
sizes: {H: units}
symbols:
  u: {role: parameter, shape: [H]}
equations:
  - r = exp(u)
  - s = 1 / exp(-u)
  - y = r / (r + s)
outputs: [y]
"""
SWAP = "equation 3: swap r and s"


def test_what_is_the_same_on_all_draws_but_not_proved_is_undecided():
    assert dict(matrix_of(SAME).alive)[SWAP] == UNDECIDED


def test_it_may_be_listed():
    matrix = matrix_of(SAME + listing(SWAP))
    assert dict(matrix.listed)[SWAP] == "they say the same" and SWAP not in dict(matrix.alive) and not matrix.wrongly_listed


@pytest.mark.parametrize("mutant", ["equation 1: flip the sign of the right side", "equation 9: anything"])
def test_a_list_is_held_against_the_mutants(mutant):
    wrong = dict(matrix_of(SAME + listing(mutant)).wrongly_listed)
    assert wrong[mutant] == ("no mutant of this spec" if "9" in mutant else "killed by case plain-float64")


# ------------------------------------------------------------ faults in the judge


def test_a_wrong_proof_is_contradicted_by_a_draw(monkeypatch):
    """A threshold is no open one: a prover that says so is found out, as the cases alone can't."""
    monkeypatch.setattr(normal.Former, "_condition", lambda self, node: ("always", ()))
    why = dict(matrix_of(TIED).alive)[THRESHOLD]
    assert why == f"the draw tied tells it, so that this proof is wrong: {equivalence.BY_ALGEBRA}"


CANCELLING = """
id: cancelling
title: Squares around the mean, in which a larger number may go out
sizes: {T: steps, H: units}
symbols:
  x: {role: input, shape: [T, H]}
equations:
  - u[t] = x[t] + 30
  - y[t] = mean((u[t] - mean(u[t])) * (u[t] - mean(u[t])))
outputs: [y]
"""
SUMMED = "equation 2: replace mean by sum (2)"


def test_a_proof_is_not_contradicted_by_what_rounds_in_another_way(monkeypatch):
    """A sum in the place of the mean goes out with the other factor, and leaves more rounding behind."""
    matrix = matrix_of(CANCELLING)
    assert dict(matrix.proved)[SUMMED] == equivalence.BY_ALGEBRA and SUMMED not in dict(matrix.alive)
    monkeypatch.setattr(verify_mutants, "_beyond_rounding", lambda truth, key, array: True)
    assert "so that this proof is wrong" in dict(matrix_of(CANCELLING).alive)[SUMMED]


@pytest.mark.parametrize("fault, change", [("equal", lambda value: np.full_like(value, 0.5)), ("tiny", lambda value: value * 1e-12)])
def test_cases_of_equal_or_tiny_values_let_mutants_live(fault, change):
    """Where all values are equal nothing that is exchanged is told, where they are tiny tanh(a) is a."""
    spec = refrnn.load_text(GRADIENTLESS)
    assert not _alive_with(spec, lambda value: value)
    assert _alive_with(spec, change)


GRADIENTLESS = """
id: gradientless
title: Two products of what is given
sizes: {T: steps, H: units}
symbols:
  x: {role: target, shape: [T, H]}
  U: {role: constant, shape: [H, H]}
  W: {role: constant, shape: [H, H]}
equations:
  - h[-1] = zeros(H)
  - h[t] = tanh(W @ x[t] + U @ h[t-1])
outputs: [h]
"""


@dataclass(frozen=True)
class Changed(Case):
    """A case whose real values are changed."""

    change: object = None

    def draw(self, spec):
        values, lengths = super().draw(spec)
        return {name: np.asarray(self.change(value), self.dtype) for name, value in values.items()}, lengths


def _alive_with(spec, change):
    truths = {name: Truth(spec, Changed(name, seed=seed, change=change)) for seed, name in enumerate(("first", "second"))}
    return kill_matrix(spec, truths).alive


# ------------------------------------------------------------ the draws


def test_draws_are_what_they_say():
    spec = refrnn.load_text(CELL + ENDS)
    drawn = {draw.name: draw.draw(spec)[0] for draw in DRAWS}
    assert len(drawn) == len(DRAWS) >= 12
    for values in drawn.values():
        assert all(values[name].dtype == np.float64 for name in "xuv")
        assert np.all((values["v"] >= 0.5) & (values["v"] <= 2))
    assert np.all(drawn["negative"]["u"] < 0) and np.all(drawn["positive"]["u"] > 0)
    assert 0 < np.max(np.abs(drawn["tiny"]["u"])) < 1e-8 and np.max(np.abs(drawn["large"]["u"])) > 2
    assert not drawn["zero"]["u"].any() and np.unique(drawn["equal"]["x"]).size == 1
    assert np.unique(drawn["tied"]["x"]).size < drawn["tied"]["x"].size / 2
    assert len(drawn["one-step"]["x"]) == 1


def test_integers_of_tied_draws_are_equal_and_of_others_are_not():
    spec = refrnn.load_text(CELL.replace("  u: ", "  w:  {role: input, type: integer, shape: [T], low: 0, high: 1000}\n  u: ").replace("x[t] / c", "w[t] * x[t] / c") + ENDS)
    for draw in DRAWS:
        assert (np.unique(draw.draw(spec)[0]["w"]).size == 1) is draw.ties
    assert {draw.name for draw in DRAWS if draw.ties} >= {"tied", "equal", "zero"}


def test_a_draw_on_which_nothing_is_a_number_is_left_out():
    """The logarithm of what may be negative: such draws can't be judged, the others are."""
    spec = refrnn.load_text(SAME.replace("r / (r + s)", "log(r * s * u)"))
    found = {truth.case.name for truth in _Judge(spec, {}).draws}
    assert "negative" not in found and "zero" not in found and "positive" in found


def test_what_differs_by_less_than_a_double_shows_is_told_by_a_draw():
    """1 and 2 beside 1e16: float64 can't tell them apart, extended precision can."""
    spec = TIED.replace("y[t] = 1 if x[t] > 0.5 else 0", "y[t] = x[t] + 0.00000000000000001")
    name = "equation 1: drop the term 1e-17"
    assert dict(matrix_of(spec).alive)[name] == "the draw random tells it"


def test_of_two_precisions_of_a_case_the_finer_one_is_asked():
    spec = refrnn.load_text(CELL + ENDS)
    truths = {case.name: Truth(spec, case) for case in cases(spec)}
    asked = [truth.case.name for truth in _Judge(spec, truths).truths]
    # What is far out in float32 has no twin: in float64 it is further.
    assert {"plain-float64", "still-float64"} <= set(asked) and [name for name in asked if "32" in name] == ["far-float32"]
    only = {name: truth for name, truth in truths.items() if "32" in name}
    assert [truth.case.name for truth in _Judge(spec, only).truths] == list(only)


def test_draws_are_made_for_survivors_alone(monkeypatch):
    monkeypatch.setattr(adversarial.Draw, "draw", lambda self, spec: pytest.fail("a draw was made"))
    spec = refrnn.load("leaky-units")
    kill_matrix(spec, {case.name: Truth(spec, case) for case in cases(spec)[:2]})


# ------------------------------------------------------------ the report


def test_the_report_names_what_lives_and_how_to_mend_it():
    report = verify_spec(refrnn.load_text(TIED), ["equation"], mutants=True)
    (failure,) = [failure for failure in report.failures if THRESHOLD in failure]
    assert "the draw tied tells it" in failure and "add a case that tells it, or list it under equivalent" in failure
    assert {entry["mutant"] for entry in report.mutants["alive"]} >= {THRESHOLD}
    assert report.mutants["tried"] == report.mutants["killed"] + report.mutants["equivalent"] + len(report.mutants["alive"])
