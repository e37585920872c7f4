"""Faults of the kinds that real libraries shipped, to be planted in references and kernels.

Each is one replacement in a source file, and the symbol by which verification must name it.
"""

from typing import NamedTuple

from tests.kernel_copies import COMPILED


class Fault(NamedTuple):
    kind: str
    spec: str
    old: str
    new: str
    symbol: str


REFERENCE_FAULTS = [
    Fault("transposed product", "elman", "W_hh.T @ context[t]", "W_hh @ context[t]", "h"),
    Fault("start ignored", "elman", "h_previous = h0", "h_previous = 0 * h0", "h"),
    Fault("gradient not accumulated", "elman", "d_W_hh += np.outer", "d_W_hh[:] = np.outer", "d_W_hh"),
    Fault("off by one in time", "elman", "np.outer(context[t], d_a)", "np.outer(h[t], d_a)", "d_W_hh"),
    Fault("dropped term", "elman", "+ W_hy @ d_y[t] + d_h_next", "+ d_h_next", "d_x"),
    Fault("doubled term", "elman", "+ W_hy @ d_y[t] +", "+ 2 * W_hy @ d_y[t] +", "d_x"),
    Fault("condition ignored", "elman", 'saved["simple"] == 1', 'saved["simple"] == 2', "d_h0"),
    Fault("output not added up", "elman", "d_h_t = d_h[t] + W_hy", "d_h_t = W_hy", "d_W_xh"),
    Fault("gate without bias", "lstm", "f[t] = sigmoid(a[t, H : 2 * H])", "f[t] = sigmoid(a[t, H : 2 * H] - b[H : 2 * H])", "f"),
    Fault("gates swapped", "lstm", "i[t] = sigmoid(a[t, 0:H])\n        f[t]", "f[t] = sigmoid(a[t, 0:H])\n        i[t]", "i"),
    Fault("start ignored", "lstm", "h_previous, c_previous = h0, c0", "h_previous, c_previous = h0, 0 * c0", "c"),
    Fault("upstream ignored", "lstm", "d_c_t = d_c[t] + d_h_t", "d_c_t = d_h_t", "d_c0"),
    Fault("derivative of the wrong place", "lstm", "d_o = d_h_t * np.tanh(c[t])", "d_o = d_h_t * c[t]", "d_W"),
    Fault("error not carried", "lstm", "(1 - np.tanh(c[t]) ** 2) + d_c_next", "(1 - np.tanh(c[t]) ** 2)", "d_c0"),
    Fault("start missing in the gradient", "lstm", "if t > 0 else (h0, c0)", "if t > 0 else (h0, 0 * c0)", "d_W"),
    Fault("peephole a step late", "lstm-peephole", "sigmoid(W_Co @ C[t] +", "sigmoid(W_Co @ C_previous +", "o"),
    Fault("peephole gradient a step late", "lstm-peephole", "np.outer(d_a_o, C[t])", "np.outer(d_a_o, C_previous)", "d_W_Co"),
    Fault("peephole missing in the carry", "lstm-peephole", " + W_Co.T @ d_a_o + d_C_next", " + d_C_next", "d_C0"),
    Fault("state overwritten too early", "gru-reset-before", "        n[t] = np.tanh", "        h_previous = z[t] * h_previous\n        n[t] = np.tanh", "n"),
    Fault("reset on the wrong side", "gru-reset-before", "W_hh @ (r[t] * h_previous)", "r[t] * (W_hh @ h_previous)", "n"),
    Fault("gates swapped", "gru-reset-before", "z[t] * h_previous + (1 - z[t]) * n[t]", "(1 - z[t]) * h_previous + z[t] * n[t]", "h"),
    Fault("reset missing in the gradient", "gru-reset-before", "np.outer(d_a_n, r[t] * h_previous)", "np.outer(d_a_n, h_previous)", "d_W_hh"),
    Fault("dropped term", "gru-reset-before", "d_h_next = d_h_t * z[t] + d_reset", "d_h_next = d_reset", "d_h0"),
    Fault("bias missing in one gate", "gru-reset-after", "(U @ h_previous + b_u) + b_h)", "(U @ h_previous) + b_h)", "h_hat"),
    Fault("inner bias missing in the gradient", "gru-reset-after", "d_r = d_a * (U @ h_previous + b_u)", "d_r = d_a * (U @ h_previous)", "d_b_r"),
    Fault("bias gradient of the wrong place", "gru-reset-after", "d_b_h += d_a\n", "d_b_h += d_u\n", "d_b_h"),
    Fault("leak missing in the carry", "leaky-units", "d_h_next = d_h_t * a + U.T", "d_h_next = U.T", "d_h0"),
    Fault("scalar gradient not accumulated", "leaky-units", "d_a += d_h_t @", "d_a = d_h_t @", "d_a"),
    Fault("backward net runs forward", "bidirectional", "for t in reversed(range(T)):\n        h_b[t]", "for t in range(T):\n        h_b[t]", "h_b"),
    Fault("halves swapped", "bidirectional", "d_h_f, d_h_b = d_h[:, :H], d_h[:, H:]", "d_h_b, d_h_f = d_h[:, :len(h_binf)], d_h[:, len(h_binf):]", "d_x"),
    Fault("end of the sequence forgotten", "truncated-bptt", "min(T, chunk_start + K1)", "chunk_start + K1", "d_x"),
    Fault("chunk not cut", "truncated-bptt", "nothing if t == chunk_start and t > 0 else", "", "d_x"),
    Fault("mask ignored", "divergence", "np.sum(m * squared)", "np.sum(squared)", "DIV_squared_masked"),
    Fault("last step is the first", "divergence", '"DIV_entropy_last": entropy[T - 1]', '"DIV_entropy_last": entropy[0]', "DIV_entropy_last"),
    Fault("norm of one array only", "clip-norm", " + np.sum((G / unit) ** 2))", ")", "length"),
    Fault("clip not differentiated", "clip-norm", "(d_g_clipped - along * g_direction)", "d_g_clipped", "d_g"),
    Fault("lower bound forgotten", "clip-value", "np.minimum(np.maximum(g, -c), c)", "np.minimum(g, c)", "g_clipped"),
    Fault("activation not differentiated", "bptt", "d_Z2 = d_Y_t * Y[t] * (1 - Y[t])", "d_Z2 = d_Y_t", "d_W2"),
]

