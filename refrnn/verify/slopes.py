"""Gradients of what equations may say, held against numerical derivatives, against adjoint equations and, where pieces meet, against numbers.

A user's spec, and its gradient, may have what no equation of the library has.
"""

import re
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np

import refrnn
from refrnn.verify.adjoint import follow
from refrnn.verify.backends import compare
from refrnn.verify.cases import Case
from refrnn.verify.derivatives import confirm
from refrnn.verify.language import NEAR
from refrnn.verify.truth import Truth

SYMBOLS = {
    "x": "[T, H]", "a": "[H]", "b": "[H]", "e": "[N]", "d": "[]", "U": "[H, H]", "V": "[H, H]", "R": "[1, H]", "w": "[L]", "W": "[H, N]",
    "h0": "[H]", "q0": "[H]", "k0": "[L, H]", "M0": "[H, H]", "g0": "[H]", "f0": "[N]",
}  # fmt: skip
STARTS = ("h0", "q0", "k0", "M0")
# Each a term of its own at every step. What is smooth everywhere is apart, as numerical derivatives have more digits there.
MATRICES = (
    "-a @ U * b + U @ V @ x[t] + (U + V).T @ a", "(U * d).T @ (V - d) @ a", "(sigmoid(U) + tanh(V) * exp(U)) @ x[t]", "(sqrt(U * U + 1) - log(V * V + 1) / (U * U + 2)) @ b",
    "diag(a) @ b + (U @ diag(a * x[t]) @ V) @ b", "outer(a, b) @ x[t] + outer(a, e) @ e * b", "U**3 @ a + (U**2).T @ x[t] + U**t @ b + U**0 @ a", "sum(U**(t - k) @ x[k] for k in range(t + 1))",
    "(U @ V)[H-1] * a + softmax(U)[t % H] * b + (log_softmax(U) * V) @ x[t]", "U[H-1, 0] * a + U[0] * U[0:H, H-1] - V[t % H] * d", "U[H-1, 1:H] @ a[0:H-1] * b + a[1:H] @ b[0:H-1] * a[H-1] * x[t]",
    "(x.T @ x) @ a + x[0] * x[T-1] * x[t] + x[1:T, H-1] @ x[0:T-1, 0] * a", "identity(H) @ a * e[0] + zeros(H)", "inv(U + 9 * identity(H)) @ a * d", "a + R[0] * d + (R + U)[0] * b + (U * R) @ x[t]", "W @ e + x[t] @ W @ e * a",
)
VECTORS = (
    "a + b - d * x[t]", "a * b / (x[t] * x[t] + 9) - a / (d * d + 7) - d / (b * b + 1)", "sigmoid(a * x[t]) + tanh(x[t] - b)", "softmax(a * x[t]) * b + log_softmax(b + x[t])",
    "exp(a) * log(x[t] * x[t] + 1) - sqrt(a * a + 1)", "sin(a * x[t]) * cos(b) - softplus(b * x[t])", "norm(a) * x[t] + norm(x[t], b, U) * a", "sum(a) * b + sum(U * x[t, 0]) * a + sum(d) * b", "mean(a * x[t]) * b - mean(U * V) * a",
    "concat(a, e)[0:H] + concat(a * d, tanh(e))[1:H+1] * concat(x[t], e, b)[N:N+H]", "a**3 * b + (a * a + 1)**0.5 - (x[t] * x[t] + 1)**-1 + x[t]**T", "x[t] * a - x[t] * b + a * (d - b)", "x[t, 1:H] @ concat(a[1:H], e)[0:H-1] * b",
    "sum(a[i] * x[t, i] for i in range(1, H)) * b - (-a)**2 * d",
)
LETTERS = (
    "a if t > 1 else b * d", "x[t] if t < 2 else a", "a * b if t <= 1 else x[t]", "x[t] if t < 2 or t > 3 else a * b", "b if t == 1 else x[t] * d", "a if t >= 2 and t < T - 1 else x[t]",
    "x[t] if t != 0 else a * x[t]", "b if t != T-1 else a * b", "exp(x[t] if t >= 0 else b) * a + (a if t > T else b)",
    "x[t] if t != 2 and t >= 1 else a * x[t] if not t == 2 else b", "x[2 * t // 3] * x[(t + 2) % T] - x[T - 1 - t] * x[t // 2]",
    "sum(a * j for j in range(T)) + sum(tanh(a * j * t + b) for j in range(3))", "prod(x[j] + b for j in range(T))", "prod(a + j for j in range(t, 5)) * b + prod(sum(x[j] * i for i in range(3)) for j in range(T))",
    "sum(x[i] * x[j] * a for j in range(T) for i in range(j, T))", "sum(a[i] * U[i, j] * b[j] * x[t, i] for i in range(H) for j in range(i)) * b", "sum((w[j] * x[t - j] * j if t >= j else 0 * a) for j in range(L))",
    "sum((x[t, i] if i > 1 else a[i] if i <= 0 else d * b[i]) * x[t, H - 1 - i] for i in range(H)) * a", "sum(w[j] * x[t - j] for j in range(min(t + 1, L)))",
)
PIECES = (
    "relu(a - x[t]) + elu(x[t] + b) + abs(a * x[t])", "min(a, x[t]) - max(b, x[t]) * d + max(tanh(a), b * b)", "(relu(U) + elu(V)) @ x[t] + (abs(U) * min(U, V)) @ a + max(V, d) @ b",
    "a if x[t, 0] > x[t, H-1] else b", "a * argmax(x[t]) + one_hot(argmax(b), H) * d", "a if d > 0 else b", "a if x[t] > 0 else b * d", "sqrt(x[t]) if x[t] > 0 else log(a * a) if not a > b else 0 * b",
    "x[t] if a < b and x[t] <= 1 or d >= 0 else U @ b", "(U if d > 100 else V) @ a + (d if a > 0 else x[t])", "sum((x[j] if x[j] > x[t] else a * j) for j in range(T))", "stop(a * b) * x[t] + one_hot(H - 1, H) * d",
)  # fmt: skip
# States that go on, in every way that letters may: each line's own symbol is an output.
STATES = """
  - h[-1] = h0
  - h[t] = tanh(U @ h[t-1] + W @ e * x[t])
  - q[T] = q0
  - q[t] = tanh(V @ q[t+1] + h[t])
  - k[n-L] = k0[n]
  - k[t] = tanh(U @ k[t-L] + V @ k[t-1] - x[t])
  - p[0] = tanh(g0)
  - p[t] = U @ p[t-1] + x[t] * a
  - r[T-1] = tanh(g0) * b
  - r[t] = tanh(V @ r[t+1] + x[t])
  - M[-1] = M0
  - M[t] = M[t-1] * d + outer(x[t], x[t]) - outer(M[t-1] @ x[t], a)
  - m[t] = M[t] @ x[t] + (h[t] if t == 1 else k[t-1] if t % 2 == 0 else q[t+1] * b)
  - o[i, -1] = a[i]
  - o[-1, j] = f0[j]
  - o[i, j] = tanh(d * o[i-1, j] + e[j] * o[i, j-1] * W[i, j])
  - s[t, j] = x[t] @ U @ x[j] if j <= t else 0
  - z[t] = sum(exp(s[t, j]) * h[j] for j in range(t + 1)) / sum(exp(s[t, j]) for j in range(t + 1))
  - l[0] = g0
  - l[t+1] = tanh(U @ l[t] + x[t])
  - u[i] = l[1] * i + a
  - u[1] = tanh(g0)
  - y[t] = concat(l[t], l[t+1], l[t] * x[t])
  - f[t] = y[t, 0:H] * y[t, H:2*H] + y[t, 2*H:3*H] * u[2] + u[1] * b
  - c = softmax(h @ a) @ q + h[T-1] * p[T-1]
  - v[t] = h[t, 0:H-1] @ q[t, 1:H] * h[t, 0] * k[t] + sum(h[t, i] * h[t, H - 1 - i] * a[i] for i in range(H))
"""
DECLARED = {"s": "[T, T]", "o": "[H, N]", "u": "[N+2, H]"}
HEAD = """
id: slopes
title: What each operation sends back
sizes: {{{sizes}}}
time: T
symbols:
{symbols}equations:
{lines}outputs: [{outputs}]
"""
SIZES = {"T": 5, "H": 3, "N": 4, "L": 2}
# Two sequences at once, which may decide otherwise; and delays that are longer than a sequence.
USUAL = (Case("usual", sizes=SIZES, batch=2, seed=54), Case("short", sizes=SIZES | {"T": 3, "L": 4}, batch=1, seed=55))
# What flows back into a and into b, both zero, where pieces meet: the first of equal ones gets all, and nothing is no number.
AT_ZERO = {
    "relu(a)": (0, 0), "elu(a)": (1, 0), "abs(a)": (0, 0), "min(a, b)": (1, 0), "max(b, a)": (0, 1), "norm(a) * x[t]": (0, 0), "norm(b, a) * x[t] + b": (0, 1),
    "a if a > 0 else 2 * b": (0, 2), "a if a >= 0 else b": (1, 0), "sqrt(a) if a > 0 else b": (0, 1), "b / a if a < 0 else a": (1, 0), "a**3 + a * b + b**2": (0, 0), "sigmoid(a) - tanh(b)": (0.25, -1), "a**t * b": (0, 1),
}  # fmt: skip
# A spec of all roles whose gradient is written out and loaded again, and run on a batch of several lengths.
WRITTEN_OUT = """
id: written-out
title: All that a gradient may read
sizes: {T: steps, H: numbers, N: words}
symbols:
  x: {role: input, shape: [T, H], low: -9, high: 9}
  w: {role: input, shape: [T], type: integer, below: N}
  h0: {role: start, shape: [H]}
  U: {role: parameter, shape: [H, H]}
  E: {role: parameter, shape: [N, H]}
  b: {role: parameter, shape: [H], optional: true}
  c: {role: parameter, shape: [H]}
  K: {role: constant, shape: [], type: integer, low: 1, high: 3}
time: T
equations:
  - h[-1] = h0
  - e[t] = one_hot(w[t], N) @ E
  - h[t] = tanh(U @ h[t-1] + e[t] * x[t] + b) * K if t > 0 else e[t] + h[t-1]
  - z = tanh(c)
outputs: [h, z]
"""
# Beside an output of each sequence one of all of them, which counts once, in all of its steps.
OF_ALL = """
id: of-all
title: An output that hangs on no sequence
sizes: {T: steps, H: numbers}
symbols:
  x: {role: input, shape: [T, H]}
  a: {role: parameter, shape: [H]}
equations:
  - y[t] = x[t]
  - z[t] = a * t
outputs: [y, z]
"""
SEVERAL = Case("several", sizes={"T": 4, "H": 3, "N": 5}, batch=3, seed=59, values={"K": 2})
ZERO = Case("at zero", sizes={"T": 1, "H": 1}, batch=1, seed=56, zero=("a", "b"))


