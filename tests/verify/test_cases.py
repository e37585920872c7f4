"""The cases discriminate: unequal sizes, nothing zero, both precisions, ragged lengths with 1 and T, edges of domains."""

import ast
from pathlib import Path

import numpy as np
import pytest

import refrnn
from refrnn.backends.equation import EquationPass
from refrnn.spec.draw import LARGEST_DRAW, complete_sizes
from refrnn.spec.library import rows
from refrnn.spec.values import check_values
from refrnn.verify.cases import IN_BOTH, LEFT, OVERFLOWING, PRECISIONS, Case, asked, cases, shapes
from refrnn.verify.truth import Truth
from refrnn.verify.variants import variants

CELLS = Path(__file__).parent / "cells"


@pytest.fixture(params=rows())
def spec(request):
    return refrnn.load(request.param)


def test_case_names_are_unique(spec):
    for level in ("quick", "full"):
        names = [case.name for case in cases(spec, level)]
        assert len(names) == len(set(names))


def test_quick_asks_every_problem_and_most_in_one_precision(spec):
    problems = [case.problem() for case in asked(spec)]
    assert set(problems) == {case.problem() for case in cases(spec) if not case.name.startswith(LEFT)} and asked(spec, "full") == cases(spec, "full")
    twice = {case.name.rpartition("-")[0] for case in asked(spec) if problems.count(case.problem()) == 2}
    assert twice and all(name.startswith(IN_BOTH) for name in twice) and max(map(problems.count, problems)) == 2
    alone = [case.dtype for case in asked(spec) if problems.count(case.problem()) == 1]
    assert set(alone) == set(PRECISIONS)


def test_quick_asks_each_problem_in_both_precisions_of_some_spec():
    drawn = {}
    for spec in map(refrnn.load, rows()):
        for case in asked(spec):
            drawn.setdefault(case.name.removesuffix(f"-{case.dtype}"), set()).add(case.dtype)
    for name in ("still", "one-saturated-24", "one-turned-128", "one-small-17", "special", "left-out"):
        assert drawn[name] == set(PRECISIONS), name
    assert drawn["one-huge"] == drawn["one-small-66"] == {"float32"}
    assert not [name for name in drawn if f"{name}-".startswith(LEFT)] and all(any(case.name.startswith(name) for case in cases(spec)) for name in LEFT)


def test_quick_is_part_of_full(spec):
    assert {case.name for case in cases(spec, "quick")} < {case.name for case in cases(spec, "full")}


def test_plain_sizes_are_unequal_and_above_one(spec):
    plain = cases(spec)[0]
    values, _ = plain.draw(spec)
    sizes = {}
    for name, symbol in spec.arrays.items():
        shape = list(np.shape(values[name]))
        if name in spec.batched:
            sizes["batch"] = shape.pop(spec.batch_axis(name))
        sizes.update({str(size): number for size, number in zip(symbol.shape, shape) if str(size) in spec.sizes})
    sizes.update({name: values[name] for name in spec.named_sizes})
    assert sizes.keys() >= spec.sizes.keys()
    assert min(sizes.values()) > 1
    assert len(set(sizes.values())) == len(sizes)


def test_drawn_entries_are_unequal_and_not_zero(spec):
    values, _ = cases(spec)[0].draw(spec)
    for name, symbol in spec.arrays.items():
        if symbol.type == "real" and symbol.draw == "normal" and None in (symbol.low, symbol.high):
            array = np.asarray(values[name])
            assert np.all(array != 0), name
            assert len(np.unique(array)) == array.size, name


def test_both_precisions_and_ragged_lengths(spec):
    quick = cases(spec)
    assert {case.dtype for case in quick} == {"float32", "float64"}
    if not spec.time:
        return
    assert {case.dtype for case in quick if case.ragged} == {"float32", "float64"}
    for case in quick:
        values, lengths = case.draw(spec)
        if case.ragged:
            lengths = lengths if isinstance(lengths, dict) else {spec.time[0]: lengths}
            assert lengths.keys() == set(spec.time)
            for time, ends in lengths.items():
                shown = {np.shape(values[name])[0] for name in spec.arrays if spec.time_size(name) == time}
                assert {ends.max()} == (shown or {values[time]}) and ends.min() == 1
    assert any("one-step-float64" == case.name for case in quick)


