"""The norms of the picture are those of Jacobians and of BPTT by hand, and clipping does to them what it says."""

import numpy as np
import pytest

from refrnn.learning import by_norm, initial
from refrnn.plots.learning import clip_norm


def test_errors_go_back_as_jacobians_say_and_are_cut_where_they_are_longer():
    steps, units = clip_norm.STEPS, clip_norm.UNITS
    for radius in (0.7, 3.0):
        plain, clipped = clip_norm._back(radius, 6)
        W = clip_norm._matrix(radius, units, 6)
        assert np.abs(np.linalg.eigvals(W)).max() == pytest.approx(radius)
        random = np.random.default_rng([6, 29])
        x, error = 0.3 * random.standard_normal((steps, units)), random.standard_normal(units)
        h = [np.zeros(units)]
        for t in range(steps):
            h.append(np.tanh(W.T @ h[-1] + x[t]))
        kept = error = error / np.linalg.norm(error)
        for t in range(steps, 0, -1):
            assert plain[t - 1] == pytest.approx(np.linalg.norm(error), rel=1e-6) and clipped[t - 1] == pytest.approx(np.linalg.norm(kept), rel=1e-6)
            error, kept = (W @ ((1 - h[t] ** 2) * one) for one in (error, kept))
            kept = kept * min(1, 10 / np.linalg.norm(kept))
        assert (max(plain) > 100) == (max(clipped) >= 10 - 1e-9) == (radius == 3.0)


@pytest.mark.parametrize("tau", [None, 0.5])
def test_the_training_is_plain_gradient_descent_by_hand(monkeypatch, tau):
    monkeypatch.setattr(clip_norm, "UPDATES", 3)
    norms, losses = clip_norm._training(None if tau is None else by_norm(tau), 8)
    import refrnn

    parameters = initial(refrnn.load("elman"), {"I": 1, "H": 30, "O": 1}, 8, "float64")
    W_xh, W_hy, W_hh = parameters["W_xh"], parameters["W_hy"], clip_norm._matrix(2.2, 30, 8)
    random = np.random.default_rng(8)
    for update in range(3):
        x = random.uniform(-1, 1, (50, 16, 1))
        wanted = np.concatenate((np.zeros((3, 16, 1)), x[:-3]))
        h = [np.zeros((16, 30))]
        for t in range(50):
            h.append(np.tanh(h[-1] @ W_hh + x[t] @ W_xh))
        wrong = np.stack(h[1:]) @ W_hy - wanted
        assert losses[update] == pytest.approx(np.mean(wrong**2), rel=1e-6)
        d_xh, d_hh, d_hy, back = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(W_hy), np.zeros((16, 30))
        for t in range(49, -1, -1):
            d_y = 2 * wrong[t] / wrong.size
            d_hy += h[t + 1].T @ d_y
            d_z = (d_y @ W_hy.T + back) * (1 - h[t + 1] ** 2)
            d_xh += x[t].T @ d_z
            d_hh += h[t].T @ d_z
            back = d_z @ W_hh.T
        length = np.sqrt(np.sum(d_xh**2) + np.sum(d_hh**2) + np.sum(d_hy**2))
        assert norms[update] == pytest.approx(length, rel=1e-6)
        step = 0.08 * (1 if tau is None else min(1, tau / length))
        W_xh, W_hh, W_hy = W_xh - step * d_xh, W_hh - step * d_hh, W_hy - step * d_hy


def test_a_training_that_breaks_down_is_infinite_from_there_on(monkeypatch):
    monkeypatch.setattr(clip_norm, "UPDATES", 30)
    monkeypatch.setattr(clip_norm, "RATE", 1e200)
    norms, losses = clip_norm._training(None, 0)
    assert np.isfinite(losses[0]) and np.all(np.isinf(losses[10:])) and np.all(np.isinf(norms[10:]))


def test_the_dotted_line_is_the_error_of_the_answer_zero(monkeypatch):
    monkeypatch.setattr(clip_norm, "UPDATES", 1)
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (50, 20000))
    x[-3:] = 0  # the last three are never asked for, and the first three answers are 0
    assert clip_norm.measured(0)["zero"] == pytest.approx(np.mean(x**2), rel=0.01)
