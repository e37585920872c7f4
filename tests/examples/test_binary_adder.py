"""Binary addition: by hand-set weights exact for numbers of any length."""

import random

import numpy as np
import pytest
from differential import assert_backends_agree, assert_chunks_join, assert_items_run_alone, each_backend, each_precision

import refrnn
from refrnn.claims.examples.by_hand import weights

spec = refrnn.load("binary-adder")


def add(left, right, backend, dtype="float64"):
    """The sum of two whole numbers, read from the network's first output."""
    bits = max(left.bit_length(), right.bit_length()) + 1
    x = np.array([[[number >> place & 1 for number in (left, right)]] for place in range(bits)], dtype)
    given = {name: value.astype(dtype) for name, value in weights(spec).items()}
    y = spec.forward({"x": x, "h0": np.zeros((1, 3), dtype), **given}, backend).outputs["y"][:, 0, 0]
    assert set(y) <= {0, 1}
    return int("".join(str(int(bit)) for bit in y[::-1]), 2)


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@pytest.mark.parametrize("left, right", [(0, 0), (1, 1), (3, 1), (5, 10), (255, 1), (2**64 - 1, 2**64 - 1)])
def test_small_and_carrying_sums(backend, left, right):
    assert add(left, right, backend) == left + right


@each_backend
@each_precision
def test_a_carry_through_ten_thousand_bits(backend, dtype):
    assert add(2**10_000 - 1, 1, backend, dtype) == 2**10_000


@each_backend
def test_long_random_numbers(backend):
    source = random.Random(3)
    left, right = source.getrandbits(5000), source.getrandbits(4000)
    assert add(left, right, backend) == left + right


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_chunks_join(spec, backend, dtype)
    assert_items_run_alone(spec, backend, dtype)
