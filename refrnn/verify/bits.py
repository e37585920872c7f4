"""A kernel that runs step by step, held against itself bit for bit in shapes in which it goes other ways."""

from contextlib import nullcontext
from dataclasses import replace

import numpy as np

from refrnn.backends.run import expected_shapes, run_checked
from refrnn.spec.values import check_values
from refrnn.verify.backends import Finding, by_two_threads
from refrnn.verify.cases import in_whole_vectors, of_few_sequences, of_much_work, of_one_sequence
from refrnn.verify.properties.asking import carried, gradient_name, handed_in, same_bits, with_halves
from refrnn.verify.properties.memory import RUNS, SEGMENT

RACES = 3  # of each of two threads that is late
WRITTEN = 3


def unlike_itself(spec, level="full"):
    """The findings on the kernel of a spec; none where it does not run step by step."""
    steps, found = _of_segments(spec)
    if not steps or found:
        return found
    found = _of_passes_without_a_way_back(spec) + _of_shared_units(spec, of_one_sequence(spec))
    return found + (_of_threads(spec) + _of_late_threads(spec) if level == "full" else [])


def _of_segments(spec):
    """Whether it runs step by step; and where a kernel that keeps states alone has other bits than one that keeps everything: of rows in whole vectors, which lie dense."""
    from refrnn.kernels.engine.segments import checkpoint

    case = in_whole_vectors(spec)
    problem = _drawn(spec, case)
    with checkpoint(SEGMENT) as taken:
        found = _by_two_threads(spec, problem) if spec.time else {}
    return taken, _apart(case, _by_two_threads(spec, problem), found, "is another one when states are kept alone") if taken else []


def _of_passes_without_a_way_back(spec):
    """Where large passes that nobody goes back through give other bits, as nothing is kept of them and rows stand in outputs: whatever is asked first."""
    from refrnn.kernels.engine.segments import small_too

    found = []
    for ragged in (False, True):
        case = replace(in_whole_vectors(spec), ragged=ragged)
        problem = checked, _ = _drawn(spec, case)
        right = _by_two_threads(spec, problem)
        for ask in (_gone_back_through,) if ragged else (_all_of, _gone_back_through):  # only whole ones' rows stand in outputs
            with small_too(), by_two_threads("kernel"):
                for _ in range(RUNS):
                    run_checked(spec, checked, "kernel")
                found += _apart(case, right, ask(spec, problem), f"is another one after {RUNS} runs that nobody went back through")
    return found


def _of_late_threads(spec):
    """Where threads that share units have other bits when one of them is late wherever it may be: what others do not wait for shows at once."""
    from refrnn.kernels.primitives.meeting import late

    found = []
    for case in (of_one_sequence(spec), of_few_sequences(spec)):
        found = found or _of_shared_units(spec, case)  # in time: what is read too early afterwards is what this left
        for worker in 2 * (0, 1):  # a machine that is busy may keep threads apart
            found = found or _of_shared_units(spec, case, lambda: late(worker), ", of which one is late")
    return found


def _of_shared_units(spec, case, late=nullcontext, how=""):
    """Where threads that share the units of few sequences have other bits than one thread, in a run or a layer.

    What a thread reads before it was written is another problem's: none of 80 runs without waiting had the right bits.
    """
    from refrnn.kernels.primitives import threads

    checked, upstream = _drawn(spec, case)
    problems = (checked, upstream), (_halved(spec, checked), upstream)
    with threads.using(1):
        rights = [_all_of(spec, problem) for problem in problems]
    found = []
    for right, problem in zip(rights, problems):
        with late():
            found += _apart(case, right, _by_two_threads(spec, problem), f"differs between 1 and 2 threads{how}")
            with by_two_threads("kernel"):
                outputs = _of_layer(spec, problem[0])
        found += _apart(case, {name: right[name] for name in outputs}, outputs, f"of a layer differs between 1 and 2 threads{how}")
    return found


def _of_layer(spec, checked):
    """The outputs of a layer that keeps nothing; none where the kernel can't be bound."""
    if spec.batch is not None or not hasattr(spec.bindings["kernel"].load(), "bind"):
        return {}
    values = handed_in(checked)
    layer = spec.bind({name: value for name, value in values.items() if spec.arrays[name].is_kept}, "kernel")
    return layer.forward({name: value for name, value in values.items() if name not in layer.values}, keep=False).outputs


def _of_threads(spec):
    """Where two threads, of which one is late, have other bits than one, with more work than one block of rows, and than one panel of units, for each."""
    from refrnn.kernels.primitives import threads
    from refrnn.kernels.primitives.meeting import late

    case = of_much_work(spec)
    problem = _drawn(spec, case)
    with threads.using(1):
        right = _all_of(spec, problem)
    for worker in RACES * (0, 1):
        with late(worker):
            found = _apart(case, right, _by_two_threads(spec, problem), "differs between 1 and 2 threads, of which one is late")
        if found:
            return found
    return []


def _drawn(spec, case):
    """The values of a case whose truth nobody asks for, and upstream gradients."""
    checked = check_values(spec, *case.draw(spec))
    return checked, {name: np.random.default_rng(case.seed).standard_normal(shape) for name, shape in expected_shapes(spec, checked).items()}


def _by_two_threads(spec, problem):
    with by_two_threads("kernel"):
        return _all_of(spec, problem)


def _all_of(spec, problem):
    """Intermediates, outputs, the state and gradients, in this order."""
    checked, upstream = problem
    run = run_checked(spec, checked, "kernel")
    return {**run.intermediates, **run.outputs, **_states(run), **_gradients(spec, run, upstream)}


def _gone_back_through(spec, problem):
    """The same, the gradients first, after outputs were written into and while another run, of other numbers, is alive."""
    checked, upstream = problem
    run, other = (run_checked(spec, one, "kernel") for one in (checked, _halved(spec, checked)))
    found = {name: array.copy() for name, array in run.outputs.items()}
    for array in run.outputs.values():
        array[...] = WRITTEN
    found |= _gradients(spec, run, upstream) | run.intermediates | _states(run)
    del other
    # What was written into is the caller's, and is not to become what it was.
    return found | {name: np.full_like(array, WRITTEN) for name, array in run.outputs.items() if np.any(array != WRITTEN)}


def _halved(spec, checked):
    return replace(checked, arrays={name: with_halves(spec, name, array) for name, array in checked.arrays.items()})


def _states(run):
    return {f"the state {name}": array for name, array in carried(run).items()}


def _gradients(spec, run, upstream):
    return {gradient_name(spec, name): array for name, array in run.backward(upstream).items()} if spec.differentiated else {}


def _apart(case, right, found, how):
    return [Finding("kernel", case.name, f"{name} {how} in case {case.name}") for name, array in right.items() if not same_bits(found[name], array)]
