"""The task of encoder-decoder: its numbers, and what its score makes of what is written."""

import numpy as np
import pytest

from refrnn.tasks import load, split
from refrnn.tasks.architectures import encoder_decoder as numbers
from refrnn.tasks.writing import exact, told, written


@pytest.fixture(scope="module")
def by_words():
    return numbers.numbers_by_words()


@pytest.mark.parametrize("number, text", [
    (7, "seven"), (40, "forty"), (21, "twenty one"), (300, "three hundred"), (319, "three hundred and nineteen"), (5000, "five thousand"),
    (407_012, "four hundred and seven thousand and twelve"), (90_100, "ninety thousand one hundred"), (1_001, "one thousand and one"),
    (999_999, "nine hundred and ninety nine thousand nine hundred and ninety nine"),
])  # fmt: skip
def test_numbers_are_spelled(number, text):
    assert " ".join(numbers.spelled(number)) == text


def test_numbers_are_counted_by_their_words(by_words):
    assert sum(map(len, by_words.values())) == 999_999
    for words, found in by_words.items():
        assert {len(numbers.spelled(int(number))) for number in found[:: 1 + len(found) // 50]} == {words}


def test_what_is_scored_was_not_trained_on(by_words):
    for words, found in by_words.items():
        parts = [numbers.kept_for(found, words, use) for use in ("train", "check", "score")]
        assert sum(map(len, parts)) == len(found) == len(np.unique(np.concatenate(parts)))
        assert (len(parts[2]) > 0) is (words >= numbers.SHORTEST)


def test_digits_end_and_lengths_differ_on_both_sides():
    x, wanted, lengths = numbers.arrays([20, 105])
    assert lengths["S"].tolist() == [1, 4] and lengths["T"].tolist() == [3, 4]
    assert wanted.T.tolist() == [[2, 0, numbers.END, -1], [1, 0, 5, numbers.END]]
    assert x.sum(axis=(0, 2)).tolist() == [1, 4] and numbers.WORDS[x[0, 0].argmax()] == "twenty"
    before = told(wanted, numbers.END + 1, numbers.END)
    assert before[:, 1].argmax(-1).tolist() == [numbers.END, 1, 0, 5] and before[:, 0].sum(-1).tolist() == [1, 1, 1, 0]


def test_a_network_writes_what_it_is_asked_of_its_own_digits():
    """The next digit is one more than the last, so that only a number that goes on from its own digits counts up."""

    def scores(given):
        last = given.argmax(-1)
        return np.eye(11)[np.where(last == 10, np.array([3, 8]), last + 1)]

    chosen = written(scores, 2, 4, 11, 10)
    assert chosen.T.tolist() == [[3, 4, 5, 6], [8, 9, 10, 8]]
    assert exact(chosen, np.array([[3, 8], [4, 9], [5, 10], [6, -1]])).tolist() == [True, True]
    assert exact(chosen, np.array([[3, 8], [4, 9], [10, 10], [-1, -1]])).tolist() == [False, True]


def test_text_ends_at_the_mark_and_not_at_the_digits_one_and_zero():
    assert numbers._text(np.array([2, 1, 0, 10, 4])) == "210" and numbers._text(np.array([1, 0])) == "10"
    assert numbers._sample(210, np.array([2, 1, 0, 10])) == "two hundred and ten: 210"
    assert numbers._sample(21, np.array([2, 1, 0, 10])) == "twenty one: 210, which is wrong"


def test_scores_tell_a_reader_from_chance(monkeypatch):
    task = load("encoder-decoder", 1)
    monkeypatch.setattr(numbers, "SCORED", 20)
    untrained, beyond = task.scores()
    assert not untrained.met and untrained.reached < 0.5 and untrained.chance < 0.1 and beyond.asked is None
    right = load("encoder-decoder", 1)
    monkeypatch.setattr(numbers, "digits_of", lambda trainer, x, lengths, longest: _read(x, lengths))
    assert all(score.met and score.reached == 1 for score in right.scores())


def _read(x, lengths):
    """The digits that the words say, by a table of all numbers that are scored, so that the score itself is asked."""
    table = {" ".join(numbers.spelled(int(number))): number for number in 1 + np.flatnonzero(split.kept_for(np.arange(1, 1_000_000), "score"))}
    texts = [" ".join(numbers.WORDS[place] for place in x[:length, item].argmax(-1)) for item, length in enumerate(lengths["S"])]
    digits = np.full((7, len(texts)), -5)
    for item, text in enumerate(texts):
        right = [*map(int, str(table[text])), numbers.END]
        digits[: len(right), item] = right
    return digits[: lengths["T"].max()]
