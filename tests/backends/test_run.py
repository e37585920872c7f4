"""What holds for every backend of every spec: ragged is alone, padding is zero, states go on, backward is linear and repeats."""

import gc
import math
from types import ModuleType

import numpy as np
import pytest

import refrnn
from refrnn.errors import NotFoundError, ValuesError
from refrnn.spec.chunks import NotCarried
from refrnn.spec.library import rows

IDS = rows()
TIMED = [name for name in IDS if refrnn.load(name).time]
CONTINUED = [name for name in IDS if refrnn.load(name).carried or refrnn.load(name).delayed]
BACKENDS = ("equation", "reference", "kernel")
LENGTHS = [7, 1, 4]


def same(left, right, tight=1e-12):
    np.testing.assert_allclose(left, right, rtol=tight, atol=tight)


def upstream_of(run, seed=3):
    random = np.random.default_rng(seed)
    return {name: np.asarray(random.standard_normal(array.shape), array.dtype) for name, array in run.outputs.items()}


def ragged(spec):
    """The lengths of each time, by time; those of a second time are others."""
    return {time: np.roll(LENGTHS, place) + place for place, time in enumerate(spec.time)}


def steps_of(spec):
    return {time: int(lengths.max()) for time, lengths in ragged(spec).items()}


def given(lengths):
    """Lengths as a caller gives them: by time only where there are several."""
    return lengths if len(lengths) > 1 else next(iter(lengths.values()))


def past_the_end(spec, name, array):
    """Where an array that has time lies past the end of its sequences."""
    lengths = ragged(spec)[spec.time_size(name)]
    return np.arange(len(array))[:, None] >= lengths


def item_of(spec, values, item):
    """The values of one sequence of a ragged batch by itself; a time that no array shows is its length."""
    found = {}
    lengths = {time: int(lengths[item]) for time, lengths in ragged(spec).items()}
    for name, value in values.items():
        if name in spec.named_sizes:
            found[name] = lengths.get(name, value)
            continue
        axis = spec.batch_axis(name)
        if axis is not None:
            value = value.take([item], axis)
        if spec.time_size(name) is not None:
            value = value[: lengths[spec.time_size(name)]]
        found[name] = value
    return found


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


@pytest.mark.parametrize("name", TIMED)
def test_ragged_is_each_sequence_alone(name, backend):
    spec = refrnn.load(name)
    values = spec.draw(steps_of(spec), batch=3, dtype="float64", seed=2)
    run = spec.forward(values, backend, given(ragged(spec)))
    upstream = upstream_of(run)
    gradients = run.backward(upstream)
    shared = {key: 0 for key in gradients if spec.batch_axis(key) is None}
    for item in range(3):
        alone = spec.forward(item_of(spec, values, item), backend)
        for key, array in alone.outputs.items():
            same(item_of(spec, run.outputs, item)[key], array)
        own = alone.backward(item_of(spec, upstream, item))
        for key, gradient in own.items():
            if key in shared:
                shared[key] = shared[key] + gradient
            else:
                same(item_of(spec, gradients, item)[key], gradient)
    for key, total in shared.items():
        same(gradients[key], total, 1e-11)


@pytest.mark.parametrize("name", TIMED)
def test_padding_is_zero_and_is_not_read(name, backend):
    spec = refrnn.load(name)
    values = spec.draw(steps_of(spec), batch=3, dtype="float32", seed=2)
    run = spec.forward(values, backend, given(ragged(spec)))
    upstream = upstream_of(run)
    found = [{**run.outputs, **run.intermediates, **run.backward(upstream)}]

    def poisoned(arrays):
        arrays = {key: np.copy(array) for key, array in arrays.items()}
        for key, array in arrays.items():
            if spec.time_size(key) is not None:
                array[past_the_end(spec, key, array)] = np.nan if array.dtype.kind == "f" else -1
        return arrays

    run = spec.forward({**values, **poisoned({key: values[key] for key in values if np.ndim(values[key])})}, backend, given(ragged(spec)))
    found.append({**run.outputs, **run.intermediates, **run.backward(poisoned(upstream))})
    for key, array in found[0].items():
        np.testing.assert_array_equal(array, found[1][key])
        if spec.time_size(key) is not None:
            assert not np.any(array[past_the_end(spec, key, array)])


