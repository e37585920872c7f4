"""What lies past the end of a sequence, told number by number."""

import numpy as np
import pytest
from unit import TEXT, unit

import refrnn
from refrnn.spec.values import check_values
from refrnn.verify.backends import poison
from refrnn.verify.ends import past_end

LENGTHS = [3, 1, 5, 2]


def ragged(spec, sizes, lengths):
    return check_values(spec, spec.draw(sizes, batch=len(lengths)), lengths)


def test_every_place_of_every_sequence():
    spec = unit()
    checked = ragged(spec, {"T": 6, "H": 2}, LENGTHS)
    past = past_end(spec, checked, "x", (6, 4, 2))
    assert all(past[t, item].tolist() == 2 * [t >= LENGTHS[item]] for t in range(6) for item in range(4))


def test_what_has_no_time_and_what_is_whole_has_no_end():
    spec = unit()
    assert not past_end(spec, ragged(spec, {"T": 6, "H": 2}, LENGTHS), "h0", (4, 2)).any()
    assert not past_end(spec, check_values(spec, spec.draw({"T": 6, "H": 2}, batch=4), None), "x", (6, 4, 2)).any()


def test_what_all_sequences_share_ends_with_the_longest():
    text = TEXT.replace("  u: ", "  p:  {role: parameter, shape: [T, H]}\n  u: ").replace("+ x[t]", "+ x[t] + p[t]")
    spec = refrnn.load_text(text)
    checked = ragged(spec, {"T": 6, "H": 2}, LENGTHS)
    past = past_end(spec, checked, "p", (6, 2))
    assert [bool(row.any()) for row in past] == [bool(row.all()) for row in past] == [t >= 5 for t in range(6)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_poison_is_at_these_places_alone(dtype):
    spec = unit()
    checked = ragged(spec, {"T": 6, "H": 2}, LENGTHS)
    array = np.ones((6, 4, 2), dtype)
    assert np.array_equal(np.isnan(poison(spec, "x", array, checked)), past_end(spec, checked, "x", array.shape))
