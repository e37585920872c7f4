"""Linear recursion: claims of cmu-2017 about its closed form and the responses to single inputs."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import SAME, distance, draws, run

SIZES = ({"T": 1, "I": 2, "H": 3}, {"T": 4, "I": 3, "H": 4}, {"T": 9, "I": 2, "H": 5})


def _alone(values, place):
    """The same problem with one input alone, or with the start alone at place -1."""
    x, h0 = np.zeros_like(values["x"]), np.zeros_like(values["h0"])
    if place < 0:
        h0 = values["h0"]
    else:
        x[place] = values["x"][place]
    return {**values, "x": x, "h0": h0}


def superposition_is_the_state(spec):
    """The start and every input by itself, then their sum; a response begins with its input."""
    closed, summed, early = [], [], []
    for values in draws(spec, SIZES, 4):
        both = run(spec, values).outputs
        steps = len(values["x"])
        responses = [run(spec, _alone(values, place)).outputs["h"] for place in range(-1, steps)]
        closed.append(distance(both["h"], both["h_closed"]))
        summed.append(distance(both["h"], sum(responses)))
        early += [np.abs(responses[place + 1][:place]).max(initial=0) for place in range(steps)]
    return Shown(
        max(closed + summed) < SAME and max(early) == 0,
        f"over {len(closed)} draws with T from 1 to 9 the recursion differs from the closed form by at most {max(closed):.2g} and from "
        f"the sum of the responses to the start and to each input alone by {max(summed):.2g} of the largest state (asked: below "
        f"{SAME:g}); before its input a response is {max(early):.2g} (asked: 0)",
    )


def response_is_a_power(spec):
    """The first input alone, against a power that NumPy makes."""
    apart = []
    for values in draws(spec, SIZES, 4):
        found = run(spec, _alone(values, 0)).outputs["h"][:, 0]
        first = values["W_x"] @ values["x"][0, 0]
        powers = [np.linalg.matrix_power(values["W_h"], t) @ first for t in range(len(found))]
        apart.append(distance(found, np.array(powers)))
    return Shown(
        max(apart) < SAME,
        f"over {len(apart)} draws with T from 1 to 9, W_h^t W_x x_0 differs from the response to x_0 alone by at most {max(apart):.2g} of "
        f"its largest entry (asked: below {SAME:g})",
    )
