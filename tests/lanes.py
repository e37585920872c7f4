"""A function over lanes, called on whole arrays: for tests of what lanes can do, and of steps that are made of it."""

import ctypes
import zlib

import numpy as np

from refrnn.kernels.engine.pointwise import Pointwise
from refrnn.kernels.engine.rows import ARRAY, OWN
from refrnn.kernels.primitives.compile import address

_CALL = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 2, *[ctypes.c_int64] * 5, ctypes.c_void_p)


def pointwise(function, kinds, reads, writes, adds=()):
    """Such a step, under a name of its own for everything that it is made of."""
    code = (function.__code__.co_code, function.__code__.co_consts, function.__code__.co_names, kinds, reads, writes, adds)
    return Pointwise(function, kinds, reads, writes, adds, f"test-{function.__name__}-{zlib.crc32(repr(code).encode()):08x}")


def call(step, dtype, records, order, t, rows, units):
    """``records``: (base, step, row, panel, shift, offset) of each array; rows and units: from, to."""
    arrays, order = np.array(records, np.int64), np.array(order, np.int64)
    assert arrays.shape[1] == len(ARRAY.names)
    _CALL(step.address(dtype))(address(arrays), address(order), t, *rows, *units, 0)


def over_lanes(function, results, *arrays):
    """``results`` arrays: what ``function`` gives for one-dimensional ``arrays``, as long as whole vectors."""
    found = [np.empty_like(arrays[0]) for _ in range(results)]
    reads = tuple(((k, 0),) for k in range(len(arrays)))
    writes = tuple(((len(arrays) + k, 0),) for k in range(results))
    step = pointwise(function, (OWN,) * (len(arrays) + results), reads, writes)
    records = [(address(array), 0, 0, 0, 0, 0) for array in (*arrays, *found)]
    call(step, arrays[0].dtype, records, [0], 0, (0, 1), (0, len(arrays[0])))
    return found
