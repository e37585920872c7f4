"""What a fork finds: no compilation half done, and in the child no use of threads that are not there.

A fork copies the memory of all threads, and of the threads only the one that forks. So it waits until the others have
finished importing and compiling; and where the parent may have had threads of OpenMP or Numba, its child runs on one.
"""

import importlib
import logging  # noqa: F401 (it registers at forks, and must have done so before the fork that waits for its import)
import os
import sys
import threading
import time
import warnings
from typing import Any, Callable, Generic, TypeVar

PATIENCE = 180  # seconds that a fork waits for what other threads compile or import
OURS = {__name__.partition(".")[0], "numpy", "numba", "llvmlite"}  # what kernels import, some of it when first used


class _Process:
    """What is known of this process."""

    compiling = threading.RLock()
    halfway = False  # forked when the patience had ended: what another thread compiled or imported is half done for ever
    threads_ran = False  # a parallel loop of ours ran, or is about to
    bereft = None  # why no thread may be started: what the parent had
    warned = False
    renewals = []  # what else is to be made anew in a child
    locks = []  # what else a fork waits for: (whose it is, the lock's name there)


_taken = threading.local()


def compiling():
    """A context for compiling and importing, for one thread at a time; a fork in another thread waits for its end.

    Raises RuntimeError in a child whose fork waited in vain: Python and LLVM would wait there for threads that are not.
    """
    if _Process.halfway:
        raise RuntimeError(
            f"no kernel can be compiled here: this process was forked while another thread compiled or imported, for more than {PATIENCE} s; "
            "call each kernel once before the fork, or start processes by 'spawn'"
        )
    return _Process.compiling


def threads_run():
    """Say that threads are about to be used here, so that no child of this process may."""
    _Process.threads_ran = True


def renewed(renew):
    """Decorator: call ``renew`` in every child."""
    _Process.renewals.append(renew)
    return renew


def held(owner, name):
    """Let forks wait for the lock ``name`` of ``owner``: what it guards is whole in a child, where it is free.

    Who registers it at forks himself may do so while one waits, after which it would be released that nobody took.
    """
    _Process.locks.append((owner, name))


_Value = TypeVar("_Value")


class cached_property(Generic[_Value]):
    """As that of functools, which before Python 3.12 has a lock for all objects of a class: in a child forked meanwhile nobody would release it.

    Two threads that ask at once may both compute the value.
    """

    def __init__(self, function: Callable[[Any], _Value]) -> None:
        self.func, self._name = function, function.__name__
        self.__doc__ = function.__doc__

    def __get__(self, instance: Any, owner: Any = None) -> _Value:
        if instance is None:
            return self  # type: ignore[return-value]
        found = instance.__dict__[self._name] = self.func(instance)
        return found


def may_use_threads():
    """Whether this process may start threads; the first time that it may not, a RuntimeWarning says so."""
    if _Process.bereft is None:
        return True
    if not _Process.warned:
        _Process.warned = True
        warnings.warn(
            f"this process was forked from one {_Process.bereft}, so kernels run on one thread here; "
            "start processes by 'spawn' to have several",
            RuntimeWarning,
            stacklevel=2,
        )
    return False


def _locks():
    """Ours, and those of Numba and LLVM if they are imported: (whose it is, the lock's name there)."""
    numbas = getattr(sys.modules.get("numba.core.compiler_lock"), "global_compiler_lock", None)
    llvms = getattr(getattr(sys.modules.get("llvmlite.binding.ffi"), "lib", None), "_lock", None)
    owners = ((_Process, "compiling"), *_Process.locks, (numbas, "_lock"), (llvms, "_lock"))
    return [(owner, name) for owner, name in owners if hasattr(getattr(owner, name, None), "acquire")]


def _before():
    until = time.monotonic() + PATIENCE
    while True:
        while _others_import() and time.monotonic() < until:  # which may need the locks, so they are taken afterwards
            time.sleep(0.001)
        locks = [getattr(owner, name) for owner, name in _locks()]
        _taken.locks = [lock for lock in locks if lock.acquire(timeout=max(0, until - time.monotonic()))]
        importing = _others_import()
        if not importing or time.monotonic() >= until:
            break
        _in_parent()
    _taken.in_vain = importing or len(_taken.locks) < len(locks)


def _others_import():
    """Whether another thread is importing a module that kernels use: a child could never import it."""
    locks = getattr(importlib._bootstrap, "_module_locks", {})  # by module, weak, and Python's own; the lock names its owner
    found = [lock() for name, lock in list(locks.items()) if name.partition(".")[0] in OURS]
    return any(getattr(lock, "owner", None) not in (None, threading.get_ident()) for lock in found)


def _in_parent():
    for lock in reversed(_taken.locks):
        lock.release()


def _in_child():
    for owner, name in _locks():
        lock = getattr(owner, name)
        if lock in _taken.locks:
            lock.release()
        else:
            setattr(owner, name, threading.RLock())
    _Process.halfway = _Process.halfway or _taken.in_vain
    _Process.bereft = _Process.bereft or _what_there_was()
    for renew in _Process.renewals:
        renew()


def _what_there_was():
    """What this process had that its child has not, or None."""
    if _Process.threads_ran:
        return "whose kernels ran on several threads"
    if getattr(sys.modules.get("numba.np.ufunc.parallel"), "_is_initialized", False):
        return "where Numba had started threads"
    return "where OpenMP was loaded" if _openmp_is_loaded() else None


def _openmp_is_loaded():
    """PyTorch loads it, for instance; whether its threads run can't be told."""
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
            return any(name in line for line in maps for name in ("libgomp", "libiomp", "libomp"))
    except OSError:
        return False


def _was_forked_before_this():
    """Whether multiprocessing forked this process before anybody could register here."""
    processes = sys.modules.get("multiprocessing.process")
    parent = processes.parent_process() if processes else None
    return parent is not None and "--multiprocessing-fork" not in sys.orig_argv  # which is how spawned ones are called


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
    if _was_forked_before_this():
        _Process.bereft = _what_there_was()
