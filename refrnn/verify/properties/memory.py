"""Memory that a kernel uses again, and what it keeps for the way back."""

from dataclasses import replace

import numpy as np

from refrnn import free
from refrnn.backends.run import answer, run_checked
from refrnn.verify.properties.asking import answers_of, carried, gradients_of, same_bits, with_halves
from refrnn.verify.variants import CROWD, FEW, KEPT, in_a_crowd

RUNS = 4  # that nobody goes back through
NAN = 255  # every byte of a NaN, in both precisions


def memory_that_is_used_again_is_as_new(spec, truth, backend):
    """In arrays large enough for that: after runs that leave NaN in it, a run's second way back and a new run have the bits of the first."""
    return bits_by_memory(spec, truth, backend) if bool(spec.time) == truth.case.ragged else None


def bits_by_memory(spec, truth, backend):
    if not spec.differentiated:
        return None
    checked, upstream = in_a_crowd(spec, truth, FEW)
    _leave_in_memory(0)
    outputs, _, backward = answer(spec, checked, backend)
    plain = {name: np.copy(array) for name, array in {**outputs, **gradients_of(spec, backward, upstream)}.items()}
    lost = replace(checked, arrays={name: np.where(with_halves(spec, name, array) != array, np.nan, array).astype(array.dtype) for name, array in checked.arrays.items()})
    answers_of(spec, lost, backend, {name: np.full_like(array, np.nan) for name, array in upstream.items()})

    def anew():
        _leave_in_memory(NAN)
        return answers_of(spec, checked, backend, upstream)

    for word, ask in (("once more", lambda: {**outputs, **gradients_of(spec, backward, upstream)}), ("anew", anew)):
        for name, array in ask().items():
            if not same_bits(array, plain[name]):
                return f"{name} of many sequences is another one when asked {word}, after a run of NaN"
    return None


def _leave_in_memory(byte):
    """Where what is not set begins: work memory is let go, and as much as is asked for next has this byte everywhere; NaN has ``NAN``."""
    from refrnn.kernels.engine.pool import POOL

    free()
    POOL.give([np.full(size, byte, np.uint8) for size in 2 ** np.arange(14, 19) for _ in range(4)])
    for size in 2 ** np.arange(8, 18):
        np.full(size, byte, np.uint8)


SEGMENT = 2  # steps that are asked for at a time: three run once more, a whole block of sums, or as many as a row is read back


def runs_that_nobody_goes_back_through_change_nothing(spec, truth, backend):
    """After large runs that end without a way back the next one, of the same sizes, has the bits of the first: gates and gradients too."""
    if not spec.differentiated or bool(spec.time) != truth.case.ragged:
        return None
    checked, upstream = in_a_crowd(spec, truth, CROWD)
    outputs, intermediates, backward = answer(spec, checked, backend)
    plain = {name: np.copy(array) for name, array in {**intermediates, **outputs, **gradients_of(spec, backward, upstream)}.items()}
    del outputs, intermediates, backward
    for _ in range(RUNS):
        answer(spec, checked, backend)
    outputs, intermediates, backward = answer(spec, checked, backend)
    for name, array in {**intermediates, **outputs, **gradients_of(spec, backward, upstream)}.items():
        if not same_bits(array, plain[name]):
            return f"{name} is another one after {RUNS} runs that nobody went back through"
    return None


def checkpoints_change_nothing(spec, truth, backend):
    """Of a kernel that keeps states alone, and runs the steps behind each once more: the bits of a pass that keeps everything."""
    from refrnn.kernels.engine.segments import checkpoint

    if not spec.time or not truth.case.ragged:
        return None
    checked, upstream = _long(spec, *in_a_crowd(spec, truth, KEPT))
    # First whole sequences, which are not put in another order, for that would copy them; they also leave numbers where shorter ones have none.
    for given in (replace(checked, lengths=None), checked):
        arrays = {name: array.copy() for name, array in given.arrays.items()}
        with checkpoint(SEGMENT) as taken:
            outputs, intermediates, backward = answer(spec, replace(given, arrays=arrays), backend)
        if not taken:  # it runs nothing step by step
            return None
        for array in arrays.values():  # what runs once more reads copies
            array[...] = 3
        before = len(taken)
        plain, offered, plain_backward = answer(spec, given, backend)
        if len(taken) > before:
            return "states are kept alone by a pass after one that was to"
        found = {**intermediates, **outputs, **gradients_of(spec, backward, upstream)}
        for name, array in {**offered, **plain, **gradients_of(spec, plain_backward, upstream)}.items():
            if not same_bits(found[name], array):
                return f"{name} is another one when states are kept alone, before every {SEGMENT} steps"
        kept, whole = (carried(run_checked(spec, given, backend, steps)) for steps in (SEGMENT, None))
        for name, array in whole.items():
            if not same_bits(kept[name], array):
                return f"the state {name} is another one when states are kept alone"
    return None


def _long(spec, checked, upstream):
    """The same steps as often as it takes for two segments, where rows are read back over many steps: no segment has fewer."""
    deep = max((checked.arrays[one.start].shape[1] for one in spec.continuing(checked.integers) if one.delayed), default=1)
    time = spec.time[0]
    times = -(-2 * deep // checked.sizes[time])
    if times == 1:
        return checked, upstream
    arrays, upstream = ({name: _repeated(spec, name, array, times) for name, array in given.items()} for given in (checked.arrays, upstream))
    lengths = checked.lengths | {time: times * checked.lengths[time]}
    return replace(checked, arrays=arrays, lengths=lengths, sizes=checked.sizes | {time: times * checked.sizes[time]}), upstream


def _repeated(spec, name, array, times):
    return np.concatenate(times * [array]) if spec.time_size(name) else array
