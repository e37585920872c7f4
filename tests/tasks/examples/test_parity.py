"""The task of parity: what is scored is right, what a net says is read rightly, and a bar that is not reached is not met."""

import numpy as np

import refrnn
from refrnn.learning import Adam, Trainer, initial
from refrnn.tasks.examples import parity


def by_hand():
    """The weights that the row's own case sets by hand: exact at any length."""
    spec = refrnn.load("parity")
    values = next(case["values"] for case in spec.cases if case["name"] == "by-hand")
    return Trainer(spec, {name: np.array(value, "float32") for name, value in values.items()}, Adam(0.01))


def met(trainer):
    return [score.met for score in parity.scores(trainer)]


def test_even_counts_letters():
    for word, even in {"abb": True, "bbaaab": False, "aababbb": True, "a": True, "b": False}.items():
        bits = np.array([[letter == "b"] for letter in word], int)
        assert parity.even(bits)[-1, 0] == even == (word.count("b") % 2 == 0)


def test_the_bar_is_met_by_hand_and_missed_by_chance_and_by_one_length(monkeypatch):
    assert met(by_hand()) == [True, True]
    monkeypatch.setattr(parity, "FAR", 30)
    spec = refrnn.load("parity")
    untrained = Trainer(spec, initial(spec, {"I": 2, "H": 4, "O": 1}), Adam(0.01))
    assert met(untrained)[0] is False
    says = parity.answers
    monkeypatch.setattr(parity, "answers", lambda trainer, bits: says(trainer, bits) ^ (len(bits) == parity.FAR) & (np.arange(bits.shape[1]) == 0))
    assert met(by_hand()) == [False, True]  # one string of 30,000
    [share, _] = parity.scores(by_hand())
    assert share.reached == 1 - 1 / (parity.FAR * parity.EACH) and 0.5 < share.chance < 0.54


def test_training_sees_no_long_string():
    task = parity.task(0)
    shapes = {task.parts[0].batch(np.random.default_rng(0), step)[0]["x"].shape[0] for step in range(0, parity.STEPS, 7)}
    assert shapes == set(range(1, parity.SEEN + 1)) and parity.FAR > 10 * parity.SEEN
