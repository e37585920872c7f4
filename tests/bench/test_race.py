"""The race: sizes, turns, ratios and the refusal of contenders that are wrong. Nothing here depends on how fast anything is."""

import numpy as np
import pytest

import refrnn
from refrnn.bench import contenders, problem, race
from refrnn.errors import RefrnnError, ValuesError

TINY = {"steps": 3, "batch": 2, "hidden": 4, "inputs": 5}


def tiny(name="unfolding", dtype="float32"):
    spec = refrnn.load(name)
    return problem.make(spec, *problem.sizes_of(spec, **TINY), dtype)


def test_sizes_are_the_options():
    assert tiny("elman").sizes == {"T": 3, "I": 5, "H": 4, "O": 128, "batch": 2, "simple": 0}
    spec = refrnn.load("two-layer-rnn")
    assert problem.sizes_of(spec, hidden=6, inputs=7) == ({"T": 100, "I": 7, "H1": 6, "H2": 6, "O": 128}, 16)


def test_the_batch_of_a_spec_written_in_rows():
    assert tiny("batched-rnn").sizes == {"T": 3, "B": 2, "D": 5, "H": 4}


@pytest.mark.parametrize("option", ["steps", "batch", "hidden", "inputs"])
def test_an_option_that_means_nothing_is_refused(option):
    word = "input" if option == "inputs" else option
    with pytest.raises(ValuesError, match=f"clip-norm: --{word} means nothing here"):
        problem.sizes_of(refrnn.load("clip-norm"), **{option: 3})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_of_a_race(dtype):
    found = tiny(dtype=dtype)
    steps = []
    rows = race.race(found, turns=3, step=steps.append)
    assert [(row.way, row.contender) for row in rows] == [("forward", "reference"), ("forward + backward", "reference")]
    assert steps == ["unfolding, forward"] * 3 + ["unfolding, forward + backward"] * 3
    for row in rows:
        assert row.dtype == dtype and row.sizes == found.sizes
        assert 0 < row.low <= row.ratio <= row.high < np.inf


def test_contenders_take_turns_and_the_ratio_is_within_a_turn(monkeypatch):
    order = []
    monkeypatch.setattr(race, "_loops", lambda call: 1)
    monkeypatch.setattr(race, "_seconds", lambda call, number: call() or 2.0 if call is slow else call() or 1.0)

    def fast():
        order.append("A")

    def slow():
        order.append("B")

    times = race.take_turns([fast, slow], 3, lambda: None)
    assert "".join(order) == "AABB" * 3  # the first call of each turn is not timed
    row = race._row(tiny(), "forward", "slow", *times)
    assert (row.ratio, row.low, row.high) == (2.0, 2.0, 2.0)


def test_a_wrong_contender_is_refused_and_not_timed(monkeypatch):
    module = refrnn.load("unfolding").bindings["kernel"].load()
    forward, backward = module.forward, module.backward
    monkeypatch.setattr(race, "take_turns", lambda *_: pytest.fail("it was timed"))
    monkeypatch.setattr(module, "forward", lambda **values: _shifted(forward(**values)))
    with pytest.raises(RefrnnError, match="kernel and reference disagree in s"):
        race.race(tiny(), turns=1)
    monkeypatch.setattr(module, "forward", forward)
    monkeypatch.setattr(race, "take_turns", lambda calls, *_: [[1.0] for _ in calls])
    monkeypatch.setattr(module, "backward", lambda saved, **given: {**backward(saved, **given), "U": backward(saved, **given)["V"]})
    with pytest.raises(RefrnnError, match="disagree in d_U"):
        race.race(tiny(), turns=1)


def _shifted(answer):
    outputs, saved = answer
    return {name: array + np.float32(0.01) for name, array in outputs.items()}, saved


def test_not_a_number_is_a_disagreement():
    assert not contenders._distance(np.array([np.nan]), np.array([1.0])) <= 1


def test_a_spec_without_kernel_has_nothing_to_measure():
    spec = refrnn.load_text(
        "{id: own, title: Own, sizes: {N: units}, symbols: {z: {role: input, shape: [N]}}, equations: ['h = tanh(z)'], outputs: [h]}"
    )
    with pytest.raises(RefrnnError, match="own has no kernel"):
        contenders.check(spec, False)


def test_peers_take_part():
    pytest.importorskip("torch", reason="PyTorch is an optional extra")
    for name, peer in (("lstm", "torch.nn.LSTM"), ("gru-reset-before", "PyTorch loop")):
        rows = race.race(tiny(name), peers=True, turns=1)
        assert [row.contender for row in rows] == ["reference", "batched NumPy", peer] * 2
