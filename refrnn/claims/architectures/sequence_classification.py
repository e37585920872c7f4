"""Sequence classification: krippahl's claim that sequences may be of any length."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, SAME, distance, random_upstream, run

LENGTHS = np.array([6, 1, 9, 3])


def lengths_may_differ_in_one_batch(spec):
    """A batch of unequal sequences against each of them alone: answers, gradients of the inputs, sums of those of the weights."""
    answers, gradients, lone = [], [], []
    for seed in range(5):
        values = spec.draw({"T": max(LENGTHS), "D": 2, "H": 3, "O": 4}, len(LENGTHS), seed, "float64")
        together = run(spec, values, LENGTHS)
        upstream = random_upstream(together.outputs, seed)
        d_together, totals = together.backward(upstream), {}
        for item, length in enumerate(LENGTHS):
            alone = run(spec, {**values, "x": values["x"][:length, [item]], "h0": values["h0"][[item]]})
            d_alone = alone.backward({"y": upstream["y"][[item]]})
            answers.append(distance(alone.outputs["y"][0], together.outputs["y"][item]))
            gradients.append(distance(d_alone.pop("x")[:, 0], d_together["x"][:length, item]))
            gradients.append(distance(d_alone.pop("h0")[0], d_together["h0"][item]))
            totals = {name: totals.get(name, 0) + gradient for name, gradient in d_alone.items()}
        gradients += [distance(total, d_together[name]) for name, total in totals.items()]
        lone.append(distance(run(spec, values).outputs["y"], together.outputs["y"]))
    return Shown(
        max(answers) == 0 and max(gradients) < SAME and min(lone) > DIFFERENT,
        f"over {len(answers)} sequences of {', '.join(map(str, LENGTHS))} steps, four to a batch, the answers differ from those of each alone by "
        f"{max(answers):.2g} (asked: 0), the gradients by at most {max(gradients):.2g} of the largest (asked: below {SAME:g}); with all taken as "
        f"whole the answers differ by at least {min(lone):.2g} (asked: above {DIFFERENT:g})",
    )
