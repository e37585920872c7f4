"""Networks are held against equations that a person wrote for them; what put them together made their backends as well."""

import itertools
from dataclasses import replace

import pytest

import refrnn
from refrnn.compose import cells, pieces
from refrnn.compose.calls import NETWORKS
from refrnn.errors import SpecError
from refrnn.verify import witnesses
from refrnn.verify.cases import asked
from refrnn.verify.properties.asking import answers_of
from refrnn.verify.truth import truths
from refrnn.verify.verify import verify_spec
from refrnn.verify.witnesses import WITNESSES, unlike_its_witness

READ, CODED, BEGUN = NETWORKS
TURNED = "equation: y_2_d is not that of the network written by hand"


def ragged(spec):
    (truth,) = truths(spec, [case for case in asked(spec) if case.name == "ragged-float64"])
    return truth


def test_every_network_that_is_verified_has_one():
    assert list(NETWORKS) == list(WITNESSES)


@pytest.mark.parametrize("call", NETWORKS)
def test_they_agree(call):
    spec = refrnn.load(call)
    assert unlike_its_witness(spec, ragged(spec)) == []


def test_other_specs_have_none():
    spec = refrnn.load("elman")
    assert unlike_its_witness(spec, ragged(spec)) == []


def test_a_backward_net_that_is_read_at_the_wrong_end(monkeypatch):
    """Equation, reference and kernel alike: all of them hold, and this alone does not."""
    monkeypatch.setattr(cells, "ends", lambda ways: pieces.ends((True,) * len(ways)))
    report = verify_spec(refrnn.load(READ))
    assert report.failures == [TURNED]


@pytest.fixture
def anew():
    """What is found once for all is forgotten, before and after."""
    for found in (witnesses._drawn_unlike, witnesses.unlike):
        found.cache_clear()
    yield
    for found in (witnesses._drawn_unlike, witnesses.unlike):
        found.cache_clear()


def test_networks_that_nobody_wrote_are_made_as_those_that_are(monkeypatch, anew):
    spec = refrnn.load('stack(["leaky-units"])')
    truth = ragged(spec)
    assert unlike_its_witness(spec, truth) == []
    monkeypatch.setattr(cells, "ends", lambda ways: pieces.ends((True,) * len(ways)))
    witnesses._drawn_unlike.cache_clear()
    assert unlike_its_witness(spec, truth) == [f"library: {name} of {READ} is not that of the network written by hand" for name in ("y_2_d", "v")]


def test_starts_that_are_computed_from_nothing(monkeypatch):
    with monkeypatch.context() as patched:  # and nothing of it is kept: what is asked of the network makes others
        patched.setitem(pieces._TEXTS, "start", pieces._TEXTS["start"].replace("tanh(W @ v)", "tanh(W @ (v - v))"))
        pieces.piece.cache_clear()
        try:
            spec = refrnn.load(BEGUN)
        finally:
            pieces.piece.cache_clear()
    assert unlike_its_witness(spec, ragged(spec)) == ["equation: h is not that of the network written by hand"]


def test_gradients_are_looked_at(monkeypatch):
    monkeypatch.setattr(witnesses, "answers_of", lambda *given: {name: 2 * array if name == "d_W_e" else array for name, array in answers_of(*given).items()})
    spec = refrnn.load(CODED)
    assert unlike_its_witness(spec, ragged(spec)) == ["equation: d_W_e is not that of the network written by hand"]


def test_values_that_it_does_not_take(monkeypatch):
    def refused(*_):
        raise SpecError("so it is")

    monkeypatch.setattr(witnesses, "check_values", refused)
    spec = refrnn.load(BEGUN)
    assert unlike_its_witness(spec, ragged(spec)) == ["equation: what it takes is not what the network written by hand takes (so it is)"]


@pytest.mark.parametrize("place", range(len(witnesses.ALIKE)))
def test_calls_that_make_the_same_network(place, monkeypatch):
    witnesses.unlike.cache_clear()
    assert witnesses.unlike() == ()
    one, other = witnesses.ALIKE[place]
    right, asked = witnesses._written, itertools.count(1)
    monkeypatch.setattr(witnesses, "_written", lambda spec: (right(spec), spec.id == refrnn.load(one).id and next(asked)))
    witnesses.unlike.cache_clear()
    try:
        spec = refrnn.load(BEGUN)
        assert f"library: {one} is not {other}" in unlike_its_witness(spec, ragged(spec))
    finally:
        witnesses.unlike.cache_clear()


def test_what_a_stack_gives(monkeypatch):
    monkeypatch.setattr(witnesses, "GIVEN", ("h_2",))
    witnesses.unlike.cache_clear()
    try:
        assert witnesses.unlike() == ('library: stack(["leaky-units", "lstm"]) gives h_2, c_2 and not h_2',)
    finally:
        witnesses.unlike.cache_clear()


@pytest.mark.parametrize("part", ["text", "shape", "outputs"])
def test_what_makes_two_networks_the_same(part):
    spec = refrnn.load("unfolding")
    equation, symbol = spec.equations[0], spec.symbols["V"]
    other = {
        "text": replace(spec, equations=(replace(equation, text="s[-1] = 2 * s0"), *spec.equations[1:])),
        "shape": replace(spec, symbols=spec.symbols | {"V": replace(symbol, shape=symbol.shape[::-1])}),
        "outputs": replace(spec, outputs=("s", "s")),
    }[part]
    assert witnesses._written(spec) == witnesses._written(refrnn.load("unfolding")) != witnesses._written(other)