@lru_cache(maxsize=None)
def misled():
    """What is wrong with gradients of the language's operations, in words."""
    specs = [*map(_spec, (MATRICES, VECTORS, LETTERS, PIECES)), _spec((), STATES)]
    asked = [*(partial(_apart, spec) for spec in specs), _at_zero, _written_out, _of_all]
    return [f"language: {text}" for ask in asked for text in _tried(ask)]


def _tried(ask):
    """What ``ask`` says, or that something raises: it is what is asked about, and no backend."""
    try:
        return list(ask())
    except Exception as error:
        return [f"a gradient of the language raises {type(error).__name__} ({error})"]


def _spec(terms, lines=""):
    """A spec of equations that are written already, and of one for each of ``terms``; what each equation gives is an output."""
    lines += "".join(f"  - y{number}[t] = {term}\n" for number, term in enumerate(terms))
    given = dict.fromkeys(re.findall(r"^  - (\w+)", lines, re.MULTILINE))
    read = set(re.findall(r"\w+", lines))
    symbols = {name: ("input" if name == "x" else "start" if name in STARTS else "parameter", shape) for name, shape in SYMBOLS.items() if name in read}
    symbols |= {name: ("value", shape) for name, shape in DECLARED.items() if name in given}
    sizes = [size for size in SIZES if re.search(rf"\b{size}\b", lines + str(symbols))]
    return refrnn.load_text(HEAD.format(
        sizes=", ".join(f"{size}: a size" for size in sizes), symbols="".join(f"  {name}: {{role: {role}, shape: {shape}}}\n" for name, (role, shape) in symbols.items()), lines=lines, outputs=", ".join(given),
    ))  # fmt: skip


