"""Memory of arrays between pages that nobody may touch: whatever reads or writes past an array's end, before its start or
after it was freed ends the process, in compiled code too.

NumPy asks a handler for the memory of every array. This one maps pages of its own for each, so that what is found is
found in the machine code that users run. ``python -m tests.guard end`` or ``start`` runs all kernels so, forward and
backward, on the cases named after it (all quick ones without).
"""

import argparse
import ctypes
import mmap
import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

PAGE = mmap.PAGESIZE
NOTHING, READ_WRITE = 0, mmap.PROT_READ | mmap.PROT_WRITE
OWN = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
SET_HANDLER = 304  # the place of PyDataMem_SetHandler in NumPy's table of functions

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
_libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]

_SIZE, _PLACE = ctypes.c_size_t, ctypes.c_void_p
_MALLOC = ctypes.CFUNCTYPE(_PLACE, _PLACE, _SIZE)
_CALLOC = ctypes.CFUNCTYPE(_PLACE, _PLACE, _SIZE, _SIZE)
_REALLOC = ctypes.CFUNCTYPE(_PLACE, _PLACE, _PLACE, _SIZE)
_FREE = ctypes.CFUNCTYPE(None, _PLACE, _PLACE, _SIZE)


class _Handler(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char * 127), ("version", ctypes.c_uint8),
        ("ctx", _PLACE), ("malloc", _MALLOC), ("calloc", _CALLOC), ("realloc", _REALLOC), ("free", _FREE),
    ]  # fmt: skip


_every = []  # guards: what arrays were given they give back at any time


class Guard:
    """Within its ``with`` block arrays end at a page that may not be touched (``at_end``), or begin after one."""

    def __init__(self, at_end):
        self.at_end = at_end
        self.mapped = {}  # by where an array begins: (where its pages begin, their bytes, its own)
        calls = _MALLOC(self._malloc), _CALLOC(lambda ctx, count, size: self._malloc(ctx, count * size)), _REALLOC(self._realloc), _FREE(self._free)
        self._kept = _Handler(b"guarded", 1, None, *calls)
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        _every.append(self)
        self.capsule = new(ctypes.addressof(self._kept), b"mem_handler", None)

    def __enter__(self):
        self.before = _set(self.capsule)
        return self

    def __exit__(self, *_):
        _set(self.before)

    def _malloc(self, _, size):
        size = max(size, 1)
        inside = -(-size // PAGE) * PAGE
        begin = _libc.mmap(None, inside + 2 * PAGE, READ_WRITE, OWN, -1, 0)
        if begin in (None, ctypes.c_void_p(-1).value):
            return None
        _libc.mprotect(begin, PAGE, NOTHING)
        _libc.mprotect(begin + PAGE + inside, PAGE, NOTHING)
        place = begin + PAGE + (inside - size if self.at_end else 0)
        self.mapped[place] = begin, inside + 2 * PAGE, size
        return place

    def _realloc(self, ctx, place, size):
        new = self._malloc(ctx, size)
        if place and new:
            ctypes.memmove(new, place, min(size, self.mapped[place][2]))
            self._free(ctx, place, 0)
        return new

    def _free(self, _, place, size):
        if place:
            _libc.munmap(*self.mapped.pop(place)[:2])


def _set(capsule):
    """Give NumPy another handler; the one before is returned."""
    table = ctypes.pythonapi.PyCapsule_GetPointer
    table.restype, table.argtypes = ctypes.POINTER(ctypes.c_void_p), [ctypes.py_object, ctypes.c_char_p]
    functions = table(np._core._multiarray_umath._ARRAY_API, None)
    return ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)(functions[SET_HANDLER])(capsule)


def passes(specs, names, at_end):
    """Run the kernels of these specs, forward and backward, on those of their quick cases that are named; how many there were."""
    from refrnn.kernels.engine.pool import POOL
    from refrnn.verify.cases import cases

    count = 0
    for spec in specs:
        for case in cases(spec):
            if names and case.name not in names:
                continue
            values, lengths = case.draw(spec)
            with Guard(at_end), np.errstate(all="ignore"):
                run = spec.forward(values, backend="kernel", lengths=lengths)
                if spec.differentiated:
                    run.backward({name: np.ones_like(array) for name, array in run.outputs.items()})
                del run
                POOL.free()
            count += 1
    return count


if __name__ == "__main__":
    import refrnn
    from refrnn.spec.library import rows

    parser = argparse.ArgumentParser(description="Run all kernels on arrays between pages that end the process when touched.")
    parser.add_argument("side", choices=("end", "start"), nargs="?", default="end", help="the side at which an array touches such a page")
    parser.add_argument("cases", nargs="*", help="names of quick cases; all without")
    options = parser.parse_args()
    print(passes(map(refrnn.load, rows()), options.cases, options.side == "end"), "passes", flush=True)
    os._exit(0)  # before the interpreter takes the guards away and frees arrays afterwards
