"""A spec bound to its parameters gives what the spec gives, for whole sequences and step by step."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import refrnn
from refrnn import NotFoundError, ValuesError

BACKENDS = ("equation", "reference", "kernel")
STREAMS = (
    "lstm", "lstm-peephole", "lstm-peephole-diagonal", "lstm-separate-matrices", "gru-minimal", "gru-reset-after", "gru-reset-before", "leaky-units",
    "unfolding", "batched-rnn", "elman", "skip-connections", "image-context",
)  # fmt: skip
PACKED = STREAMS[:-3]


def parts(spec, values):
    """What is bound, and the rest."""
    bound = {name: value for name, value in values.items() if name not in spec.arrays or spec.symbols[name].role in ("parameter", "constant")}
    return bound, {name: value for name, value in values.items() if name not in bound}


def drawn(name, backend="kernel", **settings):
    spec = refrnn.load(name)
    values = spec.draw(**{"dtype": "float32", **settings})
    bound, rest = parts(spec, values)
    return spec, values, spec.bind(bound, backend), rest


def same(left, right):
    return left.keys() == right.keys() and all(left[name].dtype == right[name].dtype and left[name].tobytes() == right[name].tobytes() for name in left)


@pytest.mark.parametrize("name", STREAMS)
def test_a_bound_forward_is_the_plain_one(name):
    """Whole and ragged, of more steps than work memory has, keeping or not."""
    for batch, steps, lengths in ((3, 7, None), (3, 7, [7, 2, 5]), (2, 2100, None), (2, 2100, [900, 2100])):
        spec, values, layer, rest = drawn(name, batch=batch, sizes={"T": steps} | ({"B": batch} if refrnn.load(name).batch else {}))
        plain = spec.forward(values, lengths=lengths)
        for keep in (True, False):
            run = layer.forward(rest, lengths, keep=keep)
            assert same(run.outputs, plain.outputs) and same(run.state, plain.state)
        out = {name: np.full_like(array, 7) for name, array in plain.outputs.items()}
        run = layer.forward(rest, lengths, keep=False, out=out)
        assert same(out, plain.outputs) and all(run.outputs[name] is out[name] for name in out)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", STREAMS)
def test_steps_are_the_whole(name, backend):
    spec, values, layer, rest = drawn(name, backend)
    plain = spec.forward(values, backend)
    starts = [name for name in rest if spec.symbols[name].role == "start"]
    state = {name: rest[name] for name in starts}
    for t in range(7):
        before = {name: np.array(array) for name, array in state.items()}
        outputs, following = layer.step({name: array[t] if spec.time_size(name) else array for name, array in rest.items() if name not in starts}, state)
        assert same(outputs, {name: array[t] for name, array in plain.outputs.items()}) and same(before, state)
        for array in outputs.values():
            array[...] = 3  # the caller's own
        state = following
    assert same(state, plain.state)


@pytest.mark.parametrize("name", PACKED)
def test_weights_are_packed_once(name):
    spec, values, layer, rest = drawn(name)
    layer.forward(rest, keep=False)
    packed = layer._kernel
    layer.step(rest["x"][0], {name: rest[name] for name in spec.begun})
    assert packed is not None and layer._kernel is packed and list(packed._packed) == [np.float32]


@pytest.mark.parametrize("name", PACKED)
def test_what_fits_once_fits_again_and_nothing_else_does(name):
    spec, values, layer, rest = drawn(name, batch=2, sizes={"T": 5} | ({"B": 2} if refrnn.load(name).batch else {}))
    plain = spec.forward(values)
    first = layer.forward(rest, keep=False)
    for other in (rest, {name: np.asfortranarray(array) for name, array in rest.items()}, {name: np.flip(np.flip(array, -1).copy(), -1) for name, array in rest.items()}):
        again = layer.forward(other, keep=False)
        assert same(again.outputs, plain.outputs) and same(again.state, plain.state) and repr(again) == repr(first)
    changed = layer.forward(rest | {"x": 2 * rest["x"]}, keep=False)
    assert same(changed.outputs, spec.forward(values | {"x": 2 * values["x"]}).outputs) and same(first.outputs, plain.outputs)
    assert same(layer.forward(rest, [5, 5], keep=False).outputs, plain.outputs)
    assert same(layer.forward(rest, [3, 5], keep=False).outputs, spec.forward(values, lengths=[3, 5]).outputs)
    assert same(layer.forward(rest, keep=False).outputs, plain.outputs)
    for wrong in (rest["x"][..., :-1], rest["x"].astype("float64"), rest["x"].astype(int), rest["x"][:, :1], None):
        with pytest.raises(ValuesError):
            layer.forward(rest | {"x": wrong}, keep=False)
        assert same(layer.forward(rest, keep=False).outputs, plain.outputs)


def test_training_goes_through_it():
    spec, values, layer, rest = drawn("lstm", dtype="float64")
    plain, run = spec.forward(values, lengths=[7, 1, 4]), layer.forward(rest, [7, 1, 4])
    upstream = {name: np.ones_like(array) for name, array in plain.outputs.items()}
    assert same(run.backward(upstream), plain.backward(upstream)) and run.intermediates.keys() == plain.intermediates.keys()


def test_a_copy_is_bound():
    spec, values, layer, rest = drawn("gru-reset-after")
    state = {"h0": rest["h0"]}
    before, step = layer.forward(rest, keep=False).outputs, layer.step(rest["x"][0], state)[0]
    values["U"][...] = 0
    assert same(layer.forward(rest, keep=False).outputs, before) and same(layer.step(rest["x"][0], state)[0], step)
    assert not same(spec.bind(parts(spec, values)[0]).forward(rest, keep=False).outputs, before)


def test_nothing_is_kept_without_keep():
    spec, values, layer, rest = drawn("lstm")
    run = layer.forward(rest, keep=False)
    assert run.intermediates == {}
    with pytest.raises(ValuesError, match="lstm: this run kept nothing for the way back; run forward with keep=True"):
        run.backward({})
    state = run.state
    run.outputs["h"][...] = 3
    state["c0"][...] = 3
    assert same(run.state, spec.forward(values).state)
    assert same(layer.forward({"x": rest["x"], **run.state}, keep=False).outputs, spec.forward(values | run.state).outputs)


def test_threads_share_a_layer():
    spec, values, layer, rest = drawn("lstm", sizes={"H": 40})
    many = [spec.draw({"H": 40}, seed=seed, dtype="float32") for seed in range(8)]
    alone = [spec.bind({name: values[name] for name in "Wb"}).forward({name: one[name] for name in rest}, keep=False).outputs for one in many]

    def stream(one):
        state, found = {name: one[name] for name in ("h0", "c0")}, []
        for x_t in one["x"]:
            outputs, state = layer.step(x_t, state)
            found.append(outputs)
        whole = layer.forward({name: one[name] for name in rest}, keep=False).outputs
        return {name: np.stack([outputs[name] for outputs in found]) for name in whole}, whole

    with ThreadPoolExecutor(4) as pool:
        for (steps, whole), right in zip(pool.map(stream, many * 4), alone * 4):
            assert same(steps, right) and same(whole, right)


def test_a_layer_is_pickled_as_its_parameters():
    spec, values, layer, rest = drawn("lstm")
    before = layer.step(rest["x"][0], {name: rest[name] for name in spec.begun})
    again = pickle.loads(pickle.dumps(layer))
    assert again._kernel is None and same(again.step(rest["x"][0], {name: rest[name] for name in spec.begun})[1], before[1])
    with pytest.raises(TypeError, match="lstm: what is bound holds addresses of this process; pickle its weights, and bind them again"):
        pickle.dumps(layer._kernel)


def test_a_parameter_that_is_left_out_may_be_given_later():
    spec, values, _, rest = drawn("lstm")
    layer = spec.bind({"W": values["W"]})
    for given in (rest, rest | {"b": values["b"]}, rest):
        assert same(layer.forward(given, keep=False).outputs, spec.forward({"W": values["W"], **given}).outputs)


def test_a_learned_start_may_be_given_for_each_sequence():
    spec, values, layer, rest = drawn("state-space")
    learned = next(name for name in spec.begun if spec.symbols[name].role == "parameter")
    first = layer.forward(rest, keep=False)
    assert same(first.outputs, spec.forward(values).outputs)
    assert same(layer.forward({**rest, learned: first.state[learned]}, keep=False).outputs, spec.forward(values | first.state).outputs)


# ------------------------------------------------------------ refusals

LSTM = refrnn.load("lstm")
VALUES = LSTM.draw(dtype="float32")
BOUND, REST = parts(LSTM, VALUES)
STATE = {name: VALUES[name] for name in ("h0", "c0")}


@pytest.mark.parametrize(
    "given, text",
    [
        (3, "bind takes a mapping from names of parameters to arrays, not int"),
        ({}, "W is missing"),
        ({**BOUND, "x": VALUES["x"]}, "x is given to forward and step; bind takes W, b"),
        ({**BOUND, "V": VALUES["W"]}, "V is no symbol of it"),
        ({**BOUND, "W": VALUES["W"].astype(np.float64)}, "several dtypes"),
        ({**BOUND, "W": VALUES["W"].astype(int)}, "W has dtype int64; use float32 or float64"),
        ({**BOUND, "W": VALUES["W"][0]}, "W has the shape"),
    ],
)
def test_what_can_t_be_bound(given, text):
    with pytest.raises(ValuesError, match=text):
        LSTM.bind(given)


def test_shapes_of_parameters_that_do_not_fit_one_another():
    spec = refrnn.load("gru-reset-after")
    bound = parts(spec, spec.draw())[0]
    with pytest.raises(ValuesError, match=r"U has the shape \[5, 4\], expected \[H, H\] with H = 5"):
        spec.bind(bound | {"U": bound["U"][:, :-1]})


def test_a_backend_there_is_not():
    with pytest.raises(NotFoundError, match="there is no backend 'kernels'"):
        LSTM.bind(BOUND, "kernels")


@pytest.mark.parametrize(
    "given, text",
    [
        ({**REST, "W": VALUES["W"]}, "W is bound already; bind it anew to change it"),
        (VALUES["x"], "values must be a mapping"),
        ({"x": VALUES["x"]}, "h0 is missing"),
        ({**REST, "x": VALUES["x"].astype(np.float64)}, "several dtypes"),
    ],
)
def test_what_forward_does_not_take(given, text):
    with pytest.raises(ValuesError, match=text):
        LSTM.bind(BOUND).forward(given)


@pytest.mark.parametrize(
    "out, text",
    [
        ({"y": np.zeros((7, 3, 5), "f4")}, "out has y, which is not an output; its outputs are h, c"),
        ({"h": np.zeros((7, 3, 4), "f4")}, r"out of h must be a writable array of float32 \[7, 3, 5\], not float32 \[7, 3, 4\]"),
        ({"h": np.zeros((7, 3, 5))}, "not float64"),
        ({"h": [1]}, "not list"),
        (dict.fromkeys(("h", "c"), np.zeros((7, 3, 5), "f4")), "out of c overlaps another array; give one of its own"),
    ],
)
@pytest.mark.parametrize("keep", (True, False))
def test_what_is_no_place_for_outputs(out, text, keep):
    with pytest.raises(ValuesError, match=text):
        LSTM.bind(BOUND).forward(REST, keep=keep, out=out)


@pytest.mark.parametrize(
    "x_t, state, text",
    [
        (VALUES["x"][0], 3, "state must be a mapping from starts to arrays, not int"),
        (VALUES["x"], STATE, "x has the shape"),
        (VALUES["x"][0], {"h0": VALUES["h0"]}, "c0 is missing"),
        (VALUES["x"][0].astype(np.float64), STATE, "several dtypes"),
        (VALUES["x"][0, :2], STATE, "h0 has the shape"),
    ],
)
def test_what_step_does_not_take(x_t, state, text):
    layer = LSTM.bind(BOUND)
    for _ in range(2):
        with pytest.raises(ValuesError, match=text):
            layer.step(x_t, state)
        layer.step(VALUES["x"][0], STATE)  # arrays that fit are known now, others are not


@pytest.mark.parametrize(
    "name, text",
    [
        ("sequence-classification", "y belongs to the whole sequence; run whole sequences"),
        ("bidirectional", "h does not go on from step to step, because .* reads h_b"),
        ("teacher-forcing", "s0 does not go on from step to step, because .* reads t"),
        ("encoder-decoder", "it has not one time"),
    ],
)
def test_what_does_not_go_step_by_step(name, text):
    spec, values, layer, rest = drawn(name)
    if name == "teacher-forcing":
        layer = spec.bind(parts(spec, values)[0] | {"forced": 1})
    inputs = {name: array[0] for name, array in rest.items() if spec.time_size(name)}
    with pytest.raises(ValuesError, match=text):
        layer.step(inputs, {name: array for name, array in rest.items() if name not in inputs})


def test_what_is_given_at_all_steps_at_once_does_not_go_step_by_step():
    """A softmax over time is 1 at each step alone."""
    spec = refrnn.load_text(
        "id: attending\ntitle: Attending\nsizes: {T: steps, H: units}\nsymbols:\n  x: {role: input, shape: [T, H]}\n  v: {role: parameter, shape: [H]}\n"
        'equations: ["a[t] = v @ x[t]", "y = softmax(a)"]\noutputs: [y]\n'
    )
    values = spec.draw(batch=2)
    with pytest.raises(ValuesError, match="y does not go on from step to step, because 'y = softmax.a.' gives all its steps at once; run whole sequences"):
        spec.bind({"v": values["v"]}).step(values["x"][0], {})
    assert "gives all its steps at once" in repr(spec.forward(values).state["y"])
