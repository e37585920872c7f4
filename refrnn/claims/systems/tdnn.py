"""Time-delay neural network: claims of cmu-2020 and cmu-2017 about its finite response."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, SAME, distance, draws, rewritten, run, tangent

SIZES = ({"T": 12, "N": 3}, {"T": 15, "N": 1, "I": 2, "O": 3}, {"T": 20, "N": 6, "I": 3, "O": 4})
LINEAR = "Y[t] = sum(W[n] @ line[t-n] for n in range(N+1)) + b"


def affects_outputs_for_some_steps_only(spec):
    """An input's tangent lives for its own step and N more, and is exactly zero after them: outputs are counted."""
    early, late, more = [], [], []
    for values in draws(spec, SIZES, 4):
        delays = values["X_start"].shape[1]
        for place in (0, 4):
            direction = np.zeros_like(values["X"])
            direction[place] = 1
            response = np.abs(tangent(spec, values, {"X": direction})["Y"][place:]).max(axis=1)
            early.append(response[: delays + 1].min())
            late.append(response[delays + 1 :].max())
            more.append(int(np.count_nonzero(response)) - delays)
    return Shown(
        set(more) == {0},
        f"over {len(early)} tangents with N of 1, 3 or 6 an input changes {' or '.join(map(str, sorted(set(more))))} output more than N; the derivative of the "
        f"output by it is at least {min(early):.2g} in its own step and the N after it (asked: above 0), and at most {max(late):.2g} in all later ones "
        f"(asked: 0)",
        mend_holds=set(more) == {1} and min(early) > 0 and max(late) == 0,
    )


def long_term_dependence_is_not_reflected(spec):
    """All inputs but the last N + 1 exchanged leave the last output as it is; those exchanged change it."""
    same, apart = [], []
    for seed, values in enumerate(draws(spec, SIZES, 4)):
        other = spec.draw({"T": len(values["X"]), "N": values["X_start"].shape[1], "I": values["X"].shape[2]}, 1, 500 + seed, "float64")
        cut = len(values["X"]) - values["X_start"].shape[1] - 1
        last = run(spec, values).outputs["Y"][-1]
        other_past = {"X_start": other["X_start"], "X": np.concatenate((other["X"][:cut], values["X"][cut:]))}
        other_present = {"X": np.concatenate((values["X"][:cut], other["X"][cut:]))}
        same.append(distance(last, run(spec, {**values, **other_past}).outputs["Y"][-1]))
        apart.append(distance(last, run(spec, {**values, **other_present}).outputs["Y"][-1]))
    return Shown(
        max(same) == 0 and min(apart) > DIFFERENT,
        f"over {len(same)} draws another long-term past changes the last output by {max(same):.2g} (asked: 0), other last N + 1 "
        f"inputs by at least {min(apart):.2g} of its largest entry (asked: above {DIFFERENT:g})",
    )


def bounded_input_gives_bounded_output(spec):
    """For inputs within a bound, however long, the output stays within what the weights make of the bound.

    The worst input, with the signs of the weights, is among those tried. With the identity for f the bound is reached.
    """
    linear = rewritten(spec, LINEAR)
    parts = {"tanh": [], "the identity": []}
    for steps in (10, 100):
        for number, values in enumerate(draws(spec, ({"T": steps, "N": 4},), 3)):
            for largest in (1.0, 1000.0):
                values = _worst(values, largest, number % values["b"].size)
                sums = largest * np.abs(values["W"]).sum(axis=(0, 2)) + np.abs(values["b"])
                for (name, found), network, bound in zip(parts.items(), (spec, linear), (np.tanh(sums), sums)):
                    found.append((np.abs(run(network, values).outputs["Y"][:, 0]) / bound).max())
    most = {name: max(found) for name, found in parts.items()}
    return Shown(
        max(most.values()) <= 1 + SAME and min(parts["the identity"]) > 1 - SAME,
        f"over {len(parts['tanh'])} inputs of 10 or 100 steps, within 1 or 1000, the largest output is at most {most['tanh']:.4f} of the bound "
        f"with tanh for f and {most['the identity']:.4f} with the identity, which reaches it (asked: at most 1)",
    )


def _worst(values, largest, output):
    """The values with inputs of magnitude ``largest`` whose signs make this output largest at the last step."""
    W, b = values["W"][:, output], values["b"][output]
    random = np.random.default_rng(len(values["X"]))
    signs = {name: largest * random.choice([-1.0, 1.0], values[name].shape) for name in ("X", "X_start")}
    signs["X"][-len(W) :, 0] = largest * (np.sign(b) * np.sign(W))[::-1]
    return {**values, **signs}
