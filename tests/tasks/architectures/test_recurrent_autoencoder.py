"""The task of recurrent-autoencoder: its strings, what its score counts, and what is read out of vectors."""

import numpy as np

from refrnn.tasks import load
from refrnn.tasks.architectures import recurrent_autoencoder as strings


def test_what_is_scored_was_not_trained_on():
    random = np.random.default_rng(0)
    lengths = random.integers(strings.SHORTEST, 6, 300)
    found = {use: {tuple(string) for string in strings.drawn(random, lengths, use).T} for use in ("train", "check", "score")}
    assert all(found.values()) and not found["train"] & found["check"] and not (found["train"] | found["check"]) & found["score"]
    assert strings.kept_for(strings.drawn(random, np.full(50, strings.SHORTEST - 1), "train"), "train").all()


def test_inputs_end_where_strings_end():
    x = strings.inputs(np.array([[0, 4], [2, -1]]))
    assert x.tolist() == [[[1, 0, 0, 0, 0], [0, 0, 0, 0, 1]], [[0, 0, 1, 0, 0], [0, 0, 0, 0, 0]]]


def test_scores_tell_an_autoencoder_from_chance(monkeypatch):
    monkeypatch.setattr(strings, "SCORED", 40)
    untrained, beyond = load("recurrent-autoencoder", 1).scores()
    assert not untrained.met and untrained.reached < 0.2 and beyond.asked is None
    monkeypatch.setattr(strings, "outputs", lambda trainer, given: (given, None))
    assert all(score.met and score.reached == 1 for score in load("recurrent-autoencoder", 1).scores())
    monkeypatch.setattr(strings, "outputs", lambda trainer, given: (np.where(np.arange(len(given))[:, None] == 2, -5, given), None))
    assert load("recurrent-autoencoder", 1).scores()[0].reached == 0  # one letter wrong is not exact


def test_letters_past_the_end_do_not_count():
    given = np.array([[0, 1], [2, -1]])
    kept = strings.outputs
    try:
        strings.outputs = lambda trainer, _: (np.array([[0, 1], [3, 4]]), None)
        assert strings.back(None, given).tolist() == [False, True]
    finally:
        strings.outputs = kept


def test_letters_are_read_out_where_the_vector_has_them():
    random = np.random.default_rng(3)
    letters, scored = random.integers(0, 5, (2, 400))
    vectors, others = np.eye(5)[letters], np.eye(5)[scored]
    assert strings.readable(vectors, letters, others, scored) == 1
    assert strings.readable(random.standard_normal((400, 5)), letters, random.standard_normal((400, 5)), scored) < 0.3


def test_principal_axes_are_those_of_most_variance():
    random = np.random.default_rng(4)
    turn = np.linalg.qr(random.standard_normal((6, 6)))[0]
    spread = random.standard_normal((3000, 6)) * np.array([3, 2, 0.5, 0.1, 0.1, 0.1])
    places, parts = strings.principal(spread @ turn + 7)
    assert np.allclose(np.abs(np.corrcoef(places.T, spread.T)[[0, 1], [2, 3]]), 1, atol=0.01)
    assert np.allclose(parts, np.array([9, 4]) / 13.28, atol=0.03)
