"""Networks made of cells: their equations, what they equal, how they are run, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest
from differential import assert_chunks_join, assert_items_run_alone, assert_near, assert_same, draw_upstream, each_backend

import refrnn
from refrnn.compose import autoencoder, bidirectional, conditioned, encoder_decoder, feed_forward, stack
from refrnn.errors import NotFoundError, SpecError
from refrnn.verify.verify import verify_spec

PLAIN = """
id: plain
title: Plain
sizes: {T: steps, I: inputs, H: units}
symbols:
  x: {role: input, shape: [T, I], means: input}
  h0: {role: start, shape: [H], means: start}
  W: {role: parameter, shape: [H, I], means: weights}
  U: {role: parameter, shape: [H, H], means: weights}
  b: {role: parameter, shape: [H], means: bias}
equations:
  - h[-1] = h0
  - h[t] = tanh(W @ x[t] + U @ h[t-1] + b)
outputs: [h]
"""
plain = refrnn.load_text(PLAIN)


def texts(spec, **renamed):
    """The equations as texts, without spaces; names are replaced by others."""
    found = []
    for equation in spec.equations:
        text = str(equation).replace(" ", "")
        for name, other in renamed.items():
            text = text.replace(name, other)
        found.append(text)
    return found


# ------------------------------------------------------------ the rows of the library are such networks


def test_bidirectional_is_the_lectures():
    assert texts(bidirectional(plain), h0_f="h_f0", h0_b="h_binf") == texts(refrnn.load("bidirectional"))


def test_stacked_bidirectional_is_the_lectures():
    found = texts(stack([bidirectional(plain), bidirectional(plain)]))
    row = refrnn.load("stacked-bidirectional")
    expected = []
    for text in texts(row):
        for name in sorted((*row.arrays, *row.defined), key=len, reverse=True):
            if name != "x":
                text = text.replace(name, f"{name[0]}@{name[2:]}@{name[1]}")
        expected.append(text)
    # W1_f of the row is W_f_1 of the network.
    expected = [text.replace("@_f0@", "0_f_").replace("@_binf@", "0_b_").replace("@_f@", "_f_").replace("@_b@", "_b_").replace("@@", "_") for text in expected]
    assert found == expected


@pytest.mark.parametrize("backend", ("reference", "compiled", "equation"))
def test_deep_recurrent_is_a_stack(backend):
    names = {
        "h0_1": "h1_0", "c0_1": "c1_0", "W_1": "W1", "b_1": "b1", "W_2": "V", "b_2": "b_z", "h0_3": "h2_0", "c0_3": "c2_0",
        "W_3": "W2", "b_3": "b2", "W_4": "W_Y", "b_4": "b_Y", "x": "x", "y_4": "Y",
    }  # fmt: skip
    assert_equals_row(stack(["lstm", feed_forward("tanh"), "lstm", feed_forward("linear")]), "deep-recurrent", names, backend)


@pytest.mark.parametrize("backend", ("reference", "compiled", "equation"))
def test_encoder_decoder_is_the_row(backend):
    names = {
        "x": "x", "u": "u", "h0_e": "e0", "W_z_e": "W_ez", "W_r_e": "W_er", "W_e": "W_e", "W_h0_1_d": "V", "W_z_1_d": "W_z",
        "W_r_1_d": "W_r", "W_1_d": "W", "W_2_d": "W_y", "b_2_d": "b_y", "v": "v", "y_2_d": "y",
    }  # fmt: skip
    network = encoder_decoder("gru-minimal", stack(["gru-minimal", feed_forward("linear")]))
    assert_equals_row(network, "encoder-decoder", names, backend, {"S": [3, 7, 1], "T": [5, 1, 7]})


@pytest.mark.parametrize("backend", ("reference", "compiled", "equation"))
def test_autoencoder_is_the_row(backend):
    names = {
        "x": "x", "h0_e": "e0", "W_z_e": "W_ez", "W_r_e": "W_er", "W_e": "W_e", "h0_d": "h0", "W_z_d": "W_z", "W_r_d": "W_r",
        "W_d": "W", "W_y": "W_y", "b_y": "b_y", "v": "v", "y": "y",
    }  # fmt: skip
    assert_equals_row(autoencoder("gru-minimal"), "recurrent-autoencoder", names, backend)


def test_conditioned_start_is_the_row():
    names = {"v": "v", "x": "x", "W_h0_1": "W", "W_1": "V", "U_1": "U", "b_1": "b", "W_2": "W_o", "b_2": "b_o", "y_2": "y"}
    assert_equals_row(conditioned(stack([plain, feed_forward("softmax")])), "conditioned-start", names, "equation")


def assert_equals_row(network, row, names, backend, lengths=(7, 2, 4)):
    """Outputs and gradients of a network and of the library's row are the same, up to the order of additions."""
    row = refrnn.load(row)
    values = row.draw(seed=1, dtype="float64")
    ours = {name: values[names[name]] for name in network.arrays}
    run, other = network.forward(ours, backend, lengths), row.forward(values, backend, lengths)
    upstream = draw_upstream(run)
    gradients, others = run.backward(upstream), other.backward({names[name]: array for name, array in upstream.items()})
    for name, array in run.outputs.items():
        assert_near(array, other.outputs[names[name]], ulp=4)
    for name, gradient in gradients.items():
        assert_near(gradient, others[names[name]], ulp=32)


