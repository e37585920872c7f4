"""What the processor can do at most, measured: products and sums in registers, and bytes read from memory of a given size."""

import math
import time

import numpy as np

from . import threads
from .compile import shift
from .lanes import load, store
from .tasks import Tasks
from .tiles import vector_bytes

SUMS = 10  # a product and a sum take four cycles and two begin in each, so eight are on their way at once
CALL = 0.005  # seconds that one call lasts at least, on one thread
SECONDS = 0.2  # in which calls are repeated; the best counts, as other programs can only slow one down


@Tasks("rounds: number; numbers: floats (workers, two, lanes)")
def _multiply(index, lanes, rounds, numbers):
    """Two lines of lanes of numbers for each task."""
    place = shift(numbers, index * 2 * lanes)
    a, b = load(place), load(shift(place, lanes))
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = s8 = s9 = a
    for _ in range(rounds):
        s0, s1, s2, s3, s4 = s0 * a + b, s1 * a + b, s2 * a + b, s3 * a + b, s4 * a + b
        s5, s6, s7, s8, s9 = s5 * a + b, s6 * a + b, s7 * a + b, s8 * a + b, s9 * a + b
    store(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9, place)


@Tasks("rounds: number; numbers: floats (workers, count); results: floats (workers, lanes)")
def _read(index, count, lanes, rounds, numbers, results):
    """A part of the numbers, and lanes of a result, for each task."""
    place = shift(numbers, index * count)
    s0 = s1 = s2 = s3 = load(place)
    for _ in range(rounds):
        for k in range(0, count, 4 * lanes):
            at = shift(place, k)
            s0, s1 = s0 + load(at), s1 + load(shift(at, lanes))
            s2, s3 = s2 + load(shift(at, 2 * lanes)), s3 + load(shift(at, 3 * lanes))
    store(s0 + s1 + s2 + s3, shift(results, index * lanes))


def operations_a_second(dtype):
    """Products and sums of ``dtype`` (float32 or float64) a second, two for a pair, by all threads that kernels may use."""
    dtype, workers = np.dtype(dtype), threads.get()
    lanes = vector_bytes() // dtype.itemsize
    numbers = np.tile(np.repeat(np.array([[0.5], [0.25]], dtype), lanes, axis=1), (workers, 1, 1))

    def once(rounds):
        _multiply.run(workers, dtype, rounds=rounds, numbers=numbers, work=np.inf)

    return 2 * SUMS * lanes * workers * _rounds_a_second(once)


def bytes_a_second(size):
    """Bytes a second that all threads together read, again and again, of an array of ``size`` bytes, each its own part."""
    dtype, workers = np.dtype(np.float32), threads.get()
    lanes = vector_bytes() // dtype.itemsize
    count = -(-size // (dtype.itemsize * workers * 4 * lanes)) * 4 * lanes
    numbers, results = np.ones((workers, count), dtype), np.empty((workers, lanes), dtype)

    def once(rounds):
        _read.run(workers, dtype, rounds=rounds, numbers=numbers, results=results, work=np.inf)

    return numbers.nbytes * _rounds_a_second(once)


def _rounds_a_second(once):
    rounds = 1
    with threads.using(1):  # which wait for nobody, however busy the machine is
        once(rounds)  # and compiles
        while min(_seconds(once, rounds) for _ in range(3)) < CALL:
            rounds *= 2
    with threads.using(threads.get(), little=0):  # all of them, whatever held one up before
        once(rounds)
        least, started = math.inf, time.perf_counter()
        while time.perf_counter() - started < SECONDS:
            least = min(least, _seconds(once, rounds))
    return rounds / least


def _seconds(once, rounds):
    started = time.perf_counter()
    once(rounds)
    return time.perf_counter() - started
