"""The gradient of a spec as a spec: it loads, runs in batches, is written into a file, and has a gradient itself."""

import numpy as np
import pytest
import yaml

import refrnn
from refrnn.errors import SpecError
from refrnn.spec import gradient
from refrnn.spec.library import rows
from refrnn.verify.adjoint import follow
from refrnn.verify.cases import Case
from refrnn.verify.derivatives import confirm
from refrnn.verify.truth import Truth
from refrnn.verify.typeset import unlike_what_is_run
from refrnn.verify.verify import verify_spec

DIFFERENTIATED = [name for name in rows() if refrnn.load(name).differentiated]


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_it_loads(name):
    spec = refrnn.load(name)
    made = spec.gradient()
    assert made.id == f"{name}-gradient" and made.outputs == tuple(f"d_{array}" for array in spec.differentiated)
    assert made.batch == spec.batch and set(made.arrays) <= {*spec.arrays, *spec.defined, *(f"g_{output}" for output in spec.outputs)}
    for array in spec.differentiated:
        assert made.full_shape(f"d_{array}") == spec.full_shape(array)


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_what_is_shown_of_it_is_what_is_run(name):
    assert unlike_what_is_run(refrnn.load(name).gradient()) == []


@pytest.mark.parametrize("name", [*DIFFERENTIATED, "markov-factorisation"])
def test_a_batch_is_taken_back_by_it(name):
    """Gradients of inputs are those of the pass, and the sum over the sequences those of parameters."""
    spec = refrnn.load(name)
    if not spec.differentiated:
        with pytest.raises(SpecError, match="has no gradient: nothing that is handed in is differentiated"):
            spec.gradient()
        return
    made = spec.gradient()
    values = spec.draw(batch=3, seed=4, dtype="float64")
    run = spec.forward(values, backend="equation")
    random = np.random.default_rng(1)
    upstream = {output: random.standard_normal(run.outputs[output].shape) for output in spec.outputs}
    known = {**values, **run.intermediates, **run.outputs, **{f"g_{output}": array for output, array in upstream.items()}}
    found = made.forward({array: known[array] for array in made.arrays} | {size: known[size] for size in made.named_sizes}, backend="equation")
    right = run.backward(upstream)
    for array in spec.differentiated:
        total = found.outputs[f"d_{array}"]
        if spec.batch_axis(array) is None and made.batch_axis(f"d_{array}") is not None:
            total = total.sum(axis=0)
        np.testing.assert_allclose(total, right[array], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["elman", "lstm", "gru-reset-before", "gru-reset-after"])
def test_the_gradient_of_a_gradient_holds(name):
    """Against a complex step along every array, and against adjoint equations of its own."""
    second = refrnn.load(name).gradient()
    truth = Truth(second, Case("plain", batch=2))
    confirmed = confirm(second, truth)
    assert confirmed.method == "complex step" and confirmed.ok
    followed = follow(second, [truth])
    assert followed.ok and not followed.refused
    third = second.gradient()
    assert third.id == f"{name}-gradient-gradient" and "g_d_W" in str(third) or name != "lstm"
    assert confirm(third, Truth(third, Case("plain", batch=1))).ok


def test_a_gradient_is_verified_as_any_spec():
    assert not verify_spec(refrnn.load("elman").gradient()).failures


def test_its_file_loads(tmp_path):
    spec = refrnn.load("lstm")
    path = tmp_path / "lstm-gradient.yaml"
    path.write_text(gradient.text(spec), encoding="utf-8")
    loaded = refrnn.load(path)
    assert [str(equation) for equation in loaded.equations] == [str(equation) for equation in spec.gradient().equations]
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert document["symbols"]["c"] == {"role": "input", "shape": ["T", "H"], "means": "memory cell, as the forward pass gave it"}
    assert document["symbols"]["h0"]["role"] == "input" and document["symbols"]["W"]["role"] == "parameter" and "a" not in document["symbols"]


@pytest.mark.parametrize("call, name", [
    ('stack(["lstm", bidirectional("elman")])', "stack-lstm-bidirectional-elman-elman-gradient"),
    ('encoder_decoder("lstm", "gru-reset-after")', "encoder-decoder-lstm-gru-reset-after-gradient"), ('conditioned("leaky-units")', "conditioned-leaky-units-gradient"),
])  # fmt: skip
def test_of_networks(call, name):
    """Its id is made of the call, and never longer than an id may be."""
    network = refrnn.load(call)
    made = network.gradient()
    assert made.id == name and not follow(network, [Truth(network, Case("plain", batch=2))]).refused
    again = made.gradient()
    assert len(again.id) <= 60 and again.id.endswith("-gradient")


def test_what_is_too_long_is_told_in_the_words_of_the_spec(monkeypatch):
    monkeypatch.setattr(gradient, "LONGEST", 60)
    with pytest.raises(SpecError, match=r"lstm.yaml: the equation of d_c in its gradient would have \d+ characters, more than 60; give parts"):
        refrnn.load("lstm").gradient()


def test_domains_and_shared_values_are_kept():
    spec = refrnn.load_text(
        "id: shared\ntitle: A\nsizes: {T: steps, H: units, N: words}\nsymbols:\n  w: {role: target, type: integer, shape: [T], below: N}\n"
        "  x: {role: input, shape: [T, H], low: 0.5, high: 2}\n  k: {role: constant, type: integer, shape: [], low: 2, high: 4}\n  E: {role: parameter, shape: [H, N], optional: true}\n"
        "equations:\n  - F = tanh(E)\n  - y[t] = log(x[t]) * (F @ one_hot(w[t], N))**k\noutputs: [y, F]\n", "shared.yaml",
    )  # fmt: skip
    made = spec.gradient()
    assert made.symbols["F"].role == "parameter" and made.symbols["g_F"].role == "parameter" and made.symbols["g_y"].role == "input"
    assert made.symbols["x"].low == 0.5 and made.symbols["x"].high == 2 and str(made.symbols["w"].below) == "N"
    assert made.symbols["k"].type == "integer" and made.symbols["k"].low == 2 and "E" not in made.symbols
