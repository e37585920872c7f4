"""Both passes of small recurrences of every form, against a naive interpreter and its slopes along complex directions."""

import itertools

import numpy as np
import pytest
import recurrences
from recurrences import ALL, drawn, like, slope, upstream

from refrnn.kernels.engine.passes import run
from refrnn.kernels.engine.rows import lanes_of
from refrnn.kernels.primitives import threads

LANES = lanes_of(np.float64)
LENGTHS = {"equal, below T": [3, 3, 3, 3, 3], "longest below T": [2, 4, 1, 4, 3], "unsorted": [1, 5, 3, 5, 2], "sorted": [5, 4, 4, 2, 1], "all T": [5] * 5}
T, B, I = 5, 5, 3


def past_the_ends(arrays, lengths):
    """The arrays with NaN where nothing may be read."""
    if lengths is None:
        return arrays
    return {name: np.where((np.arange(len(array))[:, None] < lengths)[..., None], array, np.nan) for name, array in arrays.items()}


def both(name, arguments, errors, lengths=None, keep=None):
    """(pass, gradients of everything by name)."""
    given = past_the_ends(arguments["given"], lengths)
    forward = run(ALL[name], given, arguments["starts"], arguments["weights"], lengths)
    into = like(arguments["weights"])
    found = forward.backward(past_the_ends(errors, lengths), into, keep)
    return forward, found | into


def parts(gradient):
    return gradient if isinstance(gradient, tuple) else (gradient,)


def assert_right(name, arguments, lengths=None, keep=None):
    recurrence, errors = ALL[name], upstream(ALL[name], arguments)
    forward, gradients = both(name, arguments, errors, lengths, keep)
    true = recurrences.forward(recurrence, **arguments, lengths=lengths)
    ended = None if lengths is None else np.arange(len(next(iter(arguments["given"].values()))))[:, None] >= lengths
    for row, array in forward.outputs.items():
        assert np.allclose(array, true[row], rtol=1e-13, atol=1e-14), row
        assert ended is None or not array[ended].any(), row
    errors = errors if ended is None else {row: np.where(ended[..., None], 0, error) for row, error in errors.items()}
    assert set(gradients) == {argument for group in arguments.values() for argument in group}
    for group, values in arguments.items():
        for argument, value in values.items():
            random = np.random.default_rng(len(argument))
            direction = tuple(random.standard_normal(part.shape) for part in parts(value))
            along = slope(recurrence, arguments, errors, group, argument, direction if isinstance(value, tuple) else direction[0], lengths, keep)
            found = [np.sum(part * way) for part, way in zip(parts(gradients[argument]), direction, strict=True)]
            size = sum(np.sum(np.abs(part * way)) for part, way in zip(parts(gradients[argument]), direction, strict=True))
            assert abs(sum(found) - along) <= 1e-12 * (1 + size), argument
            assert all(part.shape == whole.shape for part, whole in zip(parts(gradients[argument]), parts(value), strict=True))
    for argument in arguments["given"]:
        assert ended is None or not gradients[argument][ended].any(), argument


@pytest.mark.parametrize("name, H", itertools.product(ALL, (1, LANES - 1, LANES, LANES + 1, 3 * LANES + 5)))
def test_outputs_and_slopes(name, H):
    assert_right(name, drawn(name, T, B, I, H))


@pytest.mark.parametrize("name, lengths", itertools.product(ALL, LENGTHS))
def test_ragged_lengths(name, lengths):
    assert_right(name, drawn(name, T, B, I, LANES + 1), np.array(LENGTHS[lengths]))


@pytest.mark.parametrize("name, sizes", itertools.product(ALL, ((1, 1, 1, 1), (1, 3, 2, 5), (2, 1, 2, 5), (9, 1, 1, 2))))
def test_one_of_each_and_shorter_than_the_delays(name, sizes):
    assert_right(name, drawn(name, *sizes))


