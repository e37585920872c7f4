"""Claims about parity. Lectures ds4440 and cmu-2017."""

import itertools

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.examples.by_hand import STEPS, outputs, slopes_through, staircase

PRINTED = (("abb", 1), ("bbaaab", 0), ("aababbb", 0))
WIDEST = 10


def _one_hot(letters):
    """Letters (batch, T), 1 for b, as x (T, batch, 2)."""
    return np.eye(2)[np.asarray(letters, int).T]


def _last(spec, letters):
    """The output behind the last of one sequence of letters."""
    return float(outputs(spec, _one_hot([list(letters)]))[-1, 0, 0])


def exact_at_any_length(spec):
    random = np.random.default_rng(0)
    letters = random.integers(0, 2, (2, STEPS))
    wanted = 1 - np.cumsum(letters, axis=1).T % 2
    wrong = int(np.sum(outputs(spec, _one_hot(letters))[..., 0] != wanted))
    return Shown(wrong == 0, f"over {wanted.size} steps of 2 sequences of {STEPS} letters {wrong} outputs differ (asked: 0)")


def label_of_the_third_sequence(spec):
    counted = {text: 1 - text.count("b") % 2 for text, _ in PRINTED}
    by_network = {text: _last(spec, [letter == "b" for letter in text]) for text in counted}
    labels = dict(PRINTED)
    agree = by_network == counted
    wrong = [text for text in counted if counted[text] != labels[text]]
    evidence = "; ".join(f"{text} holds {text.count('b')} b, the network says {by_network[text]:g}, printed is {labels[text]}" for text in counted)
    return Shown(not wrong or not agree, evidence, agree and wrong == ["aababbb"])


def order_matters(spec):
    """Every order of the letters of the printed sequences, through the hand-set network."""
    changed = count = 0
    for text, _ in PRINTED:
        orders = sorted(set(itertools.permutations(letter == "b" for letter in text)))
        count += len(orders)
        changed += int(np.sum(outputs(spec, _one_hot(orders))[-1, :, 0] != 1 - text.count("b") % 2))
    return Shown(changed > 0, f"of {count} orders of the letters of the printed sequences {changed} end with another output (asked: 0)", changed == 0)


def no_fewer_than_n_hidden_units_do(spec):
    """All numbers of N bits by N rectified units, and by half as many sigmoid units: the output neuron says whether it is above 0."""
    wrong, fewer, halves = 0, 0, {bits: 1 + bits // 2 for bits in range(1, WIDEST + 1)}
    for bits, units in halves.items():
        numbers = _all_numbers(bits)
        parities = numbers.sum(axis=1) % 2
        wrong += int(np.sum(_layered(numbers, bits) != parities))
        fewer += int(np.sum(_by_sigmoids(numbers, bits, units) != parities))
    total = sum(2**bits for bits in halves)
    return Shown(
        wrong > 0 or fewer > 0,
        f"for N from 1 to {WIDEST}, of all {total} numbers {wrong} come out wrong with N hidden units, and {fewer} with "
        f"{', '.join(map(str, halves.values()))} sigmoid units (asked: 0)",
        mend_holds=wrong == 0 and fewer == 0 and halves[3] == 2,
    )


def not_for_one_bit_more(spec):
    shares = []
    for bits in range(1, WIDEST + 1):
        numbers = _all_numbers(bits + 1)
        shares.append(float(np.mean(_layered(numbers, bits) != numbers.sum(axis=1) % 2)))
    evidence = (
        f"for N from 1 to {WIDEST} the network of N hidden units, its weights repeated for one bit more, is wrong on "
        f"{min(shares):.2g} to {max(shares):.2g} of the numbers of N + 1 bits (asked: above 0)"
    )
    return Shown(min(shares) > 0, evidence)


def _all_numbers(bits):
    return (np.arange(2**bits)[:, None] >> np.arange(bits)) & 1


def _layered(numbers, units):
    """A feed-forward network with one hidden layer of ``units`` rectified units, right for ``units`` bits."""
    slopes = slopes_through(np.arange(1, units + 1) % 2)
    return staircase(numbers.sum(axis=1), np.arange(units), slopes)


def _by_sigmoids(numbers, bits, units):
    """A feed-forward network with ``units`` sigmoid units: one in its linear range climbs with the count, each other goes 2 down."""
    counts = numbers.sum(axis=1)[:, None]
    slopes = np.array([0.01] + [50.0] * (units - 1))
    middles = np.array([bits / 2] + [2 * step + 1.5 for step in range(units - 1)])
    hidden = 1 / (1 + np.exp(-slopes * (counts - middles)))
    output = hidden @ np.array([4 / slopes[0]] + [-2.0] * (units - 1)) - 2 / slopes[0] + bits / 2 - 0.5
    return (output > 0).astype(int)


def printed_bits(spec):
    """The ten bits that the slide feeds to its network."""
    bits = "1000110010"
    found, ones = _last(spec, map(int, bits)), bits.count("1")
    return Shown(found == 1 and ones % 2 == 0, f"{bits} holds {ones} ones; the network gives {found:g}, printed is 1")
