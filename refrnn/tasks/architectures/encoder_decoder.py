"""Encoder and decoder: numbers spelled in words, read word by word, and written in digits from one vector."""

from functools import cache, partial

import numpy as np

import refrnn
from refrnn.learning import Adam, Trainer, by_norm, cross_entropy, initial
from refrnn.tasks import split
from refrnn.tasks.lengths import near_and_far
from refrnn.tasks.task import Part, Table, Task, cosine
from refrnn.tasks.writing import exact, told, written

UNITS, BATCH, STEPS, RATE = 96, 64, 3500, 0.004
SHORTEST, SEEN, LONGEST = 3, 7, 11  # words of the shortest number that is scored, of the longest in training, and of the longest below a million
SCORED, CHECKED = 500, 60  # numbers of each length

SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
).split()  # fmt: skip
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
WORDS = [*SMALL, *TENS, "hundred", "thousand", "and"]
PLACES = {word: place for place, word in enumerate(WORDS)}
END = 10  # after the ten digits: what ends a number, and is told before its first digit


def task(seed=0):
    """See :class:`Task`."""
    sizes = {"I": len(WORDS), "E": UNITS, "J": END + 1, "H": UNITS, "O": END + 1}
    trainer = Trainer("encoder-decoder", initial(refrnn.load("encoder-decoder"), sizes, seed), Adam(RATE), by_norm(1.0), seed=seed)
    by_words = numbers_by_words()
    wrong = partial(_wrong, by_words=by_words)
    part = Part("encoder and decoder", trainer, STEPS, _batches(by_words), wrong, cosine(RATE, RATE / 20), every=250)
    results = cache(lambda: _results(trainer, by_words, seed))
    notes = (
        f"trained on numbers below a million of 1 to {SEEN} words, but for a quarter of those of {SHORTEST} and more, and with the right "
        "digit before each one; scored on half of that quarter, the other half chose the best weights; each digit written after the "
        "network's own. Exact is a number with every digit right, and ended where it ends.",
        "No lecture gives a figure: the bar is ours. By chance is a number of as many words out of those for training.",
    )
    title = f"Numbers from words to digits through one vector of {UNITS} numbers"
    return Task(
        "encoder-decoder", title, [part], lambda: _scores(results()), lambda: [_table(results())],
        lambda: [line for words in results().values() for line in words["samples"]], notes,
    )  # fmt: skip


def spelled(number):
    """The words of a number from 1 to 999,999, as they are written in Britain."""
    thousands, rest = divmod(number, 1000)
    words = [*_below_a_thousand(thousands), "thousand"] if thousands else []
    return words + ["and"] * bool(thousands and 0 < rest < 100) + _below_a_thousand(rest)


def _below_a_thousand(number):
    """No word for zero."""
    hundreds, rest = divmod(number, 100)
    words = [SMALL[hundreds], "hundred"] if hundreds else []
    words += ["and"] * bool(hundreds and rest)
    if rest >= 20:
        tens, rest = divmod(rest, 10)
        words.append(TENS[tens - 2])
    return words + [SMALL[rest]] * bool(rest)


def numbers_by_words():
    """All numbers from 1 to 999,999, by how many words they have."""
    of_three = np.array([len(_below_a_thousand(number)) for number in range(1000)])
    numbers = np.arange(1, 1_000_000)
    thousands, rest = np.divmod(numbers, 1000)
    count = of_three[rest] + np.where(thousands > 0, of_three[thousands] + 1, 0) + ((thousands > 0) & (0 < rest) & (rest < 100))
    return {words: numbers[count == words] for words in range(1, LONGEST + 1)}


def kept_for(numbers, words, use):
    """Those of the numbers of so many words that are for a use; of fewer words than SHORTEST there are few, all for training."""
    return numbers[split.kept_for(numbers, use)] if words >= SHORTEST else numbers[: len(numbers) * (use == "train")]


