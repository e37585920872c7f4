"""The task of character-model: k-grams that are those of the row, texts that share no file, and what bits per character are."""

import numpy as np
import pytest

import refrnn
from refrnn.errors import NotFoundError
from refrnn.learning import Adam
from refrnn.tasks.language import character_model as model
from refrnn.tasks.language.grams import Grams
from refrnn.tasks.language.peer import TorchTrainer, is_there


def test_k_grams_are_those_of_the_row():
    """Each with ``weight`` times the distribution of one character less as its pseudo-counts, by the row's own equation."""
    random, N, weight = np.random.default_rng(0), 3, 1.5
    text, streams = random.integers(0, N, 60), random.integers(0, N, (9, 2))
    row, distribution = refrnn.load("markov-factorisation"), np.full((9, 2, N), 1 / N)
    found = Grams(text[:, None], N, 3).surprise(streams, weight)
    for k in range(4):
        for t in range(9):
            for b in range(2):
                if t >= k:
                    values = {"x": streams[: t + 1, b : b + 1], "c": text, "alpha": weight * distribution[t, b], "K": k}
                    distribution[t, b] = row.forward(values, "reference").outputs["P"][t, 0]
        surprise = -np.log2(np.take_along_axis(distribution, streams[..., None], -1))
        assert found[k] == pytest.approx(surprise.mean())


def source(tmp_path, monkeypatch, files=20):
    for name, value in {"STREAMS": 2, "CHUNK": 4, "STEPS": 6, "TURN": 3, "SCORED": (30, 2), "RARE": 3}.items():
        monkeypatch.setattr(model, name, value)
    for place in range(files):
        (tmp_path / f"m{place:02}.py").write_text(chr(ord("a") + place) * 40 + "\n")
    return model.read(tmp_path)


def test_texts_share_no_file(tmp_path, monkeypatch):
    text = source(tmp_path, monkeypatch)
    deciding, scored = (set(text.characters[place] for place in np.unique(part)) for part in (text.deciding, text.scored))
    assert deciding == scored == {model.OTHER}  # letters of files that training never saw
    assert text.learned.shape == (13, 2) and set(map(chr, range(ord("a"), ord("t")))) - set(text.characters) >= {"e", "j", "o"}
    with pytest.raises(NotFoundError, match="too little source"):
        source(tmp_path / "..", monkeypatch, 0)


def test_batches_follow_one_another_and_begin_anew(tmp_path, monkeypatch):
    text = source(tmp_path, monkeypatch)
    lstm = model.stack(["lstm", model.feed_forward("linear")])
    trainer = model._trainer(lstm, model.sizes(lstm, text.N, 5), 0.01, 0)
    part, forgotten = model._part("LSTM", trainer, text), []
    monkeypatch.setattr(trainer, "forget", lambda: forgotten.append(True))
    found = [(part.batch(None, step)[0]["x"].argmax(-1), len(forgotten)) for step in range(6)]
    assert np.array_equal(np.concatenate([places for places, _ in found[:3]]), text.learned[:12])
    assert np.array_equal(found[3][0], found[0][0]) and [count for _, count in found] == [1, 1, 1, 2, 2, 2]


def test_an_untrained_model_is_near_chance_and_all_have_as_many_parameters():
    lstm, gru = (model.stack([cell, model.feed_forward("linear")]) for cell in ("lstm", "gru-reset-after"))
    wanted = model.count(lstm, 50, 40)
    for spec in (gru, refrnn.load("character-model")):
        units = model.fitting(spec, 50, wanted)
        assert abs(model.count(spec, 50, units) / wanted - 1) < 0.02
        trainer = model._trainer(spec, model.sizes(spec, 50, units), 0.01, 0)
        places = np.random.default_rng(0).integers(0, 50, (20, 4))
        assert model.bits_of(trainer, places) == pytest.approx(np.log2(50), abs=0.6)


def test_the_lstm_of_pytorch_is_the_same_lstm():
    """Step by step, though its gates stand in another order; and it goes on from where it was saved with the same bits."""
    if not is_there():
        pytest.skip("PyTorch is not installed")
    lstm, N = model.stack(["lstm", model.feed_forward("linear")]), 7
    own = model._trainer(lstm, model.sizes(lstm, N, 5), 0.01, 0)
    theirs, copy = (TorchTrainer(own.parameters, Adam(0.01), model.CLIP) for _ in range(2))
    text = np.random.default_rng(0).integers(0, N, (41, 3))
    for step in range(10):
        places, wanted = text[4 * step : 4 * step + 4], text[4 * step + 1 : 4 * step + 5]
        x = model.one_hot(places, N)
        loss = own.step({"x": x}, model.cross_entropy(lstm.outputs[-1], wanted), carry=True)
        found = theirs.step({"x": x}, wanted)
        assert found == pytest.approx(loss, rel=1e-4)
        if step == 5:
            copy.restore(*theirs.state())
        elif step > 5:
            assert copy.step({"x": x}, wanted) == found
    assert model.bits_of(theirs, text) == pytest.approx(model.bits_of(own, text), rel=1e-4)


def test_samples_are_text_of_the_vocabulary(monkeypatch):
    characters = "def (x):\n"
    text = model.Text("".join(dict.fromkeys(characters)), *[np.zeros((2, 1), int)] * 3)
    lstm = model.stack(["lstm", model.feed_forward("linear")])
    monkeypatch.setattr(model, "UNITS", 5)
    trainer = model._trainer(lstm, model.sizes(lstm, text.N, 5), 0.01, 0)
    lines = model.samples(trainer, text, 0)
    assert sum(line.startswith("the LSTM at temperature") for line in lines) == len(model.TEMPERATURES)
    assert set("".join(line for line in lines if not line.startswith("the LSTM"))) <= set(text.characters)
    assert lines == model.samples(trainer, text, 0)
