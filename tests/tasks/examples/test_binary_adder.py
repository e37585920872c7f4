"""The task of binary-adder: sums by Python's own integers, pairs that share nothing, and nets that are right or wrong in one bit."""

import numpy as np

import refrnn
from refrnn.learning import Adam, Trainer
from refrnn.tasks.examples import binary_adder as adder


def number(bits):
    return sum(int(bit) << place for place, bit in enumerate(bits))


def test_sums_are_those_of_integers():
    bits = np.random.default_rng(0).integers(0, 2, (70, 20, 2))
    sums = adder.added(bits)
    for place in range(20):
        assert number(sums[:, place]) == number(bits[:, place, 0]) + number(bits[:, place, 1])
    x, wanted = adder.all_pairs(3)
    assert x.shape == (64, 2 * adder.WIDE + 2) and len(np.unique(x, axis=0)) == 64
    assert all(number(row[: adder.WIDE + 1]) + number(row[adder.WIDE + 1 :]) == number(sum) for row, sum in zip(x, wanted))
    assert number(reversed([int(bit) for bit in adder.PRINTED[2]])) == int(adder.PRINTED[0], 2) + int(adder.PRINTED[1], 2)


def test_no_two_uses_share_a_pair():
    parts = adder.split(4096, seed=1)
    assert sum(map(len, parts)) == 4096 == len(np.unique(np.concatenate(parts))) and all(len(part) >= 400 for part in parts)


def test_the_recurrent_bar_is_met_by_hand():
    """By the row's own weights, but for their second output, the carry."""
    spec = refrnn.load("binary-adder")
    values = {name: np.array(value, "float32") for name, value in next(case["values"] for case in spec.cases if case["name"] == "by-hand").items()}
    values["W_hy"], values["b_y"] = values["W_hy"][:1], values["b_y"][:1]
    exact = Trainer(spec, values, Adam(0.01))
    bits = np.random.default_rng(3).integers(0, 2, (64, 50, 2))
    assert np.array_equal(adder.sums(exact, bits), adder.added(bits))
    layer = adder.task(0).parts[1].trainer
    x, wanted = adder.all_pairs(adder.WIDE)
    seen, _, scored = adder.split(len(x), 0)
    found = {score.name: score for score in adder.scores(exact, layer, x, wanted, seen, scored)}
    assert [score.met for score in found.values()][:3] == [True, True, False]  # the layer is untrained
    values["b_y"] = values["b_y"] + 0.6
    found = adder.scores(Trainer(spec, values, Adam(0.01)), layer, x, wanted, seen, scored)
    assert [score.met for score in found][:2] == [False, False]


def test_a_pair_is_right_in_every_bit(monkeypatch):
    x, wanted = adder.all_pairs(2)
    scores = 2 * wanted - 1
    monkeypatch.setattr(adder, "_layer", lambda trainer, x: scores)
    assert adder.right(None, x, wanted) == 1
    scores[3, 0] *= -1
    assert adder.right(None, x, wanted) == 1 - 1 / 16
