"""Bounds are measured on the case: honest rounding is within them, a change of a few bounds is not."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import refrnn
from refrnn.backends.equation import EquationPass
from refrnn.verify import world
from refrnn.verify.backends import compare
from refrnn.verify.cases import Case, cases
from refrnn.verify.derivatives import confirm
from refrnn.verify.truth import Truth, truths
from refrnn.verify.world import FLOOR, HEADROOM


@pytest.fixture(scope="module")
def truth():
    spec = refrnn.load("gru-reset-before")
    return Truth(spec, cases(spec)[0])


def test_truth_has_an_error_of_zero(truth):
    for key, array in truth.quantities.items():
        assert truth.error(key, array)[0] == 0


def test_error_is_in_ulp_of_the_scale_and_names_the_place(truth):
    key = ("gradient", "d_W_hh")
    array = np.array(truth.quantities[key])
    scale = np.abs(array).max()
    array[2, 3] += 7 * np.finfo(np.float64).eps * scale
    error, place = truth.error(key, array)
    assert place == (2, 3)
    assert error == pytest.approx(7, rel=1e-3)


def test_the_scale_is_that_of_the_time_step(truth):
    key = ("forward", "h")
    array = np.array(truth.quantities[key])
    scale = np.abs(array[4]).max()
    array[4, 0, 0] += 11 * np.finfo(np.float64).eps * scale
    assert truth.error(key, array)[0] == pytest.approx(11, rel=1e-3)


def test_not_a_number_is_infinitely_wrong(truth):
    key = ("forward", "h")
    array = np.array(truth.quantities[key])
    array[0, 0, 0] = np.nan
    assert truth.error(key, array) == (float("inf"), (0, 0, 0))


@pytest.mark.parametrize("key", [("forward", "h"), ("forward", "r"), ("gradient", "d_x")])
def test_past_the_end_only_zero_is_right(key):
    """However small what leaks: the other sequences of the step give it no scale to hide behind."""
    spec = refrnn.load("gru-reset-before")
    case = next(case for case in cases(spec) if case.name == "ragged-float64")
    ragged = Truth(spec, case)
    array = np.array(ragged.quantities[key])
    shortest = int(np.argmin(ragged.lengths))
    assert np.all(array[1:, shortest] == 0) and ragged.judge({key: array})[0].ok
    array[-1, shortest, 0] = 1e-300
    assert ragged.error(key, array) == (float("inf"), (len(array) - 1, shortest, 0))
    assert not ragged.judge({key: array})[0].ok


def test_a_wrong_shape_is_infinitely_wrong(truth):
    worst = truth.judge({("forward", "h"): np.zeros((1, 1))})[0]
    assert not worst.ok and worst.ulp == float("inf")


def test_bounds_are_small_where_the_case_is_tame_and_grow_where_it_is_not():
    spec = refrnn.load("elman")
    tame, wild = (Truth(spec, Case("case", "float64", seed=7, stretch=stretch)) for stretch in (1.0, 8.0))
    tame, wild = ([world.bounds["gradient", f"d_{name}"] for name in ("W_xh", "W_hh", "x")] for world in (tame, wild))
    assert np.median(tame) < 50 and all(before < after for before, after in zip(tame, wild))


def spec_of(symbols, equations, outputs, sizes="{T: steps, H: units}"):
    lines = "".join(f"  {name}: {about}\n" for name, about in symbols.items())
    text = "".join(f"  - {line!r}\n" for line in equations)
    return refrnn.load_text(f"id: made\ntitle: Made\nsizes: {sizes}\nsymbols:\n{lines}equations:\n{text}outputs: [{', '.join(outputs)}]\n")


INPUT, START, MATRIX = "{role: input, shape: [T, H]}", "{role: start, shape: [H]}", "{role: parameter, shape: [H, H]}"


def test_the_sum_over_many_sequences_is_rounded_too():
    """Each partial sum of 300 terms is, which costs more than their own rounding does."""
    spec = spec_of({"x": INPUT, "w": "{role: parameter, shape: [H]}"}, ["y[t] = w * x[t]"], ["y"])
    truth = Truth(spec, Case("many", "float32", {"T": 1, "H": 4}, batch=300))
    assert truth.bounds["forward", "y"] < FLOOR + HEADROOM and truth.bounds["gradient", "d_w"] > FLOOR + 2.5 * HEADROOM


def test_what_softmax_makes_very_small_has_the_digits_that_float32_leaves_it():
    """80 below the largest: the difference is off by 4e-6, and so is what is made of it."""
    vector = "{role: parameter, shape: [H]}"
    spec = spec_of({"z": vector, "v": vector}, ["P = softmax(z)", "y = P / softmax(v)"], ["P", "y"], "{H: entries}")
    for seed in range(20):
        random = np.random.default_rng(seed)
        z = np.array([random.uniform(-1, 1), *random.uniform(-80, -64, 2)])
        case = Case("far-below", "float32", {"H": 3}, batch=1, values={"z": z, "v": z + random.uniform(-0.3, 0.3, 3)})
        assert compare(spec, Truth(spec, case), "equation")[1] == []


# ------------------------------------------------------------ exact values


@pytest.fixture(scope="module")
def counter():
    symbols = {
        "x": INPUT, "h0": START, "U": MATRIX,
        "p": "{role: constant, type: integer, shape: [], low: 2}",
        "k": "{role: value, shape: [T]}", "h": "{role: value, shape: [T, H]}",
    }  # fmt: skip
    equations = [
        "h[-1] = h0", "k[-1] = 0", "k[t] = 0 if k[t-1] + 1 >= p else k[t-1] + 1",
        "h[t] = tanh(U @ h[t-1] + x[t]) if k[t] > 0 else 0.5 * h[t-1]",
    ]  # fmt: skip
    return spec_of(symbols, equations, ["h", "k"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_counter_is_not_shaken(counter, dtype):
    """It is exact, so that no branch flips, and bounds are those of a recurrence of its length."""
    truth = Truth(counter, Case("counting", dtype, {"T": 30}, seed=1, values={"p": 3}))
    assert truth.undecided == [] and truth.failures == []
    assert truth.bounds["forward", "k"] == FLOOR and max(truth.bounds.values()) < 500
    for factor, right in ((1, True), (1.14, False), (1.00001, False)):
        off = truth.quantities["forward", "h"] * np.longdouble(factor)
        assert truth.judge({("forward", "h"): off.astype(dtype)})[0].ok is right


def test_every_case_of_a_counter_holds_ragged_too(counter):
    """What no sequence has for itself ends where the longest one does."""
    for case in cases(counter):
        assert compare(counter, Truth(counter, case), "equation")[1] == []


def test_a_symbol_that_all_sequences_share_is_zero_past_the_longest(counter):
    """Its end is that of no single sequence."""
    truth = Truth(counter, Case("ragged", sizes={"T": 6}, ragged=True, seed=2, values={"p": 3}))
    k = np.array(truth.quantities["forward", "k"])
    assert truth.error(("forward", "k"), k)[0] == 0 and k.shape == (6,)


# ------------------------------------------------------------ not a number


ROOT = "y[t] = sqrt(x[t]) if x[t] > 0 else 0"


def test_a_branch_not_taken_does_not_poison_the_truth():
    spec = spec_of({"x": INPUT}, [ROOT], ["y"])
    for case in cases(spec):
        truth = Truth(spec, case)
        assert truth.failures == []
        assert case.special or all(np.isfinite(array).all() for array in truth.quantities.values())
        assert compare(spec, truth, "equation")[1] == []
        poisoned = np.full_like(truth.quantities["gradient", "d_x"], np.nan)
        assert not truth.judge({("gradient", "d_x"): poisoned})[0].ok


@pytest.mark.parametrize("line", ["y[t] = sqrt(x[t])", "y[t] = log(x[t] - x[t])", "y[t] = sqrt(0 * x[t])"])
def test_nan_does_not_confirm_nan(line):
    """An equation that gives NaN or infinity, in a value or a gradient, does not hold because its backends do so too."""
    spec = spec_of({"x": INPUT}, [line], ["y"])
    truth = Truth(spec, Case("ordinary"))
    judged, findings = compare(spec, truth, "equation")
    assert findings and all("is not finite, and the case is not about NaN" in str(finding) for finding in findings)
    assert all(worst.ulp <= worst.bound < 1e6 for worst in judged)


def test_in_a_case_about_nan_it_must_be_where_it_is():
    spec = refrnn.load("lstm")
    x = np.random.default_rng(0).standard_normal((4, 2, 3))
    x[1, 0, 0], x[2, 1, 1], x[3, 1, 0] = np.nan, np.inf, -np.inf
    case = Case("special", sizes={"T": 4, "I": 3}, batch=2, values={"x": x}, special=True)
    truth = Truth(spec, case)
    assert truth.failures == [] and np.isnan(truth.quantities["forward", "h"]).any()
    for backend in spec.backends:
        assert compare(spec, truth, backend)[1] == []
    key = ("forward", "h")
    places = np.argwhere(np.isnan(truth.quantities[key]))
    for place, value in ((places[0], 0.5), ((0, 0, 0), np.nan), ((0, 0, 0), np.inf), (places[0], np.inf)):
        wrong = np.array(truth.quantities[key])
        wrong[tuple(place)] = value
        assert truth.judge({key: wrong})[0].ulp == float("inf")
    assert Truth(spec, Case("ordinary", sizes={"T": 4, "I": 3}, batch=2, values={"x": x})).failures


def test_infinities_and_large_numbers_have_their_sign():
    spec = spec_of({"x": INPUT}, ["y[t] = 1 * x[t]"], ["y"])
    x = np.ones((2, 1, 3), np.float32)
    x[0, 0] = np.inf, -np.inf, 3e38
    truth = Truth(spec, Case("special", "float32", sizes={"T": 2, "H": 3}, batch=1, values={"x": x}, special=True))
    key = ("forward", "y")
    assert truth.judge({key: x})[0].ok
    for place, wrong in ((0, -np.inf), (0, np.nan), (0, 3e38), (2, -3e38)):
        other = x.copy()
        other[0, 0, place] = wrong
        assert not truth.judge({key: other})[0].ok


def test_what_is_too_large_for_the_precision_is_infinite_in_a_case_about_it():
    spec = spec_of({"x": INPUT}, ["y[t] = x[t] * x[t]"], ["y"])
    values = {"x": np.full((1, 1, 2), 1e30)}
    special, ordinary = (Truth(spec, Case("large", "float32", {"T": 1, "H": 2}, 1, values=values, special=special)) for special in (True, False))
    assert compare(spec, special, "equation")[1] == [] and np.isinf(special.quantities["forward", "y"]).all()
    assert "leaves the range" in ordinary.failures[0]


# ------------------------------------------------------------ gradients that are zero


@pytest.fixture(scope="module")
def attention():
    """The bias of the keys goes out in the softmax, the bias before the layer norm in the mean."""
    symbols = {
        "x": INPUT, "q": START.replace("start", "parameter"), "W": MATRIX, "b_k": START.replace("start", "parameter"),
        "W_o": MATRIX, "b_o": "{role: parameter, shape: []}", "s": "{role: value, shape: [T]}", "y": "{role: value, shape: [H]}",
    }  # fmt: skip
    equations = [
        "k[t] = W @ x[t] + b_k", "s[t] = q @ k[t]", "P = softmax(s)", "a = sum(P[t] * x[t] for t in range(T))", "z = W_o @ a + b_o",
        "m = mean(z)", "y = (z - m) / sqrt(mean((z - m)**2) + 0.00001)",
    ]  # fmt: skip
    return spec_of(symbols, equations, ["y"])


def test_a_gradient_that_cancels_is_measured_by_its_terms(attention):
    found = [case for case in cases(attention) if case.name in ("plain-float64", "plain-float32", "one-step", "saturated-float32", "still-float32")]
    for case in found:
        truth = Truth(attention, case)
        assert compare(attention, truth, "equation")[1] == [] and confirm(attention, truth).ok
        for name in ("d_b_k", "d_b_o"):
            assert truth.bounds["gradient", name] < 100
    truth = Truth(attention, found[0])
    for name in ("d_b_k", "d_b_o"):
        key = "gradient", name
        array = np.array(truth.quantities[key])
        assert np.abs(array).max() < 1e-17 and 1e-3 < truth.scales[key].max() < 1e3
        assert truth.judge({key: np.zeros_like(array)})[0].ok
        array[...] = 1e-12
        assert not truth.judge({key: array})[0].ok


def test_a_gradient_that_is_never_touched_is_exactly_zero():
    spec = spec_of({"x": INPUT, "w": "{role: parameter, shape: [H]}"}, ["y[t] = x[t] + (w if T > 1000 else 0)"], ["y"])
    truth = Truth(spec, Case("plain"))
    key = ("gradient", "d_w")
    assert truth.judge({key: np.zeros(np.shape(truth.quantities[key]))})[0].ok
    assert truth.judge({key: np.full(np.shape(truth.quantities[key]), 1e-300)})[0].ulp == float("inf")


def test_a_wrong_gradient_is_not_confirmed_beside_one_that_cancels(attention, monkeypatch):
    from refrnn.equation.evaluate import Run

    backward = Run.backward

    def wrong(self, upstream, absorbing=None):
        gradients = backward(self, upstream, absorbing)
        gradients[name] = gradients[name] + 1e-12
        return gradients

    truth = Truth(attention, Case("plain"))
    monkeypatch.setattr(Run, "backward", wrong)
    for name in attention.differentiated:
        confirmed = confirm(attention, truth)
        assert not confirmed.ok and confirmed.symbol == name


# ------------------------------------------------------------ no certain digit


def test_where_no_digit_is_certain_there_is_no_judgement():
    """The logistic map doubles an error at each step: after 60 steps nothing is left of float32."""
    spec = spec_of({"x0": "{role: start, shape: [H], low: 0.1, high: 0.9}", "x": "{role: value, shape: [T, H]}"},
                   ["x[-1] = x0", "x[t] = 3.99 * x[t-1] * (1 - x[t-1])"], ["x"])  # fmt: skip
    truth = Truth(spec, Case("chaos", "float32", {"T": 60}))
    assert any("x has no certain digit" in text for text in truth.failures)
    judged, findings = compare(spec, truth, "equation")
    assert findings and "x" not in [worst.quantity for worst in judged]
    assert Truth(spec, Case("calm", "float32", {"T": 5})).failures == []


# ------------------------------------------------------------ decisions that rounding leaves open


def halving(of_g, of_G, back=None):
    """clip-halving as a module that takes a side for g and one for G, whatever the norm is; its gradient may take others."""
    module = ModuleType("halving")

    def forward(g, G, tau):
        half = g.dtype.type(0.5)
        return {"g_clipped": half * g if of_g else g, "G_clipped": half * G if of_G else G}, {"length": np.sqrt(np.sum(g * g) + np.sum(G * G))}

    def backward(saved, d_g_clipped, d_G_clipped):
        half = d_g_clipped.dtype.type(0.5)
        by_g, by_G = (of_g, of_G) if back is None else back
        return {"g": half * d_g_clipped if by_g else d_g_clipped, "G": half * d_G_clipped if by_G else d_G_clipped}

    module.forward, module.backward = forward, backward
    return module


def near(tau):
    """g and G of a norm that float64 does not hold, beside a threshold."""
    case = Case("near", sizes={"N": 2, "M": 1, "K": 1}, values={"g": [0.1, 0.7], "G": [[0.3]], "tau": tau})
    return Truth(refrnn.load("clip-halving"), case)


@pytest.fixture(scope="module")
def tie():
    return near(float(np.sqrt(np.sum(np.square(np.array([0.1, 0.7, 0.3], np.longdouble))))))


def test_a_tie_within_rounding_is_said(tie):
    """Once: g and G ask for the same comparison."""
    assert tie.undecided == ["g_clipped"] and tie.failures == [] and len(tie.worlds[0].open) == 1


@pytest.mark.parametrize("side", [True, False])
def test_either_side_of_a_tie_is_right(tie, side):
    judged, findings = compare(tie.spec, tie, halving(side, side))
    assert findings == [] and max(worst.bound for worst in judged) < 100


@pytest.mark.parametrize("sides", [(True, False), (False, True), (True, True, (False, False)), (False, False, (True, True)), (True, True, (True, False))])
def test_both_sides_of_a_tie_at_once_are_wrong(tie, sides):
    """g as if it was clipped and G as if not; a value as if it was clipped and its gradient as if not."""
    assert compare(tie.spec, tie, halving(*sides))[1]


@pytest.mark.parametrize("tau, side", [(0.7682, False), (0.768, True)])
def test_a_decision_that_is_clear_has_one_side(tau, side):
    truth = near(tau)
    assert truth.undecided == []
    assert compare(truth.spec, truth, halving(side, side))[1] == [] and compare(truth.spec, truth, halving(not side, not side))[1]


@pytest.mark.parametrize("line", ["y[t] = relu(z[t])", "y[t] = abs(z[t])", "y[t] = max(z[t], 0)", "y[t] = z[t] if z[t] > 0 else 0"])
def test_the_kinks_of_functions_are_decisions(line):
    """z is zero but for rounding: a gradient on either side is right, and one between them is not."""
    spec = spec_of({"x": INPUT, "w": "{role: parameter, shape: [H]}"}, ["z[t] = (x[t] + w) - w * 0.3 - (x[t] + w * 0.7)", line], ["y"])
    truth = Truth(spec, Case("kink", sizes={"T": 1, "H": 1}, batch=1, values={"w": [0.1], "x": [[[0.2]]]}))
    assert truth.undecided == ["y[0]"]
    key = ("gradient", "d_x")
    sides = []
    for world in truth._all_worlds():
        gradients = {name: world.quantities[name] for name in world.quantities if name[0] == "gradient"}
        assert all(worst.ok for worst in truth.judge(gradients | {("forward", "y"): world.quantities["forward", "y"]}))
        sides.append(world)
    assert len(sides) == 2 and key in sides[0].quantities


def test_every_combination_of_sides_is_tried():
    spec = spec_of({"x": INPUT, "w": "{role: parameter, shape: [H]}"}, ["z[t] = (x[t] + w) - w * 0.3 - (x[t] + w * 0.7)", "y[t] = relu(z[t])"], ["y"])
    truth = Truth(spec, Case("kinks", sizes={"T": 1, "H": 2}, batch=1, values={"w": [0.1, 0.1], "x": [[[0.2, 0.2]]]}))
    assert len(truth.worlds[0].open) == 2 and len(list(truth._all_worlds())) == 4


@pytest.mark.parametrize("line", [
    "y[t] = max(max(z[t] * w, z[t] * w), z[t] * w)",
    "y[t] = min(z[t][0] / w + sum(w), z[t][0] / w + sum(w))",
    "y[t] = w * z[t] if sum(z[s] for s in range(0, T)) @ w >= sum(z[s] for s in range(0, T)) @ w else z[t]",
])  # fmt: skip
def test_a_tie_of_an_expression_with_itself_is_no_decision(line):
    """One computation in two places is rounded alike; which of the two is taken makes no difference."""
    spec = spec_of({"x": INPUT, "w": "{role: parameter, shape: [H]}"}, ["z[t] = x[t] / 3", line], ["y"])
    truth = Truth(spec, Case("plain", sizes={"T": 3, "H": 4}))
    assert truth.undecided == [] and truth.failures == [] and compare(spec, truth, "equation")[1] == []


def test_an_argmax_of_equals_may_take_either():
    spec = spec_of({"x": INPUT, "w": "{role: parameter, shape: [H]}"}, ["z[t] = x[t] * w", "y[t] = one_hot(argmax(z[t]), H) * w"], ["y"])
    third = 1 / 3
    case = Case("tie", sizes={"T": 1, "H": 3}, batch=1, values={"w": [0.3, 3 * 0.1, 0.1], "x": [[[third, third, third]]]})
    truth = Truth(spec, case)
    assert truth.undecided == ["y[0]"]
    w = truth.checked.arrays["w"]
    for place, right in ((0, True), (1, True), (2, False)):
        y = np.zeros((1, 1, 3))
        y[0, 0, place] = w[place]
        assert truth.judge({("forward", "y"): y})[0].ok is right


def _single(seed):
    """A cell of single numbers that cancel."""
    spec = refrnn.load(str(Path(__file__).parent / "cells" / "lru.yaml"))
    return Truth(spec, Case("single", "float32", sizes={name: 1 for name in spec.sizes}, batch=1, seed=seed))


@pytest.fixture
def without_headroom(monkeypatch):
    """What was seen of rounding is its bound: then honest rounding is beyond it by chance."""
    monkeypatch.setattr(world, "HEADROOM", 1.0)
    monkeypatch.setattr(world, "FLOOR", 0.5)


def test_an_honest_rounding_near_its_bound_is_looked_at_closer(without_headroom):
    """Of a single number two samples of rounding may both be small by chance, as in the sixty-fourth draw."""
    for seed in (62, 63, 64):
        truth = _single(seed)
        found = {("forward", name): array for name, array in truth.spec.forward(truth.values, "equation").outputs.items()}
        assert (truth.error(("forward", "y"), found["forward", "y"])[0] > truth.bounds["forward", "y"]) == (seed == 63)
        assert all(worst.ok for worst in truth.judge(found))
        assert truth.worlds[0].looked_closer == (seed == 63)


def test_what_two_samples_keep_by_chance_and_machines_lose_is_left_out():
    """Half an ulp above -1 is -1 to the nearest, and the quotient no number; a random rounding may go up."""
    spec = spec_of({"x": INPUT}, ["y[t] = (elu(x[t]) + 1) / (elu(x[t]) + 1) + x[t] / 3", "z[t] = x[t] / 3"], ["y", "z"])
    kept = 0
    for seed in range(12):
        truth = Truth(spec, Case("lost", seed=seed, sizes={"T": 1, "H": 1}, batch=1, values={"x": [[[-37.6]]]}, extreme=True))
        kept += "y" not in truth.left_out
        judged, findings = compare(spec, truth, "equation")
        assert findings == [] and "y" in truth.left_out and {worst.quantity for worst in judged} & {"y", "z"} == {"z"}
    assert kept


def test_a_closer_look_counts_in_both_precisions(without_headroom):
    truth = _single(63)
    twin = truth.in_precision(replace(truth.case, dtype="float64"))
    before, seen = twin.bounds["forward", "y"], dict(truth.worlds[0].deviations)
    twin.worlds[0].look_closer()
    assert all(np.all(now >= seen[key]) for key, now in truth.worlds[0].deviations.items())  # what was seen once counts
    assert twin.bounds["forward", "y"] == truth.bounds["forward", "y"] > 3 * before
    assert all(np.array_equal(twin.scales[key], truth.scales[key]) for key in truth.scales)


@pytest.mark.parametrize("above, below, one_sided", [(11, 24, "float32"), (3, 5, "float64")])
def test_what_machines_round_to_one_side_is_honest(above, below, one_sided):
    """A thousand times the same number: each addition errs as the one before, which chance does not, and in each precision to a side of its own."""
    spec = spec_of({"x": INPUT}, [f"y = sum(x[t] / {below} for t in range(T))"], ["y"])
    made = {"values": {"x": np.full((1030, 1, 3), float(above))}, "sizes": {"T": 1030, "H": 3}, "batch": 1}
    for truth in truths(spec, [Case(f"alike-{dtype}", dtype, **made) for dtype in ("float32", "float64")]):
        honest = {("forward", "y"): np.full((1, 3), np.add.accumulate(truth.values["x"][:, 0, 0] / below)[-1])}
        if truth.case.dtype == one_sided:
            assert truth.error(("forward", "y"), honest["forward", "y"])[0] > truth.bounds["forward", "y"]
        assert all(worst.ok for worst in truth.judge(honest)) and (truth.case.dtype != one_sided or truth.worlds[0].looked_closer)
        assert not truth.judge({("forward", "y"): (1 + 1e3 * truth.eps) * truth.quantities["forward", "y"]})[0].ok


def test_what_float32_leaves_no_digit_is_judged_in_float64():
    spec = spec_of({"x": INPUT}, ["z[t] = 1.5 * x[t]", "y[t] = (x[t] / 3 + 1e7) - 1e7 if t > 3 else x[t] / 3"], ["y", "z"])
    wide, narrow = truths(spec, [Case(f"lost-{dtype}", dtype, sizes={"T": 5, "H": 3}, extreme=True) for dtype in ("float64", "float32")])
    assert narrow.left_out == ["y"] and narrow.failures == []
    assert wide.left_out == [] and wide.failures == []


@pytest.mark.parametrize("extreme", [True, False])
def test_an_extreme_case_may_leave_out_some_quantities_and_not_all(extreme):
    x = np.full((1, 1, 1), 1000.0)
    for lines, outputs, left_out in ((["y[t] = exp(x[t])"], ["y"], ["y", "d_x"]), (["y[t] = exp(x[t])", "z[t] = x[t] / 3"], ["y", "z"], ["y", "d_x"])):
        truth = Truth(spec_of({"x": INPUT}, lines, outputs), Case("far", sizes={"T": 1, "H": 1}, batch=1, values={"x": x}, extreme=extreme))
        assert truth.left_out == (left_out if extreme else [])
        assert bool(truth.failures) is (not extreme or outputs == ["y"])


EXPONENTS = spec_of({"x": INPUT, "w": "{role: parameter, shape: [H]}"}, ["y[t] = exp(w * x[t])"], ["y"])


def test_a_case_that_a_precision_can_t_hold_is_stretched_less():
    """Each by itself: float64 holds more than float32. One that is not stretched, and can't be judged, stays a failure."""
    found = [Case(f"wide-{dtype}", dtype, stretch=64.0, seed=3) for dtype in ("float64", "float32")]
    wide, narrow = truths(EXPONENTS, found)
    assert not wide.failures and not narrow.failures and 1 <= narrow.case.stretch < wide.case.stretch == 64
    assert Truth(EXPONENTS, replace(found[1], stretch=2 * narrow.case.stretch)).failures
    (hopeless,) = truths(spec_of({"x": INPUT}, ["y[t] = exp(exp(exp(4 + x[t] * x[t])))"], ["y"]), [Case("hopeless", stretch=4.0)])
    assert hopeless.case.stretch == 1 and hopeless.failures
    assert next(truths(refrnn.load("elman"), [Case("calm", stretch=8.0)])).case.stretch == 8


