"""What races against five cells of the gallery computes what these are, forward and back."""

import pytest

from refrnn.bench.agree import allowed, needed, refused
from refrnn.bench.contenders import Backend
from refrnn.bench.problem import BOTH, make
from tests.compiler.opponents import CELLS, Loop, Scan
from tests.compiler.peers import SIZES, spec_of


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("framework, make_it", [("torch", lambda problem: Loop(problem, compiled=False)), ("jax", Scan)])
def test_an_opponent_computes_the_cell(name, framework, make_it):
    pytest.importorskip(framework)
    sizes = {size: 3 + place for place, size in enumerate(SIZES[name][0][0])}
    problem = make(spec_of(name), sizes, batch=2)
    results = {"equation": Backend(problem, "equation").results(BOTH), framework: make_it(problem).results(BOTH)}
    assert {*needed(problem, BOTH)} <= {*results[framework]}
    assert refused(results, needed(problem, BOTH), allowed(problem)) == {}
