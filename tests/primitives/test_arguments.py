"""What kernels declare, and what they refuse when they are used alone: one sentence, before anything runs."""

import numpy as np
import pytest

import refrnn
from refrnn.kernels.architectures import encoder_decoder
from refrnn.kernels.families import embedding, pointwise, recurrent, softmax
from refrnn.kernels.language import generation, one_hot, projection
from refrnn.kernels.primitives.activations import TANH
from refrnn.kernels.primitives.arguments import Arguments
from refrnn.kernels.primitives.products import multiply
from refrnn.kernels.systems import hopfield, two_layer_rnn
from refrnn.spec.library import rows

# Learned starts, which every item of a batch may have for itself; for these others are compiled anew.
LEARNED = {("two-layer-rnn", "h1_start"), ("two-layer-rnn", "h2_start")}


@pytest.mark.parametrize("name", rows())
def test_declarations_are_the_specs(name):
    spec = refrnn.load(name)
    declared = spec.bindings["kernel"].load().TAKES
    wanted = {}
    for symbol, one in spec.arrays.items():
        shape = [str(size) for size in one.shape]
        if symbol in spec.batched:
            shape.insert(spec.batch_axis(symbol), "B")
        wanted[symbol] = [f"({', '.join(shape)})"]
        if (name, symbol) in LEARNED:
            wanted[symbol].append(f"(B, {shape[0]})")
        elif one.is_integer_constant:
            wanted[symbol] = [int(one.low), None if one.high is None else int(one.high)]
    wanted |= {size: [1, None] for size in spec.named_sizes}
    found = {item.name: item.shown or [item.low, item.high] for item in declared.items.values()}
    assert found == wanted and declared.times == spec.time
    for symbol, one in spec.arrays.items():
        assert declared.items[symbol].below == (None if one.below is None else str(one.below))


lstm, leaky_units, scalar_recursion = (refrnn.load(name).bindings["kernel"].load() for name in ("lstm", "leaky-units", "scalar-recursion"))