def test_every_constant_is_tried_at_its_ends(spec):
    names = {case.name for case in cases(spec)}
    for name, symbol in spec.arrays.items():
        if symbol.role == "constant" and not symbol.shape:
            for end, value in (("low", symbol.low), ("high", symbol.high)):
                assert value is None or names & {f"{name}-{end}", f"{name}-{end}-float64"}


def test_every_choice_is_tried_ragged_and_with_special_numbers(spec):
    quick = cases(spec)
    chosen = {name: symbol for name, symbol in spec.arrays.items() if symbol.is_integer_constant and None not in (symbol.low, symbol.high)}
    for name, symbol in chosen.items():
        wanted = set(range(int(symbol.low), int(symbol.high) + 1))
        assert {case.values[name] for case in quick if name in case.values and case.ragged == bool(spec.time)} == wanted
        special = {case.values.get(name) for case in quick if case.special}
        assert special == wanted or not special


def test_integers_and_masks_reach_their_ends(spec):
    for case in cases(spec)[:4]:
        values, _ = case.draw(spec)
        sizes = complete_sizes(spec, case.sizes, case.batch)
        for name, symbol in spec.arrays.items():
            if symbol.type == "integer" and np.size(values[name]) > 1:
                assert (np.min(values[name]), np.max(values[name])) == symbol.integers(sizes)
            if symbol.shape and (symbol.low, symbol.high) == (0, 1) and np.size(values[name]) > 2:
                assert (np.min(values[name]), np.max(values[name])) == (0, 1)
            if symbol.draw == "mask" and case.batch > 2:
                true = np.moveaxis(values[name], spec.batch_axis(name), 0)
                assert true[0].all() and not true[1].any() and 0 < true[2:].mean() < 1


def case_of(spec, name):
    return next(case for case in cases(spec) if case.name == name)


def test_sizes_are_alike_where_no_shape_shall_tell_them_apart(spec):
    sizes = complete_sizes(spec, case_of(spec, "saturated-float64").sizes, 4)
    assert {sizes[name] for name in sizes if name not in spec.time[1:]} == {4} or any(symbol.low for symbol in spec.arrays.values())


@pytest.mark.parametrize("name", ["lstm", "word-model", "memory-network"])
def test_a_still_case_starts_from_zero_and_has_a_step_without_input(name):
    spec = refrnn.load(name)
    for case in cases(spec):
        values, _ = case.draw(spec)
        for key, symbol in spec.arrays.items():
            if symbol.type != "real" or symbol.draw != "normal" or symbol.role not in ("start", "input") or case.special:
                continue
            still = case.name.startswith("still-float")
            if symbol.role == "start":
                assert np.any(values[key]) is not still
            elif spec.time_size(key) and len(values[key]) > 1:
                assert np.any(values[key][1]) is not still and np.any(values[key][0])


@pytest.mark.parametrize("name", ["elman", "lstm", "gru-reset-before", "sequence-classification"])
def test_scores_are_beyond_what_exponentials_hold(name):
    spec = refrnn.load(name)
    for dtype, most in (("float32", 89), ("float64", 710)):
        scores = _preactivations(spec, f"far-{dtype}")
        assert scores.max() > most and scores.min() < -most
        values, _ = case_of(spec, f"far-{dtype}").draw(spec)
        inexact = [array for array in values.values() if isinstance(array, np.ndarray) and np.any(array.astype(np.float32) != array)]
        assert bool(inexact) == (dtype == "float64")


@pytest.mark.parametrize("name", ["elman", "lstm", "activation-jacobian"])
def test_small_cases_are_small(name):
    spec = refrnn.load(name)
    for power in (-17, -66, -130):
        for dtype in ("float32", "float64"):
            scores = np.abs(_preactivations(spec, f"one-small{power}-{dtype}"))
            assert 0 < scores.max() < 2.0 ** (power + 3)


