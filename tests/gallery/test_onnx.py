"""ONNX's operators as ONNX Runtime runs them, by every attribute, and as ONNX's own reference does by those that it knows."""

from itertools import product

import numpy as np
import pytest

import refrnn

onnx = pytest.importorskip("onnx", reason="onnx is an optional extra")
reference = pytest.importorskip("onnx.reference", reason="onnx is an optional extra")
runtime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is an optional extra")

OPSET, IR = 14, 8
T, BATCH, I, H = 5, 3, 4, 6
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
ROLES = {"RNN": "f", "GRU": "fg", "LSTM": "fgh"}
PLAIN = {"RNN": ("Tanh",), "GRU": ("Sigmoid", "Tanh"), "LSTM": ("Sigmoid", "Tanh", "Tanh")}
# As the specs number them, each with the alpha and beta that it is asked with here: Runtime has no defaults for some.
ACTIVATIONS = {
    "Relu": (), "Tanh": (), "Sigmoid": (), "Affine": (0.7, 0.2), "LeakyRelu": (0.3,), "ThresholdedRelu": (0.4,), "ScaledTanh": (1.3, 0.6),
    "HardSigmoid": (0.4, 0.45), "Elu": (0.8,), "Softsign": (), "Softplus": (),
}  # fmt: skip
NUMBERS = {name: number for number, name in enumerate(ACTIVATIONS)}


def drawn(operator, seed=0, dtype=np.float32):
    """Arrays of one direction, by the operator's names."""
    random, gates = np.random.default_rng(seed), GATES[operator]
    shapes = {"X": (T, BATCH, I), "W": (gates * H, I), "R": (gates * H, H), "B": (2 * gates * H,), "initial_h": (BATCH, H)}
    shapes |= {"initial_c": (BATCH, H), "P": (3 * H,)} if operator == "LSTM" else {}
    return {name: (0.4 * random.standard_normal(shape)).astype(dtype) for name, shape in shapes.items()}


def model_of(operator, arrays, lengths, attributes):
    """The operator on arrays that have an axis of directions where it wants one, and what it is fed with."""
    feed = dict(arrays) | ({} if lengths is None else {"sequence_lens": np.asarray(lengths, np.int32)})
    order = ("X", "W", "R", "B", "sequence_lens", "initial_h", *(("initial_c", "P") if operator == "LSTM" else ()))
    kinds = {np.dtype(np.float32): onnx.TensorProto.FLOAT, np.dtype(np.float64): onnx.TensorProto.DOUBLE, np.dtype(np.int32): onnx.TensorProto.INT32}
    kind = kinds[feed["X"].dtype]
    node = onnx.helper.make_node(operator, [name if name in feed else "" for name in order], ["Y"], hidden_size=H, **attributes)
    inputs = [onnx.helper.make_tensor_value_info(name, kinds[array.dtype], array.shape) for name, array in feed.items()]
    graph = onnx.helper.make_graph([node], "one", inputs, [onnx.helper.make_tensor_value_info("Y", kind, None)])
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=IR), feed


def by_runtime(operator, directions, lengths=None, **attributes):
    """Y (T, directions, batch, H), of arrays for each direction."""
    arrays = {name: np.stack([one[name] for one in directions]) for name in directions[0] if name != "X"}
    model, feed = model_of(operator, {"X": directions[0]["X"], **arrays}, lengths, attributes)
    return runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(["Y"], feed)[0]


def by_equation(operator, arrays, lengths=None, activations=None, clip=np.inf, reverse=0, **choices):
    """Y (T, batch, H) of the gallery's cell."""
    values = dict(arrays) | {"clip": arrays["X"].dtype.type(clip), "reverse": reverse}
    choices = {"GRU": {"linear_before_reset": 0}, "LSTM": {"input_forget": 0}}.get(operator, {}) | choices
    for role, name in zip(ROLES[operator], activations or PLAIN[operator]):
        alpha, beta = (*ACTIVATIONS[name], 0, 0)[:2]
        values |= {role: NUMBERS[name], f"alpha_{role}": arrays["X"].dtype.type(alpha), f"beta_{role}": arrays["X"].dtype.type(beta)}
    return refrnn.load(f"onnx-{operator.lower()}").forward(values | choices, "equation", lengths).outputs["Y"]


