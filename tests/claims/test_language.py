"""The claims about words and characters can fail."""

import pytest
from claimed import assert_can_fail, named

NOT_CORNERS = ("W[t] = one_hot(w[t], N)", "W[t] = 2 * one_hot(w[t], N)")
LONGER_BY_PLACE = ("W[t] = one_hot(w[t], N)", "W[t] = (1 + w[t]) * one_hot(w[t], N)")
NO_TIES = ("PW[t] = P @ W[t]", "PW[t] = (1 + t) * P @ W[t]")

WRONG = [
    ("one-hot", "all_are_the_same_length", LONGER_BY_PLACE),
    ("one-hot", "every_pair_is_the_same_distance", LONGER_BY_PLACE),
    ("one-hot", "no_volume_is_used", NOT_CORNERS),
    ("one-hot", "corners_of_the_cube_are_mostly_empty", NOT_CORNERS),
    ("one-hot", "english_needs_about_a_hundred_characters", ("W[t] = one_hot(w[t], N)", "W[t] = one_hot(w[0], N)")),
    ("projection", "product_is_a_look_up", ("PW[t] = P @ W[t]", "PW[t] = P @ W[0]")),
    ("projection", "gradient_is_a_scatter_add", ("PW[t] = P @ W[t]", "PW[t] = (P if t == 0 else stop(P)) @ W[t]")),
    ("projection", "weights_are_tied", NO_TIES),
    ("projection", "density_goes_up", ("PW[t] = P @ W[t]", "PW[t] = 0 * P @ W[t]")),
    ("projection", "distances_capture_relations", ("PW[t] = P @ W[t]", "PW[t] = stop(P) @ W[t]")),
    ("character-model", "texts_have_probabilities", ("@ log_softmax(y[t])", "@ log_softmax(y[t]) / 2")),
    ("character-model", "texts_have_probabilities", ("x[t] = one_hot(w[t], N)", "x[t] = one_hot(w[t], N) + one_hot(d[t], N)")),
    ("generation", "draws_from_the_distribution", ("u[t] < F[t]", "u[t] * u[t] < F[t]")),
    ("generation", "draws_from_the_distribution", ("softmax(y[t] / temperature)", "softmax(y[t])")),
    ("generation", "feeds_back_what_it_drew", ("one_hot(w[t-1], N)", "one_hot(w0, N)")),
    ("generation", "feeds_back_what_it_drew", ("one_hot(w[t-1], N)", "(P[t-1] if t > 0 else one_hot(w0, N))")),
    ("generation", "ends_by_itself", ("w[t-1] == end", "w[t-1] == end + N")),
    ("generation", "ends_by_itself", ("w[t-1] == end", "w[t-1] > end")),
    ("generation", "seed_repeats_a_text", ("u[t] < F[t]", "0 * u[t] + 0.5 < F[t]")),
    ("generation", "no_temperature_takes_the_likeliest", ("one_hot(argmax(y[t]), N)", "softmax(y[t])")),
    ("generation", "no_temperature_takes_the_likeliest", ("y[t] / temperature", "temperature * y[t]")),
    ("sliding-word-model", "is_the_same_model_at_every_place", ("A[L-l] @ (P @", "A[L-l] @ ((1 + t) * P @")),
    ("sliding-word-model", "is_a_time_delay_network", ("A[L-l] @", "A[l] @")),
]


@pytest.mark.parametrize("name, test, changes", named(WRONG))
def test_claims_can_fail(name, test, changes):
    assert_can_fail(name, test, *changes)
