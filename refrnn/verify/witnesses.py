"""The equations of networks as a person writes them: what put a network together made its equations and its backends alike."""

from functools import lru_cache

import numpy as np

import refrnn
from refrnn.spec.values import check_values
from refrnn.verify.properties.asking import answers_of, first_wrong

# By the calls that make them.
WITNESSES = {
    'encoder_decoder(bidirectional("leaky-units"), stack(["leaky-units", feed_forward("softmax")]))': """
title: Read in both directions, and written
sizes: {S: steps that are read, T: steps that are written, I: features read, I_d: features told, H_f_e: units, H_b_e: units, H_1_d: units, O_2_d: words}
symbols:
  x: {role: input, shape: [S, I]}
  h0_f_e: {role: start, shape: [H_f_e]}
  W_f_e: {role: parameter, shape: [H_f_e, I]}
  U_f_e: {role: parameter, shape: [H_f_e, H_f_e]}
  b_f_e: {role: parameter, shape: [H_f_e]}
  a_f_e: {role: parameter, shape: []}
  h0_b_e: {role: start, shape: [H_b_e]}
  W_b_e: {role: parameter, shape: [H_b_e, I]}
  U_b_e: {role: parameter, shape: [H_b_e, H_b_e]}
  b_b_e: {role: parameter, shape: [H_b_e]}
  a_b_e: {role: parameter, shape: []}
  W_h0_1_d: {role: parameter, shape: [H_1_d, H_f_e+H_b_e]}
  u: {role: input, shape: [T, I_d]}
  W_1_d: {role: parameter, shape: [H_1_d, I_d]}
  U_1_d: {role: parameter, shape: [H_1_d, H_1_d]}
  b_1_d: {role: parameter, shape: [H_1_d]}
  a_1_d: {role: parameter, shape: []}
  W_2_d: {role: parameter, shape: [O_2_d, H_1_d]}
  b_2_d: {role: parameter, shape: [O_2_d]}
time: [S, T]
equations:
  - f[-1] = h0_f_e
  - f[s] = a_f_e * f[s-1] + (1 - a_f_e) * tanh(W_f_e @ x[s] + U_f_e @ f[s-1] + b_f_e)
  - g[S] = h0_b_e
  - g[s] = a_b_e * g[s+1] + (1 - a_b_e) * tanh(W_b_e @ x[s] + U_b_e @ g[s+1] + b_b_e)
  - v = concat(f[S-1], g[0])
  - h[-1] = tanh(W_h0_1_d @ v)
  - h[t] = a_1_d * h[t-1] + (1 - a_1_d) * tanh(W_1_d @ u[t] + U_1_d @ h[t-1] + b_1_d)
  - y_2_d[t] = softmax(W_2_d @ h[t] + b_2_d)
outputs: [y_2_d, v]
""",
    'autoencoder("leaky-units")': """
title: Read, and said again
sizes: {T: steps, I: features, H_e: units, H_d: units}
symbols:
  x: {role: input, shape: [T, I]}
  h0_e: {role: start, shape: [H_e]}
  W_e: {role: parameter, shape: [H_e, I]}
  U_e: {role: parameter, shape: [H_e, H_e]}
  b_e: {role: parameter, shape: [H_e]}
  a_e: {role: parameter, shape: []}
  h0_d: {role: start, shape: [H_d]}
  W_d: {role: parameter, shape: [H_d, H_e]}
  U_d: {role: parameter, shape: [H_d, H_d]}
  b_d: {role: parameter, shape: [H_d]}
  a_d: {role: parameter, shape: []}
  W_y: {role: parameter, shape: [I, H_d]}
  b_y: {role: parameter, shape: [I]}
time: T
equations:
  - h[-1] = h0_e
  - h[t] = a_e * h[t-1] + (1 - a_e) * tanh(W_e @ x[t] + U_e @ h[t-1] + b_e)
  - v = h[T-1]
  - g[-1] = h0_d
  - g[t] = a_d * g[t-1] + (1 - a_d) * tanh(W_d @ v + U_d @ g[t-1] + b_d)
  - y[t] = W_y @ g[t] + b_y
outputs: [y, v]
""",
    'conditioned("leaky-units")': """
title: Begun from what stays the same
sizes: {T: steps, I: features, H: units, F: features that stay}
symbols:
  v: {role: input, shape: [F]}
  W_h0: {role: parameter, shape: [H, F]}
  x: {role: input, shape: [T, I]}
  W: {role: parameter, shape: [H, I]}
  U: {role: parameter, shape: [H, H]}
  b: {role: parameter, shape: [H]}
  a: {role: parameter, shape: []}
time: T
equations:
  - h[-1] = tanh(W_h0 @ v)
  - h[t] = a * h[t-1] + (1 - a) * tanh(W @ x[t] + U @ h[t-1] + b)
outputs: [h]
""",
}
# Calls that make the same network.
ALIKE = (
    ('stack(["leaky-units"], between="tanh")', 'stack(["leaky-units"])'),
    ('stack(["leaky-units", "unfolding"], between="tanh")', 'stack(["leaky-units", feed_forward("tanh"), "unfolding"])'),
    ('bidirectional("leaky-units")', 'bidirectional("leaky-units", "leaky-units")'),
)
# What a stack gives: all that its last layer does.
STACKED, GIVEN = 'stack(["leaky-units", "lstm"])', ("h_2", "c_2")


def unlike_its_witness(spec, truth):
    """What a network's equations give that is not what the equations written for it give, in words; of other specs nothing.

    Of a network that nobody wrote: whether those that are written are what they should be, as the same calls made it.
    """
    if not any(hasattr(binding, "parts") for binding in spec.bindings.values()):
        return []
    written = {refrnn.load(call).id: call for call in WITNESSES}
    if unlike() or spec.id not in written:
        return [*unlike(), *(text for call in WITNESSES for text in _drawn_unlike(call))]
    witness = _witness(written[spec.id])
    try:
        wrong = first_wrong(spec, truth, answers_of(witness, check_values(witness, truth.values, truth.lengths), "equation", truth.upstream))
    except refrnn.RefrnnError as error:
        return [f"equation: what it takes is not what the network written by hand takes ({error})"]
    return [f"equation: {wrong} is not that of the network written by hand"] if wrong else []


@lru_cache(maxsize=None)
def _drawn_unlike(call):
    spec = refrnn.load(call)
    values = spec.draw(batch=2, seed=51, dtype="float64")
    found, right = (one.forward(values, "equation").outputs for one in (spec, _witness(call)))
    return tuple(f"library: {name} of {call} is not that of the network written by hand" for name in right if not np.allclose(found[name], right[name], rtol=1e-9, atol=1e-9))


@lru_cache(maxsize=None)
def unlike():
    """Which calls do not make the same network though they should."""
    found = [f"library: {one} is not {other}" for one, other in ALIKE if _written(refrnn.load(one)) != _written(refrnn.load(other))]
    outputs = refrnn.load(STACKED).outputs
    return (*found, *([] if outputs == GIVEN else [f"library: {STACKED} gives {', '.join(outputs)} and not {', '.join(GIVEN)}"]))


def _written(spec):
    return [equation.text for equation in spec.equations], {name: tuple(map(str, symbol.shape)) for name, symbol in spec.symbols.items()}, spec.outputs


@lru_cache(maxsize=None)
def _witness(call):
    return refrnn.load_text(f"id: by-hand{WITNESSES[call]}")