def test_widths_are_past_256_from_input_and_state():
    sizes = [case.sizes for case in cases(refrnn.load("lstm")) if case.name.startswith("width")]
    assert max(size["I"] for size in sizes) > 256 and max(size["H"] for size in sizes) > 256
    most = [case.sizes for case in cases(refrnn.load("lstm"), "full") if case.name.startswith("width")]
    assert max(size["I"] for size in most) > 1024 and max(size["H"] for size in most) > 512
    assert len({tuple(size.items()) for size in most}) == len(most) // 2


@pytest.mark.parametrize("name", ["elman", "lstm", "gru-reset-before", "leaky-units", "state-space"])
def test_preactivations_are_mostly_within_two(name):
    """The argument of every activation, gathered from the run of a plain and of a saturated case."""
    spec = refrnn.load(name)
    plain = _preactivations(spec, "plain-float64")
    assert np.mean(np.abs(plain) <= 2) > 0.9
    assert np.mean(np.abs(_preactivations(spec, "saturated-float64")) > 2) > 0.3


def _preactivations(spec, case_name):
    from refrnn.backends.equation import EquationPass
    from refrnn.spec.values import check_values

    case = next(case for case in cases(spec) if case.name == case_name)
    values, lengths = case.draw(spec)
    passed = EquationPass(spec, check_values(spec, values, lengths))
    found = []
    for run in passed.runs:
        for node in run.algebra.tape:
            if node.name in ("tanh", "sigmoid", "softmax"):
                found.append(np.ravel(node.parents[0].value))
    return np.concatenate(found)


def test_special_numbers_stand_in_inputs_and_in_starts():
    values, _ = case_of(refrnn.load("lstm"), "special-float64").draw(refrnn.load("lstm"))
    for name in ("x", "h0", "c0"):
        assert np.isnan(values[name]).any() and np.isinf(values[name]).sum() == (4 if name == "x" else 2)
    assert np.isnan(values["x"][0, :, 0]).sum() == np.isnan(values["x"][0, :, -1]).sum() == 1
    of_input, of_start = np.isfinite(values["x"]).all(axis=(0, 2)), np.isfinite(values["h0"]).all(axis=1)
    assert (of_input | of_start).all() and not (of_input & of_start).any()


def test_infinity_comes_without_nan_where_all_is_one_array():
    spec = refrnn.load("clip-halving")
    values, _ = case_of(spec, "special-infinite-float64").draw(spec)
    assert np.isinf(values["g"]).any() and not np.isnan(values["g"]).any() and not np.isnan(values["G"]).any()


def test_cases_are_in_their_precision_and_draw_by_their_own_seeds():
    spec = refrnn.load("elman")
    first = {}
    for case in cases(spec):
        values, _ = case.draw(spec)
        assert all(array.dtype == case.dtype for array in values.values() if getattr(array, "dtype", None) is not None and array.dtype.kind == "f")
        first.setdefault(case.seed, []).append(float(values["W_hh"].flat[0]) / case.stretch / case.shrink)
    assert len({round(numbers[0], 5) for numbers in first.values()}) == len(first) > 5


def test_arrays_that_are_to_be_zero_are():
    spec = refrnn.load("clip-norm")
    zeroed = [case for case in cases(spec) if case.zero]
    assert {case.zero for case in zeroed} == {("g",), ("G",), ("g", "G")}
    for case in zeroed:
        values, _ = case.draw(spec)
        assert tuple(name for name in ("g", "G") if not np.any(values[name])) == case.zero


def test_what_a_kink_is_given_is_zero_and_weights_are_not():
    spec = refrnn.load("scalar-recursion")
    at_kinks = [case for case in cases(spec) if case.name.startswith("at-kinks")]
    assert [case.values for case in at_kinks] == [{"f": 0}, {"f": 1}, {"f": 2}]
    for case in at_kinks:
        values, _ = case.draw(spec)
        assert not np.any(values["x"]) and not np.any(values["h0"]) and values["w"] != 0 and values["c"] != 0
    assert not any(case.name.startswith("at-kinks") for case in cases(refrnn.load("lstm")))
    assert any(case.name == "at-kinks" for case in cases(refrnn.load("parity")))


def test_a_row_of_biases_for_each_layer_is_zero_at_kinks():
    spec = refrnn.load("gradient-through-depth")
    values, _ = next(case for case in cases(spec) if case.name.startswith("at-kinks")).draw(spec)
    assert values["b"].ndim == 2 and not np.any(values["b"]) and np.all(values["W"])


