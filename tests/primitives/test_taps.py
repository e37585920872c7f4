"""Windows of inputs and their matrices, against one delay after the other."""

import numpy as np
import pytest

from refrnn.kernels.families import taps

T, B, I, O = 6, 5, 3, 4
LENGTHS = np.array([6, 1, 4, 2, 5])


@pytest.mark.parametrize("N", (0, 1, 2, 9))
@pytest.mark.parametrize("lengths", (None, LENGTHS))
def test_window_and_matrix(N, lengths):
    """The inputs of one step, weighed: a longer past than the sequence too, and none."""
    random = np.random.default_rng(3)
    x, start, W = random.standard_normal((T, B, I)), random.standard_normal((B, N, I)), random.standard_normal((N + 1, O, I))
    here = np.arange(T)[:, None] < (np.full(B, T) if lengths is None else lengths)
    window = taps.window(np.where(here[..., None], x, np.nan), start, lengths)
    assert window.shape == (T, B, (N + 1) * I) and not window[~here].any()
    line = np.concatenate((start.swapaxes(0, 1), x))
    expected = sum(line[N - n : N - n + T] @ W[n].T for n in range(N + 1))
    assert np.allclose((window @ taps.matrix(W).T)[here], expected[here], rtol=1e-12, atol=1e-13)
    assert np.array_equal(taps.matrices(taps.matrix(W), N), W)


@pytest.mark.parametrize("N", (0, 1, 2, 9))
def test_the_way_back_is_the_transpose(N):
    random = np.random.default_rng(4)
    x, start = random.standard_normal((T, B, I)), random.standard_normal((B, N, I))
    d_window = random.standard_normal((T, B, (N + 1) * I))
    d_x, d_start = taps.window_pulled_back(d_window, N)
    assert d_x.shape == x.shape and d_start.shape == start.shape
    along = np.sum(d_x * x) + np.sum(d_start * start)
    assert np.isclose(along, np.sum(taps.window(x, start) * d_window), rtol=1e-12)
