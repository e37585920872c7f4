"""Cells of the gallery held against their papers by another way: plain NumPy, in complex numbers, in parallel, or unstabilised.

Nothing here reads the specs' equations: what is written is what the papers say, where they can in a form that is not the recurrence.
"""

import numpy as np
import pytest

import refrnn
from refrnn.errors import SpecError
from refrnn.spec.library import specs_folder


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def feature(z):
    """elu(z) + 1."""
    return np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1) + 1


def normalised(z, epsilon):
    return (z - z.mean()) / np.sqrt(z.var() + epsilon)


def gates(z, count):
    return np.split(z, count)


def steps(step, state, *inputs):
    """The states after each step, of which ``step(state, *input)`` gives the next."""
    found = []
    for now in zip(*inputs):
        state = step(state, *now)
        found.append(state)
    return [np.array(one) for one in zip(*found)]


# ------------------------------------------------------------ LSTMs and gated units


def minimal_gated_unit(x, h0, W_f, b_f, W_h, b_h):
    def step(state, x):
        (h,) = state
        f = sigmoid(W_f @ np.r_[h, x] + b_f)
        return (h + f * (np.tanh(W_h @ np.r_[f * h, x] + b_h) - h),)

    return dict(zip(["h"], steps(step, (h0,), x)))


