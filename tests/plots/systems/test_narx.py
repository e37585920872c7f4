"""The forecast of the picture: fitted on the known part alone, and run on its own predictions from there on."""

import numpy as np
import pytest

from refrnn.plots.systems import narx


@pytest.fixture(scope="module")
def data():
    return narx.measured(2)


def by_hand(data, own):
    """The forecast, hour by hour, fed back its own predictions or true values."""
    W_x, W_y, b, fed = data["W_x"].ravel(), data["W_y"].ravel(), data["b"][0], list(data["truth"][: narx.KNOWN])
    found = []
    for hour in range(narx.KNOWN, len(data["truth"])):
        z = b + sum(W_x[m] * data["sun"][hour - m] for m in range(7)) + sum(W_y[n - 1] * fed[-n] for n in range(1, 7))
        found.append(np.tanh(z))
        fed.append(found[-1] if own else data["truth"][hour])
    return found


def test_the_forecast_runs_on_its_own_predictions_and_its_rival_on_true_values(data):
    assert len(data["truth"]) - narx.KNOWN == len(data["free_run"]) == 7 * 24
    assert np.allclose(data["free_run"], by_hand(data, own=True)) and np.allclose(data["one_step_run"], by_hand(data, own=False))
    assert not np.allclose(data["free_run"], data["one_step_run"])


def test_no_weights_foretell_the_known_part_better_and_the_rest_was_not_seen(data):
    sun, truth = data["sun"][: narx.KNOWN], data["truth"][: narx.KNOWN]
    rows = np.array([[*sun[hour - 6 : hour + 1][::-1], *truth[hour - 6 : hour][::-1], 1] for hour in range(6, narx.KNOWN)])
    best = np.linalg.lstsq(rows, np.arctanh(truth[6:]), rcond=None)[0]
    assert np.allclose(np.concatenate([data[name].ravel() for name in ("W_x", "W_y", "b")]), best, atol=1e-3)


def test_the_errors_are_those_of_the_hours_that_the_fit_never_saw(data):
    rest = data["truth"][narx.KNOWN :]
    day_before = data["truth"][narx.KNOWN - 24 : narx.KNOWN + 6 * 24]
    for name, guess in {"error": data["free_run"], "one_step": data["one_step_run"], "constant": data["truth"][: narx.KNOWN].mean(), "persistent": day_before}.items():
        assert data[name] == pytest.approx(np.sqrt(np.mean((rest - guess) ** 2)))
    assert data["one_step"] < data["error"] < min(data["constant"], data["persistent"])