def test_a_long_case_that_a_precision_can_t_hold_is_shorter():
    """By halves, as wide as it was, and no shorter than a long one is; what starts short can't be judged, whatever the reason."""
    spec = spec_of({"x": INPUT, "h0": "{role: start, shape: [H]}"}, ["h[-1] = h0", "h[t] = 3 * h[t-1] + x[t]"], ["h"])
    wide, narrow = truths(spec, [Case(f"long-{dtype}", dtype, sizes={"T": 240, "H": 80}, batch=1) for dtype in ("float64", "float32")])
    assert not wide.failures and not narrow.failures and wide.case.sizes == {"T": 240, "H": 80} and narrow.case.sizes == {"T": 60, "H": 80}
    (hopeless,) = truths(spec_of({"x": INPUT}, ["y[t] = exp(exp(exp(4 + x[t] * x[t])))"], ["y"]), [Case("hopeless", sizes={"T": 100, "H": 1}, batch=1)])
    assert hopeless.failures and hopeless.case.sizes == {"T": 50, "H": 1}


def test_numbers_that_are_too_small_to_decide_by_are_larger():
    """What is told by products of two of them; what can't be judged at any size stays so."""
    symbols = {"x": INPUT, "V": "{role: parameter, shape: [H, H]}", "U": "{role: parameter, shape: [H, H]}"}
    faint = [Case("faint", batch=1, seed=48, stretch=2.0**-1024)]
    (judged,) = truths(spec_of(symbols, ["k[t] = argmax(V @ (U @ x[t]))"], ["k"]), faint)
    assert not judged.failures and 2.0**-540 < judged.case.stretch < 2.0**-380
    (calm,) = truths(spec_of(symbols, ["k[t] = argmax(V @ x[t] + U @ x[t])"], ["k"]), faint)
    assert not calm.failures and calm.case.stretch == 2.0**-1024
    (hopeless,) = truths(spec_of(symbols, ["y[t] = exp(exp(exp(4 + x[t] * x[t] + V @ U @ x[t])))"], ["y"]), faint)
    assert hopeless.failures and hopeless.case.stretch < 2.0**-380


