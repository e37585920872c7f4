"""A character model of source code: LSTM, GRU and Elman at equal numbers of parameters, beside k-grams of the same text."""

import sysconfig
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import refrnn
from refrnn.compose import feed_forward, stack
from refrnn.errors import NotFoundError
from refrnn.learning import Adam, Trainer, by_norm, cross_entropy, initial
from refrnn.learning.losses import of_scores
from refrnn.tasks.language.grams import Grams
from refrnn.tasks.language.peer import TorchTrainer, is_there
from refrnn.tasks.task import Part, Score, Table, Task, cosine

UNITS = 128  # of the LSTM; the others have as many as give them about as many parameters
STREAMS, CHUNK, STEPS, CLIP = 32, 32, 2000, 1.0
RATES = {"LSTM": 0.02, "GRU": 0.01, "Elman": 0.005}  # for each the better of two, 0.02 and 0.01, Elman 0.005 and 0.002, by one training on the deciding files
TURN = 400  # chunks of a stream, after which it is read anew
HELD = 10  # of so many files one decides when a model was best, and one is scored
SCORED = (1000, 64)  # characters of each stream that is scored, and streams
RARE = 20  # a character that the text has less often is "any other"
GRAMS = 6
WEIGHTS = (4, 8, 16, 32, 64, 128)  # of the smoothing, chosen on the deciding files
TEMPERATURES, SAMPLE, PROMPT = (0.4, 0.7, 1.0), 240, "def "
NOISE = 0.05  # bits per character that two trainings of one model may differ by
OTHER = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class Text:
    """Stretches of source as integers below N (T, batch): those that are learned from, those that decide and those that are scored."""

    characters: str
    learned: np.ndarray
    deciding: np.ndarray
    scored: np.ndarray

    @property
    def N(self):
        return len(self.characters)


def task(seed=0):
    """See :class:`Task`."""
    text = read(Path(sysconfig.get_paths()["stdlib"]))
    lstm, gru = (stack([cell, feed_forward("linear")]) for cell in ("lstm", "gru-reset-after"))
    elman = refrnn.load("character-model")
    wanted = count(lstm, text.N, UNITS)
    units = {spec: fitting(spec, text.N, wanted) for spec in (lstm, gru, elman)}
    names = {lstm: "LSTM", gru: "GRU", elman: "Elman"}
    trainers = {names[spec]: _trainer(spec, sizes(spec, text.N, units[spec]), RATES[names[spec]], seed) for spec in units}
    parts = [_part(name, trainer, text) for name, trainer in trainers.items()]
    peer = "LSTM of PyTorch"
    if is_there():
        trainers[peer] = TorchTrainer(trainers["LSTM"].parameters, Adam(RATES["LSTM"]), CLIP, seed)
        parts.append(_part(peer, trainers[peer], text))
    found = {}

    def bits():
        if not found:
            found.update({name: bits_of(trainer, text.scored) for name, trainer in trainers.items()})
        return found

    grams = _Grams(text)
    heights = ", ".join(f"{names[spec]} {units[spec]} units" for spec in units)
    notes = (
        f"the source files of Python's standard library that stand in its own folder: of {HELD} in turn one decides when a model was best, one is scored;"
        f" {text.learned.size:,} characters of the others are learned from, by all models alike, {text.N} different ones, {STEPS // TURN} times;"
        f" scored on {SCORED[0] * SCORED[1]:,} characters of files that no model saw",
        f"about {wanted:,} parameters each: {heights}; chunks of {CHUNK} steps, {STREAMS} streams, states carried on",
        "the weight of the k-grams' smoothing is the best on the deciding files",
    ) + (() if is_there() else ("PyTorch is not installed; pip install 'refrnn[peers]' trains its LSTM on the same batches",))
    return Task(
        "character-model",
        "The next character of source code, by LSTM, GRU and Elman",
        parts,
        lambda: scores(bits(), grams.found, text.N, peer),
        lambda: [table(bits(), grams.found, text.N)],
        lambda: samples(trainers["LSTM"], text, seed),
        notes,
    )


def read(folder):
    """The :class:`Text` of the .py files of a folder. Raises NotFoundError where they are too few or too short."""
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.glob("*.py"))]
    learned, deciding, scored = ("".join(text for place, text in enumerate(texts) if kind(place) == one) for one in ("learned", "deciding", "scored"))
    wanted = {"learned": (CHUNK * TURN + 1, STREAMS), "deciding": SCORED, "scored": SCORED}
    if any(len(characters) < T * B for characters, (T, B) in zip((learned, deciding, scored), wanted.values())):
        raise NotFoundError(f"{folder} has too little source of Python's standard library to learn from; install it with its sources")
    parts = ["".join(spread(one, *shape)) for one, shape in zip((learned, deciding, scored), wanted.values())]
    counts = Counter(parts[0])
    characters = OTHER + "".join(sorted(one for one, times in counts.items() if times >= RARE and one != OTHER))
    places = {one: place for place, one in enumerate(characters)}
    return Text(characters, *(np.array([places.get(one, 0) for one in part]).reshape(B, T).T for part, (T, B) in zip(parts, wanted.values())))


def spread(text, T, B):
    """B stretches of T characters, as far apart as they can be."""
    return [text[began : began + T] for began in np.linspace(0, len(text) - T, B).astype(int)]