def arrays(numbers):
    """(x, wanted, lengths) of numbers: words as one-hot vectors, digits with the end, negative past it, and both lengths."""
    texts, digits = [[PLACES[word] for word in spelled(int(number))] for number in numbers], [str(number) for number in numbers]
    lengths = {"S": np.array([len(text) for text in texts]), "T": np.array([len(text) + 1 for text in digits])}
    x = np.zeros((lengths["S"].max(), len(numbers), len(WORDS)), "float32")
    wanted = np.full((lengths["T"].max(), len(numbers)), -1)
    for item, (text, right) in enumerate(zip(texts, digits)):
        x[np.arange(len(text)), item, text] = 1
        wanted[: len(right) + 1, item] = [*map(int, right), END]
    return x, wanted, lengths


def _batches(by_words):
    """Batches of numbers of all lengths of training, each as often."""
    pools = [kept_for(by_words[words], words, "train") for words in range(1, SEEN + 1)]

    def batch(random, step):
        chosen = random.integers(0, SEEN, BATCH)
        x, wanted, lengths = arrays([pools[words][random.integers(len(pools[words]))] for words in chosen])
        return {"x": x, "u": told(wanted, END + 1, END)}, cross_entropy("y", wanted), lengths

    return batch


def _wrong(trainer, by_words):
    """The part of numbers that are not exact. A network that is right wherever it is told the right digits writes them by itself too."""
    random = np.random.default_rng(1)
    numbers = np.concatenate([_some(random, kept_for(by_words[words], words, "check"), CHECKED) for words in range(SHORTEST, SEEN + 1)])
    x, wanted, lengths = arrays(numbers)
    y = trainer.forward({"x": x, "u": told(wanted, END + 1, END)}, lengths).outputs["y"]
    return 1 - exact(y.argmax(-1), wanted).mean()


def digits_of(trainer, x, lengths, longest):
    """The digits and ends (longest, batch) that the network writes by itself."""

    def scores(given):
        steps = np.full(x.shape[1], len(given))
        return trainer.forward({"x": x, "u": given}, {"S": lengths["S"], "T": steps}).outputs["y"]

    return written(scores, x.shape[1], longest, END + 1, END)


def _results(trainer, by_words, seed):
    """By the number of words: how many numbers, which part is exact, and by chance, and two of them as they were written."""
    found, random = {}, np.random.default_rng([2, seed])
    for words in range(SHORTEST, LONGEST + 1):
        chosen = _some(random, kept_for(by_words[words], words, "score"), SCORED)
        x, wanted, lengths = arrays(chosen)
        digits = digits_of(trainer, x, lengths, len(wanted))
        pool = kept_for(by_words[words], words, "train")
        found[words] = {
            "count": len(chosen),
            "exact": exact(digits, wanted).mean(),
            "chance": np.mean(pool[random.integers(len(pool), size=len(chosen))] == chosen),
            "samples": [_sample(int(number), digits[:, item]) for item, number in enumerate(chosen[:2])],
        }
    return found


def _some(random, numbers, most):
    return numbers if len(numbers) <= most else random.choice(numbers, most, replace=False)


def _text(digits):
    """Digits up to the end, as people write them."""
    ends = np.flatnonzero(np.append(digits, END) == END)
    return "".join(map(str, digits[: ends[0]]))


def _sample(number, digits):
    text = _text(digits)
    return f"{' '.join(spelled(number))}: {text}{'' if text == str(number) else ', which is wrong'}"


def _scores(found):
    near = f"unseen numbers of {SHORTEST} to {SEEN} words that are exact"
    return near_and_far(found, SEEN, near, f"numbers of {SEEN + 1} to {LONGEST} words, longer than any in training", 0.99)


def _table(found):
    rows = tuple((words, "yes" if words <= SEEN else "no", one["count"], one["exact"], one["chance"]) for words, one in found.items())
    return Table("exact numbers by their words", ("words", "in training", "numbers", "exact", "by chance"), rows, percent=True)
