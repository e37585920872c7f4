"""The task of conditioned-start and image-context: what is drawn, what is held back, and what counts as exact."""

import numpy as np
import pytest

from refrnn.tasks import captions, load, scenes


@pytest.fixture
def small(monkeypatch):
    """Few pictures, so that a lesson takes no time."""
    monkeypatch.setattr(captions, "PICTURES", 60)
    monkeypatch.setattr(captions, "EACH", 2)
    monkeypatch.setattr(captions, "CHECKED", 1)


def test_captions_are_the_lectures_pattern_and_differ():
    texts = {" ".join(scenes.caption(scene)) for scene in scenes.SCENES}
    assert len(texts) == len(scenes.SCENES) == 160
    assert {"the black cat is walking on grass", "the white cat is walking on road"} <= texts  # as krippahl prints them
    for scene in scenes.SCENES:
        assert len(scenes.told_by(scene)) == len(scenes.caption(scene))
    assert " ".join(scenes.caption(scenes.SCENES[-1])) == "the white teddy bear is standing on a beach"
    assert scenes.told_by(scenes.SCENES[-1]) == ["", "colour", "animal", "animal", "", "action", "place", "place", "place"]


def test_pictures_tell_every_scene_and_hold_no_label():
    """Without noise, light and place of their own all scenes look different; with them no two pictures of one are the same."""

    class Still:
        def integers(self, *_):
            return 0

        def uniform(self, *_):
            return 1.0

        def normal(self, middle, spread, shape):
            return np.zeros(shape)

    plain = np.stack([scenes.picture(scene, Still()) for scene in scenes.SCENES])
    assert len(np.unique(plain.reshape(len(plain), -1), axis=0)) == len(scenes.SCENES)
    random = np.random.default_rng(0)
    assert not np.array_equal(*(scenes.picture(scenes.SCENES[3], random) for _ in range(2)))


def test_features_are_blind_to_even_light_and_see_where_something_is():
    even = np.full((1, scenes.SIDE, scenes.SIDE, 3), 0.7)
    dotted = even.copy()
    dotted[0, 1, 1] = 0
    assert np.abs(scenes.features(even)).max() < 1e-12
    seen = scenes.features(dotted).reshape(scenes.CELLS, scenes.CELLS, scenes.FILTERS)
    assert seen[0, 0].max() > 0.01 and np.abs(seen[1:, 1:]).max() < 1e-12
    assert scenes.features(even).shape == (1, scenes.FEATURES)


def test_what_is_scored_was_not_trained_on(small):
    task = load("conditioned-start", 2)
    order = np.random.default_rng([0, 2]).permutation(len(scenes.SCENES))
    held = {" ".join(scenes.caption(scenes.SCENES[scene])) for scene in order[: captions.HELD]}
    values, loss, lengths = task.parts[0].batch(np.random.default_rng(1), 0)
    words = np.concatenate((values["x"].argmax(-1)[1:], np.full((1, captions.BATCH), captions.MARK)))
    texts = {captions._text(words[:, item]) for item in range(captions.BATCH)}
    assert len(texts) > 20 and not texts & held and set(lengths) == {8, 9, 10, 11}


def test_places_of_captions_end_with_the_mark():
    wanted = captions.places_of([0, 159])
    assert wanted.shape == (11, 2) and wanted[7, 0] == wanted[9, 1] == captions.MARK and (wanted[8:, 0] == -1).all()


def test_scores_tell_a_writer_from_chance(small, monkeypatch):
    task = load("image-context", 1)
    assert [part.name for part in task.parts] == ["image-context", "conditioned-start"]
    untrained = task.scores()
    assert not any(score.met for score in untrained) and max(score.reached for score in untrained) < 0.1

    shown = []
    monkeypatch.setattr(captions, "drawn", lambda chosen, random: shown.append(chosen) or np.zeros((len(chosen), 16, 16, 3)))
    monkeypatch.setattr(captions.Lesson, "standardized", lambda self, raw: raw)

    def oracle(trainer, v):
        return np.where(captions.places_of(shown[-1]) < 0, captions.MARK, captions.places_of(shown[-1]))

    monkeypatch.setattr(captions, "caption_of", oracle)
    right = load("conditioned-start", 1)
    assert all(score.met and score.reached == 1 for score in right.scores())

    def blind(trainer, v):
        """As the oracle, but every animal is a cat."""
        chosen = oracle(trainer, v)
        chosen[2] = captions.WORDS.index("cat")
        return chosen

    monkeypatch.setattr(captions, "caption_of", blind)
    wrong = load("conditioned-start", 1)
    assert 0.1 < wrong.scores()[0].reached < 0.45
    colour, animal = wrong.tables()[0].rows[0][3:5]
    assert colour == 1 and animal < 0.5
