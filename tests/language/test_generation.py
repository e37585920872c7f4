"""Generation: words drawn by uniform numbers, fed back, until the word that ends a text."""

import numpy as np
import pytest
from differential import assert_backends_agree, assert_same, each_backend, each_precision, given

import refrnn
from refrnn.errors import ValuesError
from refrnn.kernels.primitives import threads

spec = refrnn.load("generation")


def even(dtype, u, **settings):
    """Four words of even chances whatever came before."""
    values = given(dtype, h0=np.zeros((1, 2)), u=u, W_xh=np.ones((4, 2)), W_hh=np.eye(2), W_hy=np.zeros((2, 4)))
    return {**values, "w0": np.array([0]), "temperature": 1.0, "end": -1, **settings}


def counting(dtype, T, **settings):
    """Four words, each of which makes the next one all but certain: 0, 1, 2, 3, 0, ..."""
    after = np.roll(np.eye(4), 1, axis=1)
    values = given(dtype, h0=np.zeros((1, 4)), u=np.full((T, 1), 0.5), W_xh=100 * np.eye(4), W_hh=np.zeros((4, 4)), W_hy=100 * after)
    return {**values, "w0": np.array([0]), "temperature": 1.0, "end": -1, **settings}


def words(values, backend):
    found = spec.forward(values, backend).outputs["w"]
    assert found.dtype == values["u"].dtype
    return found[:, 0].tolist()


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_uniform_numbers_choose_by_hand(backend, dtype):
    """Cumulative probabilities 1/4, 1/2, 3/4, 1, which all floats hold exactly: a number on a border belongs above it."""
    below = np.nextafter(np.array([0.25, 0.5, 0.75, 1], dtype), np.array(0, dtype))
    u = np.concatenate(([0, 0.25, 0.5, 0.75], below))[:, None]
    assert words(even(dtype, u), backend) == [0, 1, 2, 3, 0, 1, 2, 3]


@each_backend
@each_precision
def test_word_drawn_is_the_next_input(backend, dtype):
    assert words(counting(dtype, 6), backend) == [1, 2, 3, 0, 1, 2]
    assert words(counting(dtype, 3, w0=np.array([2])), backend) == [3, 0, 1]


@each_backend
@each_precision
def test_end_stays(backend, dtype):
    """Also where the number would choose another word, and where it stood before the first."""
    assert words(counting(dtype, 6, end=2), backend) == [1, 2, 2, 2, 2, 2]
    assert words(counting(dtype, 6, end=3), backend) == [1, 2, 3, 3, 3, 3]
    assert words(counting(dtype, 3, end=0), backend) == [0, 0, 0]
    assert words(even(dtype, [[0.9], [0], [0.4]], end=3), backend) == [3, 3, 3]


@each_backend
@each_precision
def test_temperature(backend, dtype):
    """At 0 the first of the likeliest; near 0 the likeliest without overflow; very high, even chances."""
    u = np.linspace(0, 0.99, 9)[:, None]
    scores = {**even(dtype, u), "W_hy": np.array([[0, 1, 1, 0.5]] * 2, dtype)}
    assert words({**scores, "temperature": 0}, backend) == [1] * 9
    unequal = {**even(dtype, u), "W_hy": np.array([[0, 1, 3, 2]] * 2, dtype)}
    smallest = float(np.finfo(dtype).tiny)
    for temperature in (0, 1e-3) if backend == "reference" else (0, smallest, 1e-3):
        assert words({**unequal, "temperature": temperature}, backend) == [2] * 9
    P = spec.forward({**unequal, "temperature": 1e30}, backend).outputs["P"]
    assert_same(P, np.full((9, 1, 4), 0.25))


@each_backend
@each_precision
def test_state_continues_a_text(backend, dtype):
    """With the last word drawn, as an integer, and the last state; an end stays an end."""
    values = {**spec.draw({"T": 12}, batch=3, seed=1, dtype=dtype), "temperature": 1.0, "end": 3}
    whole = spec.forward(values, backend)
    assert (whole.outputs["w"][:5] == 3).any() and not (whole.outputs["w"][:5] == 3).all()
    first = spec.forward({**values, "u": values["u"][:5]}, backend)
    assert first.state["w0"].dtype == np.int64
    second = spec.forward({**values, "u": values["u"][5:], **first.state}, backend)
    for name in spec.outputs:
        assert_same(whole.outputs[name], np.concatenate((first.outputs[name], second.outputs[name])))


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    values = {**spec.draw({"T": 6}, batch=3, seed=2, dtype=dtype), "temperature": 0.7, "end": 1}
    lengths = (4, 6, 1)
    for item, length in enumerate(lengths):
        values["u"][length:, item] = np.nan
    run = spec.forward(values, backend, lengths)
    for item, length in enumerate(lengths):
        own = slice(item, item + 1)
        alone = {**values, "w0": values["w0"][own], "h0": values["h0"][own], "u": values["u"][:length, own]}
        for name, array in spec.forward(alone, backend).outputs.items():
            assert_same(run.outputs[name][:length, own], array)
            assert not run.outputs[name][length:, item].any()


def test_same_words_for_any_number_of_threads():
    values = {**spec.draw({"T": 40, "N": 60, "H": 70}, batch=50, seed=3), "temperature": 1.0, "end": -1}
    found = []
    for number in range(1, threads.most() + 1):
        with threads.using(number):
            found.append(spec.forward(values, "kernel").outputs)
    for other in found[1:]:
        for name in spec.outputs:
            assert_same(other[name], found[0][name])


def test_uniform_numbers_lie_below_one():
    values = even("float64", [[1.0]])
    with pytest.raises(ValuesError, match="u at"):
        spec.forward(values)
