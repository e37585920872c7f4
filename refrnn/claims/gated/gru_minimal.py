"""The simplified LSTM: what cmu-2017 says was left out, put beside the LSTM itself."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, SAME, another_spec, distance, draws, farthest, opened, passed, random_upstream, rewritten, run

SIZES = ({"T": 1, "I": 3, "H": 2}, {"T": 6, "I": 2, "H": 3}, {"T": 4, "I": 3, "H": 4})


def _simplified_lstm():
    """The LSTM with i = 1 - f, no output gate, and the memory itself as the state."""
    return rewritten(another_spec("lstm"), "i[t] = 1 - f[t]", "h[t] = c[t]")


def _for_lstm(values):
    """The same weights in the LSTM's layout: f = 1 - z is the sigmoid of -W_z; the rows of i and o are used by nothing."""
    unused = np.full_like(values["W_z"], 9.0)
    return {"x": values["x"], "h0": values["h0"], "c0": values["h0"], "W": np.concatenate([unused, -values["W_z"], unused, values["W"]])}


def _from_lstm(gradients):
    """The LSTM's gradients under the names they have here."""
    _, f, _, g = np.split(gradients["W"], 4)
    return {"x": gradients["x"], "h0": gradients["h0"] + gradients["c0"], "W_z": -f, "W": g}


def _against_lstm(spec):
    """The distances of states and of gradients from the simplified LSTM, over draws."""
    lstm, states, gradients = _simplified_lstm(), [], []
    for seed, values in enumerate(draws(spec, SIZES, 6)):
        ours, d_ours = passed(spec, values, seed)
        theirs = run(lstm, _for_lstm(values))
        d_theirs = _from_lstm(theirs.backward({"h": random_upstream(ours, seed)["h"]}))
        states.append(distance(ours["h"], theirs.outputs["h"]))
        gradients.append(farthest(d_theirs, d_ours))
    return states, gradients


def is_an_lstm_with_one_gate(spec):
    """With the reset gate held at 1 it is that LSTM, gradients too; with the reset gate free it is not."""
    states, gradients = _against_lstm(rewritten(spec, "r[t] = 1 + 0 * h[t-1]"))
    free, d_free = _against_lstm(spec)
    return Shown(
        max(states + gradients) < SAME and min(free + d_free) > DIFFERENT,
        f"over {len(states)} draws with T from 1 to 6 and the reset gate at 1, the states differ from those of an LSTM with i = 1 - f "
        f"and h = c by at most {max(states):.2g}, the gradients by {max(gradients):.2g} of the largest entry (asked: below {SAME:g}); "
        f"with the reset gate free by at least {min(free):.2g} and {min(d_free):.2g} (asked: above {DIFFERENT:g})",
    )


def one_memory_needs_no_compression(spec):
    """The memory lies between the memory before and a tanh, so that it stays in [-1, 1] once it is there."""
    reached, outside, count = 0.0, 0.0, 0
    for values in draws(spec, ({"T": 25, "I": 3, "H": 4},), 8):
        count += 1
        strong = {name: 5 * values[name] for name in ("W_z", "W_r", "W")}
        found = opened(spec, {**values, **strong, "h0": np.tanh(values["h0"])})
        h, candidate = found.outputs["h"], found.intermediates["h_tilde"]
        before = np.concatenate([np.tanh(values["h0"])[None], h[:-1]])
        reached = max(reached, np.abs(h).max())
        outside = max(outside, (h - np.maximum(before, candidate)).max(), (np.minimum(before, candidate) - h).max())
    return Shown(
        0.9 < reached <= 1 and outside < SAME,
        f"over {count} draws of 25 steps with strong weights the memory reaches {reached:.6g} in magnitude (asked: at most 1) and leaves "
        f"the span of the memory before and the candidate by {outside:.2g} (asked: below {SAME:g})",
    )