@pytest.mark.parametrize("name", ("one", "delayed"))
@pytest.mark.parametrize("lengths", (None, [1, 5, 3, 5, 2, 4, 4]))
def test_keep_cuts_what_comes_through_products(name, lengths):
    keep = np.random.default_rng(3).integers(0, 2, (T, 7))
    assert set(keep.ravel()) == {0, 1}
    assert_right(name, drawn(name, T, 7, I, LANES + 1), lengths and np.array(lengths), keep)


@pytest.mark.parametrize("name", ("one", "delayed"))
def test_an_error_that_is_no_number_does_not_pass_a_cut(name):
    arguments = drawn(name, T, 2, I, 3)
    errors, keep = upstream(ALL[name], arguments), np.ones((T, 2), int)
    keep[3:, 0] = 0
    errors["h"][4, 0] = np.nan
    _, gradients = both(name, arguments, errors, None, keep)
    assert np.isnan(gradients["x"][4, 0]).all()
    assert np.isfinite(gradients["x"][:4]).all() and np.isfinite(gradients["x"][:, 1]).all()


@pytest.mark.parametrize("name", ALL)
def test_what_is_kept_is_in_the_callers_order(name):
    lengths = np.array(LENGTHS["unsorted"])
    arguments = drawn(name, T, B, I, LANES + 1)
    forward = run(ALL[name], past_the_ends(arguments["given"], lengths), arguments["starts"], arguments["weights"], lengths)
    true = recurrences.forward(ALL[name], **arguments, lengths=lengths)
    for k, stage in enumerate(ALL[name].stages):
        for gate in stage.names if forward.plan.kept[k] else ():
            assert np.allclose(forward.gate(gate), true[gate], rtol=1e-13, atol=1e-14), gate
    for row in ALL[name].kept:
        assert np.allclose(forward.row(row), true[row], rtol=1e-13, atol=1e-14), row
    kept = forward.row(ALL[name].kept[0])
    kept[:] = np.nan
    assert np.isfinite(forward.row(ALL[name].kept[0])).all()


def test_saved_gates_are_made_when_called_for():
    arguments = drawn("two", 2, 3, 2, 3)
    forward = run(ALL["two"], **arguments)
    saved = forward.saved(input_gate="i")
    assert saved["layer"] is forward and np.array_equal(saved["input_gate"](), forward.gate("i"))


# ------------------------------------------------------------ bits


def same(a, b):
    return all(np.array_equal(one, other) for one, other in zip(parts(a), parts(b), strict=True))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("lengths", (None, [1, 5, 3, 5, 2, 4, 4, 1, 5, 5, 3]))
def test_two_threads_give_the_bits_of_one(name, lengths):
    arguments = drawn(name, T, 11, I, 3 * LANES + 5)
    errors, lengths = upstream(ALL[name], arguments), lengths and np.array(lengths)
    found = []
    for count in (1, 2) if threads.most() > 1 else pytest.skip("one thread only"):
        with threads.using(count, little=0):
            forward, gradients = both(name, arguments, errors, lengths)
            assert len(forward.slices(0)) == count
            found.append(forward.outputs | {f"d_{name}": gradient for name, gradient in gradients.items()})
    assert found[0].keys() == found[1].keys() and all(same(found[0][key], found[1][key]) for key in found[0])


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
@pytest.mark.parametrize("name", ALL)
def test_a_sequence_alone_gives_its_bits_in_a_batch(name, dtype):
    lengths = np.array([3, 5, 1, 4, 5, 2, 5])
    arguments = drawn(name, T, 7, 40, 3 * LANES + 5, dtype)
    errors = upstream(ALL[name], arguments)
    forward, gradients = both(name, arguments, errors, lengths)
    for b, length in enumerate(lengths):
        one = {
            "given": {key: array[:length, b : b + 1] for key, array in arguments["given"].items()},
            "starts": {key: array[b : b + 1] for key, array in arguments["starts"].items()}, "weights": arguments["weights"],
        }  # fmt: skip
        alone, slopes = both(name, one, {row: error[:length, b : b + 1] for row, error in errors.items()})
        assert all(np.array_equal(forward.outputs[row][:length, b], alone.outputs[row][:, 0]) for row in alone.outputs)
        assert all(np.array_equal(gradients[key][:length, b], slopes[key][:, 0]) for key in one["given"])
        assert all(np.array_equal(gradients[key][b], slopes[key][0]) for key in one["starts"])


