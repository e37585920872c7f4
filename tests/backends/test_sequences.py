"""A batch taken apart into its sequences and joined again."""

import types

import numpy as np
import pytest

import refrnn
from refrnn.backends import equation, reference
from refrnn.backends.sequences import Sequences
from refrnn.spec.values import check_values
from refrnn.verify.passes import Passes

# s and p have no batch axis: one of each for all sequences.
SHARED = """
id: shared
title: What all sequences share
sizes: {T: steps}
time: [T]
symbols:
  x: {role: input, shape: [T], means: input}
  u: {role: parameter, shape: [], means: a number}
  y: {role: value, shape: [T], means: its multiples}
  s: {role: value, shape: [], means: its square}
  p: {role: value, shape: [T], means: its halves}
equations:
  - y[t] = u * x[t]
  - s = u * u
  - p[t] = u / 2
outputs: [y, s, p]
"""


def sequences_of(name, lengths=None, **sizes):
    spec = refrnn.load(name)
    values = spec.draw(sizes, batch=3, dtype="float64")
    return values, Sequences(spec, check_values(spec, values, lengths))


def test_taken_apart_and_joined():
    for name, state, lengths in [("elman", "h0", None), ("elman", "h0", [7, 1, 4]), ("batched-rnn", "h0", [7, 1, 4])]:
        values, sequences = sequences_of(name, lengths)
        for key in ("x", state):
            joined = sequences.empty(key, np.float64)
            for item in sequences.items:
                sequences.put(key, joined, item, sequences.take(key, values[key], item))
            kept = values[key].copy()
            if key == "x" and lengths:
                kept[np.arange(7)[:, None] >= np.array(lengths)] = 0
            np.testing.assert_array_equal(joined, kept)


def test_each_has_its_own_length():
    values, sequences = sequences_of("elman", [7, 1, 4])
    assert [sequences.sizes(item)["T"] for item in sequences.items] == [7, 1, 4]
    assert [len(sequences.take("x", values["x"], item)) for item in sequences.items] == [7, 1, 4]
    assert all(sequences.take("W_hh", values["W_hh"], item).shape == (5, 5) for item in sequences.items)


def test_rows_stay_together_unless_their_lengths_differ():
    values, sequences = sequences_of("batched-rnn")
    assert len(sequences.items) == 1 and sequences.take("x", values["x"], sequences.items[0]).shape == values["x"].shape
    values, sequences = sequences_of("batched-rnn", [7, 1, 4])
    assert len(sequences.items) == 3 and sequences.sizes(sequences.items[2])["B"] == 1
    assert sequences.take("x", values["x"], sequences.items[2]).shape == (4, 1, values["x"].shape[2])


def test_what_has_no_batch_is_one_item():
    values, sequences = sequences_of("clip-norm")
    assert sequences.items == [None] and sequences.take("g", values["g"], None).shape == values["g"].shape


def by_hand():
    module = types.ModuleType("by_hand")
    module.forward = lambda x, u: ({"y": u * x, "s": u * u, "p": np.full_like(x, u / 2)}, {"x": x, "u": u})
    module.backward = lambda saved, d_y, d_s, d_p: {"x": saved["u"] * d_y, "u": d_y @ saved["x"] + 2 * saved["u"] * d_s + d_p.sum() / 2}
    return module


@pytest.mark.parametrize("lengths", [None, [2, 4, 1], [4, 4, 4]])
def test_the_gradient_of_what_all_share_counts_once(lengths):
    spec = refrnn.load_text(SHARED)
    values = spec.draw({"T": 4}, batch=3, dtype="float64")
    checked = check_values(spec, values, lengths)
    upstream = {"y": np.zeros((4, 3)), "s": np.float64(3), "p": np.array([1.0, 10, 100, 1000])}
    passes = Passes(spec, checked, np.longdouble, [[None] * 3])
    for gradients in (equation.answer(spec, checked)[2](upstream), reference.answer(spec, checked, by_hand())[2](upstream), passes.backward(upstream)[0]):
        assert np.isclose(gradients["u"], 6 * values["u"] + 1111 / 2, rtol=1e-14) and not gradients["x"].any()
