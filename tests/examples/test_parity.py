"""Parity: by hand-set weights exact at any length, in whole numbers."""

import numpy as np
import pytest
from differential import assert_backends_agree, assert_chunks_join, assert_items_run_alone, each_backend, each_precision

import refrnn
from refrnn.claims.examples.by_hand import weights

spec = refrnn.load("parity")


def run(letters, backend, dtype="float64", lengths=None):
    """y (T, batch) for texts of a and b."""
    longest = max(map(len, letters))
    x = np.zeros((longest, len(letters), 2), dtype)
    for item, text in enumerate(letters):
        x[: len(text), item] = np.eye(2)[[letter == "b" and 1 or 0 for letter in text]]
    given = {name: value.astype(dtype) for name, value in weights(spec).items()}
    values = {"x": x, "h0": np.zeros((len(letters), 2), dtype), **given}
    return spec.forward(values, backend, lengths=lengths)


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_the_lecture_s_three_sequences(backend, dtype):
    letters = ["abb", "bbaaab", "aababbb"]
    y = run(letters, backend, dtype, lengths=[3, 6, 7]).outputs["y"][..., 0]
    assert [y[2, 0], y[5, 1], y[6, 2]] == [1, 0, 1]
    assert np.all(y[3:, 0] == 0) and np.all(y[6:, 1] == 0)


@each_backend
@pytest.mark.parametrize("text, labels", [("bbbb", [0, 1, 0, 1]), ("aaaa", [1, 1, 1, 1]), ("abab", [1, 0, 0, 1])])
def test_every_step_has_its_label(backend, text, labels):
    assert run([text], backend).outputs["y"][:, 0, 0].tolist() == labels


@each_backend
@each_precision
def test_exact_over_ten_thousand_steps(backend, dtype):
    random = np.random.default_rng(1)
    texts = ["".join(random.choice(["a", "b"], 10_000)) for _ in range(3)]
    y = run(texts, backend, dtype).outputs["y"][..., 0]
    wanted = np.array([1 - np.cumsum([letter == "b" for letter in text]) % 2 for text in texts]).T
    assert np.array_equal(y, wanted)


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_chunks_join(spec, backend, dtype)
    assert_items_run_alone(spec, backend, dtype)
