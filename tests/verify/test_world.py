"""What a world measures, on the smallest equations: digits, scales, bounds, errors by place and sign, open decisions."""

from dataclasses import replace

import numpy as np
import pytest

import refrnn
from refrnn.verify.cases import Case
from refrnn.verify.truth import Truth, Worst, truths

TEXT = """
id: small
title: Small
sizes: {T: steps, H: units}
symbols:
  x: {role: input, shape: [T, H]}
  w: {role: parameter, shape: [H]}
equations:
  - y[t] = w * x[t]
  - s[t] = 1000 * w
outputs: [y, s]
"""
SPEC = refrnn.load_text(TEXT)
Y, S, D_W, D_X = ("forward", "y"), ("forward", "s"), ("gradient", "d_w"), ("gradient", "d_x")


@pytest.fixture(scope="module", params=["float32", "float64"])
def truth(request):
    return Truth(SPEC, Case("small", request.param, sizes={"T": 3, "H": 4}, batch=2, seed=1, values={"w": np.array([0.3, -0.7, 0.9, 0.11], np.float32)}))


def test_the_truth_has_more_digits_than_float64(truth):
    x, w = (np.asarray(truth.checked.arrays[name], np.longdouble) for name in "xw")
    assert truth.quantities[Y].dtype == np.longdouble and np.array_equal(truth.quantities[Y], w * x)
    # float32 numbers have products that float64 holds: a third has none.
    thirds = Truth(refrnn.load_text(TEXT.replace("w * x[t]", "x[t] / 3")), truth.case).quantities[Y]
    assert np.array_equal(thirds, x / 3) and not np.array_equal(thirds, thirds.astype(np.float64))


def test_all_that_is_computed_is_compared(truth):
    assert set(truth.quantities) == set(truth.bounds) == set(truth.scales) == {Y, S, D_W, D_X}


def test_a_bound_is_a_few_roundings_whatever_the_size(truth):
    """One product costs half an ulp, seen or unseen: in a small batch and in one of many numbers."""
    wide = Truth(SPEC, replace(truth.case, sizes={"T": 3, "H": 300}, values={}))
    for one in (truth, wide):
        assert all(1 <= bound < 16 for bound in one.bounds.values())
        assert truth.case.dtype == "float64" or min(deviation.max() for deviation in one.worlds[0].deviations.values()) > 0
        samples = [found for found, _ in one.worlds[0]._samples(one.worlds[0].held, (0, 1))]
        assert not np.array_equal(samples[0][D_W], samples[1][D_W])


def test_each_quantity_has_a_bound_and_a_scale_of_its_own():
    spec = refrnn.load_text(TEXT.replace("1000 * w", "1000 * (w / 3 + 5) - 5000"))
    truth = Truth(spec, Case("mixed", "float64", sizes={"T": 3, "H": 4}, batch=2))
    assert truth.bounds[Y] < 12 and truth.bounds[S] > 20
    assert truth.scales[S].max() > 100 * truth.scales[Y].max()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_rounding_makes_no_number_is_not_judged(dtype):
    """A root of what is barely above zero: where rounding takes it below, it costs all digits."""
    spec = refrnn.load_text(TEXT.replace("w * x[t]", "sqrt(w * x[t] * x[t] - x[t] * w * x[t] + 2.0**-80)").replace("1000 * w", "w"))
    truth = Truth(spec, Case("root", dtype, sizes={"T": 3, "H": 40}, batch=2))
    (world,) = truth.worlds
    samples = [found for found, _ in world._samples(world.held, (0, 1))]
    no_number = np.isnan(samples[0][Y]) | np.isnan(samples[1][Y])
    assert no_number.any() and np.isfinite(truth.quantities[Y]).all()
    assert np.isinf(world.deviations[Y][no_number]).all() and world.unjudged[Y] == "leaves the range of the precision"


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("key", [Y, S, D_W, D_X], ids=lambda key: key[1])
def test_one_entry_that_is_off_is_found(truth, key, sign):
    """Whichever it is, above or below what is right, by two bounds; and by half a bound it is not."""
    right = truth.quantities[key]
    for place in np.ndindex(right.shape):
        scale = np.broadcast_to(truth.scales[key], right.shape)[place]
        for factor, ok in ((2.0, False), (0.4, True)):
            off = np.array(right)
            off[place] += sign * factor * truth.bounds[key] * truth.eps * scale
            (worst,) = truth.judge({key: off})
            assert worst.ok is ok and worst.place == place
    (worst,) = truth.judge({key: right + 2 * sign * truth.bounds[key] * truth.eps * truth.scales[key]})
    assert not worst.ok


@pytest.mark.parametrize("ulp, bound, ok", [(4.0, 4.0, True), (0.0, 4.0, True), (4.1, 4.0, False), (float("nan"), 4.0, False), (float("inf"), 4.0, False), (0.0, float("nan"), False)])
@pytest.mark.parametrize("kind", ["forward", "gradient", "clip"])
def test_what_is_within_its_bound(kind, ulp, bound, ok):
    assert Worst("y", kind, ulp, bound, ()).ok is ok


@pytest.mark.parametrize("key", [Y, S, D_W, D_X], ids=lambda key: key[1])
def test_small_numbers_are_measured_by_themselves(key):
    """A tenth of a millionth part of them is wrong, however small they are."""
    values = {"w": np.full(4, 2.0**-40), "x": np.full((3, 2, 4), 2.0**-40)}
    truth = Truth(SPEC, Case("tiny", "float64", sizes={"T": 3, "H": 4}, batch=2, values=values))
    off = truth.quantities[key] * np.longdouble(1 + 1e-7)
    assert not truth.judge({key: off})[0].ok and truth.judge({key: truth.quantities[key]})[0].ok