# ------------------------------------------------------------ how networks behave


@pytest.mark.parametrize("backend", ("reference", "compiled", "equation"))
def test_one_layer_is_the_cell(backend):
    cell, network = refrnn.load("lstm-peephole"), stack(["lstm-peephole"])
    values = cell.draw(seed=2)
    run = cell.forward(values, backend, [7, 1, 4])
    ours = {name if name == "x" else f"{name}_1": value for name, value in values.items()}
    other = network.forward(ours, backend, [7, 1, 4])
    upstream = draw_upstream(run)
    for name, array in run.outputs.items():
        assert_same(other.outputs[f"{name}_1"], array)
    gradients = other.backward({f"{name}_1": array for name, array in upstream.items()})
    for name, gradient in run.backward(upstream).items():
        assert_same(gradients[name if name == "x" else f"{name}_1"], gradient)


@each_backend
def test_backward_net_is_the_cell_on_each_sequence_reversed(backend):
    lengths = [7, 1, 4]
    network, cell = bidirectional("leaky-units", "gru-reset-after"), refrnn.load("gru-reset-after")
    values = network.draw(seed=3, dtype="float64")
    turned = values["x"].copy()
    for item, length in enumerate(lengths):
        turned[:length, item] = values["x"][:length, item][::-1]
    alone = {name: turned if name == "x" else values[f"{name}_b"] for name in cell.arrays}
    expected = cell.forward(alone, backend, lengths).outputs["h"]
    units = values["h0_f"].shape[1]
    found = network.forward(values, backend, lengths).outputs["h"][..., units:]
    for item, length in enumerate(lengths):
        assert_same(found[:length, item], expected[:length, item][::-1])


@each_backend
def test_items_run_alone(backend):
    """Each in one precision: a network takes seconds to compile."""
    assert_items_run_alone(stack([bidirectional("lstm"), "elman"], between="relu"), backend, "float32", simple_3=0)
    assert_items_run_alone(autoencoder(bidirectional("gru-minimal")), backend, "float64")
    assert_items_run_alone(conditioned(stack(["lstm", "gru-reset-before"])), backend, "float32")


@each_backend
def test_chunks_join(backend):
    assert_chunks_join(stack(["lstm-peephole-diagonal"]), backend, "float64", ulp=4)
    network = stack(["lstm", "leaky-units"])
    values = network.draw({"T": 6}, seed=4, dtype="float64")
    whole = network.forward(values, backend)
    first = network.forward({**values, "x": values["x"][:4]}, backend)
    assert set(first.state) == {"h0_1", "c0_1", "h0_2"}
    second = network.forward({**values, "x": values["x"][4:], **first.state}, backend)
    assert_same(whole.outputs["h_2"], np.concatenate((first.outputs["h_2"], second.outputs["h_2"])))


@each_backend
def test_a_learned_start_may_be_given_for_each_sequence(backend):
    network = stack(["state-space", "gru-minimal"])
    values = network.draw({"T": 6}, seed=5, dtype="float64")
    whole = network.forward(values, backend)
    first = network.forward({**values, "x": values["x"][:4]}, backend)
    second = network.forward({**values, "x": values["x"][4:], **first.state}, backend)
    assert_same(whole.outputs["h_2"][4:], second.outputs["h_2"])
    assert second.backward({"h_2": second.outputs["h_2"]})["h_start_1"].shape == first.state["h_start_1"].shape


def test_a_network_is_verified_as_a_spec_is():
    """The cases, properties, threads and derivatives of every spec, and every mutant of its equations is killed."""
    report = verify_spec(encoder_decoder(bidirectional("gru-minimal"), stack(["lstm", feed_forward("softmax")])))
    assert not report.failures, report.failures
    assert report.backends == ("equation", "reference", "compiled")
    report = verify_spec(bidirectional("leaky-units"), mutants=True)
    assert not report.failures, report.failures
    assert report.mutants["killed"] == report.mutants["tried"] > 50