@pytest.mark.parametrize("name, array", [("clip-value", "g"), ("clip-norm", "g")])
def test_one_number_more_than_whole_blocks(name, array):
    values, _ = case_of(refrnn.load(name), "one-more").draw(refrnn.load(name))
    assert values[array].size == 2**15 + 1


def test_a_word_behind_the_first_block_has_by_far_the_largest_score():
    spec = refrnn.load("word-model")
    values, _ = case_of(spec, "far-words").draw(spec)
    scores = spec.forward(values, "equation")["y"]
    assert (scores.max(axis=-1) - scores[..., :256].max(axis=-1)).max() > 89  # beyond which an exponential overflows in float32


def test_minus_infinity_stands_beside_a_probability_of_zero():
    spec = refrnn.load("divergence")
    values, _ = next(case for case in cases(spec) if case.name.startswith("special")).draw(spec)
    assert values["Y"][0, -1, -1] == -np.inf and not np.any(values["P"][:, -1, -1]) and np.all(values["P"][:, :-1])


def test_thresholds_are_among_the_special_numbers():
    spec = refrnn.load("clip-value")
    for case in cases(spec):
        if case.special:
            values, _ = case.draw(spec)
            assert all(np.any(values["g"] == sign * values["c"]) for sign in (1, -1))


def test_what_a_case_sets_is_not_drawn():
    spec = refrnn.load("clip-value")
    for dtype in ("float32", "float64"):
        values, _ = Case("set", dtype, values={"c": 0.75, "g": [3.0, 1.0, 2.0, 5.0]}).draw(spec)
        assert values["c"] == 0.75 and values["g"].tolist() == [3, 1, 2, 5] and values["g"].dtype == values["c"].dtype == dtype
    assert {float(case.draw(spec)[0]["c"]) for case in cases(spec) if case.name.startswith("c-low")} == {1e-6}


# ------------------------------------------------------------ cases that must be there


def of_both(spec, wanted, level="quick"):
    """Those cases, of the same name in both precisions, for which ``wanted(case)``."""
    found = [case for case in cases(spec, level) if wanted(case)]
    names = [{case.name.removesuffix(f"-{case.dtype}") for case in found if case.dtype == dtype} for dtype in ("float32", "float64")]
    assert names[0] == names[1]
    return found


@pytest.mark.parametrize("name", ["narx-hidden", "vector-recursion", "gradient-through-depth"])
def test_each_function_that_is_chosen_is_far_out_and_near_zero(name):
    spec = refrnn.load(name)
    ((chosen, symbol),) = [(name, symbol) for name, symbol in spec.arrays.items() if symbol.is_integer_constant and symbol.high is not None and symbol.high < 8]
    wanted = set(range(int(symbol.low), int(symbol.high) + 1))
    assert len(wanted) > 2
    assert {case.values[chosen] for case in of_both(spec, lambda case: chosen in case.values and case.stretch > 100)} == wanted
    assert {case.values[chosen] for case in of_both(spec, lambda case: chosen in case.values and case.shrink < 1e-5)} == wanted


def test_no_widths_come_twice(spec):
    """Where sizes are few, or kept small, several widths come to the same."""
    wide = [case for case in cases(spec, "full") if case.name.startswith("width") and case.dtype == "float64"]
    widths = [{name: size for name, size in case.sizes.items() if name not in spec.time} for case in wide]
    assert wide and all(widths.count(one) == 1 for one in widths)


@pytest.mark.parametrize("name", ["clip-value", "clip-halving", "clip-norm"])
def test_many_numbers_and_numbers_whose_squares_leave_the_range(name):
    spec = refrnn.load(name)
    drawn = [(case.dtype, case.draw(spec)[0]) for case in cases(spec)]
    for dtype in ("float32", "float64"):
        assert max(np.size(array) for one, values in drawn if one == dtype for array in values.values()) > 32768
        gradients = [np.abs(values["g"]) for one, values in drawn if one == dtype]
        with np.errstate(all="ignore"):
            assert any(np.isfinite(array).all() and np.isinf(array * array).all() for array in gradients)
            assert any(np.all(array > 0) and not np.any(array * array) for array in gradients)


