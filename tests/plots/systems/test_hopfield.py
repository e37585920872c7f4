"""The picture of a Hopfield net: its steps are the equation's, its energy falls, and the letters come back."""

import numpy as np
import pytest

from refrnn.plots.systems import hopfield


@pytest.mark.parametrize("seed", range(3))
def test_each_state_follows_from_the_one_before_and_the_letters_come_back(seed):
    data = hopfield.measured(seed)
    W, states, letters = data["W"], data["states"], data["letters"]
    by_hand = np.array([[1.5 / 100 * sum(letter[i] * letter[j] for letter in letters) * (i != j) for j in range(100)] for i in range(100)])
    assert np.allclose(W, by_hand)
    assert np.sum(states[:, 0] * letters < 0, axis=1).tolist() == [25, 25, 25] and set(np.abs(states[:, 0]).ravel()) == {0.5}
    assert np.allclose(states[:, 1:], np.tanh(states[:, :-1] @ W.T), atol=1e-12)
    assert np.array_equal(data["agreeing"], np.sum(np.sign(states) == letters[:, None], axis=2))
    assert np.all(data["agreeing"][:, -1] == 100) and np.all(np.diff(data["energy"], axis=1) < 1e-9)


def test_the_energy_is_the_sum_over_pairs_and_the_integral_over_each_unit():
    data = hopfield.measured(0)
    for letter, time in ((0, 0), (1, 3), (2, 25)):
        X = data["states"][letter, time]
        grid = np.linspace(0, X, 20001)
        integral = np.sum(np.trapezoid(np.arctanh(grid), grid, axis=0))
        assert data["energy"][letter, time] == pytest.approx(integral - X @ data["W"] @ X / 2, rel=1e-6)


def test_the_letters_look_like_letters():
    rows = [hopfield._pattern(text).reshape(10, 10) for text in hopfield.LETTERS.values()]
    r, t, o = rows
    assert np.array_equal(o, o[::-1]) and np.array_equal(o, o[:, ::-1]) and np.array_equal(t, t[:, ::-1])
    assert not np.array_equal(r, r[:, ::-1]) and np.all(np.isin(rows, (-1, 1)))
