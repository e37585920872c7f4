"""Neural language model slid along a text: the same network at every place."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import SAME, another_spec, distance, draws, farthest, opened, random_upstream, run

SIZES = ({"T": 6, "L": 3, "N": 5, "M": 3, "H": 4}, {"T": 9, "L": 1, "N": 4, "M": 2, "H": 3}, {"T": 3, "L": 4, "N": 6, "M": 2, "H": 5})
SHARED = ("P", "A", "a", "U", "b")


def is_the_same_model_at_every_place(spec):
    """Each window of words handed to neural-language-model by itself; the gradients of the parameters are sums over places."""
    one = another_spec("neural-language-model")
    forward, backward = [], []
    for values in draws(spec, SIZES, 3):
        slid = run(spec, values)
        parameters = {name: values[name] for name in SHARED}
        windows = run(one, {"w": _windows(values), "d": values["d"][:, 0], **parameters})
        forward.append(farthest({name: array[:, 0] for name, array in slid.outputs.items()}, windows.outputs))
        upstream = random_upstream(windows.outputs, len(forward))
        gradients = slid.backward({name: array[:, None] for name, array in upstream.items()})
        backward.append(farthest(gradients, windows.backward(upstream), SHARED))
    return Shown(
        max(forward) < SAME and max(backward) < SAME,
        f"over {len(forward)} texts with windows of 2, 4 and 5 words the outputs differ from those of neural-language-model, window by "
        f"window, by at most {max(forward):.2g} of the largest, the gradients of the parameters, added over the windows, by "
        f"{max(backward):.2g} (asked: below {SAME:g})",
    )


def is_a_time_delay_network(spec):
    """The hidden units are the outputs of tdnn on the projected words, its delays in the order of A from the end."""
    network = another_spec("tdnn")
    apart = []
    for values in draws(spec, SIZES, 3):
        P = values["P"]
        projected = {"X": np.moveaxis(P[:, values["w"]], 0, -1), "X_start": np.moveaxis(P[:, values["w_start"]], 0, -1)}
        other = run(network, {**projected, "W": values["A"][::-1], "b": values["a"]})
        apart.append(distance(opened(spec, values).intermediates["h"], other.outputs["Y"]))
    return Shown(
        max(apart) < SAME,
        f"over {len(apart)} texts the hidden units differ from the outputs of tdnn on the projected words by at most {max(apart):.2g} of "
        f"the largest (asked: below {SAME:g})",
    )


def _windows(values):
    """The known words (T, L + 1) of every step, the last one nearest."""
    line = np.concatenate((values["w_start"][0], values["w"][:, 0]))
    return np.lib.stride_tricks.sliding_window_view(line, values["w_start"].shape[1] + 1)
