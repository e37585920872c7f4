"""Too large a batch is refused in one sentence before any of it is computed."""

import numpy as np
import pytest

import refrnn
from refrnn.errors import ValuesError
from ending import ending


@pytest.mark.parametrize("name, batch", [("markov-factorisation", 100_000), ("elman", 200_000), ("lstm", 100_000)])
def test_the_equation_counts_all_sequences(name, batch):
    spec = refrnn.load(name)
    values, lengths = spec.draw(batch=batch), np.full(batch, 7) - np.arange(batch) % 3
    for given in (None, lengths):
        with ending(name), pytest.raises(ValuesError, match=rf"^{name}: {batch:,} sequences are too much for the equation, .* more than [\d,]+ \w.*; choose fewer, or another backend$"):
            spec.forward(values, "equation", given)


@pytest.mark.parametrize(
    "name, batch, sizes, words",
    [
        ("elman", 200_000, {}, "200,000 sequences of T = 7 are too much"),
        ("elman", 1, {"T": 2_000_000, "I": 1, "H": 1, "O": 1}, "1 sequence of T = 2,000,000 is too much"),
        ("encoder-decoder", 120_000, {}, "120,000 sequences of S = 7 and T = 14 are too much"),
        ("singular-value-bound", 400_001, {}, "400,001 sequences are too much"),
    ],
)
def test_the_reference_counts_all_steps(name, batch, sizes, words):
    spec = refrnn.load(name)
    values = spec.draw(sizes=sizes, batch=batch)
    with pytest.raises(ValuesError, match=f"^{name}: {words} for the reference, which takes one at a time, step by step; choose fewer, or the kernel$"):
        spec.forward(values, "reference")


def test_what_is_bearable_is_done():
    spec = refrnn.load("elman")
    values = spec.draw(sizes={"T": 1, "I": 1, "H": 1}, batch=1000)
    np.testing.assert_allclose(spec.forward(values, "equation")["h"], spec.forward(values, "reference")["h"], rtol=1e-5)