# ------------------------------------------------------------ states


def chunk(spec, values, time, steps):
    """The values of some steps of one time."""
    found = {key: value[steps] if key in spec.arrays and spec.time_size(key) == time else value for key, value in values.items()}
    if time in spec.named_sizes:
        found[time] = len(range(values[time])[steps])
    return found


def ways(spec):
    """The starts whose states go on, by time and by direction."""
    found = {}
    for start, (state, forward) in spec.carried.items():
        found.setdefault((spec.time_size(state), forward), []).append(start)
    for start, state in spec.delayed.items():
        found.setdefault((spec.time_size(state), True), []).append(start)
    return found


@pytest.mark.parametrize("name", CONTINUED)
@pytest.mark.parametrize("cut", [1, 3, 6])
def test_a_state_goes_in_and_comes_out(name, backend, cut):
    """Two chunks with the state handed over end where one run does; where all goes on, they are the one run."""
    spec = refrnn.load(name)
    values = spec.draw({time: 7 for time in spec.time}, batch=3, dtype="float64", seed=4)
    whole = spec.forward(values, backend)
    assert carried_of(whole).keys() == {*spec.carried, *spec.delayed}
    for (time, forward), starts in ways(spec).items():
        parts = [chunk(spec, values, time, steps) for steps in (slice(0, cut), slice(cut, None))]
        before, after = parts if forward else parts[::-1]
        first = spec.forward(before, backend)
        second = spec.forward({**after, **{start: first.state[start] for start in starts}}, backend)
        for start in starts:
            same(second.state[start], whole.state[start])
            # The same token may be drawn twice.
            assert spec.symbols[start].type == "integer" or not np.array_equal(first.state[start], whole.state[start])
        if goes_on_as_a_whole(spec):
            for key, array in whole.outputs.items():
                if spec.time_size(key):
                    same(np.concatenate([first.outputs[key], second.outputs[key]]), array)


def carried_of(run):
    return {start: state for start, state in run.state.items() if not isinstance(state, NotCarried)}


def goes_on_as_a_whole(spec):
    """One time, every start handed over, and each of them forward."""
    return len(spec.time) == 1 and len(ways(spec)) == 1 and spec.begun == spec.carried and all(ahead for _, ahead in spec.begun.values())


@pytest.mark.parametrize("name", ["state-space", "two-layer-rnn"])
def test_a_learned_start_may_be_given_for_each_sequence(name, backend):
    """Then it has a gradient for each; their sum is the gradient of the one that all share."""
    spec = refrnn.load(name)
    values = spec.draw(batch=3, dtype="float64", seed=5)
    run = spec.forward(values, backend)
    upstream = upstream_of(run)
    gradients = run.backward(upstream)
    each = {start: np.repeat(values[start][None], 3, axis=0) for start in spec.begun}
    repeated = spec.forward({**values, **each}, backend)
    for key, array in run.outputs.items():
        same(repeated.outputs[key], array)
    found = repeated.backward(upstream)
    for key, gradient in gradients.items():
        same(found[key].sum(0) if key in each else found[key], gradient)
        assert found[key].shape == np.shape(each.get(key, values[key]))
    with pytest.raises(ValuesError, match="has the shape"):
        spec.forward({**values, **{start: array[:2] for start, array in each.items()}}, backend)


def test_states_of_ragged_sequences_are_their_own_last(backend):
    spec = refrnn.load("lstm")
    run = spec.forward(spec.draw(batch=3, dtype="float64"), backend, LENGTHS)
    for item, length in enumerate(LENGTHS):
        np.testing.assert_array_equal(run.state["h0"][item], run.outputs["h"][length - 1, item])
        np.testing.assert_array_equal(run.state["c0"][item], run.outputs["c"][length - 1, item])


def test_a_state_is_a_copy(backend):
    spec = refrnn.load("unfolding")
    run = spec.forward(spec.draw(), backend)
    run.state["s0"][:] = 7
    assert not (run.outputs["s"] == 7).any()


