"""Ctrl-C ends a command at once, wherever it is.

Python raises KeyboardInterrupt wherever the main thread happens to be: in an import, or in a compilation, where Numba and LLVM
swallow it or make another error of it. So a thread of its own hears the signal, too, and ends the process. Work that has
something to keep or to put away is told instead, by KeyboardInterrupt, within ``told()``.
"""

import os
import select
import signal
import threading
from contextlib import contextmanager

STOPPED = 130  # as a shell counts a program that SIGINT ended
PATIENCE = 1  # seconds in which what was told has to come to its end
_BAR_ENDS = b"\033[?25h\n"  # on a terminal, where a progress bar hides the cursor


class Interrupted(KeyboardInterrupt):
    """What is raised: where a KeyboardInterrupt of the plain class leaves an ``exec``, as imports have it, ``python -m`` ends
    by the signal, whatever status it is given later."""


class _State:
    telling = False
    came = False  # while telling
    raised = False
    held = 0
    left = threading.Event()  # nothing is told any more
    ending = threading.Lock()  # for whichever thread comes first


def listen():
    """From here on Ctrl-C ends this process, unless it was started so that it ignores it; called by the main thread."""
    if os.name != "posix" or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, _act)
    threading.Thread(target=_hear, args=(reading,), daemon=True).start()


@contextmanager
def told():
    """Within it the first Ctrl-C raises KeyboardInterrupt in the main thread; a second one ends the process."""
    _State.left.clear()
    _State.telling = True
    try:
        yield
    finally:
        _State.left.set()
        _State.telling = False


@contextmanager
def held_back():
    """Within ``told()``: here no KeyboardInterrupt is raised; where Ctrl-C came meanwhile, it is at the end."""
    _State.held += 1
    try:
        yield
    finally:
        _State.held -= 1
    _raise_once()


def _act(number, frame):
    """What the main thread does when it comes to it."""
    if not _State.telling or _State.raised:
        _end()
    _State.came = True
    _raise_once()


def _raise_once():
    if _State.came and not _State.held and not _State.raised:
        _State.raised = True
        raise Interrupted


def _hear(reading):
    """The life of the thread, which acts where the main thread does not come to it."""
    _wait_for_one(reading)
    if (_State.telling or _State.raised) and _State.left.wait(PATIENCE):
        _wait_for_one(reading)
    _end()


def _wait_for_one(reading):
    while os.read(reading, 1)[0] != signal.SIGINT:
        pass


def _end():
    _State.ending.acquire()
    if select.select([], [2], [], 0.1)[1]:
        os.write(2, _BAR_ENDS * os.isatty(2) + b"stopped\n")
    os._exit(STOPPED)
