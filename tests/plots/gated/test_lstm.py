"""The gates of the picture are those of the trained weights, computed by hand, and its letters those of the sentences."""

import numpy as np
import pytest

from refrnn.plots.gated import lstm


@pytest.fixture(scope="module")
def data():
    patch = pytest.MonkeyPatch()
    patch.setattr(lstm, "STEPS", 30)
    yield lstm.measured(4)
    patch.undo()


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def test_gates_memory_and_read_out_are_those_of_the_weights(data):
    weights = {name: array.astype(float) for name, array in data["parameters"].items()}
    for text, gates, says in zip(data["texts"], data["gates"], data["says"]):
        h, c = np.zeros(16), np.zeros(16)
        for step, letter in enumerate(text):
            x = np.array([one == letter for one in data["letters"]], float)
            a = weights["W_1"] @ np.concatenate((h, x)) + weights["b_1"]
            i, f, o, g = sigmoid(a[:16]), sigmoid(a[16:32]), sigmoid(a[32:48]), np.tanh(a[48:])
            c = f * c + i * g
            h = o * np.tanh(c)
            for found, expected in zip(gates[:, step], (i, f, o, c)):
                assert np.allclose(found, expected[data["order"]], atol=1e-5)
            powers = np.exp(weights["W_2"] @ h + weights["b_2"])
            assert np.allclose(says[step], powers / powers.sum(), atol=1e-5)
    assert data["she"] == data["says"][0, -1, data["letters"].index("s")] and data["he"] == data["says"][1, -1, data["letters"].index("s")]


def test_the_two_sentences_are_alike_between_the_name_and_the_pronoun(data):
    first, second = data["texts"]
    assert (first[:4], second[:4]) == ("jane", "john") and first[4:] == second[4:] and first.endswith(" then ")
    whole = [next(text for text in lstm.SENTENCES if text.startswith(start)) for start in data["texts"]]
    assert [text[len(first) :].split()[0] for text in whole] == ["she", "he"]


def test_units_stand_in_the_order_of_what_the_name_left_in_them(data):
    c = data["gates"][:, 3, 4:]
    apart = np.abs(c[0] - c[1]).mean(axis=0)
    assert np.all(np.diff(apart) <= 0) and apart[0] > apart[-1]


def test_what_is_wanted_is_the_next_letter_and_nothing_past_the_end():
    x, wanted, lengths = lstm._coded(["ab a", "ba"], " ab")
    assert lengths.tolist() == [3, 1] and wanted.T.tolist() == [[2, 0, 1], [1, -1, -1]]
    assert x.argmax(axis=2).T.tolist() == [[1, 2, 0], [2, 0, 0]] and x.sum(axis=2).T.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_training_is_what_makes_it_tell_the_names_apart(data):
    untrained = pytest.MonkeyPatch()
    untrained.setattr(lstm, "STEPS", 0)
    before = lstm.measured(4)
    untrained.undo()
    chosen = [data["letters"].index(letter) for letter in data["texts"][0][1:]]
    likelihood = {name: np.log(one["says"][0, np.arange(len(chosen)), chosen]).mean() for name, one in (("trained", data), ("untrained", before))}
    assert likelihood["trained"] > likelihood["untrained"] + 0.5
