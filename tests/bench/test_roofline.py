"""Operations and bytes of a pass, counted by hand, and the verdict."""

import pytest

import refrnn
from refrnn.bench import problem
from refrnn.bench.contender import Out
from refrnn.bench.problem import BOTH, FORWARD
from refrnn.bench.roofline import Limits, Work, verdict, work

T, B, I, H = 5, 3, 2, 4


def make(name, **options):
    spec = refrnn.load(name)
    sizes = {key: number for key, number in {"T": T, "I": I, "H": H, "O": 6}.items() if key in spec.sizes}
    return problem.make(spec, sizes, B, **options)


@pytest.mark.parametrize("name, matrices, vectors", [
    ("lstm", 4 * H * (H + I), 4 * H), ("gru-reset-after", 3 * H * (H + I), 4 * H), ("unfolding", H * (H + I), 0), ("elman", H * (H + I) + 6 * H, 0),
])  # fmt: skip
def test_operations_of_recurrences(name, matrices, vectors):
    found, both = (work(make(name), way) for way in (FORWARD, BOTH))
    assert found.operations == 2 * matrices * T * B and both.operations == 3 * found.operations
    assert found.weights == both.weights == 4 * (matrices + vectors)


def test_bytes_of_a_recurrence():
    weights, around = H * (H + I), T * B * I + B * H + T * B * H
    found, both = (work(make("unfolding", dtype="float64"), way).bytes for way in (FORWARD, BOTH))
    assert found == 8 * (T * weights + around)
    assert both == 2 * found + 8 * weights


def test_a_ragged_batch_has_its_true_steps():
    ragged = make("unfolding", ragged=True)
    assert work(ragged, FORWARD).operations == 2 * H * (H + I) * int(ragged.lengths.sum())


@pytest.mark.parametrize("name", ["scalar-recursion", "encoder-decoder"])
def test_what_can_t_be_counted_is_not(name):
    assert work(make(name), FORWARD) is None


@pytest.mark.parametrize("seconds, peak, bandwidth, bound, share", [
    (1.0, 125.0, 1e9, "compute", 0.8), (1.0, 1e9, 100.0, "memory", 0.5), (1.0, 200.0, 125.0, "compute", 0.5), (1.0, 400.0, 125.0, "latency", 0.4),
])  # fmt: skip
def test_verdict(seconds, peak, bandwidth, bound, share):
    found = verdict(seconds, Work(100, 50, 10), peak, bandwidth)
    assert found["bound"] == bound and found["roof_share"] == share
    assert found["compute_seconds"] == 100 / peak and found["memory_seconds"] == 50 / bandwidth


def test_limits_are_measured_once_and_may_be_unknown():
    asked = []

    def ask(*question):
        asked.append(question)
        if question == ("bandwidth", 7):
            raise Out("gone")
        return 5.0

    limits = Limits(ask, "float32")
    assert limits.peak == limits.peak == 5.0 and limits.bandwidth(6) == 5.0 and limits.bandwidth(7) is None
    assert asked == [("peak", "float32"), ("bandwidth", 6), ("bandwidth", 7)]
    assert limits.as_dict() == {"peak": 5.0, "bandwidth": {"6": 5.0, "7": None}}