def test_a_wide_case_that_a_precision_can_t_hold_is_narrower():
    """By halves, and no narrower than a wide one is."""
    spec = spec_of({"x": INPUT}, ["y[t] = exp(sum(x[t] * x[t]))"], ["y"])
    (found,) = truths(spec, [Case("wide", "float32", sizes={"T": 9, "H": 257}, batch=2, seed=3)])
    assert not found.failures and found.case.sizes["T"] == 9 and 32 <= found.case.sizes["H"] < 257
    (hopeless,) = truths(spec_of({"x": INPUT}, ["y[t] = exp(exp(exp(4 + x[t] * x[t])))"], ["y"]), [Case("hopeless", sizes={"T": 3, "H": 200}, batch=1)])
    assert hopeless.failures and hopeless.case.sizes == {"T": 3, "H": 50}


def test_a_case_that_is_turned_stays_turned():
    (turned,) = truths(EXPONENTS, [Case("turned", stretch=-4096.0, seed=3)])
    assert not turned.failures and -4096 < turned.case.stretch < -1
    (hopeless,) = truths(spec_of({"x": INPUT}, ["y[t] = exp(exp(exp(4 + x[t] * x[t])))"], ["y"]), [Case("hopeless", stretch=-4.0)])
    assert hopeless.case.stretch == -1 and hopeless.failures


