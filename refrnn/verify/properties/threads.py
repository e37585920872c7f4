"""Threads: those of a kernel, and those of Python that call it at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

from refrnn.verify.properties.asking import answers_of, same_bits, with_halves
from refrnn.verify.variants import CROWD, MANY, in_a_crowd


def threads_agree(spec, truth, backend):
    """The same bits by one thread, by two that share even the least work, and by two again: of many sequences, where there are any."""
    return _agreed_by_threads(spec, truth, backend, MANY)


def threads_agree_in_a_crowd(spec, truth, backend):
    """So they do where there are more rows than any block has."""
    return _agreed_by_threads(spec, truth, backend, CROWD)


def _agreed_by_threads(spec, truth, backend, sequences):
    from refrnn.kernels.primitives import threads

    if bool(spec.time) != truth.case.ragged and (spec.batched or spec.batch):
        return None
    checked, upstream = in_a_crowd(spec, truth, sequences)
    plain = None
    for number in (1, 2, 2):
        with threads.using(min(number, threads.most()), little=0):
            found = answers_of(spec, checked, backend, upstream)
        plain = plain or found
        for name, array in plain.items():
            if not same_bits(found[name], array):
                return f"{name} differs between 1 and 2 threads"
    return None


TIMES = 3  # each of two threads calls


def calls_at_once_do_not_touch(spec, truth, backend):
    """Two threads of Python that call at once, with other numbers each, get the bits that they get alone."""
    if bool(spec.time) != truth.case.ragged:
        return None
    halved = {name: with_halves(spec, name, array) for name, array in truth.checked.arrays.items()}
    asked = [(truth.checked, truth.upstream), (replace(truth.checked, arrays=halved), {name: -array for name, array in truth.upstream.items()})]
    alone, together = [answers_of(spec, checked, backend, upstream) for checked, upstream in asked], Barrier(2)

    def ask(checked, upstream):
        together.wait()
        return [answers_of(spec, checked, backend, upstream) for _ in range(TIMES)]

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(ask, *zip(*asked)))
    for plain, found in zip(alone, answers):
        for name, array in plain.items():
            if not all(same_bits(one[name], array) for one in found):
                return f"{name} changes when two threads of Python call at once"
    return None
