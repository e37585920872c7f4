"""A process that is forked from one whose kernels ran on threads."""

import os
import select
import signal
import warnings
from contextlib import ExitStack

from refrnn import free
from refrnn.verify.backends import by_two_threads
from refrnn.verify.properties.asking import answers_of, same_bits

PATIENCE = 20  # seconds for what takes some hundredths of one
SAID = {b"": "dies", b"E": "raises", b"0": "gives other bits"}
_held = set()  # groups of specs, whose kernels are of few families, of which it was found to hold in this process


def children_answer_alike(spec, truth, backend):
    """The bits of its parent, again and again; it is born while locks are taken, as by another thread that it has not. Once for each group of specs."""
    if not hasattr(os, "fork") or bool(spec.time) != truth.case.ragged or spec.group in _held:
        return None
    with by_two_threads(backend):
        plain = answers_of(spec, truth.checked, backend, truth.upstream)
        said = _of_child(lambda: _agrees(spec, truth, backend, plain))
    if said == b"1":
        _held.add(spec.group)
        return None
    return f"a process that is forked {SAID.get(said, 'waits for ever')}"


def _agrees(spec, truth, backend, plain):
    for ask in range(3):
        found = answers_of(spec, truth.checked, backend, truth.upstream)
        if not all(same_bits(found[name], array) for name, array in plain.items()):
            return False
        if ask:
            free()
    return True


def _of_child(ask):
    """What a child says: 1 or 0 by ``ask``, E where that raises, nothing where it dies, None where it waits."""
    reads, writes = os.pipe()
    try:
        with ExitStack() as taken, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python says of forks, and kernels of threads
            for lock in _locks():
                taken.enter_context(lock)
            child = os.fork()
            if child == 0:
                _be_the_child(ask, writes)
        os.close(writes)
        writes = None
        ready, _, _ = select.select([reads], [], [], PATIENCE)
        said = os.read(reads, 1) if ready else None
        if said is None:
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return said
    finally:
        os.close(reads)
        if writes is not None:
            os.close(writes)


def _be_the_child(ask, writes):
    said = b"E"
    try:
        said = b"1" if ask() else b"0"
    finally:
        os.write(writes, said)
        os._exit(0)


def _locks():
    """Those that kernels take while they run."""
    from refrnn.kernels.engine.pool import POOL
    from refrnn.kernels.primitives import threads

    return POOL._lock, threads._Process.turn