# ------------------------------------------------------------ memory


@pytest.mark.parametrize("name", ALL)
def test_two_passes_alive_and_backward_twice(name):
    """Nothing is shared between passes, and nothing of a pass backward stays for the next one."""
    arguments, others = drawn(name, T, B, I, LANES + 1), drawn(name, T, B, I, LANES + 1, seed=5)
    lengths = np.array(LENGTHS["unsorted"])
    errors, other_errors = upstream(ALL[name], arguments), upstream(ALL[name], others, seed=7)
    alone, expected = both(name, arguments, errors, lengths)
    _, twice = both(name, others, other_errors, lengths)
    first = run(ALL[name], past_the_ends(arguments["given"], lengths), arguments["starts"], arguments["weights"], lengths)
    second = run(ALL[name], past_the_ends(others["given"], lengths), others["starts"], others["weights"], lengths)
    for forward, weights, error, true in (
        (second, others, other_errors, twice), (first, arguments, other_errors, None), (first, arguments, errors, expected),
    ):  # fmt: skip
        into = like(weights["weights"])
        found = forward.backward(past_the_ends(error, lengths), into) | into
        assert true is None or all(same(found[key], true[key]) for key in true)
    assert all(np.array_equal(first.outputs[row], alone.outputs[row]) for row in alone.outputs)


@pytest.mark.parametrize("name", ALL)
def test_outputs_are_the_callers_and_arguments_stay(name):
    arguments = drawn(name, T, B, I, LANES + 1)
    errors = upstream(ALL[name], arguments)
    _, expected = both(name, arguments, errors)
    copies = {group: {key: tuple(map(np.copy, parts(value))) for key, value in values.items()} for group, values in arguments.items()}
    forward, kept = run(ALL[name], **arguments), {row: error.copy() for row, error in errors.items()}
    for array in forward.outputs.values():
        array[:] = np.nan
    into = like(arguments["weights"])
    found = forward.backward(errors, into) | into
    assert all(same(found[key], expected[key]) for key in expected)
    assert all(np.array_equal(errors[row], kept[row]) for row in kept)
    assert all(same(copies[group][key], value) for group, values in arguments.items() for key, value in values.items())


@pytest.mark.parametrize("name", ALL)
def test_arrays_of_any_layout(name):
    arguments = drawn(name, T, B, I, LANES + 1)
    errors = upstream(ALL[name], arguments)
    plain, expected = both(name, arguments, errors)

    def strided(array):
        wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan) if array.ndim else array
        if array.ndim:
            wide[..., ::2] = array
        return wide[..., ::2] if array.ndim else array

    def turned(array):
        return np.asfortranarray(array) if array.ndim else array

    for layout in (strided, turned):
        changed = {
            group: {key: tuple(map(layout, value)) if isinstance(value, tuple) else layout(value) for key, value in values.items()}
            for group, values in arguments.items()
        }
        forward = run(ALL[name], **changed)
        into = {key: tuple(map(layout, value)) for key, value in like(arguments["weights"]).items()}
        found = forward.backward({row: layout(error) for row, error in errors.items()}, into) | into
        assert all(np.array_equal(forward.outputs[row], plain.outputs[row]) for row in plain.outputs)
        assert all(same(found[key], expected[key]) for key in expected)


def test_infinite_inputs_reach_no_error_through_vectors_that_are_no_units():
    """tanh of an infinite sum is 1 and has no slope: where errors stand in the place of sums, those of no unit must not be NaN."""
    arguments = drawn("one", T, 3, I, 4 * LANES + 1)
    arguments["given"]["x"][2, 1, 0] = np.inf
    forward = run(ALL["one"], **arguments)
    assert forward.plan.giving_way and forward.plan.panels[0].is_ragged and np.all(np.isfinite(forward.outputs["h"]))
    found = forward.backward(upstream(ALL["one"], arguments), like(arguments["weights"]))
    assert np.all(np.isfinite(found["h"])) and np.all(np.isfinite(found["x"]))
