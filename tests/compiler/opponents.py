"""Five cells of the gallery as users of PyTorch and JAX write them: what is no part of the loop before it, then a step."""

import inspect
from types import SimpleNamespace

import numpy as np

from refrnn.bench.problem import BOTH


class LayerNormLSTM:
    STARTS, OUTPUTS = ("h0", "c0"), ("h",)

    def inputs(xp, x, W_x, alpha_2, beta_2, epsilon, b):
        return xp.layer_norm(x @ W_x.T, alpha_2, beta_2, epsilon) + b

    def step(xp, v, h, c, W_h, alpha_1, beta_1, alpha_3, beta_3, epsilon):
        f, i, o, g = xp.split(xp.layer_norm(h @ W_h.T, alpha_1, beta_1, epsilon) + v, 4)
        c = xp.sigmoid(f) * c + xp.sigmoid(i) * xp.tanh(g)
        h = xp.sigmoid(o) * xp.tanh(xp.layer_norm(c, alpha_3, beta_3, epsilon))
        return (h, c), (h,)


class SRU:
    STARTS, OUTPUTS = ("c0",), ("h",)

    def inputs(xp, x, W, W_f, b_f, W_r, b_r):
        return x, x @ W.T, xp.linear(x, W_f, b_f), xp.linear(x, W_r, b_r)

    def step(xp, given, c, v_f, v_r):
        x, u, f, r = given
        f, r = xp.sigmoid(f + v_f * c), xp.sigmoid(r + v_r * c)
        c = f * c + (1 - f) * u
        return (c,), (r * c + (1 - r) * x,)


class MinimalGatedUnit:
    STARTS, OUTPUTS = ("h0",), ("h",)

    def inputs(xp, x, W_f, b_f, W_h, b_h):
        return xp.linear(x, W_f[:, len(b_f) :], b_f), xp.linear(x, W_h[:, len(b_h) :], b_h)

    def step(xp, given, h, W_f, W_h):
        f, n = given
        f = xp.sigmoid(f + h @ W_f[:, : len(W_f)].T)
        h = (1 - f) * h + f * xp.tanh(n + (f * h) @ W_h[:, : len(W_h)].T)
        return (h,), (h,)


class MLSTM:
    STARTS, OUTPUTS = ("C0", "n0"), ("h",)

    def inputs(xp, x, scale, W_q, b_q, W_k, b_k, W_v, b_v, w_i, b_i, w_f, b_f, W_o, b_o):
        q, k, v = xp.linear(x, W_q, b_q), scale * (x @ W_k.T) + b_k, xp.linear(x, W_v, b_v)
        return q, k, v, xp.exp(x @ w_i + b_i), xp.sigmoid(x @ w_f + b_f), xp.sigmoid(xp.linear(x, W_o, b_o))

    def step(xp, given, C, n):
        q, k, v, i, f, o = given
        C = f[:, None, None] * C + i[:, None, None] * (v[:, :, None] * k[:, None, :])
        n = f[:, None] * n + i[:, None] * k
        divisor = xp.at_least_one(abs((n * q).sum(-1)))
        return (C, n), (o * ((C @ q[:, :, None])[:, :, 0] / divisor[:, None]),)


class AttentionDecoder:
    STARTS, OUTPUTS = ("s0",), ("s", "alpha")

    def inputs(xp, y, W_z, W_r, W):
        return y @ W_z.T, y @ W_r.T, y @ W.T

    def around(xp, h, U_a):
        """What steps read whole: the source, sequences first, and what it gives to its alignment."""
        h = xp.turned(h)
        return h, h @ U_a.T

    def step(xp, given, s, h, u, W_a, v_a, U_z, C_z, U_r, C_r, U, C):
        z, r, n = given
        alpha = xp.softmax(xp.tanh((s @ W_a.T)[:, None] + u) @ v_a)
        c = (alpha[:, None] @ h)[:, 0]
        z, r = xp.sigmoid(z + s @ U_z.T + c @ C_z.T), xp.sigmoid(r + s @ U_r.T + c @ C_r.T)
        s = (1 - z) * s + z * xp.tanh(n + (r * s) @ U.T + c @ C.T)
        return (s,), (s, alpha)


