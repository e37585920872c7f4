"""Draws on which two programs that are not the same can hardly agree: equal, zero, tiny, negative, large and tied values.

They are judged in extended precision: what differs by more than rounding costs there is no rounding.
"""

from dataclasses import dataclass
from typing import Callable

import numpy as np

from refrnn.verify.cases import Case


def _same(array, random):
    return array


@dataclass(frozen=True)
class Draw(Case):
    """A case of values of ``change(array, random)``, in the domain of each symbol; ``ties``: many of them are equal."""

    batch: int = 2
    change: Callable = _same
    steps: int = 4
    ties: bool = False

    def draw(self, spec):
        """The values, and no lengths: each sequence is whole."""
        sizes = {name: self.steps + place for place, name in enumerate(spec.time)}
        values = spec.draw(sizes, self.batch, self.seed, self.dtype)
        random = np.random.default_rng([self.seed, 7])
        for name, symbol in spec.arrays.items():
            if symbol.type == "real" and symbol.draw == "normal":
                changed = np.asarray(self.change(values[name], random), self.dtype)
                values[name] = changed if symbol.low is None and symbol.high is None else np.clip(changed, symbol.low, symbol.high)
            elif self.ties and symbol.type == "integer" and symbol.shape:
                values[name] = np.full_like(values[name], values[name].flat[0])
        return values, None


def _chosen(*numbers):
    return lambda array, random: random.choice(numbers, np.shape(array))


# An error in ulp of float64, in which the cost of rounding is measured, is this many ulp of extended precision.
FINER = float(np.finfo(np.float64).eps / np.finfo(np.longdouble).eps)

DRAWS = (
    Draw("random", seed=50),
    Draw("random-again", seed=51, steps=7),
    Draw("two-steps", seed=52, steps=2),
    Draw("one-step", seed=53, steps=1),
    Draw("positive", seed=54, change=lambda array, random: np.abs(array)),
    Draw("negative", seed=55, change=lambda array, random: -np.abs(array)),
    Draw("small", seed=56, change=lambda array, random: array * 1e-3),
    Draw("tiny", seed=57, change=lambda array, random: array * 1e-9),
    Draw("large", seed=58, change=lambda array, random: array * 8),
    Draw("mixed", seed=59, change=lambda array, random: array * 10.0 ** random.integers(-3, 2, np.shape(array))),
    Draw("tied", seed=60, change=_chosen(-1, -0.5, 0, 0.5, 1), ties=True),
    Draw("tied-again", seed=61, steps=6, change=_chosen(0.25, 0.5, 1), ties=True),
    Draw("zero-or-not", seed=62, change=lambda array, random: array * random.integers(0, 2, np.shape(array)), ties=True),
    Draw("equal", seed=63, change=lambda array, random: np.full_like(array, 0.5), ties=True),
    Draw("zero", seed=64, change=lambda array, random: np.zeros_like(array), ties=True),
)