def kind(place):
    """What a file is for, by its place in the alphabet."""
    return {HELD // 2 - 1: "deciding", HELD - 1: "scored"}.get(place % HELD, "learned")


def sizes(spec, N, H):
    """The sizes of a model with H units."""
    return {"N": N, "H": H} if "N" in spec.sizes else {"I": N, "H_1": H, "O_2": N}


def count(spec, N, H):
    """The parameters of a model with H units."""
    return sum(array.size for array in initial(spec, sizes(spec, N, H)).values())


def fitting(spec, N, wanted):
    """The units with which a model has about as many parameters as are ``wanted``."""
    return min(range(8, 1024), key=lambda H: abs(_by_shapes(spec, N, H) - wanted))


def _by_shapes(spec, N, H):
    known = sizes(spec, N, H) | {time: 1 for time in spec.time}
    return sum(int(np.prod([size.number(known) for size in symbol.shape])) for symbol in spec.parameters.values())


def _trainer(spec, sizes, rate, seed):
    parameters = initial(spec, sizes, seed)
    if spec.id != "character-model":
        of_cell = {name: array for name, array in parameters.items() if name.endswith("_1")}
        for name, array in of_cell.items():
            if array.ndim == 1:
                array[...] = 0
        if len(of_cell) == 2:  # an LSTM: its gates are i, f, o, and it begins by remembering
            parameters["b_1"][UNITS : 2 * UNITS] = 1
    return Trainer(spec, parameters, Adam(rate), by_norm(CLIP), seed=seed)


def _part(name, trainer, text):
    def batch(random, step):
        turn = step % TURN
        if turn == 0:
            trainer.forget()
        places, wanted = (text.learned[turn * CHUNK + later : (turn + 1) * CHUNK + later] for later in (0, 1))
        if isinstance(trainer, TorchTrainer):
            return {"x": one_hot(places, text.N)}, wanted, None
        values, name = _values(trainer, places, text.N), trainer.spec.outputs[-1]
        return (values | {"d": wanted}, _mean_surprise, None) if "w" in values else (values, cross_entropy(name, wanted), None)

    return Part(name, trainer, STEPS, batch, lambda trainer: bits_of(trainer, text.deciding), cosine(trainer.optimiser.rate), every=250, carry=True)


def one_hot(places, N):
    """(T, batch, N) of places (T, batch)."""
    return np.eye(N, dtype="float32")[places]


def _values(trainer, places, N):
    return {"w": places} if trainer.spec.id == "character-model" else {"x": one_hot(places, N)}


def _mean_surprise(run):
    """The row's own loss, for each character."""
    surprise = run.outputs["Div"]
    return float(np.mean(surprise, dtype=np.float64)), {"Div": np.full_like(surprise, 1 / surprise.size)}


def bits_of(trainer, streams):
    """The mean surprise in bits of each character (T, batch) but the first of its stream."""
    places, wanted = streams[:-1], streams[1:]
    if isinstance(trainer, TorchTrainer):
        return _bits(trainer.scores(one_hot(places, trainer.parameters["weight_ih_l0"].shape[1])), wanted)
    if trainer.spec.id == "character-model":
        return float(trainer.forward({"w": places, "d": wanted}).outputs["Div"].mean(dtype=np.float64) / np.log(2))
    N = len(trainer.parameters["b_2"])
    return _bits(trainer.forward({"x": one_hot(places, N)}).outputs[trainer.spec.outputs[-1]], wanted)


def _bits(scores, wanted):
    return float(of_scores(scores, wanted[..., None], np.ones(wanted.shape, bool))[0] / np.log(2))


class _Grams:
    """Bits per character of the k-grams for k = 0..GRAMS on the scored streams, counted when they are first asked for."""

    def __init__(self, text):
        self._text, self._found = text, None

    @property
    def found(self):
        if self._found is None:
            grams = Grams(self._text.learned, self._text.N, GRAMS)
            deciding, scored = ([grams.surprise(streams, weight) for weight in WEIGHTS] for streams in (self._text.deciding, self._text.scored))
            best = np.argmin(deciding, axis=0)
            self._found = [scored[place][k] for k, place in enumerate(best)]
        return self._found


def scores(bits, grams, N, peer):
    """Bits per character, less is better; by chance is that of characters drawn evenly."""
    even, best = float(np.log2(N)), min(grams)
    found = [
        Score("LSTM, bits per character", bits["LSTM"], best, even, "the best k-gram", at_least=False),
        Score("GRU, bits per character", bits["GRU"], best, even, "the best k-gram", at_least=False),
        Score("Elman, bits per character", bits["Elman"], None, even),
    ]
    if peer in bits:
        found.append(Score("LSTM here and in PyTorch, bits apart", abs(bits["LSTM"] - bits[peer]), NOISE, None, at_least=False))
    return found


def table(bits, grams, N):
    """All models beside one another."""
    rows = [("drawn evenly", float(np.log2(N)))] + [(f"k-gram, k = {k}" if k else "frequency alone", found) for k, found in enumerate(grams)]
    return Table("bits per character on files that no model saw", ("model", "bits"), tuple(rows + list(bits.items())))


def samples(trainer, text, seed):
    """What the LSTM writes after a prompt, at each temperature."""
    layer, lines = trainer.spec.bind(trainer.parameters), []
    units = len(trainer.parameters["b_1"]) // 4
    for temperature in TEMPERATURES:
        random, state = np.random.default_rng([4, seed]), {name: np.zeros((1, units), "float32") for name in ("h0_1", "c0_1")}
        written = PROMPT
        for place in range(len(PROMPT) + SAMPLE - 1):
            outputs, state = layer.step(one_hot(np.array([text.characters.index(written[place])]), text.N), state)
            if place == len(written) - 1:
                scores = outputs[trainer.spec.outputs[-1]][0].astype("float64") / temperature
                powers = np.exp(scores - scores.max())
                written += text.characters[random.choice(text.N, p=powers / powers.sum())]
        lines += [f"the LSTM at temperature {temperature:g}:", *(f"    {line}" for line in written.splitlines()), ""]
    return lines[:-1]
