"""What is wrong in some place of a variant alone is found, and right answers are right in all of them."""

import numpy as np
import pytest
from unit import Backend, off, unit

import refrnn
from refrnn.verify.cases import cases
from refrnn.verify.truth import Truth
from refrnn.verify.variants import _arranged, _upstream, compare_variant, variants

RAGGED, PLAIN = (Truth(unit(), next(case for case in cases(unit()) if case.name == name)) for name in ("ragged-float64", "plain-float64"))


def wrong(backend, truth=RAGGED):
    """What is found, by the names of the variants."""
    spec = unit(kernel=backend)
    found = {variant.name: compare_variant(spec, truth, "kernel", variant) for variant in variants(spec, truth)}
    return {name: [str(finding) for finding in findings] for name, findings in found.items() if findings}


@pytest.mark.parametrize("truth", [RAGGED, PLAIN], ids=lambda truth: truth.case.name)
def test_right_answers_are_right_in_every_variant(truth):
    assert len(variants(truth.spec, truth)) == 12 and wrong(Backend(), truth) == {}


@pytest.mark.parametrize("factor", [1.5, 1 + 1e-9])
@pytest.mark.parametrize("quantity", ["h", "a", "d_x", "d_h0", "d_u"])
def test_every_quantity_is_judged_in_every_variant(quantity, factor):
    found = wrong(off(quantity, factor))
    assert len(found) == 12 and all(f"kernel: {quantity} differs" in texts[0] for texts in found.values())


