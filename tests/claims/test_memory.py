"""The claims about networks with a memory, of outputs, patterns, words or echoes, can fail."""

import pytest
from claimed import assert_can_fail, named
from refrnn.claims.systems.markov_factorisation import SOURCES, THREE_WORDS, _typical_cycle

NO_STOP = ("stop(m[t]) if simple == 1 else m[t]", "m[t] if simple == 1 else m[t]")
ONE_WORD_LESS = ("range(1, min(K, t) + 1)", "range(1, min(K, t))")

WRONG = [
    ("jordan", "memory_is_a_fading_sum", ("mu * m[t-1] + y[t-1]", "mu * (m[t-1] + y[t-1])")),
    ("jordan", "simple_training_differs", NO_STOP),
    ("jordan", "error_stays_in_its_step", NO_STOP),
    ("hopfield", "state_settles", ("tanh(W @ X[t] + Theta)", "(X[t] + tanh(W @ X[t] + Theta)) / 2")),
    ("hopfield", "state_settles", ("tanh(W @ X[t] + Theta)", "tanh(diag(Theta) @ W @ X[t] * 9 - X[t])")),
    ("hopfield", "energy_never_rises", ("tanh(W @ X[t] + Theta)", "tanh(Theta - W @ X[t])")),
    ("hopfield", "patterns_are_recalled", ("tanh(W @ X[t] + Theta)", "tanh(W @ X[t] / 5 + Theta)")),
    ("markov-factorisation", "last_words_are_not_enough_for_a_parity", ONE_WORD_LESS),
    ("markov-factorisation", "exact_for_a_markov_source", ONE_WORD_LESS),
    ("markov-factorisation", "exact_for_a_markov_source", ("(alpha + count[t]) / sum(alpha + count[t])", "(alpha + 1 + count[t]) / sum(alpha + 1 + count[t])")),
    ("reservoir", "start_is_forgotten", ("(1 - a) * tanh", "tanh")),
    ("reservoir", "start_is_not_forgotten", ("W @ h[t-1])", "W @ h[t-1] / 2)")),
    ("reservoir", "spectral_radius_is_enough_for_a_normal_matrix", ("tanh(W_in @ x[t] + W @ h[t-1])", "(W_in @ x[t] + W @ h[t-1])")),
    ("reservoir", "spectral_radius_is_enough_for_a_normal_matrix", ("a * h[t-1] +", "(a + 0.5) * h[t-1] +")),
    ("reservoir", "read_out_is_solved_at_once", ("concat(x[t], h[t])", "concat(x[t], h[t-1])")),
]


@pytest.mark.parametrize("name, test, changes", named(WRONG))
def test_claims_can_fail(name, test, changes):
    assert_can_fail(name, test, *changes)


@pytest.mark.parametrize("source", (*SOURCES.values(), THREE_WORDS))
def test_typical_cycle_has_the_frequencies_of_its_source(source):
    """Every string of order + 2 words as often as the product of its two probabilities says."""
    cycle, order = _typical_cycle(source), len(next(iter(source)))
    again = cycle + cycle[: order + 1]
    strings = [tuple(again[place : place + order + 2]) for place in range(len(cycle))]
    assert len(cycle) == 16 * len(source)
    for string in set(strings):
        first, second = source[string[:order]][string[order]], source[string[1:-1]][string[-1]]
        assert strings.count(string) == first * second, string
