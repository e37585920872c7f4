"""The peers are held against the equations as every other backend is; and what the bench times is the same computation."""

from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest

import refrnn
from refrnn.bench.contenders import PEERS
from refrnn.verify.backends import compare
from refrnn.verify.cases import cases
from refrnn.verify.properties import properties
from refrnn.verify.truth import Truth

IDS = ("elman", "unfolding", "lstm", "gru-reset-after", "gru-reset-before")
CASES = ("plain-float64", "plain-float32", "ragged-float64", "ragged-float32", "one-step-float64", "width-16-float32", "left-out-float64", "simple-low-float64", "simple-high-float64")
torch_only = pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is an optional extra")


def needs(name):
    """What makes ready the contender of that name, if its framework is here."""
    module, make, packages, *_ = PEERS[name]
    for package in packages:
        pytest.importorskip(package, reason=f"{package} is an optional extra")
    return getattr(import_module(f"refrnn.peers.{module}"), make)


def truths(name, *wanted):
    spec = refrnn.load(name)
    return [Truth(spec, case) for case in cases(spec) if case.name in wanted]


@torch_only
@pytest.mark.parametrize("name", IDS)
def test_peer_computes_the_equation(name):
    for truth in truths(name, *CASES):
        judged, findings = compare(truth.spec, truth, "peer")
        assert not findings
        starts = truth.spec.bindings["peer"].load().STARTS
        assert {worst.quantity for worst in judged} >= {*truth.spec.outputs, "d_x", *(f"d_{start}" for start in starts)}


@torch_only
@pytest.mark.parametrize("name", IDS)
def test_peer_is_a_backend_like_any_other(name):
    for truth in truths(name, "plain-float32", "ragged-float64"):
        assert not properties(truth.spec, truth, "peer")


@pytest.mark.parametrize("case", ["plain-float32", "ragged-float32", "plain-float64", "ragged-float64"])
@pytest.mark.parametrize("contender", PEERS)
@pytest.mark.parametrize("name", IDS)
def test_what_is_timed_is_what_the_equation_says(name, contender, case):
    make = needs(contender)
    (truth,) = truths(name, case)
    checked, lengths = truth.checked, None if truth.checked.lengths is None else truth.checked.lengths["T"]
    peer = truth.spec.bindings["peer"].load()
    if contender == "PyTorch" and not hasattr(peer, "LAYER") or contender == "ONNX Runtime" and checked.dtype == np.float64:
        with pytest.raises(refrnn.RefrnnError, match="PyTorch has no layer|ONNX Runtime has no"):
            make(peer, checked.arrays, lengths)
        return
    arrays = checked.arrays
    if lengths is not None:
        arrays = {**arrays, "x": np.nan_to_num(arrays["x"])}  # the bench draws numbers there, and others read them
    values = {**truth.values, **({"simple": 0} if name == "elman" else {})}
    run = truth.spec.forward(values, "reference", lengths)
    ready = make(peer, arrays, lengths)
    tolerance = {"rtol": 1e-9, "atol": 1e-11} if checked.dtype == np.float64 else {"rtol": 1e-4, "atol": 1e-5}
    outputs, none = ready.arrays(ready.forward())
    assert outputs and not none
    for output, array in outputs.items():
        np.testing.assert_allclose(array, run.outputs[output], **tolerance)
    if hasattr(ready, "both"):
        past = 0 if lengths is None else np.arange(len(arrays["x"]))[:, None, None] >= lengths[:, None]
        upstream = {output: np.where(past, 0, truth.upstream[output]).astype(checked.dtype) for output in outputs}
        ready.send(upstream)
        outputs, gradients = ready.arrays(*ready.both())
        assert set(gradients) == set(truth.spec.differentiated)
        expected = run.backward(upstream)
        for symbol, array in {**outputs, **gradients}.items():
            np.testing.assert_allclose(array, {**run.outputs, **expected}[symbol], err_msg=symbol, **tolerance)


@pytest.mark.parametrize("name", IDS)
def test_a_cell_by_hand_is_the_equation_in_numpy_too(name):
    """It needs no framework."""
    (truth,) = truths(name, "plain-float64")
    peer, values = truth.spec.bindings["peer"].load(), truth.checked.arrays
    xp = SimpleNamespace(linear=lambda x, W, b=0: x @ W.T + b, concat=np.concatenate, tanh=np.tanh, sigmoid=lambda z: 1 / (1 + np.exp(-z)))
    inputs, step = peer.cell(xp, **{key: array for key, array in values.items() if key in peer.cell.__code__.co_varnames})
    states, found = [values[start] for start in peer.STARTS], []
    for one in inputs:
        states = step(one, *states)
        found.append(states[0])
    np.testing.assert_allclose(found, truth.spec.forward(truth.values, "reference").outputs[peer.STATE], rtol=1e-12, atol=1e-14)


@torch_only
def test_a_broken_exchange_of_weights_is_noticed(monkeypatch):
    module = refrnn.load("lstm").bindings["peer"].load()
    monkeypatch.setattr(module, "_reorder", lambda array, order: array)
    (truth,) = truths("lstm", "plain-float64")
    assert compare(truth.spec, truth, "peer")[1]