def cell(**changed):
    """Arguments of the LSTM, T = 4, B = 2, I = 3, H = 5, some of them changed."""
    random = np.random.default_rng(0)
    shapes = {"x": (4, 2, 3), "h0": (2, 5), "c0": (2, 5), "W": (20, 8), "b": (20,)}
    values = {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    return {**values, "lengths": np.array([4, 2]), **changed}


def without(name):
    values = cell()
    del values[name]
    return values


MASKED = np.ma.masked_array(np.zeros((2, 5), np.float32), mask=True)


@pytest.mark.parametrize(
    "values, kind, text",
    [
        (without("c0"), TypeError, "the compiled kernel of lstm: the argument c0 is missing; it takes x, h0, c0, W, b"),
        (cell(w=1), TypeError, "the compiled kernel of lstm: there is no argument w; it takes x, h0, c0, W, b"),
        (cell(h0=[[0.0] * 5] * 2), TypeError, "the compiled kernel of lstm: h0 must be a NumPy array, without a mask, not list"),
        (cell(h0=MASKED), TypeError, "the compiled kernel of lstm: h0 must be a NumPy array, without a mask, not MaskedArray"),
        (cell(c0=np.zeros((2, 5))), TypeError, "the compiled kernel of lstm: c0 has the dtype float64, the arrays before it float32; use one for all"),
        (cell(x=np.zeros((4, 2, 3), "f2")), TypeError, "the compiled kernel of lstm: x has the dtype float16; kernels work in float32 and float64"),
        (cell(x=np.zeros((4, 2, 3), ">f4")), TypeError, "the compiled kernel of lstm: x has the dtype >f4; kernels work in float32 and float64"),
        (cell(x=np.zeros((4, 2, 3), int)), TypeError, "the compiled kernel of lstm: x has the dtype int64; kernels work in float32 and float64"),
        (cell(x=np.zeros((4, 6), "f4")), ValueError, "the compiled kernel of lstm: x has the shape (4, 6), expected (T, B, I)"),
        (cell(h0=np.zeros((1, 5), "f4")), ValueError, "the compiled kernel of lstm: h0 has the shape (1, 5), expected (B, H) with B = 2"),
        (cell(c0=np.zeros((2, 6), "f4")), ValueError, "the compiled kernel of lstm: c0 has the shape (2, 6), expected (B, H) with B = 2, H = 5"),
        (cell(W=np.zeros((20, 7), "f4")), ValueError, "the compiled kernel of lstm: W has the shape (20, 7), expected (4*H, H+I) with H = 5, I = 3"),
        (cell(x=np.zeros((0, 2, 3), "f4")), ValueError, "the compiled kernel of lstm: x has the shape (0, 2, 3); none of its sizes may be 0"),
        (cell(lengths=np.array([5, 1])), ValueError, "the compiled kernel of lstm: the length of item 0 is 5; it must be from 1 to T = 4"),
        (cell(lengths=np.array([4, 0])), ValueError, "the compiled kernel of lstm: the length of item 1 is 0; it must be from 1 to T = 4"),
        (cell(lengths=np.array([4, -(2**62)])), ValueError, f"the compiled kernel of lstm: the length of item 1 is {-(2**62)}; it must be from 1 to T = 4"),
        (
            cell(lengths=np.array([4.0, 2.0])),
            ValueError,
            "the compiled kernel of lstm: lengths must be whole numbers, one for each of the B = 2 items, not float64 of the shape (2,)",
        ),
        (cell(lengths={"S": [1, 2]}), TypeError, "the compiled kernel of lstm: S is not a time of it; lengths are of T"),
    ],
)
def test_refused_in_one_sentence(values, kind, text):
    with pytest.raises(kind) as refused:
        lstm.forward(**values)
    assert str(refused.value) == text


def test_arguments_without_names():
    values = cell()
    by_name, _ = lstm.forward(**values)
    in_turn, _ = lstm.forward(*values.values())
    assert np.array_equal(by_name["h"], in_turn["h"])
    with pytest.raises(TypeError, match="the compiled kernel of lstm: it takes x, h0, c0, W, b, lengths, not 7 arguments without a name"):
        lstm.forward(*values.values(), 1)


def test_layouts_are_put_in_order():
    values = cell()
    expected, _ = lstm.forward(**values)
    wide = np.zeros((4, 2, 6), np.float32)
    wide[..., ::2] = values["x"]
    crooked = np.frombuffer(b"x" + values["W"].tobytes(), np.uint8)[1:].view(np.float32).reshape(20, 8)
    assert not crooked.flags.aligned
    found, _ = lstm.forward(**{**values, "x": wide[..., ::2], "W": crooked, "h0": np.asfortranarray(values["h0"])})
    assert np.array_equal(found["h"], expected["h"])


@pytest.mark.parametrize(
    "changed, kind, text",
    [
        ({"d_h": np.zeros((4, 2, 5))}, TypeError, "the compiled kernel of lstm: d_h must be a NumPy array of float32, as its output is, not float64"),
        ({"d_h": 0.0}, TypeError, "the compiled kernel of lstm: d_h must be a NumPy array of float32, as its output is, not float"),
        ({"d_h": np.zeros((3, 2, 5), "f4")}, ValueError, "the compiled kernel of lstm: d_h has the shape (3, 2, 5), expected (4, 2, 5), that of its output"),
        ({"d_x": 0}, TypeError, "the compiled kernel of lstm: there is no error d_x; backward takes d_h, d_c"),
    ],
)
def test_errors_are_refused_too(changed, kind, text):
    outputs, saved = lstm.forward(**cell())
    errors = {f"d_{name}": array for name, array in outputs.items()}
    with pytest.raises(kind) as refused:
        lstm.backward(saved, **{**errors, **changed})
    assert str(refused.value) == text
    with pytest.raises(TypeError, match="the compiled kernel of lstm: the error d_c is missing; backward takes d_h, d_c"):
        lstm.backward(saved, outputs["h"])
    with pytest.raises(TypeError, match="the compiled kernel of lstm: backward takes what its own forward saved, not list"):
        lstm.backward([], **errors)


def test_words_are_below_the_vocabulary_where_they_are_read():
    P = np.ones((3, 4), np.float32)
    lengths = np.array([2, 1])
    padded = np.array([[0, 3], [1, 2**40]])
    assert projection.forward(padded, P, lengths)[0]["PW"].shape == (2, 2, 3)
    for w, place, word in (([[0, 4], [0, 0]], [0, 1], 4), ([[0, 0], [-1, 0]], [1, 0], -1)):
        text = f"language.projection: w at {place} is {word}; it must be from 0 to N - 1 = 3"
        with pytest.raises(ValueError) as refused:
            projection.forward(np.array(w), P, lengths)
        assert str(refused.value) == text
    with pytest.raises(TypeError, match="w has the dtype float64; it takes whole numbers"):
        projection.forward(np.zeros((2, 2)), P)
    with pytest.raises(ValueError, match="w0 at .0. is 9; it must be from 0 to N - 1 = 3"):
        numbers = {"h0": (1, 2), "u": (5, 1), "W_xh": (4, 2), "W_hh": (2, 2), "W_hy": (2, 4)}
        generation.forward(np.array([9]), **{name: np.zeros(shape) for name, shape in numbers.items()}, temperature=1, end=-1)


def test_numbers_and_sizes():
    random = np.random.default_rng(0)
    x, h0, W, U, b = (random.standard_normal(shape) for shape in ((3, 2, 4), (2, 5), (5, 4), (5, 5), (5,)))
    for a in (0.5, np.float32(0.5), np.array(0.5)):
        assert np.array_equal(leaky_units.forward(x, h0, W, U, b, a)[0]["h"], leaky_units.forward(x, h0, W, U, b, 0.5)[0]["h"])
    for a, shape in (([0.5], "(1,)"), ("0.5", "()"), (True, "()")):
        with pytest.raises(TypeError) as refused:
            leaky_units.forward(x, h0, W, U, b, a)
        assert str(refused.value) == f"the compiled kernel of leaky-units: a must be one real number, not {type(a).__name__} of the shape {shape}"
    X = np.zeros((3, 2))
    for f, kind, text in ((3, ValueError, "f is 3; it must be from 0 to 2"), (0.0, TypeError, "f must be a whole number, not float")):
        with pytest.raises(kind, match=text):
            scalar_recursion.forward(X, X[0], 1.0, 1.0, f)
    with pytest.raises(ValueError, match="systems.hopfield: T is 0; it must be 1 or more"):
        hopfield.forward(np.zeros((2, 3)), np.zeros((3, 3)), np.zeros(3), 0)
    assert one_hot.forward(np.array([[2]]), 3)[0]["W"].tolist() == [[[0, 0, 1]]]


def test_a_learned_start_has_two_shapes():
    shapes = {
        "X": (3, 2, 4), "w1": (4, 5), "w11": (5, 5), "b1": (5,), "w2": (5, 6), "w22": (6, 6), "b2": (6,), "w3": (6, 3), "b3": (3,), "h2_start": (6,),
    }  # fmt: skip
    values = {name: np.zeros(shape) for name, shape in shapes.items()}
    for start in ((5,), (2, 5)):
        outputs, saved = two_layer_rnn.forward(h1_start=np.zeros(start), **values)
        assert two_layer_rnn.backward(saved, **{f"d_{name}": array for name, array in outputs.items()})["h1_start"].shape == start
    with pytest.raises(ValueError) as refused:
        two_layer_rnn.forward(h1_start=np.zeros((1, 5)), **values)
    assert str(refused.value) == "systems.two_layer_rnn: h1_start has the shape (1, 5), expected (H1) or (B, H1) with B = 2"


def test_two_times():
    shapes = {
        "x": (3, 2, 4), "u": (5, 2, 1), "e0": (2, 6), "W_ez": (6, 10), "W_er": (6, 10), "W_e": (6, 10), "V": (7, 6), "W_z": (7, 8),
        "W_r": (7, 8), "W": (7, 8), "W_y": (3, 7), "b_y": (3,),
    }  # fmt: skip
    values = {name: np.zeros(shape) for name, shape in shapes.items()}
    assert encoder_decoder.forward(**values, lengths={"S": [3, 1]})[0]["y"].shape == (5, 2, 3)
    with pytest.raises(TypeError, match="lengths must be a dict with S and T"):
        encoder_decoder.forward(**values, lengths=[3, 1])
    with pytest.raises(ValueError, match="the length of item 1 is 4; it must be from 1 to S = 3"):
        encoder_decoder.forward(**values, lengths={"T": [5, 4], "S": [3, 4]})


def test_gradients_never_alias_the_error():
    takes = Arguments("a (T, B, N); b (T, B, M)")

    @takes.forward
    def forward(a, b):
        return {"h": np.concatenate((a, b), axis=2)}, {"N": a.shape[2]}

    @takes.backward
    def backward(saved, d_h):
        return {"a": d_h[..., : saved["N"]], "b": d_h[..., saved["N"] :]}

    outputs, saved = forward(np.ones((2, 1, 3)), np.ones((2, 1, 2)))
    d_h = np.ones_like(outputs["h"])
    found = backward(saved, d_h)
    assert not any(np.shares_memory(gradient, d_h) for gradient in found.values())


def test_a_declaration_is_held_against_the_function():
    with pytest.raises(TypeError, match="y declared or taken, and not both"):
        Arguments("x (T, B); y (T, B)").forward(lambda x, lengths=None: None)
    with pytest.raises(TypeError, match="z declared or taken, and not both"):
        Arguments("x (T, B)", keeps="z").forward(lambda x, lengths=None: None)


def test_what_is_read_on_the_way_forward_alone_is_not_copied():
    taken, given = {}, {name: np.ones((3, 3)) for name in "xW"} | {"V": np.ones((3, 3), order="F")}
    Arguments("x, W, V (T, T)", keeps="x").forward(lambda x, W, V: (taken.update(x=x, W=W, V=V), ({}, {}))[1])(**given)
    assert {name for name, array in taken.items() if np.shares_memory(array, given[name])} == {"W"}
    assert all(array.flags.c_contiguous for array in taken.values())


def test_families_alone_refuse_what_they_would_misread():
    """Below the declarations: the float type, the order, the lengths and places of whatever reaches compiled code."""
    x, start, W_in, W = (np.zeros(shape, np.float32) for shape in ((3, 2, 4), (2, 5), (4, 5), (5, 5)))
    with pytest.raises(TypeError, match="a pass of float32 was given the start of h of float64"):
        recurrent.forward(x, start.astype(float), W_in, W)
    with pytest.raises(TypeError, match=r"families.pointwise._apply: array, of the shape \(4, 3\), is not in C order; copy it before"):
        pointwise.apply(TANH, np.zeros((3, 4)).T)
    for lengths in ([4, 1], [0, 1]):
        with pytest.raises(ValueError, match="lengths must be 2 whole numbers from 1 to 3, not "):
            recurrent.forward(x, start, W_in, W, lengths=lengths)
    for wrong in (np.zeros((4, 5)), np.zeros((3, 5), np.float32), np.zeros((4, 5), np.float32, order="F")):
        with pytest.raises(ValueError, match="a product c = a @ b, or start . a @ b, does not fit: c, a, b .and start. are float32"):
            multiply((np.zeros((2, 5), np.float32), np.zeros((2, 4), np.float32), wrong))
    with pytest.raises(ValueError, match="a place is 4; there are 4, so it must be below that"):
        embedding.look_up(np.zeros((4, 2)), np.array([0, 4]))
    with pytest.raises(ValueError, match="a place is 9"):
        embedding.scattered(np.zeros((1, 2)), np.array([9]), 4)
    with pytest.raises(ValueError, match="a place is 9"):
        softmax.forward(np.zeros((1, 4)), np.array([9]))
