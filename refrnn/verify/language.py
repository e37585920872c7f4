"""What equations mean, held against Python and NumPy: a user's spec may have nothing beside its equations to be held against."""

from functools import lru_cache

import numpy as np

import refrnn

STEPS, WIDTH = 20, 4
NEAR = 1e-12  # of numbers around 1, which sums of ten terms leave with thirteen digits
TEXT = """
id: language
title: What each operation means
sizes: {T: steps, N: numbers}
symbols:
  x: {role: input, shape: [T, N]}
  v: {role: parameter, shape: [N]}
  M: {role: parameter, shape: [N, N]}
  a: {role: parameter, shape: []}
  b: {role: parameter, shape: []}
time: T
equations:
  - whole[t] = (t - 4) // 2 * a + (t - 5) % 3 * b + (3 - 2 * t) * x[t, 0]
  - moved[t] = x[(t + 3) % T, (7 * t + 1) // 2 % N] - x[T - 1 - t, N - 1]
  - chosen[t] = a if t < 2 or t == 5 else b if not t >= 4 and t != 3 else a * b
  - told[t] = 1 if x[t, 0] < x[t, N-1] and x[t, N-1] <= a else 2 if x[t, 0] > 1 or not x[t, N-1] > 0 else 3
  - added[t] = sum(i * x[t, i] for i in range(1, N)) + sum(x[t]) - mean(x[t]) + sum(v[i] * v[j] for i in range(N) for j in range(i)) + sum(v[i] for i in range(max(0, t - 17), min(N, t + 1)))
  - taken[t] = min(x[t], v) + 2 * max(x[t], 0) + abs(x[t]) + relu(v - x[t])
  - bent[t] = sigmoid(x[t]) + tanh(x[t]) * exp(x[t]) - elu(x[t]) / (1 + sqrt(abs(v))) + log(1 + x[t] ** 2)
  - waved[t] = sin(x[t]) + 2 * cos(x[t]) + 3 * softplus(x[t]) + inv(M) @ x[t]
  - shared[t] = softmax(3 * x[t]) + log_softmax(x[t])
  - turned[t] = M.T @ x[t] + x[t] @ M + diag(v) @ x[t] - identity(N) @ x[t] + outer(x[t], v) @ v + M ** 2 @ x[t]
  - joined[t] = norm(concat(x[t], v, zeros(2)), M)
  - hot[t] = one_hot(argmax(x[t]), N) + M @ one_hot(argmax(x[t]), N) - (-one_hot(argmax(v), N)) @ M
  - raised[t] = diag(v) ** 9
outputs: [whole, moved, chosen, told, added, taken, bent, waved, shared, turned, joined, hot, raised]
"""


@lru_cache(maxsize=None)
def misread():
    """What comes out of an operation and is not what Python or NumPy makes of it, in words."""
    random = np.random.default_rng(50)
    values = {"x": random.standard_normal((STEPS, WIDTH)), "v": random.standard_normal(WIDTH), "M": random.standard_normal((WIDTH, WIDTH)), "a": np.float64(0.7), "b": np.float64(-1.3)}
    batched = {**values, "x": values["x"][:, None]}
    found = refrnn.load_text(TEXT).forward(batched, backend="equation").outputs
    steps = [_meant(t, **values) for t in range(STEPS)]
    meant = {name: np.array([one[name] for one in steps]) for name in found}
    return [f"language: {name} is not what Python makes of it" for name, array in meant.items() if not np.allclose(found[name].reshape(array.shape), array, rtol=NEAR, atol=NEAR)]


def _meant(t, x, v, M, a, b):
    """All of one step."""
    now, T, N = x[t], STEPS, WIDTH
    shifted = np.exp(3 * now) / np.exp(3 * now).sum()
    return {
        "whole": (t - 4) // 2 * a + (t - 5) % 3 * b + (3 - 2 * t) * now[0],
        "moved": x[(t + 3) % T, (7 * t + 1) // 2 % N] - x[T - 1 - t, N - 1],
        "chosen": a if t in (0, 1, 5) else a * b if t >= 3 else b,
        "told": 1 if now[0] < now[-1] <= a else 2 if now[0] > 1 or not now[-1] > 0 else 3,
        "added": now[1] + 2 * now[2] + 3 * now[3] + now.sum() - now.mean() + sum(v[i] * v[j] for i in range(N) for j in range(i)) + v[max(0, t - 17) : min(N, t + 1)].sum(),
        "taken": np.minimum(now, v) + 2 * np.maximum(now, 0) + np.abs(now) + np.maximum(v - now, 0),
        "bent": 1 / (1 + np.exp(-now)) + np.tanh(now) * np.exp(now) - np.where(now > 0, now, np.exp(now) - 1) / (1 + np.sqrt(np.abs(v))) + np.log(1 + now**2),
        "waved": np.sin(now) + 2 * np.cos(now) + 3 * np.log(1 + np.exp(now)) + np.linalg.solve(M, now),
        "shared": shifted + now - np.log(np.exp(now).sum()),
        "turned": M.T @ now + now @ M + v * now - now + now * (v @ v) + M @ M @ now,
        "joined": np.sqrt((now**2).sum() + (v**2).sum() + (M**2).sum()),
        "hot": np.eye(N)[now.argmax()] + M[:, now.argmax()] + M[v.argmax()],
        "raised": np.diag(v**9),
    }