@pytest.mark.parametrize("name, optional", [("lstm", {"b"}), ("gru-reset-after", {"b_u"}), ("teacher-forcing", {"R"})])
def test_what_is_optional_is_left_out_once(name, optional):
    spec = refrnn.load(name)
    missing = {(case.name, frozenset(spec.arrays.keys() - case.draw(spec)[0].keys())) for case in cases(spec)}
    assert {name for name, left_out in missing if left_out} == {"left-out-float32", "left-out-float64"}
    assert {left_out for _, left_out in missing if left_out} == {frozenset(optional)}


def test_a_case_has_zeros_for_starts_and_inputs_and_one_has_more_than_thirty_two_steps_too(spec):
    """A wide case, or one that a spec adds, is no such case; at the quick level kernels are held against references in as many steps."""
    if spec.time:
        assert of_both(spec, lambda case: case.still and all(case.sizes[name] > 2 for name in spec.time))
        assert of_both(spec, lambda case: case.still and all(case.sizes[name] > 32 for name in spec.time), "full")
        assert [case for case in shapes(spec) if all(case.sizes[name] > 32 for name in spec.time)]


def test_a_case_has_one_of_everything(spec):
    """As nearly as the spec lets it, with numbers neither large nor small."""
    ones = of_both(spec, lambda case: case.name.startswith("ones-"))
    assert len(ones) == 2 and all(case.batch == 1 and (case.stretch, case.shrink) == (1, 1) for case in ones)
    if spec.id in ("lstm", "elman", "word-model", "clip-norm"):
        assert {size for case in ones for size in case.sizes.values()} == {1}


def test_one_unit_alone_is_saturated():
    """In gates: shut to 1e-7, 1e-20 and 1e-40, and open as far, beside nothing that is larger."""
    spec = refrnn.load("lstm")
    alone = of_both(spec, lambda case: case.batch == case.begun == 1 and case.sizes.get("H") == case.sizes.get("I") == 1 and case.sizes.get("T") in (1, 2) and abs(case.stretch) > 1)
    scores = np.concatenate([_preactivations(spec, case.name) for case in alone])
    for least, most in ((16, 46), (46, 92), (92, 1000)):
        for sign in (1, -1):
            assert np.any((sign * scores > least) & (sign * scores < most))


def test_ragged_lengths_are_of_all_kinds_and_in_no_order():
    spec = refrnn.load("lstm")
    for case in of_both(spec, lambda case: case.name.startswith("ragged-float")):
        _, lengths = case.draw(spec)
        assert case.sizes["T"] > 4 and len(set(lengths.tolist())) > 2 and lengths.max() == case.sizes["T"]
        assert np.any(np.diff(lengths) > 0) and np.any(np.diff(lengths) < 0)


def test_two_times_are_of_unequal_length():
    spec = refrnn.load("encoder-decoder")
    assert len(spec.time) == 2
    for case in cases(spec):
        if case.name.startswith(("ragged", "one-step", "still", "far", "width")):
            assert len({size for name, size in case.sizes.items() if name in spec.time}) == 2, case.name


def test_few_cases_are_about_what_is_extreme():
    """All others are judged in every quantity, and give numbers."""
    for name in ("lstm", "elman"):
        found = {case.name.removesuffix(f"-{case.dtype}"): case for case in cases(refrnn.load(name), "full")}
        assert {word for word, case in found.items() if case.special} == {word for word in found if word.startswith(("special", "infinite"))}
        extreme = {word for word in found if word.startswith(("far", "one-s", "one-t", "one-far", "one-huge", "all-zero"))} - {"one-step"}
        assert {word for word, case in found.items() if case.extreme} == extreme


def test_the_full_level_draws_at_random():
    spec = refrnn.load("lstm")
    drawn = of_both(spec, lambda case: case.name.startswith("drawn"), "full")
    assert len(drawn) >= 40 and len({str(case.sizes) for case in drawn}) > 10 and {case.ragged for case in drawn} == {True, False}


