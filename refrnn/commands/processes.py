"""Work in processes of their own: one that dies takes its piece with it and no other, and none outlives the command."""

import gc
import os
import signal
import sys
import threading
import traceback
from collections import deque
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process, resource_tracker
from pathlib import Path

from refrnn.commands.interrupts import held_back
from refrnn.errors import RefrnnError


_living = set()  # workers whose processes may still run: Ctrl-C may come before whoever starts one can note it


def end_all():
    """End all processes that are left."""
    for worker in list(_living):
        worker.kill()


def run(function, pieces, jobs, done, step):
    """Call ``function(piece, step)`` for every piece, in ``jobs`` processes at a time.

    ``done(place, result, sentence)`` is called for each, as they come: with its place among the pieces and what was
    returned, or with None and a sentence that says what was raised or how the process died. ``step(piece, text)`` hears
    what the function says of its progress. Whatever ends this call ends its processes.
    """
    waiting = deque(enumerate(pieces))
    workers = []
    # Threads of OpenMP wait asleep, not spinning on a core that another worker needs, as NumPy's own would between two products.
    environment = {name: os.environ.get(name, usual) for name, usual in (("OMP_WAIT_POLICY", "PASSIVE"), ("OPENBLAS_NUM_THREADS", "1"))}
    try:
        while waiting or workers:
            while waiting and len(workers) < jobs:
                workers.append(Worker(function, environment))
                workers[-1].give(waiting.popleft())
            ready = connection.wait([worker.pipe for worker in workers])
            for worker in [worker for worker in workers if worker.pipe in ready]:
                _hear(worker, waiting, workers, done, step)
    finally:
        for worker in workers:
            worker.kill()


def _hear(worker, waiting, workers, done, step):
    """Take one message of a worker; give it the next piece when it has ended one."""
    place, piece = worker.piece
    try:
        kind, *content = worker.pipe.recv()
    except (EOFError, OSError):
        workers.remove(worker)
        done(place, None, worker.how_it_ended())
        return
    if kind == "step":
        step(piece, content[0])
        return
    done(place, *content)
    if waiting:
        worker.give(waiting.popleft())
    else:
        workers.remove(worker)
        worker.end()


class Worker:
    """A process that takes pieces through a pipe, where ``environment`` stands before anything is imported."""

    def __init__(self, function, environment):
        # Spawned, not forked: a thread pool of the parent does not survive a fork.
        context = get_context("spawn")
        self.pipe, other = context.Pipe()
        self.piece = None
        with held_back(), _interrupts_blocked(), _standing(environment):
            self.process = context.Process(target=_work, args=(function, other), daemon=True)
            self.process.start()
            _living.add(self)
        other.close()

    def give(self, numbered):
        self.piece = numbered
        try:
            self.pipe.send(numbered[1])
        except OSError:
            pass  # it is dead: the next receive says so

    def end(self):
        self.pipe.close()
        self.process.join(1)
        self.kill()

    def kill(self):
        self.process.kill()
        self.process.join()
        _living.discard(self)

    def how_it_ended(self):
        self.process.join(5)
        code = self.process.exitcode
        if code is None:
            self.kill()
            return "its process hung up"
        _living.discard(self)
        if code >= 0:
            return f"its process ended with status {code}"
        name = signal.Signals(-code).name if -code in {one.value for one in signal.Signals} else f"signal {-code}"
        why = {"SIGKILL": ", as happens where memory runs out", "SIGSEGV": ": it read or wrote memory that is not its own"}.get(name, "")
        return f"its process was killed by {name}{why}"


@contextmanager
def _interrupts_blocked():
    """Ctrl-C is for the parent alone, which kills the rest: a child starts with the signal blocked and keeps it so."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # The first process would start this one, and open the signal again by that.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _standing(environment):
    """Variables that a process started within finds."""
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _work(function, pipe):
    """The life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What verify makes are tapes of small objects without circles, for which Python would look every 700 objects.
    gc.set_threshold(100_000)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _leave_standard_output()
    while True:
        try:
            piece = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(("done", *_answer(function, piece, lambda text: pipe.send(("step", text)))))
        except OSError:
            return


def _answer(function, piece, step):
    """What was returned and None, or None and a sentence."""
    try:
        return function(piece, step), None
    except RefrnnError as error:
        return None, str(error)
    except Exception as error:
        return None, _in_words(error)


def _in_words(error):
    """What was raised and where, for an error that nobody foresaw."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} ({error}) in {Path(last.filename).name}, line {last.lineno}"


def _end_with_parent():
    parent_process().join()
    os._exit(1)


def _leave_standard_output():
    """What a worker prints is nobody's report, and it must not hold the reader of a pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    sys.stdout.flush()
    os.dup2(nowhere, 1)
    os.close(nowhere)