def _apart(spec):
    """Where the tape's gradients are not those of numerical derivatives, or of adjoint equations, or many runs at once are other ones."""
    truths = [Truth(spec, _of(spec, case)) for case in USUAL]
    yield from (str(finding) for truth in truths for finding in compare(spec, truth, "equation")[1])
    yield from (str(confirmed) for confirmed in (confirm(spec, truth) for truth in truths) if not confirmed.ok)
    yield from _not_followed(spec, truths)


def _not_followed(spec, truths):
    followed = follow(spec, truths)
    if followed.refused or not followed.ok:
        yield f"its gradient is no equations: {followed.refused}" if followed.refused else str(followed)


def _of(spec, case):
    """The case with the sizes that a spec has."""
    return replace(case, sizes={name: number for name, number in case.sizes.items() if name in spec.sizes})


def _at_zero():
    """Where the gradients at zero are not those that are written down, by the tape or by adjoint equations."""
    spec = _spec(tuple(AT_ZERO))
    truth = Truth(spec, _of(spec, ZERO))
    for place, name in enumerate("ab"):
        wanted = sum(truth.upstream[f"y{number}"] * slopes[place] for number, slopes in enumerate(AT_ZERO.values()))
        if not np.allclose(truth.quantities["gradient", f"d_{name}"], wanted.ravel(), rtol=NEAR, atol=NEAR):
            yield f"the gradient of {name} at zero, where pieces meet, is not what it should be"
    yield from (f"at zero {text}" for text in _not_followed(spec, [truth]))