@pytest.mark.parametrize("bounds, ulp, wrong_in", [(0.8, 0.1, 0), (1.2, 4, 12)])
def test_a_sum_over_many_copies_may_round_a_little_more(bounds, ulp, wrong_in):
    """A quarter of an ulp for each copy."""
    key = "gradient", "d_u"
    RAGGED.worlds[0].look_closer()  # what is near its bound is looked at closer, which makes it another one
    unit_of_error = float(RAGGED.scales[key].max()) * RAGGED.eps

    def backward(right, saved, d_h):
        found = right(saved, d_h=d_h)
        times = 2 ** int(np.log2(d_h.shape[1] // 5))
        return {**found, "u": found["u"] + times * (bounds * RAGGED.bounds[key] + ulp * times) * unit_of_error}

    assert len(wrong(Backend(backward=backward))) == wrong_in


# ------------------------------------------------------------ what is arranged


def arrangements(truth):
    spec = unit()
    return {variant.name: (variant, _arranged(spec, truth, variant)) for variant in variants(spec, truth)}


def test_batches_orders_and_lengths():
    found = list(arrangements(RAGGED).values())
    assert [checked.batch for _, checked in found] == [5, 5, 5, 8, 16, 17, 20, 32, 64, 65, 67, 183]
    for variant, checked in found:
        lengths, steps = checked.lengths["T"], len(checked.arrays["x"])
        assert len(lengths) == checked.batch and steps - lengths.max() == variant.steps
        assert steps == 7 + variant.steps and checked.arrays["x"].shape == (steps, checked.batch, RAGGED.checked.sizes["H"])
        assert not checked.arrays["x"][7:].any() and sorted(set(variant.places.tolist())) == list(range(5))
        for place, item in enumerate(variant.places):
            assert lengths[place] == RAGGED.lengths[item]
            assert np.array_equal(checked.arrays["x"][:7, place], RAGGED.checked.arrays["x"][:, item])
    orders = [np.diff(checked.lengths["T"]) for _, checked in found]
    assert [(order <= 0).all() for order in orders] == [False, False, True, False, False, False, True, False, False, False, False, False]
    assert (orders[9] >= 0).all() and not (orders[3] >= 0).all()
    assert not np.array_equal(found[5][0].places, np.resize(np.arange(5), 17))


def test_where_all_are_whole_their_lengths_are_given_too():
    for variant, checked in arrangements(PLAIN).values():
        assert (checked.lengths["T"] == len(PLAIN.checked.arrays["x"])).all() and len(checked.lengths["T"]) == checked.batch


# ------------------------------------------------------------ what is wrong in some place of a variant alone


def at_place(name, which):
    """Wrong for one sequence of a batch of 65, which the first copies of each sequence are not."""

    def forward(right, x, **arguments):
        outputs, saved = right(x=x, **arguments)
        if name == "h" and x.shape[1] == 65:
            outputs["h"][0, which] *= 1.5
        return outputs, saved

    def backward(right, saved, d_h):
        found = right(saved, d_h=d_h)
        if name != "h" and d_h.shape[1] == 65:
            array = np.moveaxis(found[name], 1 if name == "x" else 0, 0)
            array[which] = array[which] * 1.5
        return found

    return Backend(forward, backward)


@pytest.mark.parametrize("which", range(0, 65, 8))
def test_every_copy_of_an_output_is_judged(which):
    assert len(wrong(at_place("h", which))) == 1


@pytest.mark.parametrize("name", ["x", "h0"])
def test_every_copy_of_a_gradient_that_has_an_upstream_is_judged(name):
    variant = next(variant for variant in variants(unit(), RAGGED) if len(variant.places) == 65)
    assert len(variant.counted) == 5 * variant.times == 40
    for which in (*variant.counted[::7], variant.counted[-1]):
        assert len(wrong(at_place(name, int(which)))) == 1


def test_copies_that_take_room_add_nothing():
    """A kernel that counts the first forty places alone."""

    def backward(right, saved, d_h):
        variant = [variant for variant in variants(unit(), RAGGED) if len(variant.places) == d_h.shape[1]][-1]
        idle = np.setdiff1d(np.arange(len(variant.places)), variant.counted)
        assert not d_h[0, idle].any() and (d_h[0, variant.counted] != 0).all()
        return right(saved, d_h=d_h)

    assert wrong(Backend(backward=backward)) == {}


SHARED = """
id: shared
title: What all sequences share, beside what each has
sizes: {T: steps, H: units}
symbols:
  x: {role: input, shape: [T, H]}
  u: {role: parameter, shape: [H]}
equations:
  - y[t] = u * x[t]
  - s = u * u
outputs: [y, s]
"""


def test_what_all_sequences_share_counts_once_for_each_copy():
    spec = refrnn.load_text(SHARED)
    truth = Truth(spec, cases(spec)[0])
    for variant in variants(spec, truth):
        upstream = _upstream(spec, truth, variant, _arranged(spec, truth, variant))
        assert np.array_equal(upstream["s"], variant.times * truth.upstream["s"]) and upstream["y"].shape[1] == len(variant.places)


def test_steps_past_every_sequence_are_zero():
    """Only arrays that are longer than the longest sequence have them."""

    def forward(right, x, lengths, **arguments):
        outputs, saved = right(x=x, lengths=lengths, **arguments)
        outputs["h"][lengths.max() :] = 1e-300
        return outputs, saved

    found = wrong(Backend(forward))
    assert len(found) == 3 and all("steps longer" in name and "h is not zero past the end of every sequence" in texts[0] for name, texts in found.items())


@pytest.mark.parametrize("quantity", ["h", "x"])
def test_shapes_are_judged(quantity):
    def forward(right, **arguments):
        outputs, saved = right(**arguments)
        return {"h": outputs["h"][:7] if quantity == "h" else outputs["h"]}, saved

    def backward(right, saved, d_h):
        found = right(saved, d_h=d_h)
        return {**found, "x": found["x"][:7] if quantity == "x" else found["x"]}

    found = wrong(Backend(forward, backward))
    assert len(found) == 3 and all("has the shape [7, " in texts[0] for texts in found.values())


def test_nobody_may_read_past_an_end():
    """The inputs there, or the upstream gradient there, times zero."""

    def forward(right, x, lengths, **arguments):
        outputs, saved = right(x=np.nan_to_num(x), lengths=lengths, **arguments)
        return {"h": outputs["h"] + 0 * x.sum(axis=0)}, saved

    def backward(right, saved, d_h):
        found = right(saved, d_h=np.nan_to_num(d_h))
        return {**found, "h0": found["h0"] + 0 * d_h.sum(axis=0)}

    assert len(wrong(Backend(forward))) == len(wrong(Backend(backward=backward))) == 12


def test_the_quick_level_asks_each_batch_once():
    """Orders and longer arrays where lengths differ, blocks of rows where they do not."""
    names = {}
    for truth in (RAGGED, PLAIN):
        of_all, quick = (variants(unit(), truth, level=level) for level in ("full", "quick"))
        assert {one.name for one in quick} < {one.name for one in of_all}
        names[truth.case.name] = {(len(one.places), one.steps > 0) for one in quick}
    assert names["ragged-float64"] == {(5, False), (5, True), (20, True), (65, False), (67, True), (183, False)}
    wide = Truth(unit(), next(case for case in cases(unit()) if case.name == "width-20-float32"))
    assert [len(one.places) for one in variants(unit(), wide, level="quick")] == [2, 64]
    assert names["plain-float64"] == {(8, False), (16, False), (17, False), (32, False), (64, False), (1207, False)}


@pytest.mark.parametrize("name, batches", [("width-20-float32", [2, 20, 64]), ("one-step-float32", [32, 128, 1025])])
def test_wide_and_short_cases_have_batches_of_their_own(name, batches):
    truth = Truth(unit(), next(case for case in cases(unit()) if case.name == name))
    assert [len(variant.places) for variant in variants(unit(), truth)][-len(batches) :] == batches
