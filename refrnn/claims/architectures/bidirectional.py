"""Bidirectional network: claims of cmu-2020 about what it must have seen, and in which order."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import SAME, another_spec, distance, draws, jacobian, run

SIZES = ({"T": 2, "I": 3, "H": 2, "K": 4}, {"T": 7, "I": 2, "H": 3, "K": 2}, {"T": 15, "I": 2, "H": 2, "K": 3})
EXCHANGED = {"W_f": "W_b", "U_f": "U_b", "b_f": "b_b", "h_f0": "h_binf"}


def is_not_online(spec):
    """The first output has a derivative by the last input; that of a net that runs forward alone has none."""
    forward_only = another_spec("unfolding")
    reach, behind, online = [], [], []
    for values in draws(spec, SIZES, 5):
        by_last = jacobian(spec, values, "h", "x", 0)[:, -1]
        units = values["h_f0"].shape[-1]
        behind.append(np.abs(by_last[:units]).max())
        reach.append(np.abs(by_last[units:]).max())
    for values in draws(forward_only, [{"T": sizes["T"], "I": 2, "H": 3} for sizes in SIZES], 5):
        online.append(np.abs(jacobian(forward_only, values, "s", "x", 0)[:, -1]).max())
    return Shown(
        min(reach) > 0 and max(behind + online) == 0,
        f"over {len(reach)} draws with T from 2 to 15 the derivative of the first output by the last input is at least {min(reach):.2g} "
        f"in the backward net (asked: above 0), {max(behind):.2g} in the forward net and {max(online):.2g} in a net that runs "
        f"forward alone (asked: 0)",
    )


def backward_net_runs_in_reverse_time(spec):
    """It is the forward net with the backward weights on the reversed input, its states reversed again."""
    apart = []
    for values in draws(spec, SIZES, 8):
        units = values["h_f0"].shape[-1]
        exchanged = {"x": values["x"][::-1]}
        for one, other in EXCHANGED.items():
            exchanged[one], exchanged[other] = values[other], values[one]
        swapped = run(spec, exchanged).outputs["h"][::-1]
        wanted = np.roll(swapped, units, axis=-1)
        apart.append(distance(run(spec, values).outputs["h"], wanted))
    return Shown(
        max(apart) < SAME,
        f"over {len(apart)} draws with T from 2 to 15, the input reversed and the two nets' weights and starts exchanged give the same "
        f"states, reversed and exchanged, within {max(apart):.2g} of the largest entry (asked: below {SAME:g})",
    )
