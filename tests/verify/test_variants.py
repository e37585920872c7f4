"""Variants lie across the edges of blocks, in every order and shape of raggedness, and are judged by the truth of the few."""

import numpy as np
import pytest

import refrnn
from refrnn.verify.cases import cases
from refrnn.verify.truth import Truth
from refrnn.verify.variants import WIDE, _arranged, _upstream, compare_variant, variants


@pytest.fixture(scope="module", params=["plain-float32", "ragged-float64"])
def truth(request):
    spec = refrnn.load("lstm")
    return Truth(spec, next(case for case in cases(spec) if case.name == request.param))


def test_batches_lie_across_the_edges_of_blocks(truth):
    batches = {len(variant.places) for variant in variants(truth.spec, truth)}
    assert {8, 16, 17, 20, 64, 65, 67} <= batches
    assert {batch % 4 for batch in batches} >= {0, 1, 3}
    assert {order for _, order, _ in WIDE} == {"as drawn", "shuffled", "longest first", "shortest first"}


def test_lengths_are_whole_sorted_both_ways_and_below_the_arrays(truth):
    seen = []
    for variant in variants(truth.spec, truth):
        checked = _arranged(truth.spec, truth, variant)
        lengths, steps = checked.lengths["T"], checked.sizes["T"]
        assert checked.arrays["x"].shape[:2] == (steps, len(lengths))
        seen.append((np.all(np.diff(lengths) <= 0), np.all(np.diff(lengths) >= 0), lengths.max() < steps))
    assert {below for _, _, below in seen} == {False, True}
    if truth.case.ragged:
        assert {(down, up) for down, up, _ in seen} >= {(True, False), (False, True), (False, False)}


def test_parameters_count_each_copy_that_has_an_upstream_gradient(truth):
    for variant in variants(truth.spec, truth):
        checked = _arranged(truth.spec, truth, variant)
        upstream = _upstream(truth.spec, truth, variant, checked)["h"]
        idle = np.setdiff1d(np.arange(len(variant.places)), variant.counted)
        assert not np.nan_to_num(upstream[:, idle]).any()
        counts = np.bincount(variant.places[variant.counted])
        assert (counts == variant.times).all() and variant.times & (variant.times - 1) == 0


def test_kernel_and_reference_are_right(truth):
    spec = truth.spec
    for variant in variants(spec, truth):
        assert compare_variant(spec, truth, "kernel", variant) == []
        assert compare_variant(spec, truth, "reference", variant) == []
