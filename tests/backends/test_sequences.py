"""A batch taken apart into its sequences and joined again."""

import numpy as np

import refrnn
from refrnn.backends.sequences import Sequences
from refrnn.spec.values import check_values


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