def _written_out():
    """Where the gradient as a spec that is loaded gives a batch other numbers than the tape."""
    spec = refrnn.load_text(WRITTEN_OUT)
    back, (values, _) = spec.gradient(), SEVERAL.draw(spec)
    run = spec.forward(values, backend="equation")
    upstream = {name: np.random.default_rng(SEVERAL.seed).standard_normal(array.shape) for name, array in run.outputs.items()}
    known = values | SEVERAL.sizes | run.outputs | run.intermediates | {f"g_{name}": array for name, array in upstream.items()}
    found = back.forward({name: known[name] for name in (*back.arrays, *back.named_sizes)}, backend="equation").outputs
    for name, right in run.backward(upstream).items():
        gradient, axis = found[f"d_{name}"], back.batch_axis(f"d_{name}")
        if axis is not None and spec.batch_axis(name) is None:  # a batch's is the sum of its sequences'
            gradient = gradient.sum(axis=axis)
        if not np.allclose(gradient, right, rtol=NEAR, atol=NEAR):
            yield f"the gradient of {name}, written out as a spec, gives a batch other numbers"


def _of_all():
    """Where an output of all sequences sends back another gradient than its own steps, the longest sequence's, have."""
    spec = refrnn.load_text(OF_ALL)
    run = spec.forward(spec.draw({"T": 4, "H": 3}, batch=3, seed=60, dtype="float64"), backend="equation", lengths=[2, 4, 1])
    upstream = np.random.default_rng(60).standard_normal((4, 3))
    found, right = run.backward({"z": upstream})["a"], np.arange(4) @ upstream
    if not np.allclose(found, right, rtol=NEAR, atol=NEAR):
        yield "the gradient of an output of all sequences is not that of its own steps"
