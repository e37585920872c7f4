"""Threads: those of a kernel, and those of Python that call it at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import numpy as np

from refrnn.verify.properties.asking import answers_of, handed_in, same_bits, with_halves
from refrnn.verify.variants import CROWD, MANY, in_a_crowd

TIMES = 4  # each of two threads calls


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


def calls_at_once_do_not_touch(spec, truth, backend):
    """Two threads of Python that call at once, with other numbers each, get the bits that they get alone; of one layer, too."""
    if bool(spec.time) != truth.case.ragged:
        return None
    halved = replace(truth.checked, arrays={name: with_halves(spec, name, array) for name, array in truth.checked.arrays.items()})
    turned = {name: -array for name, array in truth.upstream.items()}
    name = _changed_at_once([lambda: answers_of(spec, truth.checked, backend, truth.upstream), lambda: answers_of(spec, halved, backend, turned)])
    return f"{name} changes when two threads of Python call at once" if name else _of_one_layer(spec, truth, backend)


def _of_one_layer(spec, truth, backend):
    """Of many sequences: such calls take long enough to meet."""
    if not spec.parameters or spec.named_sizes:
        return None
    checked, _ = in_a_crowd(spec, truth, MANY)
    values = handed_in(checked)
    layer = spec.bind({name: value for name, value in values.items() if spec.arrays[name].is_kept}, backend)
    rest = {name: value for name, value in values.items() if name not in layer.values}
    halved = {name: with_halves(spec, name, np.asarray(value)) for name, value in rest.items()}
    name = _changed_at_once([lambda given=given: layer.forward(given, checked.lengths, keep=False).outputs for given in (rest, halved)])
    return name and f"{name} changes when two threads of Python call one layer at once"


def _changed_at_once(asks):
    """The first name under which one of two threads, each asking its own in turn, finds other bits than it does alone, or None."""
    alone, together = [ask() for ask in asks], Barrier(len(asks))

    def in_turn(ask):
        together.wait()
        return [ask() for _ in range(TIMES)]

    with ThreadPoolExecutor(len(asks)) as pool:
        answers = list(pool.map(in_turn, asks))
    changed = (name for plain, found in zip(alone, answers) for name, array in plain.items() if not all(same_bits(one[name], array) for one in found))
    return next(changed, None)
