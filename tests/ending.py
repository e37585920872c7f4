"""That something ends: what has a bound takes a fraction of a second, what has none takes minutes and more.

No claim on speed: the limit is far from both, and a collection of garbage, other threads and other processes don't reach it.
"""

import contextlib
import time

LIMIT = 20


@contextlib.contextmanager
def ending(what):
    """The block is done within so many seconds of this thread's own processor time."""
    started = time.thread_time()
    yield
    assert time.thread_time() - started < LIMIT, f"{what} seems to have no bound"