@pytest.mark.parametrize("about", [{}, {"extreme": True}, {"special": True}, {"ragged": True}], ids=str)
def test_every_kind_of_case_is_judged(truth, about):
    other = Truth(SPEC, replace(truth.case, **about))
    judged = other.judge({key: 1.01 * array for key, array in other.quantities.items()})
    assert {worst.quantity for worst in judged} == {"y", "s", "d_w", "d_x"} and not any(worst.ok for worst in judged)


def test_every_output_has_an_upstream_gradient_of_its_own(truth):
    other = Truth(SPEC, replace(truth.case, seed=2))
    for name in SPEC.outputs:
        assert np.unique(truth.upstream[name]).size == truth.upstream[name].size
        assert not np.array_equal(truth.upstream[name], other.upstream[name])
        assert np.array_equal(truth.upstream[name], truth.upstream[name].astype(np.float32))  # the same in both precisions


def test_cases_that_differ_in_more_than_their_precision_share_nothing():
    cases = [Case(name, "float64", sizes={"T": 2, "H": 2}, batch=batch, stretch=stretch) for name, batch, stretch in (("a", 2, 1.0), ("b", 3, 1.0), ("c", 3, 4.0))]
    found = list(truths(SPEC, cases))
    assert [one.checked.batch for one in found] == [2, 3, 3]
    assert np.array_equal(found[2].quantities[S], 4 * found[1].quantities[S])


def test_what_rounding_costs_is_measured_in_float32():
    """Where it costs more: what float32 holds with few digits has none of float64's certainty."""
    spec = refrnn.load_text(TEXT.replace("1000 * w", "(w + 1000) - 1000"))
    cases = [Case(f"both-{dtype}", dtype, sizes={"T": 2, "H": 3}) for dtype in ("float64", "float32")]
    fine, coarse = truths(spec, cases)
    assert fine.case.dtype == "float64" and coarse.case.dtype == "float32"
    assert coarse.judge({S: spec.forward(coarse.values, "equation").outputs["s"]})[0].ok
    off = coarse.quantities[S] + 1e-4
    assert coarse.judge({S: off})[0].ok and not fine.judge({S: fine.quantities[S] + 1e-4})[0].ok


@pytest.mark.parametrize("item", [0, 1, 2])
def test_a_decision_is_open_in_whichever_sequence_it_is(item):
    spec = refrnn.load_text(TEXT.replace("w * x[t]", "relu(x[t] - 0.3 * w - 0.7 * w)"))
    x = np.full((1, 3, 1), 5.0)
    x[0, item] = 0.1
    truth = Truth(spec, Case("tie", "float64", sizes={"T": 1, "H": 1}, values={"w": [0.1], "x": x}))
    assert truth.undecided == ["y[0]"] and [flip.item for flip in truth.worlds[0].open] == [item]


def shared(text, values, special=False, extreme=False):
    """Whether float64 takes over what was measured in float32."""
    case = Case("both", "float32", sizes={"T": 1, "H": 2}, batch=1, seed=1, values=values, special=special, extreme=extreme)
    coarse = Truth(refrnn.load_text(text), case)
    fine = coarse.in_precision(replace(case, dtype="float64"))
    assert fine.checked.dtype == np.float64 and fine.eps < coarse.eps
    return fine.worlds[0].origin is coarse.worlds[0]


NO_TIME = TEXT.replace("s[t] = 1000 * w", "s = (w + BIG) - BIG")


@pytest.mark.parametrize("right, text, values, more", [
    (True, TEXT, {}, {}),
    (False, TEXT, {}, {"special": True}),
    (False, TEXT.replace("w * x[t]", "relu(x[t] - 0.3 * w - 0.7 * w)"), {"w": [0.1, 0.1], "x": [[[0.1, 5.0]]]}, {}),  # an open decision
    (False, TEXT, {"w": [2.0**-60] * 2, "x": [[[2.0**-60] * 2]]}, {}),  # so small that float32 has no digits left
    (False, NO_TIME.replace("BIG", "20000"), {}, {}),  # bounds that are large
    (True, NO_TIME.replace("BIG", "2"), {}, {}),
    (False, TEXT.replace("1000 * w", "(w / 3 + x[t]) - w / 3 - x[t]"), {}, {}),  # zero, because terms cancel
    (False, TEXT.replace("w * x[t]", "exp(w * x[t])"), {"w": [0.3, 0.3], "x": [[[1000.0, 1.0]]]}, {"extreme": True}),  # too large for float32
])  # fmt: skip
def test_what_is_measured_in_float32_goes_for_float64_where_rounding_is_tame(right, text, values, more):
    assert shared(text, values, **more) is right


@pytest.mark.parametrize("found, right", [(0.0, True), (np.nan, True), (1e-3, False), (np.inf, False)])
def test_zero_times_infinity_is_no_number_by_arithmetic_and_zero_by_calculus(found, right):
    """Either is right: of the exponential of a large number, by which is divided, the error is zero and the slope infinite."""
    spec = refrnn.load_text(TEXT.replace("w * x[t]", "1 / (1 + exp(x[t] + w))"))
    values = {"w": [1.0, 1.0], "x": [[[1e5, 0.5]]]}
    truth = Truth(spec, Case("far", "float64", sizes={"T": 1, "H": 2}, batch=1, values=values, special=True))
    assert truth.failures == [] and truth.quantities[D_X][0, 0, 0] == 0 and truth.quantities[D_X][0, 0, 1] != 0
    for place, ok in (((0, 0, 0), right), ((0, 0, 1), False)):
        d_x = np.array(truth.quantities[D_X])
        d_x[place] = found
        assert truth.judge({D_X: d_x})[0].ok is ok
