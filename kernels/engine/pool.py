"""Work memory that is used again: fresh pages cost as much as a good part of a pass.

``take`` hands out arrays, ``give`` takes their memory back; what is ready to be used again as it stands, such as programs
on memory of theirs, waits under a ``key``. No more than ``limit`` bytes wait, and ``free`` lets all of them go. What a caller
is given to keep never comes from here.
"""

import math
import threading
from collections import deque

import numpy as np

from ..primitives import fork
from ..primitives.caches import line_bytes
from ..primitives.compile import address
from ..primitives.tiles import vector_bytes

LIMIT = 2**28
LITTLE = 2**14  # bytes, for which memory is at hand anyway
LINE = max(line_bytes(), vector_bytes())  # a vector across two lines of the cache takes two reads
SMALL = 2**24  # bytes; a pass with more of them takes so long that what is ready to be used as it stands is not felt


def lined(shape, dtype):
    """An array whose entries may be anything, and whose first one begins a line."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(size + LINE, np.uint8)
    # A buffer, and not a part of an array: so what is made of it has this block as its base.
    return np.frombuffer(memoryview(memory), np.uint8, size, -address(memory) % LINE).view(dtype).reshape(shape)


class Pool:
    """Blocks of bytes that wait to be used again."""

    def __init__(self, limit=LIMIT):
        self.limit = limit
        # What was given back is looked through later where the lock is held: a collection of garbage may give arrays
        # back in the midst of a ``take`` of the same thread.
        self._given, self._waiting, self._bytes, self._lock = deque(), [], 0, threading.Lock()
        self._ready = {}  # by key: (thing, bytes) of those that wait, what was used least lately first

    def take(self, shape, dtype):
        """As ``lined``, in memory that waits or in new one."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if size < LITTLE:
            return lined(shape, dtype)
        block = self._fitting(size)
        if block is None:
            block = lined((size,), np.uint8)
        return block[:size].view(dtype).reshape(shape)

    def _fitting(self, size):
        """The smallest waiting block that is large enough, if it is not too large."""
        with self._lock:
            self._look_through()
            fitting = [block for block in self._waiting if size <= block.size <= 2 * size]
            if not fitting:
                return None
            block = min(fitting, key=len)
            self._waiting = [other for other in self._waiting if other is not block]
            self._bytes -= block.size
            return block

    def give(self, arrays):
        """Take arrays back that ``take`` handed out and that nobody reads any more."""
        self._given.extend(block for block in map(_block, arrays) if block is not None)
        if self._lock.acquire(blocking=False):
            try:
                self._look_through()
            finally:
                self._lock.release()

    def _look_through(self):
        """Keep of what was given back as much as may wait."""
        while self._given:
            block = self._given.popleft()
            if self._bytes + block.size <= self.limit:
                self._waiting.append(block)
                self._bytes += block.size

    def keep(self, key, thing, size):
        """Let a thing of so many bytes wait under ``key``, instead of those that wait longest where there are too many."""
        if not self._lock.acquire(blocking=False):
            return  # as in ``give``; one that is not kept is made anew
        try:
            gone = []
            while self._ready and self._bytes + size > self.limit:
                longest = self._ready.pop(next(iter(self._ready)))
                self._bytes -= sum(bytes for _, bytes in longest)
                gone += longest
            if self._bytes + size <= self.limit:
                self._ready[key] = [*self._ready.pop(key, ()), (thing, size)]
                self._bytes += size
        finally:
            self._lock.release()

    def kept(self, key):
        """A thing that waits under ``key`` and is its caller's now; None if there is none."""
        with self._lock:
            waiting = self._ready.get(key)
            if not waiting:
                return None
            thing, size = waiting.pop()
            self._bytes -= size
            return thing

    def free(self):
        """Let all waiting memory go; how many bytes that were."""
        with self._lock:
            self._look_through()
            freed, self._waiting, self._ready, self._bytes = self._bytes, [], {}, 0
        return freed

    @property
    def waiting(self):
        """Bytes that wait to be used again."""
        return self._bytes


def _block(array):
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array if array.dtype == np.uint8 and array.ndim == 1 and array.size >= LITTLE else None


POOL = Pool()


@fork.renewed
def _renew():
    """A child may have been born while another thread held the lock."""
    POOL._lock = threading.Lock()