def test_a_spec_s_own_cases_are_run():
    text = "id: own\ntitle: A\nsizes: {T: steps}\nsymbols:\n  x: {role: input, shape: [T]}\nequations:\n  - y[t] = 2 * x[t]\noutputs: [y]\n"
    own = "cases:\n  - {name: at-a-half, sizes: {T: 2}, values: {x: [[0.5, 0.5, 0.5], [0.7, 0.2, 0.5]]}}\n"
    without, with_it = ({case.name for case in cases(refrnn.load_text(given))} for given in (text, text + own))
    assert with_it - without == {"at-a-half"}


def test_no_case_asks_for_more_than_the_equation_takes(monkeypatch):
    """Scores of each step with each are its square; the longest case is not much shorter than it must be."""
    spec, most = refrnn.load(str(CELLS / "causal-self-attention.yaml")), 2**22
    monkeypatch.setattr("refrnn.verify.cases.MOST_KEPT", most)
    monkeypatch.setattr("refrnn.verify.cases.MOST_ELEMENTS", 10**9)
    found = {case.name: case for case in cases(spec, "full")}
    for case in found.values():
        assert case.batch * spec.program.amounts(complete_sizes(spec, case.sizes, case.batch))[1] <= most
    longest = found["long-1030-float64"].sizes["T"]
    assert spec.program.amounts({"T": longest, "I": 4, "H": 5})[1] > most / 3 and found["ragged-float64"].sizes["T"] == 7
    assert len({case.sizes["T"] for name, case in found.items() if name.startswith("long-") and "200" not in name}) > 2


def test_no_long_case_has_elements_by_the_million():
    """One cell of the gallery reads all steps before at each; its truth would take twenty minutes."""
    long = {name: [case.name for case in cases(refrnn.load(name), "full") if case.name.startswith("long-")] for name in ("attention-decoder", "min-gru")}
    steps = [f"-{number}" for number in (32, 64, 128, 200)]
    of_all = [f"long{number}-{dtype}" for number in ["", *steps, "-513", "-1030"] for dtype in ("float64", "float32")]
    assert long == {"attention-decoder": ["long-float64", "long-float32", *of_all[2:10]], "min-gru": of_all}


def test_arrays_are_no_larger_than_can_be_drawn():
    text = "id: large\ntitle: A\nsizes: {T: steps, I: inputs}\nsymbols:\n  x: {role: input, shape: [T, I, I, I]}\nequations:\n  - y[t] = 2 * x[t, 0, 0]\noutputs: [y]\n"
    spec = refrnn.load_text(text)
    for case in cases(spec, "full"):
        assert case.sizes.get("I", 0) ** 3 * case.sizes.get("T", 7) * case.batch <= LARGEST_DRAW
    assert max(case.sizes.get("I", 0) for case in cases(spec, "full")) > 300


def test_few_elements_are_counted_one_by_one():
    """Of a sum over all steps before, the mean place is half as dear as the last."""
    assert {case.name: case.sizes for case in cases(refrnn.load("linear-recursion"), "full")}["long-1030-float64"]["T"] == 1030


def test_a_case_with_arrays_of_its_own_has_its_own_sizes(monkeypatch):
    monkeypatch.setattr("refrnn.verify.cases.MOST_KEPT", 1000)
    text = "id: own\ntitle: A\nsizes: {T: steps}\nsymbols:\n  x: {role: input, shape: [T]}\nequations:\n  - y[t] = 2 * x[t]\noutputs: [y]\n"
    own = "cases:\n  - {name: at-a-half, sizes: {T: 9}, values: {x: [" + ", ".join(["[0.5, 0.5, 0.5]"] * 9) + "]}}\n"
    assert {case.name: case.sizes for case in cases(refrnn.load_text(text + own))}["at-a-half-float64"]["T"] == 9


def test_some_score_is_further_below_zero_than_any_is_above():
    """exp(z - max(abs(z))) is zero for all of them then."""
    for spec in map(refrnn.load, rows()):
        arguments = [node.args[0] for equation in spec.equations for node in ast.walk(equation.value) if _calls(node, "softmax", "log_softmax")]
        names = {spec_name for spec_name in map(_whole_symbol, arguments) if spec_name in spec.defined}
        if names and spec.id != "generation":  # whose weights are no parameters: its own cases
            assert any(_is_below(spec, name, f"far-{dtype}", most) for name in names for dtype, most in (("float32", 104), ("float64", 746))), spec.id


