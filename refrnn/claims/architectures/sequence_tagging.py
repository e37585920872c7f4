"""Sequence tagging: the claim of ds4440 about what each answer depends on."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import draws, jacobian


def tags_depend_on_the_inputs_so_far(spec):
    """The derivative of the tags of each step by the input of each step."""
    past, future = [], []
    for values in draws(spec, ({"T": 6, "D": 2, "H": 3, "O": 3}, {"T": 12, "D": 3, "H": 4, "O": 2}), 3):
        for step in range(len(values["x"])):
            reach = np.abs(jacobian(spec, values, "y", "x", step)).max(axis=(0, 2))
            past += reach[: step + 1].tolist()
            future += reach[step + 1 :].tolist()
    return Shown(
        min(past) > 0 and max(future) == 0,
        f"over {len(past)} pairs of a step and an input that has come, the derivative of the tags by it is at least {min(past):.2g} (asked: above 0), over "
        f"{len(future)} of one to come at most {max(future):.2g} (asked: 0)",
    )