@pytest.mark.parametrize("power, largest", [("-abs(sum(x[t]))", 30), ("-abs(sum(x[t])) / 1000", 1000)])
def test_a_large_number_is_less_where_the_precision_makes_it_zero_beside_infinity(power, largest):
    """exp(-1000) times infinity is infinite, and NaN in any precision of machines."""
    spec = spec_of({"x": INPUT, "h0": "{role: start, shape: [H]}"}, ["h[-1] = h0", f"h[t] = exp({power}) * h[t-1]"], ["h"])
    for truth in truths(spec, [Case("special-float64", batch=6, special=True), Case("special-float32", "float32", batch=6, special=True)]):
        assert not truth.failures and max(number for number in truth.case.numbers if np.isfinite(number)) == largest


@pytest.mark.parametrize("gate, infinite", [("0.3 + 0.7 * sigmoid(x[t])", False), ("sigmoid(x[t])", True)])
def test_infinities_are_given_up_where_rounding_tells_them_from_nan(gate, infinite):
    """1 - f is zero at infinity, or what rounding leaves of 0.3 + 0.7; where it is always zero they stay, and NaN stays in both."""
    spec = spec_of({"x": INPUT, "h0": "{role: start, shape: [H]}"}, ["h[-1] = h0", f"f[t] = {gate}", "h[t] = f[t] * h[t-1] + (1 - f[t]) * x[t]"], ["h"])
    (truth,) = truths(spec, [Case("special-float64", batch=6, special=True)])
    assert not truth.failures and np.isnan(truth.values["x"]).any() and np.isnan(truth.values["h0"]).any()
    assert np.isinf(truth.values["x"]).any() is np.isinf(truth.values["h0"]).any() is np.bool_(infinite)