CELLS = {
    "layer-norm-lstm": LayerNormLSTM, "sru": SRU, "minimal-gated-unit": MinimalGatedUnit, "mlstm": MLSTM,
    "attention-decoder": AttentionDecoder,
}  # fmt: skip


def _taken(function, values):
    """The values that a function takes by name."""
    return {name: values[name] for name in inspect.signature(function).parameters if name in values}


def _begun(cell, xp, values):
    """What a loop runs over, (steps, ...) each, its states, and what each step reads of the rest."""
    given = cell.inputs(xp, **_taken(cell.inputs, values))
    fixed = _taken(cell.step, values)
    if hasattr(cell, "around"):
        fixed |= dict(zip(("h", "u"), cell.around(xp, **_taken(cell.around, values))))
    return given, tuple(values[name] for name in cell.STARTS), fixed


class Loop:
    """A loop in Python over the steps of PyTorch, ``compiled`` or not."""

    def __init__(self, problem, compiled):
        import torch

        from refrnn.peers.torch import Pass, tensor

        xp = SimpleNamespace(
            linear=torch.nn.functional.linear, sigmoid=torch.sigmoid, tanh=torch.tanh, exp=torch.exp,
            split=lambda a, count: a.chunk(count, -1), softmax=lambda a: torch.softmax(a, -1), turned=lambda a: a.transpose(0, 1).contiguous(),
            at_least_one=lambda a: a.clamp(min=1), layer_norm=lambda a, gain, bias, epsilon: torch.nn.functional.layer_norm(a, gain.shape, gain, bias, epsilon),
        )  # fmt: skip
        cell, constants = CELLS[problem.spec.id], _constants(problem)
        leaves = {name: tensor(problem.checked.arrays[name]) for name in problem.spec.differentiated}

        def step(given, states, fixed):
            return cell.step(xp, given, *states, **fixed)

        if compiled:
            torch._dynamo.reset()  # forgets the problem before, whose step has the same lines
            torch._dynamo.config.recompile_limit = 32  # starts and later states, with gradients and without
            step = torch.compile(step, dynamic=False)

        def call():
            given, states, fixed = _begun(cell, xp, leaves | constants)
            found = []
            for one in zip(*(a.unbind(0) for a in given)) if isinstance(given, tuple) else given.unbind(0):
                states, outputs = step(one, states, fixed)
                found.append(outputs)
            return {name: torch.stack(arrays) for name, arrays in zip(cell.OUTPUTS, zip(*found))}

        self._pass = Pass(call, leaves, dict)
        self._pass.send(problem.upstream)

    def call(self, way):
        return self._pass.both() if way == BOTH else (self._pass.forward(),)

    def results(self, way):
        outputs, gradients = self._pass.arrays(*self.call(way))
        return outputs | {f"d_{name}": array for name, array in gradients.items()}


class Scan(Loop):
    """JAX's ``lax.scan`` of the step, the whole of it compiled."""

    def __init__(self, problem):
        import jax
        from jax import numpy as jnp

        from refrnn.peers.jax import Pass

        def layer_norm(a, gain, bias, epsilon):
            return gain * (a - a.mean(-1, keepdims=True)) / jnp.sqrt(a.var(-1, keepdims=True) + epsilon) + bias

        xp = SimpleNamespace(
            linear=lambda x, W, b: x @ W.T + b, sigmoid=jax.nn.sigmoid, tanh=jnp.tanh, exp=jnp.exp,
            split=lambda a, count: jnp.split(a, count, -1), softmax=jax.nn.softmax, turned=lambda a: a.swapaxes(0, 1),
            at_least_one=lambda a: jnp.maximum(a, 1), layer_norm=layer_norm,
        )  # fmt: skip
        cell, constants = CELLS[problem.spec.id], _constants(problem)

        def outputs(leaves):
            given, states, fixed = _begun(cell, xp, leaves | constants)
            _, found = jax.lax.scan(lambda states, one: cell.step(xp, one, *states, **fixed), states, given)
            return dict(zip(cell.OUTPUTS, found))

        self._pass = Pass(outputs, {name: problem.checked.arrays[name] for name in problem.spec.differentiated})
        self._pass.send(problem.upstream)


def _constants(problem):
    """Numbers that are not learned."""
    return {name: float(np.asarray(value)) for name, value in problem.values.items() if problem.spec.symbols[name].role == "constant"}

