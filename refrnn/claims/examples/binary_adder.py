"""Claims about the binary adder. Lecture cmu-2017."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.examples.by_hand import STEPS, outputs, slopes_through, staircase

WIDEST = 5


def exact_at_any_length(spec):
    random = np.random.default_rng(0)
    bits = random.integers(0, 2, (STEPS, 2, 2)).astype(float)
    bits[-1] = 0  # room for the last carry
    y = outputs(spec, bits)
    sums = [_number(bits[:, item, 0]) + _number(bits[:, item, 1]) for item in range(2)]
    wrong = sum(_number(y[:, item, 0]) != sums[item] for item in range(2))
    return Shown(wrong == 0, f"of 2 sums of two numbers of {STEPS - 1} bits {wrong} are not those of whole-number arithmetic (asked: 0)")


def _number(bits):
    """The whole number with these bits, the lowest first; not all 0 or 1: a number that no sum is."""
    if not np.all((bits == 0) | (bits == 1)):
        return -1
    return int("".join(str(int(bit)) for bit in bits[::-1]), 2)


def not_for_one_bit_more(spec):
    """A feed-forward network with one hidden layer that adds all N-bit numbers, tried on those of N and of N + 1 bits."""
    right, shares = True, []
    for bits in range(1, WIDEST + 1):
        right = right and _share_wrong(bits, bits) == 0
        shares.append(_share_wrong(bits, bits + 1))
    evidence = (
        f"for N from 1 to {WIDEST} a feed-forward network with one hidden layer adds all pairs of N-bit numbers {'rightly' if right else 'wrongly'}; "
        f"with a weight for one bit more, {min(shares):.2g} to {max(shares):.2g} of the pairs of N + 1 bits come out wrong (asked: above 0)"
    )
    return Shown(right and min(shares) > 0, evidence)


def _share_wrong(bits, tried):
    """The share of all pairs of ``tried``-bit numbers on which the network for ``bits`` bits is wrong."""
    sums = np.add.outer(np.arange(2**tried), np.arange(2**tried)).ravel()
    largest = 2 ** (bits + 1) - 2
    wrong = np.zeros(sums.shape, bool)
    for place in range(bits + 1):
        slopes = slopes_through((np.arange(1, largest + 1) >> place) & 1)
        wrong |= staircase(sums, np.arange(largest), slopes) != (sums >> place) & 1
    return float(np.mean(wrong))


def printed_sum(spec):
    """The two numbers and their sum as the slide has them, the highest bit first."""
    first, second, printed = "1000110010", "1100101100", "10101011110"
    bits = np.array([[int(bit) for bit in number.zfill(len(printed))[::-1]] for number in (first, second)], float).T[:, None]
    found = _number(outputs(spec, bits)[:, 0, 0])
    right = found == int(first, 2) + int(second, 2) == int(printed, 2)
    return Shown(right, f"{int(first, 2)} and {int(second, 2)} are {found} by the network; printed is {int(printed, 2)}")


def two_ones_carry(spec):
    """Two bits of 1 after two of 0, which leave no carry, and after two of 1, which do."""
    bits = np.array([[[0, 0], [1, 1]], [[1, 1], [1, 1]]], float)
    without, after_carry = outputs(spec, bits)[1].tolist()
    return Shown(
        without == [0, 1] and after_carry == [1, 1],
        f"sum and carry are {without} without and {after_carry} with a previous carry (asked: [0, 1] and [1, 1])",
    )
