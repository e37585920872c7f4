"""The equation of every spec, run in the precision of a case, is within the bounds of that case."""

import pytest

import refrnn
from refrnn.spec.library import rows
from refrnn.verify.backends import compare
from refrnn.verify.cases import Case
from refrnn.verify.truth import truths


@pytest.mark.parametrize("name", rows())
def test_honest_rounding_is_within_the_bounds(name):
    """The equation in the case's own precision passes on draws that set no bound."""
    spec = refrnn.load(name)
    fresh = [Case("fresh", dtype, seed=seed) for seed in range(50, 54) for dtype in ("float32", "float64")]
    for truth in truths(spec, fresh):
        judged, findings = compare(spec, truth, "equation")
        assert findings == []
        assert all(worst.ulp <= worst.bound for worst in judged)
