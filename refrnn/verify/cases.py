"""The cases on which backends are held against the equation: sizes, lengths, precisions and draws that discriminate."""

from dataclasses import dataclass, field

import numpy as np

from refrnn.errors import SpecError
from refrnn.spec.domain import empty_shape, enlarged
from refrnn.spec.draw import complete_sizes, fitting_sizes

LEVELS = ("quick", "full")
# Around the widths of vector registers and of the kernels' blocks of rows.
WIDTHS = {"quick": ((16, 17, 15),), "full": ((7, 8, 9), (16, 17, 15), (31, 33, 32), (64, 65, 63))}


@dataclass(frozen=True)
class Case:
    """One drawn problem: everything that makes its values, so that it can be drawn again."""

    name: str
    dtype: str = "float64"
    sizes: dict = field(default_factory=dict)
    batch: int = 3
    seed: int = 0
    ragged: bool = False
    stretch: float = 1.0  # factor on parameters: large ones saturate the activations
    omit: bool = False  # leave the optional symbols out
    values: dict = field(default_factory=dict)  # symbols that are set, not drawn
    special: bool = False  # about NaN and infinity: they may come out, and must come out in the same places

    def draw(self, spec):
        """The values and the lengths of the case."""
        values = spec.draw(self.sizes, self.batch, self.seed, self.dtype)
        for name, symbol in spec.arrays.items():
            if symbol.role == "parameter" and symbol.low is None and symbol.high is None:
                values[name] = values[name] * values[name].dtype.type(self.stretch)
            if self.omit and symbol.optional:
                del values[name]
        for name, given in self.values.items():
            values[name] = given if spec.symbols[name].is_integer_constant else np.asarray(given, self.dtype)
        return values, self._lengths(spec)

    def _lengths(self, spec):
        if not self.ragged:
            return None
        sizes = complete_sizes(spec, self.sizes, self.batch)
        random = np.random.default_rng(self.seed + 1)
        shortest = enlarged(spec, sizes | {name: 1 for name in spec.time}, fixed=sizes.keys() - set(spec.time))
        lengths = {}
        for name in spec.time:
            drawn = random.integers(shortest[name], sizes[name], self.batch, endpoint=True)
            drawn[0], drawn[-1] = sizes[name], shortest[name]
            lengths[name] = drawn
        for item in range(self.batch):
            if empty_shape(spec, sizes | {name: int(drawn[item]) for name, drawn in lengths.items()}):
                for name, drawn in lengths.items():
                    drawn[item] = sizes[name]
        return lengths if len(lengths) > 1 else lengths[spec.time[0]]


def _times(spec, steps):
    return {name: steps + place for place, name in enumerate(spec.time)}


def _widths(spec, widths):
    """Unequal sizes for the axes that are not time, around a width."""
    others = [name for name in spec.sizes if name not in spec.time and name != spec.batch]
    return {name: widths[place % len(widths)] + place // len(widths) for place, name in enumerate(others)}


def cases(spec, level="quick"):
    """The cases for a spec, the most telling first."""
    found = [Case("plain-float64"), Case("plain-float32", "float32", seed=1)]
    if spec.time:
        found += [
            Case("ragged-float64", "float64", _times(spec, 6), batch=4, seed=2, ragged=True),
            Case("ragged-float32", "float32", _times(spec, 9), batch=5, seed=3, ragged=True),
            Case("one-step", "float64", _times(spec, 1), batch=2, seed=4),
            Case("long-float32", "float32", _times(spec, 40), batch=2, seed=5),
        ]
    found += _edges(spec)
    found.append(Case("ones", "float32", {name: 1 for name in spec.sizes if name != spec.batch}, batch=1, seed=6))
    found.append(Case("saturated-float64", "float64", seed=7, stretch=8.0))
    found.append(Case("saturated-float32", "float32", seed=8, stretch=8.0))
    for widths in WIDTHS[level]:
        found.append(Case(f"width-{widths[0]}-float32", "float32", {**_times(spec, 3), **_widths(spec, widths)}, batch=2, seed=9))
    if spec.batched or spec.batch:
        found.append(Case("rows-float32", "float32", _times(spec, 3), batch=19, seed=10))
    if any(symbol.optional for symbol in spec.arrays.values()):
        found.append(Case("left-out", "float64", seed=11, omit=True))
    found += [_own_case(spec, entry) for entry in spec.cases]
    found = found if level == "quick" else found + _more(spec)
    return [Case(**{**vars(case), "sizes": fitting_sizes(spec, case.sizes, case.batch)}) for case in found]


def _edges(spec):
    """Every constant at both ends of its domain."""
    found = []
    for name, symbol in spec.arrays.items():
        if symbol.role != "constant" or symbol.shape:
            continue
        for end, value in (("low", symbol.low), ("high", symbol.high)):
            if value is not None:
                value = int(value) if symbol.type == "integer" else float(value)
                seed = 12 if end == "low" else 13
                found.append(Case(f"{name}-{end}", "float64", seed=seed, values={name: value}))
    return found


def _own_case(spec, entry):
    for name in entry.get("values", {}):
        if name not in spec.arrays:
            raise SpecError(f"{spec.source}: the case {entry['name']} sets {name}, which is no symbol")
    return Case(entry["name"], "float64", dict(entry.get("sizes", {})), seed=14, values=dict(entry.get("values", {})))


def _more(spec):
    """The full level: long sequences, wide ragged batches, and twenty drawn at random."""
    found = [Case("left-out-float32", "float32", seed=15, omit=True)]
    if spec.time:
        found += [
            Case("long-float64", "float64", _times(spec, 200), batch=2, seed=16),
            Case("very-long-float32", "float32", _times(spec, 500), batch=1, seed=17),
            Case("ragged-wide-float32", "float32", {**_times(spec, 12), **_widths(spec, (33, 34))}, batch=17, seed=18, ragged=True),
        ]
    random = np.random.default_rng(19)
    for number in range(20):
        sizes = {name: int(random.integers(1, 24)) for name in spec.sizes if name != spec.batch}
        ragged = bool(spec.time) and bool(random.integers(0, 2))
        found.append(
            Case(
                f"drawn-{number}",
                ("float32", "float64")[number % 2],
                sizes,
                batch=int(random.integers(1, 12)),
                seed=100 + number,
                ragged=ragged,
                stretch=float(random.choice([0.5, 1.0, 3.0])),
            )
        )
    return found
