"""The task of reservoir: its series, its errors, and what its scores make of them."""

import json
from dataclasses import replace

import numpy as np
import pytest

import refrnn
from refrnn.tasks import load, record, series
from refrnn.tasks.gated import reservoir
from refrnn.tasks.gated.peer import Peer

spec = refrnn.load("reservoir")
SMALL = reservoir.Setting(12, radius=0.9, reach=0.5, penalty=1e-9, leak=0.2, constant=0.2)


def test_narma_follows_its_equation():
    u, y = series.narma(60, 5)
    for t in range(20, 40):  # y[t] is the output that follows u[t]
        past = y[t - 1 - np.arange(10)]
        assert np.isclose(y[t], 0.3 * y[t - 1] + 0.05 * y[t - 1] * past.sum() + 1.5 * u[t - 9] * u[t] + 0.1, rtol=1e-12)
    assert u.min() >= 0 and u.max() < 0.5 and y.max() <= 1


def test_mackey_glass_settles_where_its_past_does_not_matter():
    """Its rest is 1, from which it moves away for ever: between 0.4 and 1.4, as the figures of Jaeger 2001 have it."""
    y = series.mackey_glass(2000, 0)
    assert 0.35 < y.min() < 0.5 and 1.25 < y.max() < 1.4
    fine, late = y[200:260], y[200 - series.DELAY : 260 - series.DELAY]
    slope = 0.2 * late / (1 + late**10) - 0.1 * fine
    assert np.abs(np.gradient(fine) - slope)[1:-1].max() < 0.02


def test_what_is_scored_was_not_learned_from():
    (u, _), (other, _) = reservoir._narma_series(0, 0)
    assert len(np.intersect1d(u, other)) == 0
    learned, pieces, _ = reservoir._glass_series(0, 0)
    assert len(np.intersect1d(learned, pieces)) == 0


def test_errors():
    wanted = np.array([1.0, 2, 3, 4])
    assert reservoir.nmse(wanted, wanted) == 0 and reservoir.nmse(wanted.mean(), wanted) == 1
    assert reservoir.nmse(wanted + 2, wanted, variance=2) == 2


def test_capacity_counts_what_is_kept():
    """A line of five delays keeps five; of another input nothing."""
    setting = reservoir.Setting(8, radius=0.9, reach=0.1, penalty=0.0)
    kept, other = np.random.default_rng(0).uniform(-1, 1, (2, 2 * reservoir.MEMORY_STEPS + reservoir.WASHOUT, 1))
    line = np.stack([np.roll(kept, delay, 0) for delay in range(1, 6)], -1)
    assert abs(reservoir.capacity(line, kept, setting) - 5) < 0.02
    assert reservoir.capacity(line, other, setting) < 0.02


def test_on_its_own_each_output_is_the_next_input():
    weights = SMALL.weights(1) | {"W_out": np.random.default_rng(2).uniform(-0.3, 0.3, (1, 14))}
    x = SMALL.inputs(np.random.default_rng(3).uniform(-0.5, 0.5, (9, 2)))
    led = reservoir.states(spec, weights, x, weights["W_out"])
    course = reservoir.on_its_own(spec, weights, led, 5, SMALL)
    given = np.concatenate((x, SMALL.inputs(reservoir.squashed(course[:-1]))))
    again = reservoir.states(spec, weights, given, weights["W_out"])
    assert np.allclose(reservoir.stretched(again.outputs["y"][-5:, :, 0]), course, rtol=1e-9)


def test_scores_tell_a_reservoir_from_chance():
    task = load("reservoir", 3)
    narmas, glasses, memories, _ = task.parts
    taps = {f"taps{taps}/{reservoir.NARMA.units}/0": 0.15 for taps in reservoir.TAPS}
    narmas.found = taps | {f"error/{reservoir.NARMA.units}/0": 0.03, f"mean/{reservoir.NARMA.units}/0": 1.0}
    glasses.found = {"ahead/0": 1e-5, "now/0": 0.15, "free/0": 0.0003, "mean/0": 1.0}
    memories.found = {"capacity/0.9/0.1/0": 30.0, "other/0.9/0.1/0": 0.03}
    good = task.scores()
    assert [score.met for score in good] == [True] * 5
    narmas.found |= {f"error/{reservoir.NARMA.units}/0": 1.0}
    glasses.found |= {"ahead/0": glasses.found["now/0"], "free/0": glasses.found["mean/0"]}
    memories.found |= {"capacity/0.9/0.1/0": 51.0}
    assert [score.met for score in task.scores()] == [False, False, False, True, False]
    assert [score.chance for score in good] == [1.0, 0.15, 1.0, 0.03, 0.03]


def test_a_small_task_runs_whole_and_is_told_after_a_pause(monkeypatch):
    for name in ("NARMA", "GLASS", "MEMORY"):
        monkeypatch.setattr(reservoir, name, replace(getattr(reservoir, name), units=12))
    for name, number in {"NARMA_UNITS": (12,), "NARMA_STEPS": 50, "NARMA_RUNS": 1, "TAPS": (3,), "GLASS_STEPS": 300, "GLASS_WASHOUT": 200,
                         "GLASS_RUNS": 1, "LED": 220, "STARTS": 2, "MEMORY_STEPS": 60, "MEMORY_RUNS": 1, "RADII": (0.9,), "REACHES": (0.1,)}.items():  # fmt: skip
        monkeypatch.setattr(reservoir, name, number)
    done, paused = load("reservoir", 2), load("reservoir", 2)
    for part in done.parts:
        while not part.ended:
            part.step()
    for part, other in zip(done.parts, paused.parts):
        other.restore(*part.state())
    told = record.record(done, 2)
    assert json.dumps(told) == json.dumps(record.record(paused, 2))
    assert "reservoirpy" in told["tables"][3]["title"] and len(list(record.lines(told))) > 20


def test_the_kernel_has_the_states_of_reservoirpy():
    pytest.importorskip("reservoirpy")
    weights, x = SMALL.weights(4), SMALL.inputs(np.random.default_rng(5).uniform(-1, 1, (20, 2)))
    assert np.abs(Peer.found().features(weights, x) - reservoir.features(spec, weights, x)).max() < 1e-14