def layer_norm_lstm(x, h0, c0, epsilon, W_h, W_x, b, alpha_1, beta_1, alpha_2, beta_2, alpha_3, beta_3):
    def step(state, x):
        h, c = state
        a = alpha_1 * normalised(W_h @ h, epsilon) + beta_1 + alpha_2 * normalised(W_x @ x, epsilon) + beta_2 + b
        f, i, o, g = gates(a, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(alpha_3 * normalised(c, epsilon) + beta_3), c

    return dict(zip("hc", steps(step, (h0, c0), x)))


def zoneout_lstm(x, h0, c0, m_c, m_h, W_x, W_h, b):
    def step(state, x, m_c, m_h):
        h, c = state
        i, f, o, g = gates(W_x @ x + W_h @ h + b, 4)
        new_c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        new_h = sigmoid(o) * np.tanh(new_c)
        return np.where(m_h == 1, h, new_h), np.where(m_c == 1, c, new_c)

    return dict(zip("hc", steps(step, (h0, c0), x, m_c, m_h)))


def nested_lstm(x, h0, c0, k0, W_x, W_h, b, V_x, V_h, d):
    def inner(x, h, k):
        i, f, o, g = gates(V_x @ x + V_h @ h + d, 4)
        k = sigmoid(f) * k + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(k), k

    def step(state, x):
        h, c, k = state
        i, f, o, g = gates(W_x @ x + W_h @ h + b, 4)
        c, k = inner(sigmoid(i) * np.tanh(g), sigmoid(f) * c, k)
        return sigmoid(o) * np.tanh(c), c, k

    return dict(zip("hck", steps(step, (h0, c0, k0), x)))


def phased_lstm(x, phi, h0, c0, r_on, alpha, W, U, b, w_ci, w_cf, w_co):
    def step(state, x, phi):
        h, c = state
        k = np.where(phi < r_on / 2, 2 * phi / r_on, np.where(phi < r_on, 2 - 2 * phi / r_on, alpha * phi))
        i, f, g, o = gates(W @ x + U @ h + b, 4)
        new = sigmoid(f + w_cf * c) * c + sigmoid(i + w_ci * c) * np.tanh(g)
        out = sigmoid(o + w_co * new) * np.tanh(new)
        return h + k * (out - h), c + k * (new - c)

    return dict(zip("hc", steps(step, (h0, c0), x, phi)))


def recurrent_highway(x, y0, W_H, W_T, W_C, R_H, R_T, R_C, b_H, b_T, b_C):
    def step(state, x):
        (s,) = state
        for layer in range(len(R_H)):
            of_input = [W @ x if layer == 0 else 0 for W in (W_H, W_T, W_C)]
            h, t, c = (one + R[layer] @ s + b[layer] for one, R, b in zip(of_input, (R_H, R_T, R_C), (b_H, b_T, b_C)))
            s = np.tanh(h) * sigmoid(t) + s * sigmoid(c)
        return (s,)

    return dict(zip("y", steps(step, (y0,), x)))


def clockwork(x, h0, W_I, W_H, b_H, W_O, b_O):
    """As one layer whose matrix is block-triangular, and of which some rows are run."""
    modules, units = h0.shape
    matrix = np.block([[W_H[m, n] if n >= m else np.zeros((units, units)) for n in range(modules)] for m in range(modules)])
    state, found = h0.reshape(-1), []
    for t, now in enumerate(x):
        new = np.tanh(W_I.reshape(modules * units, -1) @ now + matrix @ state + b_H.reshape(-1))
        runs = np.repeat([t % (m + 1) == 0 for m in range(modules)], units)
        state = np.where(runs, new, state)
        found.append(state)
    outputs = np.concatenate(list(W_O), axis=1)
    return {"h": np.array(found).reshape(-1, modules, units), "y": np.tanh(np.array(found) @ outputs.T + b_O)}


def convolutional_lstm(x, h0, c0, W_x, W_h, b, w_ci, w_cf, w_co):
    """Each filter slides over a padded row."""
    reach = len(W_x) // 2

    def slid(filters, row):
        padded = np.pad(row, ((reach, reach), (0, 0)))
        return sum(padded[k : k + len(row)] @ filters[k].T for k in range(len(filters)))

    def step(state, x):
        h, c = state
        i, f, g, o = np.split(slid(W_x, x) + slid(W_h, h) + b, 4, axis=1)
        new = sigmoid(f + w_cf * c) * c + sigmoid(i + w_ci * c) * np.tanh(g)
        return sigmoid(o + w_co * new) * np.tanh(new), new

    return dict(zip("hc", steps(step, (h0, c0), x)))


def grid_lstm(h0, m0, k0, n0, W_1, b_1, W_2, b_2):
    """Along the diagonals of the grid, where all is known that a point needs."""
    T, S, H = len(k0), len(h0), h0.shape[1]
    h, m = np.zeros((T, S, H)), np.zeros((T, S, H))
    k, n = np.zeros((T, S, H)), np.zeros((T, S, H))
    for t, s in sorted(np.ndindex(T, S), key=sum):
        both = np.r_[h[t - 1, s] if t else h0[s], k[t, s - 1] if s else k0[t]]
        for W, b, state, memory, last in ((W_1, b_1, h, m, m[t - 1, s] if t else m0[s]), (W_2, b_2, k, n, n[t, s - 1] if s else n0[t])):
            u, f, o, c = gates(W @ both + b, 4)
            memory[t, s] = sigmoid(f) * last + sigmoid(u) * np.tanh(c)
            state[t, s] = np.tanh(sigmoid(o) * memory[t, s])
    return {"h": h, "k": k}


def slstm(x, h0, c0, n0, m0, W, R, b):
    """Without the stabiliser, in numbers that do not overflow here: c and n are larger by exp(m), the largest term of n but for n0."""

    def step(state, x):
        h, c, n, *_ = state
        z, i, f, o = gates(W @ x + R @ h + b, 4)
        c, n = np.exp(f) * c + np.exp(i) * np.tanh(z), np.exp(f) * n + np.exp(i)
        return sigmoid(o) * c / n, c, n, i, f

    h, c, n, i, f = steps(step, (h0, c0 * np.exp(m0), n0 * np.exp(m0)), x)
    terms = [[m0 + f[: t + 1].sum(0), *(i[s] + f[s + 1 : t + 1].sum(0) for s in range(t + 1))] for t in range(len(x))]
    m = np.array([np.max(one, axis=0) for one in terms])
    return {"h": h, "c": c / np.exp(m), "n": n / np.exp(m), "m": m}


def mlstm(x, C0, n0, scale, W_q, b_q, W_k, b_k, W_v, b_v, w_i, b_i, w_f, b_f, W_o, b_o):
    """In parallel: each step reads all earlier ones, and the start, by the products of the forget gates between."""
    q, k, v, o = x @ W_q.T + b_q, scale * x @ W_k.T + b_k, x @ W_v.T + b_v, sigmoid(x @ W_o.T + b_o)
    i, f = np.exp(x @ w_i + b_i), sigmoid(x @ w_f + b_f)
    h = []
    for t in range(len(x)):
        kept = np.array([np.prod(f[s + 1 : t + 1]) * i[s] for s in range(t + 1)])
        scores = kept * (k[: t + 1] @ q[t])
        begun = np.prod(f[: t + 1])
        h.append(o[t] * (scores @ v[: t + 1] + begun * C0 @ q[t]) / max(abs(scores.sum() + begun * n0 @ q[t]), 1))
    return {"h": np.array(h)}


def min_gru(x, h0, W_z, b_z, W_h, b_h):
    """In closed form: each candidate, weighted by what later gates leave of it."""
    z, candidates = sigmoid(x @ W_z.T + b_z), x @ W_h.T + b_h
    kept = [[np.prod(1 - z[s + 1 : t + 1], axis=0) for s in range(t + 1)] for t in range(len(x))]
    return {"h": np.array([np.prod(1 - z[: t + 1], axis=0) * h0 + sum(kept[t][s] * z[s] * candidates[s] for s in range(t + 1)) for t in range(len(x))])}


def gru_decay(x, m, delta, h0, last0, x_mean, w_x, b_x, W_gamma, b_gamma, W, U, V, b, W_h, U_h, V_h, b_h):
    def step(state, x, m, delta):
        h, last = state
        last = np.where(m == 1, x, last)
        decay = np.exp(-np.maximum(0, w_x * delta + b_x))
        x = np.where(m == 1, x, decay * state[1] + (1 - decay) * x_mean)
        h = np.exp(-np.maximum(0, W_gamma @ delta + b_gamma)) * h
        r, z = gates(sigmoid(W @ x + U @ h + V @ m + b), 2)
        return (1 - z) * h + z * np.tanh(W_h @ x + U_h @ (r * h) + V_h @ m + b_h), last

    return dict(zip(["h", "last"], steps(step, (h0, last0), x, m, delta)))


# ------------------------------------------------------------ attention and memories


def attention_decoder(y, h, s0, W_a, U_a, v_a, W_z, U_z, C_z, W_r, U_r, C_r, W, U, C):
    def step(state, y):
        s, _ = state
        powers = np.exp([v_a @ np.tanh(W_a @ s + U_a @ one) for one in h])
        alpha = powers / powers.sum()
        c = alpha @ h
        z, r = sigmoid(W_z @ y + U_z @ s + C_z @ c), sigmoid(W_r @ y + U_r @ s + C_r @ c)
        return (1 - z) * s + z * np.tanh(W @ y + U @ (r * s) + C @ c), alpha

    return dict(zip(["s", "alpha"], steps(step, (s0, None), y)))


def linear_attention(x, s0, z0, W_Q, W_K, W_V):
    """As masked attention, with the start as what was there before."""
    q, k, v = feature(x @ W_Q.T), feature(x @ W_K.T), x @ W_V.T
    scores = np.tril(q @ k.T)
    return {"y": (scores @ v + q @ s0) / (scores.sum(1) + q @ z0)[:, None]}


def retention(x, S0, gamma, epsilon, W_Q, W_K, W_V, W_G):
    """In parallel, by the matrix of decays."""
    place = np.arange(len(x))
    decays = np.tril(gamma ** np.maximum(place[:, None] - place, 0.0))
    q = x @ W_Q.T
    read = (q @ (x @ W_K.T).T * decays) @ (x @ W_V.T) + gamma ** (place[:, None] + 1.0) * (q @ S0)
    gate = x @ W_G.T
    return {"y": gate * sigmoid(gate) * np.array([normalised(one, epsilon) for one in read])}


def delta_net(x, S0, W_k, W_v, W_q, w_b):
    """The memory's old value under a key is taken out, and a mean of it and the new one written."""
    k, q = (one / one.sum(1, keepdims=True) for one in (np.exp(x @ W_k.T), np.exp(x @ W_q.T)))
    S, y = S0, []
    for key, query, value, beta in zip(k, q, x @ W_v.T, sigmoid(x @ w_b)):
        old = S @ key
        S = S - np.outer(old, key) + np.outer(beta * value + (1 - beta) * old, key)
        y.append(S @ query)
    return {"y": np.array(y)}


def fast_weights(x, h0, A0, W, C, lamda, eta):
    """Without the matrix: attention over all states that were, as the paper rewrites it."""
    states, found = [h0], []
    for now in x:
        fixed = W @ states[-1] + C @ now
        h = np.tanh(fixed)
        for _ in range(INNER):
            past = sum(eta * lamda ** (len(states) - 1 - place) * (one @ h) * one for place, one in enumerate(states))
            h = np.tanh(fixed + past + lamda ** len(states) * A0 @ h)
        states.append(h)
        found.append(h)
    return {"h": np.array(found)}


INNER = 3


def rwkv(x, x0, a0, b0, mu_r, mu_k, mu_v, w, u, W_r, W_k, W_v, W_o):
    """The sum over all steps that the paper writes."""
    before = np.concatenate([x0[None], x[:-1]])
    r, k, v = ((mu * x + (1 - mu) * before) @ W.T for mu, W in ((mu_r, W_r), (mu_k, W_k), (mu_v, W_v)))
    decay, o = np.exp(w), []
    for t in range(len(x)):
        weights = np.array([np.exp(-(t - 1 - s) * decay + k[s]) for s in range(t)] + [np.exp(u + k[t])])
        begun = np.exp(-t * decay)
        wkv = ((weights * v[: t + 1]).sum(0) + begun * a0) / (weights.sum(0) + begun * b0)
        o.append(W_o @ (sigmoid(r[t]) * wkv))
    return {"o": np.array(o)}


# ------------------------------------------------------------ complex states, in complex numbers


def lru(u, re0, im0, nu, theta, gamma, B_re, B_im, C_re, C_im, D):
    a = np.exp(-np.exp(nu) + 1j * np.exp(theta))
    driven = u @ ((B_re + 1j * B_im) * np.exp(gamma)[:, None]).T
    x = np.array([a ** (t + 1) * (re0 + 1j * im0) + sum(a ** (t - s) * driven[s] for s in range(t + 1)) for t in range(len(u))])
    return {"y": (x @ (C_re + 1j * C_im).T).real + u @ D.T, "re": x.real, "im": x.imag}


def s4d(u, re0, im0, log_dt, log_A, A_im, B_re, B_im, C_re, C_im, D):
    """By the convolution's kernel."""
    A, dt, C = -np.exp(log_A) + 1j * A_im, np.exp(log_dt), C_re + 1j * C_im
    B = (np.exp(dt * A) - 1) / A * (B_re + 1j * B_im)
    kernel = np.array([2 * (C * np.exp(dt * A * place) * B).sum().real for place in range(len(u))])
    begun = [2 * (C * np.exp(dt * A * (t + 1)) * (re0 + 1j * im0)).sum().real for t in range(len(u))]
    return {"y": np.convolve(u, kernel)[: len(u)] + begun + D * u}


def selective_scan(x, h0, A_log, W_B, W_C, W_1, W_2, b, S):
    """Each state on its own, by the sums of the steps' lengths."""
    Delta = np.logaddexp(0, x @ W_1.T @ W_2.T + b)
    B, C, A = x @ W_B.T, x @ W_C.T, -np.exp(A_log)
    y = []
    for t in range(len(x)):
        h = np.exp(Delta[: t + 1].sum(0)[:, None] * A) * h0
        for s in range(t + 1):
            h = h + np.exp(Delta[s + 1 : t + 1].sum(0)[:, None] * A) * np.outer(Delta[s] * x[s], B[s])
        y.append(h @ C[t] + S * x[t])
    return {"y": np.array(y)}


def orthogonal_cayley(x, h0, D, G, U, b):
    A = (G - G.T) / 2
    W = np.linalg.solve(np.eye(len(A)) + A, np.eye(len(A)) - A) @ np.diag(np.where(D == 1, -1, 1))
    np.testing.assert_allclose(W @ W.T, np.eye(len(A)), atol=1e-13)

    def step(state, x):
        z = U @ x + W @ state[0]
        return (np.sign(z) * np.maximum(np.abs(z) + b, 0),)

    return dict(zip("h", steps(step, (h0,), x)))


def unitary_cayley(x, h0, G, theta, U, b):
    N = len(G)
    A = (G - G.T) / 2 + 1j * (G + G.T) / 2
    W = np.linalg.solve(np.eye(N) + A, np.eye(N) - A) @ np.diag(np.exp(1j * theta))
    np.testing.assert_allclose(W @ W.conj().T, np.eye(N), atol=1e-13)

    def step(state, x):
        z = (U[:N] + 1j * U[N:]) @ x + W @ state[0]
        return (np.maximum(np.abs(z) + b, 0) * np.exp(1j * np.angle(z)),)

    (h,) = steps(step, (h0[:N] + 1j * h0[N:],), x)
    return {"h": np.concatenate([h.real, h.imag], axis=1)}


BY_HAND = [
    minimal_gated_unit, layer_norm_lstm, zoneout_lstm, nested_lstm, phased_lstm, recurrent_highway, clockwork, convolutional_lstm, grid_lstm, slstm, mlstm,
    min_gru, gru_decay, attention_decoder, linear_attention, retention, delta_net, fast_weights, rwkv, lru, s4d, selective_scan, orthogonal_cayley, unitary_cayley,
]  # fmt: skip


def name_of(by_hand):
    return by_hand.__name__.replace("_", "-")


def disagreement(by_hand, spec):
    """Which output of a cell is not what is written here; None where all are."""
    sizes = {"T": 6} | ({"S": INNER} if by_hand is fast_weights else {}) | ({"M": 3} if by_hand is clockwork else {})
    values = spec.draw(sizes, batch=3, seed=1, dtype="float64")
    outputs = spec.forward(values, "equation").outputs
    for item in range(3):
        alone = {name: values[name] if spec.batch_axis(name) is None else values[name].take(item, spec.batch_axis(name)) for name in spec.arrays}
        for name, found in by_hand(**alone).items():
            if not np.allclose(outputs[name].take(item, spec.batch_axis(name)), found, rtol=1e-11, atol=1e-11):
                return name
    return None


@pytest.mark.parametrize("by_hand", BY_HAND, ids=name_of)
def test_the_spec_is_what_the_paper_says(by_hand):
    assert disagreement(by_hand, refrnn.load(name_of(by_hand))) is None


@pytest.mark.parametrize("by_hand", BY_HAND, ids=name_of)
def test_a_slip_in_any_equation_is_told(by_hand):
    """Each + of an equation as a -, and each * as a +: where the shapes still fit."""
    head, _, rest = (specs_folder() / "gallery" / f"{name_of(by_hand)}.yaml").read_text(encoding="utf-8").partition("\nequations:\n")
    equations, _, tail = rest.partition("outputs:")
    told = 0
    for sign, other in ((" + ", " - "), (" * ", " + ")):
        for place in range(equations.count(sign)):
            parts = equations.split(sign)
            slipped = sign.join(parts[: place + 1]) + other + sign.join(parts[place + 1 :])
            try:
                spec = refrnn.load_text(f"{head}\nequations:\n{slipped}outputs:{tail}")
            except SpecError:
                continue
            assert disagreement(by_hand, spec), f"{sign}number {place + 1}: {slipped}"
            told += 1
    assert told > 0