def test_zeros_are_given_up_where_the_equation_divides_by_them():
    found = [Case(f"long-{dtype}", dtype, still=True) for dtype in ("float64", "float32")]
    for lines, still in ((["y[t] = x[t] / sqrt(sum(x[t]**2))"], False), (["y[t] = x[t] / sqrt(1 + sum(x[t]**2))"], True)):
        for case, truth in zip(found, truths(spec_of({"x": INPUT}, lines, ["y"]), found)):
            assert not truth.failures and truth.case == replace(case, still=still)
            assert np.any(truth.values["x"][1]) is np.bool_(not still)


def test_what_is_far_off_is_not_looked_at_closer():
    truth = _single(5)
    y = truth.quantities["forward", "y"]
    for off in (0.5, 100 * truth.bounds["forward", "y"] * truth.eps):
        assert not truth.judge({("forward", "y"): y * (1 + off)})[0].ok and not truth.worlds[0].looked_closer
    assert truth.judge({("forward", "y"): y})[0].ok and not truth.worlds[0].looked_closer


@pytest.mark.parametrize("ulp, is_open", [(0, True), (1, True), (100, False)])
def test_a_decision_is_open_where_rounding_may_take_it_otherwise(ulp, is_open):
    spec = spec_of({"x": INPUT, "c": "{role: constant, shape: []}"}, ["z[t] = x[t] / 3", "y[t] = z[t] if z[t] > c else 2 * z[t]"], ["y"])
    case = Case("near", sizes={"T": 1, "H": 1}, batch=1, values={"x": [[[1.0]]], "c": (1 + ulp * 2.0**-52) / 3})
    assert Truth(spec, case).undecided == (["y[0]"] if is_open else [])


