"""What the library hands to every backend, and draws, is what was given and what is promised: truth and backends would share what is not."""

import numpy as np

from refrnn.errors import RefrnnError
from refrnn.spec.draw import fitting_sizes
from refrnn.spec.values import check_values
from refrnn.verify.backends import poisoned


def handed_on(spec, values, lengths, checked):
    """What is not as it was given, in words."""
    found = [f"{name} is not what was given" for name, array in checked.arrays.items() if name in values and not np.array_equal(array, values[name], equal_nan=array.dtype.kind == "f")]
    found += [f"{name} is not what was given" for name, number in checked.integers.items() if number != values[name]]
    if lengths is None:
        return found + (["lengths are there that were not given"] if checked.lengths else [])
    given = lengths if isinstance(lengths, dict) else {spec.time[0]: lengths}
    return found + [f"the lengths of {name} are not those that were given" for name in spec.time if not np.array_equal(checked.lengths[name], given[name])]


def promises(spec, truth):
    """What does not hold of how the library takes values and draws them, in words."""
    return [text for ask in (_padding_is_free, _times_not_named_are_whole, _draws) for text in ask(spec, truth)]


def _padding_is_free(spec, truth):
    """What lies past a sequence's end may be anything, out of its domain too."""
    checked = poisoned(spec, truth.checked)
    values = {name: array for name, array in checked.arrays.items() if name not in checked.omitted} | checked.integers
    values |= {name: checked.sizes[name] for name in spec.named_sizes}
    try:
        check_values(spec, values, truth.lengths)
    except RefrnnError as error:
        return [f"what lies past an end is refused ({error})"]
    return []


def _times_not_named_are_whole(spec, truth):
    for name in spec.time if len(spec.time) > 1 else ():
        checked = check_values(spec, truth.values, {name: truth.lengths[name]})
        for other in set(spec.time) - {name}:
            if np.any(checked.lengths[other] != checked.sizes[other]):
                yield f"{other} is not whole where lengths are given of {name} alone"


def _draws(spec, truth):
    """By the rules of :mod:`refrnn.spec.draw`, in a draw large enough for chance."""
    sizes = fitting_sizes(spec, {name: 9 for name in spec.sizes if name != spec.batch}, 9)
    values = spec.draw(sizes, batch=9, seed=36, dtype="float64")
    for name, symbol in spec.arrays.items():
        array = np.asarray(values[name])
        if symbol.type == "integer" or not array.size > 1:
            continue
        low, high = (-np.inf if symbol.low is None else symbol.low), (np.inf if symbol.high is None else symbol.high)
        kinds = {
            "mask": np.isin(array, (0, 1)).all() and 0.2 < array.mean() < 0.8,
            "distribution": (array > 0).all() and np.allclose(array.sum(axis=-1), 1),
            "one-hot": np.isin(array, (0, 1)).all() and (array.sum(axis=-1) == 1).all(),
            "normal": (array != 0).all() and len(np.unique(array)) == array.size and (low > -np.inf or high < np.inf or 0.05 < np.abs(array).max() < 10),
        }
        if not ((array >= low) & (array <= high)).all() or not kinds[symbol.draw]:
            yield f"draw gives {name} other numbers than it promises"