def parameters(activations):
    """The attributes that name activations, and those that hold their alphas and betas."""
    chosen = [ACTIVATIONS[name] for name in activations]
    found = {"activation_alpha": [one[0] for one in chosen if one], "activation_beta": [one[1] for one in chosen if len(one) > 1]}
    return {"activations": list(activations)} | {name: numbers for name, numbers in found.items() if numbers}


def agree(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=3e-5, atol=3e-6)


@pytest.mark.parametrize("operator, role", [(operator, place) for operator in GATES for place in range(len(ROLES[operator]))])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_activation_in_each_place(operator, role, name):
    activations = tuple(name if place == role else plain for place, plain in enumerate(PLAIN[operator]))
    arrays = drawn(operator)
    agree(by_equation(operator, arrays, activations=activations), by_runtime(operator, [arrays], **parameters(activations))[:, 0])


@pytest.mark.parametrize("operator, choices", [
    ("RNN", {}), *(("GRU", {"linear_before_reset": place}) for place in (0, 1)), *(("LSTM", {"input_forget": coupled}) for coupled in (0, 1)),
])  # fmt: skip
@pytest.mark.parametrize("clip, lengths, reverse, left", product((None, 0.6), (None, [5, 1, 3]), (0, 1), ("", "B", "initial_h")))
def test_each_attribute_with_each_other(operator, choices, clip, lengths, reverse, left):
    arrays = drawn(operator, seed=1)
    mine = dict(arrays)
    if left:
        mine[left] = np.zeros_like(arrays.pop(left))
    attributes = {} if clip is None else {"clip": clip}
    found = by_runtime(operator, [arrays], lengths, direction="reverse" if reverse else "forward", **attributes, **choices)[:, 0]
    agree(by_equation(operator, mine, lengths, clip=clip or np.inf, reverse=reverse, **choices), found)


@pytest.mark.parametrize("operator", GATES)
def test_bidirectional_is_both_directions_side_by_side(operator):
    arrays = [drawn(operator, seed) | {"X": drawn(operator)["X"]} for seed in (2, 3)]
    activations = [("Relu", "HardSigmoid", "Softsign")[: len(ROLES[operator])], PLAIN[operator]]
    found = by_runtime(operator, arrays, [5, 2, 4], direction="bidirectional", **parameters([*activations[0], *activations[1]]))
    for reverse in (0, 1):
        agree(by_equation(operator, arrays[reverse], [5, 2, 4], activations[reverse], reverse=reverse), found[:, reverse])


@pytest.mark.parametrize("operator, choices", [("RNN", {}), ("GRU", {"linear_before_reset": 1}), ("GRU", {}), ("LSTM", {})])
@pytest.mark.parametrize("layout", [0, 1])
def test_the_reference_of_onnx_in_either_layout(operator, choices, layout):
    """It knows the plain activations alone."""
    arrays = drawn(operator, seed=4, dtype=np.float64)
    given = {name: array if name == "X" else array[None] for name, array in arrays.items()}
    if layout:
        given |= {name: given[name].swapaxes(0, 1) for name in given if name in ("X", "initial_h", "initial_c")}
    model, feed = model_of(operator, given, None, {"layout": layout, **choices})
    found = reference.ReferenceEvaluator(model).run(["Y"], feed)[0]
    found = found[:, :, 0].swapaxes(0, 1) if layout else found[:, 0]
    np.testing.assert_allclose(by_equation(operator, arrays, **choices), found, rtol=1e-12, atol=1e-13)