def test_a_direction_that_runs_back_ends_at_the_first_step(backend):
    """Where a backend offers it: the state of the backward direction at step 0 continues what comes before."""
    spec = refrnn.load("bidirectional")
    run = spec.forward(spec.draw(dtype="float64"), backend)
    assert spec.carried == {"h_f0": ("h_f", True), "h_binf": ("h_b", False)}
    H = run.outputs["h"].shape[-1] - spec.draw()["h_binf"].shape[-1]
    for start, state in carried_of(run).items():
        same(state, run.outputs["h"][0, :, H:] if start == "h_binf" else run.outputs["h"][-1, :, :H])


# ------------------------------------------------------------ gradients


@pytest.mark.parametrize("name", IDS)
def test_backward_is_linear_repeats_and_takes_missing_for_zero(name, backend):
    spec = refrnn.load(name)
    run = spec.forward(spec.draw(dtype="float64", seed=6), backend)
    one, other = upstream_of(run, 1), upstream_of(run, 2)
    gradients = run.backward(one)
    assert gradients.keys() == set(spec.differentiated)
    both = run.backward({key: 2 * one[key] - 3 * other[key] for key in one})
    parts = [run.backward({key: one[key]}) for key in one]
    again, others, none = run.backward(one), run.backward(other), run.backward({})
    explicit = run.backward({key: None for key in one})
    for key, gradient in gradients.items():
        np.testing.assert_array_equal(again[key], gradient)
        scale = 1e-12 * (1 + np.abs(gradient).max())
        np.testing.assert_allclose(both[key], 2 * gradient - 3 * others[key], atol=10 * scale)
        np.testing.assert_allclose(sum(part[key] for part in parts), gradient, atol=10 * scale)
        assert not none[key].any() and not explicit[key].any()


@pytest.mark.parametrize("name", IDS)
def test_arrays_of_any_layout_are_read_and_none_is_written(name, backend):
    spec = refrnn.load(name)
    values = spec.draw(dtype="float64", seed=7)
    run = spec.forward(values, backend)
    upstream = upstream_of(run)
    wanted = {**run.outputs, **run.backward(upstream)}

    def strided(array):
        wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan if array.dtype.kind == "f" else -1, array.dtype)
        wide[..., 1::2] = array
        return wide[..., 1::2]

    def frozen(array):
        array = array.copy()
        array.flags.writeable = False
        return array

    for rearranged in (np.asfortranarray, strided, frozen, lambda array: array[..., ::-1].copy()[..., ::-1]):
        handed, gradients = (
            {key: rearranged(array) if np.ndim(array) else array for key, array in arrays.items()} for arrays in (values, upstream)
        )
        before = {key: np.copy(array) for key, array in handed.items()}
        run = spec.forward(handed, backend)
        for key, array in {**run.outputs, **run.backward(gradients)}.items():
            np.testing.assert_array_equal(array, wanted[key])
        for key, array in handed.items():
            np.testing.assert_array_equal(array, before[key])
        for key, array in gradients.items():
            np.testing.assert_array_equal(array, upstream[key])


@pytest.mark.parametrize("name", IDS)
def test_results_are_the_callers_own(name, backend):
    """Writing into what came out changes neither the inputs nor a later backward."""
    spec = refrnn.load(name)
    values = spec.draw(dtype="float64", seed=8)
    before = {key: np.copy(value) for key, value in values.items()}
    run = spec.forward(values, backend)
    upstream = upstream_of(run)
    first = {key: gradient.copy() for key, gradient in run.backward(upstream).items()}
    for gradient in run.backward(upstream).values():
        gradient[...] = 9
    for key, gradient in run.backward(upstream).items():
        np.testing.assert_array_equal(gradient, first[key])
    for key, value in values.items():
        np.testing.assert_array_equal(value, before[key])


@pytest.mark.parametrize("name", IDS)
def test_outputs_written_into_do_not_change_the_gradients(name, backend):
    """d = run.outputs["h"]; d -= target; run.backward({"h": d}) is what everybody writes."""
    spec = refrnn.load(name)
    values = spec.draw(dtype="float64", seed=9)
    run, other = spec.forward(values, backend), spec.forward(values, backend)
    handed = {}
    for key in run.outputs:
        handed[key] = run.outputs[key]
        handed[key] -= 0.25
    for array in run.intermediates.values():
        array[...] = 9
    before = {key: array.copy() for key, array in handed.items()}
    gradients, expected = run.backward(handed), other.backward(before)
    for key, gradient in gradients.items():
        np.testing.assert_array_equal(gradient, expected[key])
        gradient[...] = 9
    for key, array in handed.items():
        np.testing.assert_array_equal(array, before[key])
    arrays = [*handed.values(), *gradients.values(), *(array for array in values.values() if isinstance(array, np.ndarray))]
    assert not any(np.shares_memory(one, two) for place, one in enumerate(arrays) for two in arrays[:place])


