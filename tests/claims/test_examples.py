"""The claims about the worked examples can fail."""

import importlib

import numpy as np
import pytest
from claimed import assert_can_fail, named

import refrnn
from refrnn.claims.examples.parity import _by_sigmoids
from refrnn.verify.claims import claim_function

FORGETFUL = ("W_hh @ h[t-1]", "0 * W_hh @ h[t-1]")

WRONG = [
    ("binary-adder", "exact_at_any_length", FORGETFUL),
    ("binary-adder", "exact_at_any_length", ("relu(W_xh", "elu(W_xh")),
    ("binary-adder", "printed_sum", FORGETFUL),
    ("binary-adder", "two_ones_carry", FORGETFUL),
    ("parity", "exact_at_any_length", FORGETFUL),
    ("parity", "printed_bits", ("relu(W_xh", "elu(W_xh")),
    ("parity", "label_of_the_third_sequence", FORGETFUL),
    ("parity", "order_matters", FORGETFUL),
    ("pattern-memory", "plain_state_forgets", ("h[t] = tanh(", "h[t] = sigmoid(")),
    ("pattern-memory", "plain_state_forgets", ("h[t] = tanh(", "h[t] = tanh(h[t-1] / 9 + ")),
]


@pytest.mark.parametrize("name, test, changes", named(WRONG))
def test_claims_can_fail(name, test, changes):
    assert_can_fail(name, test, *changes)


def flat(values):
    return np.zeros(len(values))


def counted(numbers, units):
    return numbers.sum(axis=1) % 2


def by_one_sigmoid(numbers, bits, units):
    return _by_sigmoids(numbers, bits, 1)


def verdict(name, test):
    return next(claim.verdict for claim in refrnn.load(name).claims if claim.test == test)


# These claims are about networks beside the spec: a part of those is exchanged.
BESIDE = [
    ("binary-adder", "not_for_one_bit_more", "slopes_through", flat),
    ("parity", "no_fewer_than_n_hidden_units_do", "slopes_through", flat),
    ("parity", "no_fewer_than_n_hidden_units_do", "_by_sigmoids", by_one_sigmoid),
    ("parity", "not_for_one_bit_more", "_layered", counted),
]


@pytest.mark.parametrize("name, test, part, other", BESIDE)
def test_claims_about_networks_beside_the_spec_can_fail(name, test, part, other, monkeypatch):
    function = claim_function(refrnn.load(name), test)
    monkeypatch.setattr(importlib.import_module(function.__module__), part, other)
    found = function(refrnn.load(name))
    assert not found.holds if verdict(name, test) == "holds" else found.holds or not found.mend_holds, found.evidence