# (file under kernels/, fault): the engine, or what the equations compile to.
KERNEL_FAULTS = [
    (COMPILED, Fault("gates swapped", "lstm", 'i="i", f="f"', 'i="f", f="i"', "i")),
    ("engine/weights.py", Fault("gradients of the gates in reverse order", "lstm", "matrix_gates(number, plan.parts[q], recurrence.columns(k, product)[1], plan.terms_of(product))", "matrix_gates(number, plan.parts[q], recurrence.columns(k, product)[1], plan.terms_of(product))[::-1]", "d_W")),
    (COMPILED, Fault("biases swapped", "gru-reset-before", '"b": (b_r, b_z,)', '"b": (b_z, b_r,)', "r")),
    (COMPILED, Fault("product transposed", "gru-reset-before", '"W_hh": (W_hh,)', '"W_hh": (W_hh.T,)', "n")),
    ("engine/passes.py", Fault("past state a step late", "unfolding", "depth[product.operand] - product.delay\n        return", "depth[product.operand]\n        return", "d_U")),
    ("engine/passes.py", Fault("padded step leaks", "unfolding", "new, self.given = np.zeros, ", "new, self.given = np.ones, ", "s")),
    ("engine/plan.py", Fault("error of a padded step leaks", "unfolding", 'yield step.given(f"up:{row}", self.rows[row])', 'yield step.own(f"up:{row}", self.rows[row])', "d_U")),
    ("engine/plan.py", Fault("error not carried", "unfolding", "self._sent(row, panels, gate, giving_way)]", "self._sent(row, panels, gate, giving_way, 2)]", "d_x")),
    (COMPILED, Fault("error not accumulated", "lstm", "d_c = d_c + d_h * o * (", "d_c = d_h * o * (", "d_x")),
    (COMPILED, Fault("state overwritten too early", "lstm", "    c = f * c_before + i * g", "    c_before = f * c_before\n    c = f * c_before + i * g", "c")),
    (COMPILED, Fault("dropped factor", "gru-reset-before", "d_h_before = d_h * z\n", "d_h_before = d_h\n", "d_h0")),
    (COMPILED, Fault("update gate reversed", "gru-reset-before", "h = z * h_before + (1 - z) * n", "h = (1 - z) * h_before + z * n", "h")),
    ("engine/loop.py", Fault("product of the second operand dropped", "lstm", "range(stage.first_product, stage.last_product)", "range(stage.first_product, stage.first_product + 1)", "i")),
    ("engine/panels.py", Fault("units of one gate in the place of its neighbour", "lstm", "columns, gate * layout.each,", "columns, (gate + 1) % gates * layout.each,", "i")),
]
