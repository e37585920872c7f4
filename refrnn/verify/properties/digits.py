"""The precision in which a backend computes: that of what it is given."""

from dataclasses import replace

import numpy as np

from refrnn.backends.run import answer
from refrnn.verify.properties.asking import answers_of, is_seen, key_of, same_bits, with_halves

FINE = 1 + 2.0**-30  # a factor that float32 doesn't tell from one


def every_digit_counts(spec, truth, backend):
    """Numbers that differ beyond the digits of float32 give other results in float64: no array is taken in a lower precision."""
    if truth.checked.dtype != np.float64 or not spec.differentiated:
        return None
    plain = answer(spec, truth.checked, backend)[0]
    for name in spec.differentiated:
        array = truth.checked.arrays[name]
        moved = np.where(with_halves(spec, name, array) != array, array * FINE, array)
        if not is_seen(spec, truth, name, moved):
            continue
        found = answer(spec, replace(truth.checked, arrays=truth.checked.arrays | {name: moved}), backend)[0]
        if all(same_bits(found[output], plain[output]) for output in found):
            return f"nothing changes with the last digits of {name}"
    return None


def extended_precision_is_kept(spec, truth, backend):
    """Given extended precision, nothing is computed in less: results are as near to the truth as its own rounding allows."""
    wide = {name: array.astype(np.longdouble) if array.dtype.kind == "f" else array for name, array in truth.checked.arrays.items()}
    upstream = {name: array.astype(np.longdouble) for name, array in truth.upstream.items()}
    for name, array in answers_of(spec, replace(truth.checked, arrays=wide, dtype=np.dtype(np.longdouble)), backend, upstream).items():
        key, digits = key_of(spec, truth, name), truth.eps / np.finfo(np.longdouble).eps
        if key in truth.quantities and truth.error(key, array)[0] * digits > 2 * truth.bounds[key]:
            return f"{name} is computed in less than the precision that is given"
    return None
