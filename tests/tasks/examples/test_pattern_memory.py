"""The task of pattern-memory: its sequences, its loss, and what counts as a gap that is bridged."""

import numpy as np
import pytest

import refrnn
from refrnn.learning import Adam, Trainer, by_norm, initial
from refrnn.tasks.examples import pattern_memory as memory

ALL, SOME, NONE = [[1.0, 1.0]], [[0.9, 1.0]], [[0.25, 0.25]]


def trainer():
    spec = refrnn.load("pattern-memory")
    return Trainer(spec, initial(spec, {"I": memory.PATTERNS + memory.OTHERS + 1, "H": 6}), Adam(0.01))


def test_only_the_first_word_tells():
    x, wanted = memory.sequences(np.random.default_rng(0), 7, 500)
    words = x.argmax(-1)
    assert x.shape == (9, 500, memory.PATTERNS + memory.OTHERS + 1) and (x.sum(-1) == 1).all()
    assert np.array_equal(words[0], wanted) and len(np.unique(wanted)) == memory.PATTERNS
    assert words[1:-1].min() >= memory.PATTERNS and words[1:-1].max() < memory.PATTERNS + memory.OTHERS == words[-1].min() == words[-1].max()


def test_the_loss_has_the_slope_it_says():
    own = trainer()
    x, wanted = memory.sequences(np.random.default_rng(1), 3, 4)
    run = own.spec.forward({**{name: array.astype("float64") for name, array in own.parameters.items()}, "x": x.astype("float64"), "h0": np.zeros((4, 6)), "c0": np.zeros((4, 6))}, "reference")
    loss = memory.loss(wanted)
    _, upstream = loss(run)
    for name in "hc":
        for place in [(-1, 0, 0), (-1, 3, 2), (-1, 1, 5), (0, 0, 0)]:
            slopes = []
            for step in (1e-6, -1e-6):
                run.outputs[name][place] += step
                slopes.append(loss(run)[0])
                run.outputs[name][place] -= step
            assert upstream[name][place] == pytest.approx((slopes[0] - slopes[1]) / 2e-6, abs=1e-8)


def test_each_unit_is_clipped_by_itself():
    gradients = {name: np.full_like(array, 1e3 if name in memory.PLAIN else 1e-3) for name, array in trainer().parameters.items()}
    clipped = memory._apart(by_norm(1.0))(gradients)
    assert np.array_equal(clipped["V"], gradients["V"]) and clipped["W_h"].max() < 1 and clipped.keys() == gradients.keys()


def test_a_bridge_ends_at_the_first_gap_that_is_not_bridged():
    assert memory.longest({4: ALL, 8: ALL, 16: SOME, 32: ALL}, 0) == 8 and memory.longest({4: ALL, 8: ALL, 16: SOME, 32: ALL}, 1) == 32
    assert memory.longest({4: NONE}, 0) == 0
    met = [score.met for score in memory.scores({8: [[1.0, 1.0]], 16: [[1.0, 1.0]], 64: [[0.3, 1.0]]})]
    assert met == [True, True, False, True]  # four times as far
    assert all(score.met for score in memory.scores({8: [[1.0, 1.0]], 64: [[0.3, 1.0]]}))


def test_untrained_units_are_at_chance():
    shares = memory.rights(trainer(), 8)
    assert all(abs(share - 1 / memory.PATTERNS) < 0.1 for share in shares)