@pytest.mark.parametrize("name", IDS)
def test_precision_is_kept(name, backend):
    spec = refrnn.load(name)
    for dtype in ("float32", "float64") + (("longdouble",) if backend != "kernel" else ()):
        run = spec.forward(spec.draw(dtype=dtype), backend)
        found = {**run.outputs, **run.intermediates, **run.backward(upstream_of(run))}
        # Where nothing but tokens is given, nothing says another precision than double.
        shown = dtype if any(symbol.type == "real" for symbol in spec.arrays.values()) else "float64"
        assert {str(array.dtype) for array in found.values()} == {str(np.dtype(shown))}


@pytest.mark.parametrize("name, optional", [("lstm", "b"), ("gru-reset-after", "b_u")])
def test_what_is_left_out_has_no_gradient(name, optional, backend):
    spec = refrnn.load(name)
    values = spec.draw(dtype="float64")
    del values[optional]
    run = spec.forward(values, backend)
    assert run.backward(upstream_of(run)).keys() == set(spec.differentiated) - {optional}


def test_a_module_that_is_no_backend_is_refused():
    spec = refrnn.load("elman")
    with pytest.raises(NotFoundError, match="elman: the module math has no function forward, so it is no backend"):
        spec.forward(spec.draw(), backend=math)


def _module(forward, backward):
    """A backend of one's own, which says nothing of what it keeps and gives."""
    module = ModuleType("own")
    module.forward, module.backward = forward, backward
    return module


def test_a_gradient_that_is_an_array_of_the_caller_s_is_copied():
    """As where nothing is clipped, or where two gradients are one."""
    spec = refrnn.load("elman")
    values = spec.draw(dtype="float64")
    right = spec.bindings["kernel"].load()

    def backward(saved, d_h, d_y):
        found = right.backward(saved, d_h=d_h, d_y=d_y)
        return {**found, "h0": d_h[0], "x": values["x"], "W_hh": saved["own"]}

    def forward(**arguments):
        outputs, saved = right.forward(**arguments)
        saved["own"] = np.ones_like(arguments["W_hh"])
        outputs["h"] = saved["h"] = np.array(outputs["h"])
        return outputs, saved

    run = spec.forward(values, _module(forward, backward))
    upstream = upstream_of(run)
    gradients = run.backward(upstream)
    others = [array for array in (*values.values(), *upstream.values(), *run.outputs.values()) if isinstance(array, np.ndarray)]
    assert not any(np.shares_memory(gradient, other) for gradient in gradients.values() for other in others)


@pytest.mark.parametrize("name", ["lstm", "gru-reset-after", "word-model", "tdnn"])
def test_all_that_a_kernel_saves_under_its_name_is_offered(name):
    spec = refrnn.load(name)
    values = spec.draw()
    _, saved = spec.bindings["kernel"].load().forward(**{key: values[key] for key in spec.arrays}, lengths=None)
    wanted = {key for key in spec.defined if key not in spec.outputs and key in saved}
    found = spec.forward(values, "kernel").intermediates
    assert found.keys() == wanted
    for key in wanted:
        np.testing.assert_array_equal(found[key], saved[key]() if callable(saved[key]) else saved[key])


def test_work_memory_waits_until_it_is_freed():
    spec = refrnn.load("lstm")
    run = spec.forward(spec.draw({"T": 50, "H": 40}, batch=4))
    upstream = {"h": np.ones_like(run.outputs["h"])}
    before = run.backward(upstream)
    refrnn.free()
    assert all(array.tobytes() == before[name].tobytes() for name, array in run.backward(upstream).items())  # a run that lives keeps its own
    refrnn.free()
    gates = 50 * 4 * 4 * 40 * 4  # bytes of the gates alone
    del run
    gc.collect()
    assert refrnn.free() >= gates and refrnn.free() == 0