def test_a_network_is_shown_as_a_spec_is():
    network = encoder_decoder(bidirectional(plain), "lstm")
    shown = str(network)
    assert "h_b_e[s] = tanh(W_b_e xₛ + U_b_e h_b_e[s+1] + b_b_e)" in shown
    assert "v = [h_e[S−1, 0:H_f_e]; h_e[0, H_f_e:H_f_e+H_b_e]]" in shown
    assert "start (forward net, encoder)" in shown
    assert network._repr_html_().count("<math") > len(network.equations)


def test_what_reaches_no_output_is_left_out():
    """Elman's own output is that of the last layer alone."""
    network = stack(["elman", "elman"])
    assert network.outputs == ("h_2", "y_2")
    assert {"W_hy_2"} == {name for name in network.arrays if "hy" in name}
    assert not {"O_1", "I_2", "H_3"} & set(network.sizes)


def test_what_is_left_out_is_handed_to_the_cell_as_zeros():
    """A start and a weight of a second recurrence, which nothing above reads, in the shapes that the cell asks for."""
    text = PLAIN.replace("  W:", "  k0: {role: start, shape: [K]}\n  V: {role: parameter, shape: [K, I]}\n  W:").replace("H: units}", "H: units, K: more}")
    cell = refrnn.load_text(text.replace("outputs: [h]", "  - k[-1] = k0\n  - k[t] = k[t-1] + V @ x[t]\noutputs: [h, k]"))
    seen = {}

    def forward(x, **others):
        seen.update({name: np.shape(value) for name, value in others.items() if name != "lengths"})
        h = np.zeros((*x.shape[:-1], others["W"].shape[0]), x.dtype)
        return {"h": h, "k": h[..., :1]}, {}

    cell.bindings["reference"] = SimpleNamespace(load=lambda: SimpleNamespace(forward=forward))
    network = stack([cell, "lstm"])
    assert not {"k0_1", "V_1"} & set(network.arrays)
    network.forward(network.draw(batch=3), "reference")
    assert seen == {"h0": (5,), "k0": (1,), "V": (1, 4), "W": (5, 4), "U": (5, 5), "b": (5,)}


def test_a_cell_of_ones_own_has_no_reference():
    network = stack(["lstm", plain])
    assert network.backends == ("equation", "compiled")
    values = network.draw()
    assert network.forward(values, "equation").outputs["h_2"].shape == (*values["x"].shape[:2], values["h0_2"].shape[1])
    with pytest.raises(NotFoundError, match="no backend 'reference'"):
        network.forward(values, "reference")


def test_inputs_of_the_second_time_have_their_own_lengths():
    network = encoder_decoder("lstm", "elman")
    values = network.draw({"S": 3, "T": 5}, batch=2)
    assert (values["x"].shape[0], values["u"].shape[0]) == (3, 5)
    run = network.forward(values, "kernel", {"S": [3, 1], "T": [1, 5]})
    assert not run.outputs["h_d"][1:, 0].any()
    assert run.outputs["h_d"][4, 1].all()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: stack([]), "stack takes a list of at least one cell"),
        (lambda: stack("lstm"), "stack takes a list of at least one cell"),
        (lambda: stack(["clip-norm"]), "clip-norm is no cell: it must have one time"),
        (lambda: stack(["batched-rnn"]), "batched-rnn is no cell: it must have one time and no batch of its own"),
        (lambda: stack([encoder_decoder("lstm", "lstm")]), "is no cell: it must have one time"),
        (lambda: stack(["sequence-classification"]), "its first output y is no sequence of vectors"),
        (lambda: bidirectional("divergence"), "divergence is no cell"),
        (lambda: stack(["lstm", "lstm"], between="cube"), "there is no spec 'cube'"),
        (lambda: feed_forward("cube"), "there is no layer with 'cube'; choose one of linear, relu, sigmoid, softmax, tanh"),
        (lambda: conditioned(feed_forward()), "tanh-layer has no start that could be computed"),
        (lambda: conditioned("conditioned-start"), "conditioned-start has names that the network needs, F, v"),
    ],
)
def test_what_is_no_network_is_refused(make, text):
    with pytest.raises((SpecError, NotFoundError), match=text.replace("(", r"\(")):
        make()


def test_names_do_not_run_together():
    """A cell whose features are called S, as the encoder's steps are, and a stack of stacks."""
    other = refrnn.load_text(PLAIN.replace("I: inputs", "S: inputs").replace("[T, I]", "[T, S]").replace("[H, I]", "[H, S]"))
    network = encoder_decoder(other, other)
    assert {"S", "T", "S_e", "S_d"} < set(network.sizes)
    assert stack([stack(["lstm", "lstm"]), "lstm"]).outputs == ("h_2", "c_2")
