"""Captions of small drawn scenes, by an image that is the network's start and by one that is told at every step, beside one another."""

from functools import cache

import numpy as np

import refrnn
from refrnn.learning import Adam, Trainer, by_norm, initial, log_likelihood
from refrnn.tasks.scenes import ACTIONS, ANIMALS, COLOURS, FEATURES, PLACES, SCENES, SIDE, caption, features, picture, told_by
from refrnn.tasks.task import Part, Score, Table, Task, cosine
from refrnn.tasks.writing import exact, told, written

UNITS, BATCH, STEPS, RATE = 128, 64, 1500, 0.002
MARK = 0  # the word that ends a caption, and is told before its first
WORDS = [".", *sorted({word for scene in SCENES for word in caption(scene)})]
LONGEST = 1 + max(len(caption(scene)) for scene in SCENES)
TOLD = ("colour", "animal", "action", "place")
HELD = 40  # scenes that training never sees
PICTURES = 8000  # in training
EACH, CHECKED = 25, 4  # pictures of each scene never seen that is scored, and of each of training that is or that decides which weights are best
SCALE = 0.1  # of the standardized features: at 1 the start saturates the units, and fewer unseen combinations are read
ASKED = 0.95
MODELS = ("conditioned-start", "image-context")


def captions(id, seed):
    """The task of either row, the one that is asked for first."""
    order = np.random.default_rng([0, seed]).permutation(len(SCENES))
    held, seen = order[:HELD], order[HELD:]
    lesson = cache(lambda: Lesson(seen, seed))
    models = sorted(MODELS, key=lambda model: model != id)
    parts = [_part(model, lesson, seed) for model in models]
    results = cache(lambda: {part.name: _results(part.trainer, lesson(), held, seen, seed) for part in parts})
    notes = (
        f"{len(SCENES)} scenes: {len(COLOURS)} colours, {len(ANIMALS)} animals, {len(ACTIONS)} actions, {len(PLACES)} places, in pictures of {SIDE} "
        f"by {SIDE} pixels, which the networks see by fixed random filters. Training has {PICTURES:,} pictures of {len(SCENES) - HELD} scenes; scored are "
        "other pictures, with each word written after the network's own. Exact is every word and the end.",
        "conditioned-start sees the picture once, as its start; image-context at every step; they have as many weights, and the same pictures "
        "and steps. The lecture calls the start the better way and gives no figure: the bar is ours. By chance is the caption of any scene.",
    )
    title = "Captions of drawn scenes, exact on combinations never seen: the picture as start, and at every step"
    return Task(id, title, parts, lambda: _scores(results()), lambda: _tables(results()), lambda: _samples(parts, lesson(), held), notes)


class Lesson:
    """The pictures of training, seen as features that are standardized by their own means and deviations."""

    def __init__(self, seen, seed):
        random = np.random.default_rng([1, seed])
        self.scenes = random.choice(seen, PICTURES)
        raw = features(drawn(self.scenes, random))
        self._mean, self._deviation = raw.mean(axis=0), raw.std(axis=0)
        self.v = self.standardized(raw)

    def standardized(self, raw):
        return (SCALE * (raw - self._mean) / self._deviation).astype("float32")

    def pictures_of(self, scenes, random):
        """The features of new pictures of scenes."""
        return self.standardized(features(drawn(scenes, random)))


def drawn(scenes, random):
    """A picture (batch, side, side, 3) of each scene."""
    return np.stack([picture(SCENES[scene], random) for scene in scenes])


def places_of(scenes):
    """The captions (LONGEST, batch) as places of words, the mark at their end, -1 past it."""
    texts = [[*map(WORDS.index, caption(SCENES[scene])), MARK] for scene in scenes]
    wanted = np.full((LONGEST, len(texts)), -1)
    for item, text in enumerate(texts):
        wanted[: len(text), item] = text
    return wanted


def _part(model, lesson, seed):
    sizes = {"F": FEATURES, "I": len(WORDS), "H": UNITS, "O": len(WORDS)}
    trainer = Trainer(model, initial(refrnn.load(model), sizes, seed), Adam(RATE), by_norm(1.0), seed=seed)

    def batch(random, step):
        chosen = random.integers(0, PICTURES, BATCH)
        wanted = places_of(lesson().scenes[chosen])
        return {"v": lesson().v[chosen], "x": told(wanted, len(WORDS), MARK)}, log_likelihood("y", wanted), (wanted >= 0).sum(axis=0)

    def wrong(trainer):
        """The part of new pictures, of scenes of training, whose caption is not exact: where each word is right after the right ones, all are."""
        scenes = np.repeat(np.unique(lesson().scenes), CHECKED)
        wanted, v = places_of(scenes), lesson().pictures_of(scenes, np.random.default_rng([2, seed]))
        y = trainer.forward({"v": v, "x": told(wanted, len(WORDS), MARK)}).outputs["y"]
        return 1 - exact(y.argmax(-1), wanted).mean()

    return Part(model, trainer, STEPS, batch, wrong, cosine(RATE, RATE / 20), every=250)


def caption_of(trainer, v):
    """The words (LONGEST, batch) that a network writes of pictures, as places."""
    return written(lambda given: trainer.forward({"v": v, "x": given}).outputs["y"], len(v), LONGEST, len(WORDS), MARK)


def _results(trainer, lesson, held, seen, seed):
    """Of new pictures of combinations never seen, and of those of training: which part is exact, by chance, and which part of the words is right."""
    found = {}
    for name, scenes in (("never seen", np.repeat(held, EACH)), ("of training", np.repeat(seen, CHECKED))):
        random = np.random.default_rng([3, seed])
        chosen = caption_of(trainer, lesson.pictures_of(scenes, random))
        wanted = places_of(scenes)
        found[name] = {
            "count": len(scenes),
            "exact": exact(chosen, wanted).mean(),
            "chance": np.mean(random.integers(0, len(SCENES), len(scenes)) == scenes),
            **{what: exact(chosen, _alone(wanted, scenes, what)).mean() for what in TOLD},
        }
    return found


def _alone(wanted, scenes, what):
    """Of captions (T, batch) the words that tell what is asked, and -1 for all others."""
    kept = np.full_like(wanted, -1)
    for item, scene in enumerate(scenes):
        steps = [step for step, told_so in enumerate(told_by(SCENES[scene])) if told_so == what]
        kept[steps, item] = wanted[steps, item]
    return kept


def _scores(results):
    return [
        Score(f"{model}, exact captions of {HELD} combinations never seen, {EACH} pictures each", unseen["exact"], ASKED, unseen["chance"], percent=True)
        for model, unseen in ((model, found["never seen"]) for model, found in results.items())
    ]


def _tables(results):
    rows = []
    for model, found in results.items():
        for scenes, right in found.items():
            rows.append((model, scenes, *(right[name] for name in ("exact", *TOLD))))
    return [Table("captions of new pictures, and their words by what they tell", ("", "combinations", "exact", *TOLD), tuple(rows), percent=True)]


def _samples(parts, lesson, held):
    """What each network says of one picture of some combinations that it never saw."""
    scenes, lines = held[:4], []
    v = lesson.pictures_of(scenes, np.random.default_rng(4))
    chosen = {part.name: caption_of(part.trainer, v) for part in parts}
    for item, scene in enumerate(scenes):
        lines.append(" ".join(caption(SCENES[scene])))
        lines += [f"  {model}: {_text(words[:, item])}" for model, words in chosen.items()]
    return lines


def _text(places):
    words = [WORDS[place] for place in places]
    return " ".join(words[: words.index(WORDS[MARK])] if WORDS[MARK] in words else words)
