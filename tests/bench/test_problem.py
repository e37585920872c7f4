"""Sizes from options, lengths that are drawn, and upstream gradients."""

import numpy as np
import pytest

import refrnn
from refrnn.bench import problem
from refrnn.errors import ValuesError
from refrnn.spec.library import rows

TINY = {"steps": 3, "batch": 2, "hidden": 4, "inputs": 5}


def tiny(name, **options):
    spec = refrnn.load(name)
    return problem.make(spec, *problem.sizes_of(spec, **TINY), **options)


def test_a_problem_in_float64_has_the_same_numbers():
    one = tiny("elman", ragged=True)
    double = one.in_double()
    assert double.checked.dtype == np.float64 and one.checked.dtype == np.float32 and double.lengths is one.lengths
    for name, array in (*one.values.items(), *one.upstream.items()):
        assert np.array_equal(array, (double.values | double.upstream)[name])


def test_sizes_are_the_options():
    assert tiny("elman").sizes == {"T": 3, "I": 5, "H": 4, "O": 128, "batch": 2, "simple": 0}
    spec = refrnn.load("two-layer-rnn")
    assert problem.sizes_of(spec, hidden=6, inputs=7) == ({"T": 100, "I": 7, "H1": 6, "H2": 6, "O": 128}, 16)


def test_the_batch_of_a_spec_written_in_rows():
    assert tiny("batched-rnn").sizes == {"T": 3, "B": 2, "D": 5, "H": 4} and tiny("batched-rnn").steps == 6


@pytest.mark.parametrize("option", ["steps", "batch", "hidden", "inputs"])
def test_an_option_that_means_nothing_is_refused(option):
    word = "input" if option == "inputs" else option
    with pytest.raises(ValuesError, match=f"clip-norm: --{word} means nothing here"):
        problem.sizes_of(refrnn.load("clip-norm"), **{option: 3})


def test_ragged_lengths_are_drawn_with_one_whole_sequence():
    spec = refrnn.load("lstm")
    found = problem.make(spec, {"T": 20, "I": 2, "H": 3}, 30, ragged=True)
    assert found.lengths.shape == (30,) and found.lengths.max() == 20 and 1 <= found.lengths.min() < 20
    assert found.steps == found.lengths.sum() < 600 and found.checked.lengths["T"] is not None
    past = np.arange(20)[:, None] >= found.lengths
    assert list(found.upstream) == ["h"] and not found.upstream["h"][past].any() and found.upstream["h"][~past].all()
    assert tiny("lstm").lengths is None and tiny("lstm").steps == 6


@pytest.mark.parametrize("name", ["clip-norm", "encoder-decoder"])
def test_ragged_is_refused_where_it_means_nothing(name):
    with pytest.raises(ValuesError, match="--ragged means nothing here"):
        problem.make(refrnn.load(name), {}, 3, ragged=True)


def test_no_gradient_of_the_lstm_s_memory_is_sent():
    found = tiny("lstm", dtype="float64")
    assert found.upstream["h"].dtype == np.float64
    complete = found.complete_upstream()
    assert not complete["c"].any() and np.array_equal(complete["h"], found.upstream["h"])


def test_a_spec_without_gradients_has_one_pass():
    assert problem.ways(refrnn.load("lstm")) == (problem.FORWARD, problem.BOTH)
    without = next(spec for spec in map(refrnn.load, rows()) if not spec.differentiated)
    assert problem.ways(without) == (problem.FORWARD,)
