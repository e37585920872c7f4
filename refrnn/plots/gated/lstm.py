"""What the gates and the memory of a trained LSTM do over a sentence, and what a name leaves in it."""

import numpy as np

import refrnn
from refrnn.learning import Adam, Trainer, by_norm, initial, log_likelihood
from refrnn.plots.page import stroke

TITLE = "The gates of an LSTM over a sentence, and a name that stays in its memory"
SAYS = (
    "Measured: an LSTM of {units} units with a softmax read-out, trained for {steps} steps to foretell the next letter of {count} sentences, by the kernel of "
    "lstm; its forget gates begin near 1. Above, for {first}: input, forget and output gate and the memory of each unit, letter by letter (time steps), those units first whose memory differs most between the two "
    "names. Below: the memory of the first unit after either name, and how sure the read-out is of “she” at its first letter: {she:.1%} after {first}, "
    "{he:.1%} after {second}."
)
CITES = ("lstm", "pattern-memory")
SIZE = (7, 6.6)

NAMES = {"jane": "she", "mary": "she", "john": "he", "paul": "he"}
MIDDLES = (" had a quick lunch. then {} left.", " was late today. then {} ran.")
SENTENCES = tuple(name + middle.format(word) for middle in MIDDLES for name, word in NAMES.items())
SHOWN = (0, 2)  # the two sentences that are drawn: alike but for the name and the pronoun
UNITS, STEPS, RATE = 16, 1500, 0.01
FORGET = 3.0  # the bias that the forget gates begin with, so that they begin near 1
GATES = {"i": "input gate i", "f": "forget gate f", "o": "output gate o", "c": "memory c"}


def measured(seed):
    """Gates and memory (sentence, gate, letter, unit) of the two sentences, units in order, and the distributions (sentence, letter, next letter)."""
    letters = "".join(sorted(set("".join(SENTENCES))))
    trainer = _trained(letters, seed)
    runs = [_run(trainer, SENTENCES[place], letters) for place in SHOWN]
    at = _where_they_part()
    since = len(next(iter(NAMES)))  # the names end
    apart = np.abs(runs[0]["c"][since:at] - runs[1]["c"][since:at]).mean(axis=0)
    order = np.argsort(-apart, kind="stable")
    gates = np.array([[run[gate][:at, order] for gate in GATES] for run in runs])
    says = np.stack([run["y"][:at] for run in runs])
    she, he = says[:, -1, letters.index("s")]
    trained = {"parameters": trainer.parameters, "order": order}
    told = {"units": UNITS, "steps": STEPS, "count": len(SENTENCES), "she": she, "he": he, "first": SENTENCES[SHOWN[0]][:since], "second": SENTENCES[SHOWN[1]][:since]}
    return {"gates": gates, "says": says, "letters": letters, "texts": [SENTENCES[place][:at] for place in SHOWN], **trained, **told}


def _where_they_part():
    """How many letters stand before the pronoun."""
    first, second = (SENTENCES[place] for place in SHOWN)
    return next(place for place in range(5, len(second)) if first[place] != second[place])


def _coded(texts, letters):
    """One letter after the other as (x, wanted, lengths): what is read, and the place of the next letter, negative past the end."""
    lengths = np.array([len(text) - 1 for text in texts])
    x, wanted = np.zeros((lengths.max(), len(texts), len(letters)), "float32"), np.full((lengths.max(), len(texts)), -1)
    for column, text in enumerate(texts):
        places = [letters.index(letter) for letter in text]
        x[np.arange(lengths[column]), column, places[:-1]] = 1
        wanted[: lengths[column], column] = places[1:]
    return x, wanted, lengths


def _trained(letters, seed):
    network = refrnn.load('stack(["lstm", feed_forward("softmax")])')
    parameters = initial(network, {"I": len(letters), "H_1": UNITS, "O_2": len(letters)}, seed)
    parameters["b_1"][UNITS : 2 * UNITS] = FORGET
    trainer = Trainer(network, parameters, Adam(RATE), by_norm(1.0), backend="compiled", seed=seed)
    x, wanted, lengths = _coded(SENTENCES, letters)
    for _ in range(STEPS):
        trainer.step({"x": x}, log_likelihood("y_2", wanted), lengths)
    return trainer


def _run(trainer, text, letters):
    """The gates, the memory and what is said after each letter but the last, of one sentence."""
    x = _coded([text], letters)[0]
    found, start = trainer.parameters, np.zeros((1, UNITS), "float32")
    run = refrnn.load("lstm").forward({"x": x, "h0": start, "c0": start, "W": found["W_1"], "b": found["b_1"]})
    arrays = {name: (run.outputs if name in run.outputs else run.intermediates)[name][:, 0] for name in GATES}
    return arrays | {"y": trainer.forward({"x": x}).outputs["y_2"][:, 0]}


def draw(figure, data):
    """A map for each gate and for the memory, and the memory of the first unit below."""
    every = figure.subplots(len(GATES) + 1, 1, sharex=True, height_ratios=[2] * len(GATES) + [1.6])
    texts, steps = data["texts"], data["gates"].shape[2]
    largest = np.abs(data["gates"][0, -1]).max()
    for axes, (gate, name), values in zip(every, GATES.items(), data["gates"][0]):
        low, high = (-largest, largest) if gate == "c" else (0, 1)
        picture = axes.imshow(values.T, cmap="gray_r", vmin=low, vmax=high, aspect="auto")
        axes.set(ylabel="unit", yticks=[0, UNITS // 2, UNITS - 1], yticklabels=[1, UNITS // 2 + 1, UNITS])
        axes.grid(False)
        figure.colorbar(picture, ax=axes, label=name, pad=0.01)
    last = every[-1]
    for place, text in enumerate(texts):
        last.plot(data["gates"][place, -1, :, 0], label=text[: text.index(" ")], **stroke(place, steps))
    last.set_ylabel("c, unit 1")
    last.margins(y=0.3)
    last.legend(loc="upper left", ncols=2)
    last.set_xticks(range(steps), [letter if letter == other else f"{letter}\n{other}" for letter, other in zip(*(text.replace(" ", "␣") for text in texts))])
    last.set_xlabel("letter that is read (below it that of the other sentence, where they differ)")
