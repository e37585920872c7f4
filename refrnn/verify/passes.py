"""Passes of the equation over the same values, all of them and all their sequences at once, on lanes."""

import numpy as np

from refrnn.backends.sequences import Sequences
from refrnn.equation.held import HeldTogether
from refrnn.equation.lanes import Apart, LaneNearest, LaneNoise, Lanes
from refrnn.equation.noise import NEAREST

MOST_LANES = 64


class Passes:
    """As many passes as there are ``choices``, each a :class:`Held` for every sequence.

    ``noise`` is NEAREST, or a seed of random rounding for each pass; without it nothing is rounded.
    """

    def __init__(self, spec, checked, dtype, choices, noise=None):
        self.spec = spec
        self.checked = checked
        self.dtype = np.dtype(dtype)
        self.sequences = Sequences(spec, checked)
        self.choices = choices
        self.noise = noise
        self.runs = [run for places in self._alike() for run in self._run(places)]

    def _alike(self):
        """The places of sequences of the same sizes, together."""
        found = {}
        for place, item in enumerate(self.sequences.items):
            found.setdefault(tuple(self.sequences.sizes(item).items()), []).append(place)
        most = max(1, MOST_LANES // len(self.choices))
        return [places[first : first + most] for places in found.values() for first in range(0, len(places), most)]

    def _run(self, places):
        """[(places, run)]; the lanes are the passes of the first place, then those of the next."""
        held = [choices[place] for place in places for choices in self.choices]
        algebra = Lanes(self.dtype, len(held), noise=self._noise(places), choices=HeldTogether(held))
        arrays = {name: self._spread(name, array, places, self.sequences.take) for name, array in self.checked.arrays.items()}
        sizes = self.sequences.sizes(self.sequences.items[places[0]])
        try:
            return [(places, self.spec.program.run(arrays, sizes, algebra, self.checked.integers, None, self.spec.differentiated))]
        except Apart:
            for one in held:
                one.anew()
            return [run for place in places for run in self._run([place])]

    def _noise(self, places):
        if self.noise is None:
            return None
        if self.noise == NEAREST:
            return LaneNearest(self.checked.dtype, 0, self.dtype)
        return LaneNoise(self.checked.dtype, [*self.noise, places[0]], self.dtype)

    def _spread(self, name, array, places, part_of):
        """The part of each sequence, by ``part_of``, on the lanes of its passes."""
        parts = [part_of(name, array, self.sequences.items[place]) for place in places]
        if array.dtype.kind not in "iu":
            parts = [np.asarray(part, self.dtype) for part in parts]
        if name not in self.spec.outputs and self.spec.batch_axis(name) is None and all(part.shape == array.shape for part in parts):
            return np.broadcast_to(parts[0][..., None], (*parts[0].shape, len(places) * len(self.choices)))
        return np.repeat(np.stack(parts, axis=-1), len(self.choices), axis=-1)

    def gather(self, names):
        """Of each pass library arrays of defined symbols; those not wholly computed are left out."""
        gathered = [{} for _ in self.choices]
        for name in names:
            values = [run.value(name) for _, run in self.runs]
            if any(value is None for value in values):
                continue
            for found in gathered:
                found[name] = self.sequences.empty(name, self.dtype)
            for (places, _), value in zip(self.runs, values):
                self._put([found[name] for found in gathered], name, places, value)
        return gathered

    def _put(self, arrays, name, places, lanes):
        """Write what stands on ``lanes`` into the arrays of each pass."""
        for lane in range(lanes.shape[-1]):
            place, number = divmod(lane, len(arrays))
            self.sequences.put(name, arrays[number], self.sequences.items[places[place]], lanes[..., lane])

    def backward(self, upstream, absorbing=None):
        """Of each pass the gradients by symbol name, parameters summed over the sequences; ``absorbing`` as in :meth:`Run.backward`.

        ``upstream`` is that of all passes, or a list with one for each.
        """
        summed = {name: None for name in self.spec.differentiated if self.spec.batch_axis(name) is None}
        totals = {name: [self.sequences.empty(name, self.dtype) for _ in self.choices] for name in self.spec.differentiated if name not in summed}
        with np.errstate(all="ignore"):  # infinities of two sequences may cancel
            for places, run in self.runs:
                seeds = self._seeds(upstream, places)
                for name, lanes in run.backward(seeds, absorbing).items():
                    if name in summed:
                        summed[name] = self._added(summed[name], lanes, run.algebra.noise)
                    else:
                        self._put(totals[name], name, places, lanes)
        totals |= {name: [total[..., number].copy() for number in range(len(self.choices))] for name, total in summed.items()}
        return [{name: totals[name][number] for name in self.spec.differentiated} for number in range(len(self.choices))]

    def _seeds(self, upstream, places):
        if not isinstance(upstream, list):
            return {name: self._spread(name, array, places, self.sequences.seed) for name, array in upstream.items()}
        items = [self.sequences.items[place] for place in places]
        return {name: np.stack([self.sequences.seed(name, one[name], item) for item in items for one in upstream], axis=-1) for name in upstream[0]}

    def _added(self, total, lanes, noise):
        """The total, on a lane for each pass, sequence by sequence; before the first one there is none."""
        many = len(self.choices)
        for first in range(0, lanes.shape[-1], many):
            part = lanes[..., first : first + many]
            total = part if total is None else total + part
            total = total if noise is None else noise.relative(total, 1)
        return total