def _calls(node, *functions):
    return isinstance(node, ast.Call) and node.func.id in functions


def _whole_symbol(node):
    return getattr(node.value if isinstance(node, ast.Subscript) else node, "id", None)


def _is_below(spec, name, case, most):
    values, lengths = case_of(spec, case).draw(spec)
    scores = EquationPass(spec, check_values(spec, values, lengths), np.longdouble, wanted=(name,)).gather((name,))[name]
    return np.any(np.abs(scores).max(axis=-1) - scores.max(axis=-1) > most)


@pytest.mark.parametrize("name", ["gru-minimal", "gru-reset-after", "gru-reset-before", "pattern-memory", "leaky-units", "reservoir", "lstm", "encoder-decoder"])
def test_states_are_a_billion_beside_gates_that_are_open_and_shut(name):
    spec, sides = refrnn.load(name), []
    for case in ("one-far", "one-far-turned"):
        values, _ = case_of(spec, case).draw(spec)
        assert all(np.abs(values[start]).min() > 2.0**26 for start, symbol in spec.arrays.items() if symbol.role == "start")
        sides.append({key: np.sign(values[key]) for key, symbol in spec.arrays.items() if symbol.role == "parameter" and symbol.low is None})
    assert all(np.array_equal(array, -sides[1][key]) for key, array in sides[0].items())


def test_words_are_more_than_a_small_integer_counts():
    for spec in map(refrnn.load, rows()):
        case = next((case for case in cases(spec) if case.name.startswith("words")), None)
        words = [name for name, symbol in spec.arrays.items() if symbol.below is not None]
        assert bool(case) == bool(words) or spec.id == "generation"  # which goes from word to word
        if case:
            values, _ = case.draw(spec)
            assert all(np.max(values[name]) > 2**15 for name in words)


def test_ends_of_one_side_are_reached():
    values, _ = cases(refrnn.load("markov-factorisation"))[0].draw(refrnn.load("markov-factorisation"))
    assert 1e-12 <= values["alpha"].min() < 1.0000002e-12


def test_zeros_are_tried_everywhere(spec):
    free = [name for name, symbol in spec.arrays.items() if symbol.type == "real" and symbol.draw == "normal" and symbol.low is symbol.high is None]
    if free:
        values, _ = case_of(spec, "all-zero").draw(spec)
        assert not any(np.any(values[name]) for name in free)


def test_what_is_drawn_narrowly_may_be_any_numbers():
    values, _ = case_of(refrnn.load("divergence"), "any-numbers-float32").draw(refrnn.load("divergence"))
    assert values["P"].min() < 0 and values["m"].min() < 0 and not np.isin(values["m"], (0, 1)).any()


def test_inputs_are_stretched_where_there_are_no_parameters():
    values, _ = case_of(refrnn.load("divergence"), "far-float32").draw(refrnn.load("divergence"))
    assert np.abs(values["Y"]).max() > 100 > 10 > np.abs(values["D"]).max()


@pytest.mark.parametrize("name, weight", [("power-of-a-scalar", "w"), ("vector-recursion", "W"), ("linear-recursion", "W_h"), ("elman", "W_hh")])
def test_a_weight_that_is_fed_back_is_infinite_in_a_ragged_batch(name, weight):
    spec = refrnn.load(name)
    case = next(case for case in cases(spec) if case.name.startswith(f"infinite-{weight}"))
    values, lengths = case.draw(spec)
    assert case.ragged and lengths.min() < lengths.max()
    assert [key for key in spec.arrays if np.any(np.isinf(values[key]))] == [weight]


def test_powers_overflow_past_the_ends_alone():
    spec = refrnn.load("linear-recursion")
    truth = Truth(spec, case_of(spec, OVERFLOWING))
    assert not truth.left_out and all(np.isfinite(array).all() for array in truth.quantities.values())
    (variant,) = variants(spec, truth)
    with np.errstate(all="ignore"):
        assert np.isinf(np.linalg.matrix_power(truth.values["W_h"], truth.checked.sizes["T"] + variant.steps)).all()