def test_too_many_open_decisions_are_said():
    spec = spec_of({"x": INPUT, "w": "{role: parameter, shape: [H]}"}, ["y[t] = relu(x[t] / 3 * w - x[t] * w / 3)"], ["y"])
    assert any("decisions open, too many" in text for text in Truth(spec, Case("plain", sizes={"T": 9, "H": 4})).failures)


# ------------------------------------------------------------ the judge's own numbers


@pytest.mark.parametrize("name", ["elman", "lstm", "clip-norm"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_off_by_two_bounds_is_found(name, dtype):
    """In every quantity by itself; and a bound is a small multiple of what rounding was seen to cost."""
    spec = refrnn.load(name)
    truth = Truth(spec, Case("plain", dtype))
    truth.worlds[0].look_closer()
    for key, array in truth.quantities.items():
        off = np.array(array)
        off.flat[np.argmax(np.abs(off))] += 2 * truth.bounds[key] * truth.eps * np.abs(off).max() or 1e-300
        assert not truth.judge({key: off})[0].ok, key
        seen = max(truth.error(key, array + sign * truth.worlds[0].deviations[key])[0] for sign in (1, -1))
        assert truth.bounds[key] == pytest.approx(FLOOR + HEADROOM * seen, rel=1e-2)
    assert max(truth.bounds.values()) < 300


@pytest.mark.parametrize("line", ["y[t] = (x[t] / 3 + 1e14) - 1e14", "y[t] = (1e-11 * x[t] + 1e5) - 1e5"])
def test_what_rounding_leaves_no_digit_is_no_sum_that_cancels(line):
    """It is told from a zero by its size, and from the rounding of what is there by the size of that."""
    spec = spec_of({"x": INPUT}, ["z[t] = 1.5 * x[t]", line], ["y", "z"])
    truth = Truth(spec, Case("lost", sizes={"T": 1, "H": 4}, batch=1, values={"x": [[[0.3, 0.2, 0.1, 0.3]]]}))
    assert len(truth.failures) == 1 and truth.failures[0].startswith("y has no certain digit")


@pytest.mark.filterwarnings("error")
def test_what_is_zero_and_should_not_be_costs_nothing_that_can_be_told():
    """No size to count ulp of, and no warning of NumPy's."""
    spec = spec_of({"x": INPUT}, ["z[t] = 1.5 * x[t]", "y[t] = exp(-(abs(x[t])))"], ["y", "z"])
    truth = Truth(spec, Case("gone", sizes={"T": 1, "H": 2}, batch=1, extreme=True, values={"x": [[[12000.0, 12001.0]]]}))
    world, key = truth.worlds[0], ("forward", "y")
    world.uncertain[key] = True
    world.quantities[key] = np.zeros_like(world.quantities[key])
    assert "costs up to 0 ulp" in world._find_unjudged()[key]


def test_a_zero_that_terms_leave_which_are_larger_than_all_else_is_one():
    """Extended precision leaves some of them, and no digit that is right: an ulp is theirs."""
    spec = spec_of({"x": INPUT}, ["z[t] = 1.5 * x[t]", "y[t] = (x[t] / 3 + 1e14) - 1e14 - x[t] / 3"], ["y", "z"])
    truth = Truth(spec, Case("left", sizes={"T": 1, "H": 4}, batch=1, values={"x": [[[0.3, 0.2, 0.1, 0.3]]]}))
    key = ("forward", "y")
    assert truth.failures == [] and 0 < np.abs(truth.quantities[key]).max() < 1e-4 and compare(spec, truth, "equation")[1] == []
    assert truth.judge({key: truth.quantities[key] + 1e-2})[0].ok and not truth.judge({key: truth.quantities[key] + 1})[0].ok


# ------------------------------------------------------------ steps that lose their digits


def of_gradients_by_step(name, dtype, seed):
    """d_x of a saturated case, with its bound and the magnitude of each step."""
    spec = refrnn.load(name)
    truth = Truth(spec, Case("saturated", dtype, seed=seed, stretch=8.0))
    key = ("gradient", "d_x")
    sizes = np.abs(truth.quantities[key]).max(axis=(1, 2))
    return truth, key, sizes


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_saturated_step_is_measured_by_the_terms_that_cancel_in_it(dtype, seed):
    """1 - tanh(z)**2 keeps no digit of a large z; that is no failure to judge, and gives no other step a larger bound."""
    truth, key, sizes = of_gradients_by_step("state-space", dtype, 8 + 1000 * seed)
    assert truth.failures == [] and compare(truth.spec, truth, "equation")[1] == []
    truth.worlds[0].look_closer()  # as a doubt would ask for
    off = np.array(truth.quantities[key])
    step = int(np.argmax(sizes))
    allowed = np.broadcast_to(truth.allowed(key), off.shape)[step].max()
    assert allowed < 1e4 * truth.eps * sizes[step]
    off[step, 0, 0] += 1.1 * allowed
    assert not truth.judge({key: off})[0].ok


def test_the_bound_of_a_tame_step_does_not_grow_with_the_wildest():
    """Where one step costs 1e8 ulp of itself, the others are held to what they cost."""
    spec = spec_of({"x": INPUT, "w": "{role: parameter, shape: [H]}"}, ["y[t] = (x[t] + w) - w if t > 0 else (x[t] + 3e7 * w) - 3e7 * w"], ["y"])
    x = np.full((6, 2, 4), 1 / 3)
    truth = Truth(spec, Case("mixed", sizes={"T": 6, "H": 4}, batch=2, values={"x": x}))
    key = ("forward", "y")
    assert truth.failures == [] and compare(spec, truth, "equation")[1] == []
    for step, part in ((0, 1e-6), (3, 1e-12)):
        off = np.array(truth.quantities[key])
        off[step, 0, 0] += part
        assert not truth.judge({key: off})[0].ok


@pytest.mark.parametrize("name", ["hopfield", "jordan", "bptt"])
def test_a_gradient_without_time_whose_terms_nearly_cancel_is_measured_by_them(name):
    """It keeps three digits of sixteen: it is held to those, in ulp of the terms that cancel, not in billions of its own."""
    spec = refrnn.load(name)
    for case in cases(spec):
        if case.name.startswith("one-saturated") and case.dtype == "float64":
            truth = Truth(spec, case)
            assert compare(spec, truth, "equation")[1] == []
            assert max(bound for key, bound in truth.bounds.items() if key not in truth.worlds[0].unjudged) < 500


@pytest.mark.parametrize("name, gradient, case", [("encoder-decoder", "d_u", "far-float64"), ("recurrent-autoencoder", "d_h0", "far-float64")])
def test_what_is_allowed_thousands_of_ulp_is_lost_by_an_honest_run_too(name, gradient, case):
    """Arguments of a thousand leave a gate a rounding that all later steps carry on: the equation in float64 loses thousands too, a twentieth of what it may and more."""
    spec = refrnn.load(name)
    truth = Truth(spec, replace(next(one for one in cases(spec) if one.name == case), seed=20))  # a draw that loses so much
    key = ("gradient", gradient)
    honest = EquationPass(spec, truth.checked).backward(truth.upstream)[gradient[2:]]
    assert 1000 < truth.error(key, honest)[0] < truth.bounds[key] < 20 * truth.error(key, honest)[0]


def test_what_a_nearly_cancelled_gradient_keeps_is_judged():
    spec = refrnn.load("hopfield")
    truth = Truth(spec, next(case for case in cases(spec) if case.name == "one-saturated-24-float64"))
    key = ("gradient", "d_W")
    truth.worlds[0].look_closer()
    off = truth.quantities[key] * np.longdouble(1.01)
    assert not truth.judge({key: off})[0].ok and truth.judge({key: truth.quantities[key]})[0].ok
