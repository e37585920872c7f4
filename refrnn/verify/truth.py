"""What is right for a case, and how far an honest implementation may be from it.

The truth is the equation evaluated and differentiated in extended precision. The bound is measured, not chosen: the
same evaluation with every operation randomly rounded as in the case's precision (Monte Carlo arithmetic) shows what
rounding costs on that very case, through its operation count and its conditioning, for each quantity by itself.
"""

from dataclasses import dataclass

import numpy as np

from refrnn.backends.equation import EquationPass
from refrnn.backends.run import expected_shapes
from refrnn.spec.values import check_values

SAMPLES = 2  # of random rounding
# The largest of a few samples is below the largest possible error; and a result has half an ulp whatever it costs.
HEADROOM = 5.0
FLOOR = 4.0


@dataclass(frozen=True)
class Worst:
    """The largest error of one quantity: in ulp of its scale, its bound, and the place."""

    quantity: str
    kind: str
    ulp: float
    bound: float
    place: tuple

    @property
    def ok(self):
        return self.ulp <= self.bound


class Truth:
    """The right outputs, intermediates and gradients of one case, with a bound for each."""

    def __init__(self, spec, case):
        self.spec = spec
        self.case = case
        values, lengths = case.draw(spec)
        self.values = values
        self.lengths = lengths
        self.checked = check_values(spec, values, lengths)
        self.eps = float(np.finfo(self.checked.dtype).eps)
        # Below the smallest normal number a precision has no ulp to measure in.
        self.smallest = float(np.finfo(self.checked.dtype).tiny) / self.eps
        self.upstream = self._draw_upstream()
        exact = EquationPass(spec, self.checked, np.longdouble)
        self.quantities = self._quantities(exact)
        self.bounds = self._bounds()

    def _draw_upstream(self):
        random = np.random.default_rng([self.case.seed, 99])
        upstream = {}
        for name, shape in expected_shapes(self.spec, self.checked).items():
            upstream[name] = np.asarray(random.standard_normal(shape)).astype(self.checked.dtype)
        return upstream

    def _quantities(self, equation_pass):
        """Everything compared, as {(kind, name): array}."""
        found = equation_pass.gather(self.spec.defined)
        quantities = {(self.kind_of(name), name): array for name, array in found.items()}
        if self.spec.differentiated:
            for name, gradient in equation_pass.backward(self.upstream).items():
                if name not in self.checked.omitted:
                    quantities["gradient", f"d_{name}"] = gradient
        return quantities

    def kind_of(self, name):
        """Under which heading of the report an output stands."""
        return "clip" if "clip" in self.spec.verify and name in self.spec.outputs else "forward"

    def _bounds(self):
        largest = dict.fromkeys(self.quantities, 0.0)
        for sample in range(SAMPLES):
            noisy = EquationPass(self.spec, self.checked, np.longdouble, noise=(self.eps, 1000 + sample))
            for key, array in self._quantities(noisy).items():
                largest[key] = max(largest[key], self.error(key, array)[0])
        return {key: FLOOR + HEADROOM * error for key, error in largest.items()}

    def error(self, key, array):
        """The largest error of ``array`` in ulp, and its place.

        An ulp is the precision's eps times the largest magnitude of the quantity (of the same time step, where it has
        time). A quantity that is zero everywhere, and all that lies past a sequence's end, must be exactly zero.
        """
        truth = self.quantities[key]
        difference = np.abs(np.asarray(array, np.longdouble) - truth)
        scale = np.abs(truth)
        name = key[1][2:] if key[0] == "gradient" else key[1]
        if truth.ndim and self.spec.time_size(name) is not None:
            scale = scale.max(axis=tuple(range(1, truth.ndim)), keepdims=True, initial=0)
        else:
            scale = scale.max(initial=0)
        ulp = self.eps * np.where(scale > 0, np.maximum(scale, self.smallest), 0)
        with np.errstate(all="ignore"):
            errors = np.where(difference == 0, 0, difference / ulp)
        errors = np.where(np.isnan(errors) | (self._past_end(name, truth) & (difference != 0)), np.inf, errors)
        if not errors.size:
            return 0.0, ()
        place = np.unravel_index(int(np.argmax(errors)), errors.shape)
        return float(errors[place]), tuple(int(index) for index in place)

    def _past_end(self, name, truth):
        """Where an array lies past its sequence's end, in a shape that goes with it."""
        time = self.spec.time_size(name)
        if self.checked.lengths is None or time not in self.checked.lengths:
            return np.False_
        past = np.arange(len(truth))[:, None] >= self.checked.lengths[time]
        return past.reshape(past.shape + (1,) * (truth.ndim - 2))

    def judge(self, found):
        """A :class:`Worst` for each of the quantities ``found``."""
        judged = []
        for key, array in found.items():
            kind, name = key
            truth = self.quantities[key]
            if np.shape(array) != truth.shape:
                judged.append(Worst(name, kind, float("inf"), self.bounds[key], ()))
                continue
            ulp, place = self.error(key, array)
            judged.append(Worst(name, kind, ulp, self.bounds[key], place))
        return judged