# ------------------------------------------------------------ ends of ranges


def _found(spec, case, *names):
    """Symbols of a case by the equation, in extended precision, and what was handed in."""
    values, lengths = case_of(spec, case).draw(spec)
    return EquationPass(spec, check_values(spec, values, lengths), np.longdouble, wanted=names).gather(names), values


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gates_are_so_far_shut_that_they_are_no_normal_numbers(dtype):
    limits, gated = np.finfo(dtype), 0
    for spec in map(refrnn.load, rows()):
        gates = [equation.name for equation in spec.equations if _calls(equation.value, "sigmoid")]
        if gates:
            gate = _found(spec, f"one-shut-{dtype}", gates[0])[0][gates[0]]
            assert 16 * limits.smallest_subnormal < gate.min() < limits.tiny, spec.id
            gated += 1
    assert gated > 20


def test_norms_below_the_normal_numbers():
    taken = []
    for spec in map(refrnn.load, rows()):
        norms = [equation.name for equation in spec.equations if _calls(equation.value, "norm")]
        assert any(case.name == "subnormal-float64" for case in asked(spec)) is bool(norms), spec.id
        if norms:
            length = _found(spec, "subnormal-float64", norms[0])[0][norms[0]]
            assert 0 < length.min() <= length.max() < np.finfo("float64").tiny, spec.id
            taken.append(spec.id)
    assert taken == ["clip-halving", "clip-norm", "blow-up-criterion"]


@pytest.mark.parametrize(
    "name, target, reached",
    [("bptt", "D", "Y"), ("narx", "D", "Y"), ("divergence", "D", "Y"), ("bptt-jacobians", "y", "y_hat"), ("constant-error-carousel", "d", "h"), ("singular-value-bound", "d", "f")],
)
def test_targets_are_nearly_reached(name, target, reached):
    spec = refrnn.load(name)
    found, values = _found(spec, "nearly-reached", *({reached} & {*spec.defined}))
    array = found.get(reached, values.get(reached))
    array = array.take(-1, axis=int(name == "singular-value-bound")) if array.ndim > values[target].ndim else array
    apart = np.abs(array - values[target])
    assert apart.shape == values[target].shape and 0 < apart.min() < apart.max() < 1e-3


@pytest.mark.parametrize("dtype, largest", [("float32", 1 - 2.0**-24), ("float64", 1 - 2.0**-53)])
def test_draws_at_their_upper_end(dtype, largest):
    spec = refrnn.load("generation")
    found, values = _found(spec, f"at-end-{dtype}", "w")
    assert (values["u"] == largest).all() and values["u"].dtype == dtype and (found["w"] == values["W_xh"].shape[0] - 1).any()
    values, _ = case_of(refrnn.load("constant-error-carousel"), f"at-end-{dtype}").draw(refrnn.load("constant-error-carousel"))
    assert (values["sigma"] == 1).all()


@pytest.mark.parametrize("name", ["tiny-leads-float32", "tinier-leads"])
def test_several_magnitudes_whose_squares_are_zero(name):
    spec = refrnn.load("eigen-expansion")
    lamda = case_of(spec, name).draw(spec)[0]["lamda"]
    assert len(lamda) > 1 and lamda.all() and not np.any(lamda * lamda) and np.abs(lamda).argmax() > 0


def test_one_array_is_zero_beside_another_whose_squares_leave_the_range():
    spec = refrnn.load("clip-norm")
    for zero, other in (("g", "G"), ("G", "g")):
        for dtype in ("float32", "float64"):
            values, _ = case_of(spec, f"{zero}-zero-far-{dtype}").draw(spec)
            with np.errstate(all="ignore"):
                squares = np.square(values[other])
            assert not values[zero].any() and np.isfinite(values[other]).all() and values[other].all()
            assert np.isinf(squares).all() if (zero == "g") is (dtype == "float32") else not squares.any()


def test_special_numbers_stand_in_starts_where_nothing_else_is_handed_in():
    values, _ = case_of(refrnn.load("blow-up-criterion"), "special-float32").draw(refrnn.load("blow-up-criterion"))
    assert np.isnan(values["r0"]).any() and np.isinf(values["s0"]).sum() == 2
