"""ONNX Runtime: a model of ONNX's own LSTM, GRU or RNN, made with the onnx package; it has no way back."""

import os

import numpy as np

from refrnn.errors import NotFoundError
from refrnn.peers import missing, taken

try:
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper
except ImportError:
    raise missing("the peer", "ONNX Runtime or onnx") from None

# ONNX's gates among PyTorch's: i, o, f, c of i, f, g, o, and z, r, h of r, z, n.
GATES = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}
OPSET, IR = 17, 8


def session(peer, values, lengths=None):
    """The :class:`Pass` of a peer's module; ``values`` are arrays by the spec's symbols."""
    if not hasattr(peer, "OPERATOR"):
        raise NotFoundError("ONNX has no operator that computes this equation")
    if values["x"].dtype != np.float32:
        raise NotFoundError(f"ONNX Runtime has no {peer.OPERATOR} for {values['x'].dtype}")
    weights = _reordered(peer.OPERATOR, peer.weights(**taken(peer.weights, values)))
    feed = {"x": values["x"]} | {name: np.ascontiguousarray(values[name][None]) for name in peer.STARTS}
    if lengths is not None:
        feed["lengths"] = np.asarray(lengths, np.int32)
    products = getattr(peer, "PRODUCTS", {})
    model = _model(peer, weights, feed, {output: (name, values[name]) for output, name in products.items()})
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", 0))
    options.inter_op_num_threads = 1
    ready = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return Pass(ready, feed, [peer.STATE, *products])


def _reordered(operator, weights):
    """W, R and B as ONNX has them: one direction, its gates in its order, both biases in a row."""
    order = GATES[operator]

    def gates(array):
        parts = np.split(array, len(order))
        return np.concatenate([parts[gate] for gate in order])

    found = {"W": gates(weights["weight_ih_l0"])[None], "R": gates(weights["weight_hh_l0"])[None]}
    if "bias_ih_l0" in weights:
        found["B"] = np.concatenate([gates(weights["bias_ih_l0"]), gates(weights["bias_hh_l0"])])[None]
    return found


def _model(peer, weights, feed, products):
    """The operator, its states (T, 1, B, H) squeezed, and for each of ``products`` the states times a matrix."""
    kind = TensorProto.FLOAT
    inputs = ["x", "W", "R", "B" if "B" in weights else "", "lengths" if "lengths" in feed else "", *peer.STARTS]
    T, B, H = len(feed["x"]), feed["x"].shape[1], weights["R"].shape[-1]
    nodes = [
        helper.make_node(peer.OPERATOR, inputs, ["states"], hidden_size=H, **peer.ONNX),
        helper.make_node("Squeeze", ["states", "direction"], [peer.STATE]),
        *(helper.make_node("MatMul", [peer.STATE, name], [output]) for output, (name, _) in products.items()),
    ]
    constants = {**weights, "direction": np.array([1])} | dict(products.values())
    given = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape) for name, array in feed.items()]
    widths = {peer.STATE: H} | {output: matrix.shape[1] for output, (_, matrix) in products.items()}
    results = [helper.make_tensor_value_info(name, kind, (T, B, width)) for name, width in widths.items()]
    stored = [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "peer", given, results, stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)


class Pass:
    """A session ready to run, which allocates its outputs at every call."""

    def __init__(self, session, feed, names):
        self.session, self.feed, self.names = session, feed, names

    def forward(self):
        """The outputs, in the order of their names."""
        return self.session.run(self.names, self.feed)

    def arrays(self, outputs, gradients=None):
        """(outputs, no gradients), arrays by the spec's symbols."""
        return dict(zip(self.names, outputs)), {}
