"""Arrays that lie otherwise in memory.

They go to the backend itself, just as they are laid out: the library would put them in order first."""

from dataclasses import replace

import numpy as np

from refrnn.verify.properties.asking import answers_of, first_wrong


def strided(array):
    wide = np.full(array.shape[:-1] + (2 * array.shape[-1],), 77, array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def _reversed(array):
    return np.flip(np.flip(array).copy())


def _dense_looking(array):
    """Where an axis has one place only its stride is of no meaning, and NumPy calls the array contiguous."""
    strides = [3 * array.itemsize if size == 1 else stride for size, stride in zip(array.shape, array.strides)]
    return np.lib.stride_tricks.as_strided(array, strides=strides)


def _unaligned(array):
    room = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    room[...] = array
    return room


def _read_only(array):
    copy = array.copy()
    copy.flags.writeable = False
    return copy


LAYOUTS = {
    "Fortran-ordered": np.asfortranarray,
    "strided": strided,
    "in reverse in memory": _reversed,
    "one wide with odd strides": _dense_looking,
    "unaligned": _unaligned,
    "read-only": _read_only,
}


def layout_does_not_matter(spec, truth, backend):
    """Arrays that lie otherwise in memory, handed to the backend as they are, do as well."""
    for word, rearrange in LAYOUTS.items():
        arrays = each(truth.checked.arrays, rearrange)
        name = first_wrong(spec, truth, answers_of(spec, replace(truth.checked, arrays=arrays), backend, each(truth.upstream, rearrange)))
        if name:
            return f"{name} is wrong when the arrays are {word}"
    return None


def each(arrays, rearrange):
    return {name: rearrange(array) if array.ndim else array for name, array in arrays.items()}
