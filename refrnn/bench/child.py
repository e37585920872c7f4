"""What runs in a contender's own process: it is asked one thing at a time, through a pipe, and answers.

Nothing heavy is imported here before the first question: libraries read how many threads they may use when they are loaded.
"""

import gc
import math
import time
from importlib import import_module


REST = 0.005  # seconds
RESTS = 100


class Child:
    """A contender that ``module.make(problem, *arguments)`` makes: a thing with ``call(way)`` and ``results(way)``."""

    def __init__(self, module, make, *arguments):
        self.module, self.make, self.arguments = module, make, arguments
        self.contender = None

    def __call__(self, question, step):
        name, *rest = question
        try:
            return getattr(self, name)(*rest)
        finally:
            _rest()

    def hello(self):
        """Whether it lives, and will read what comes next."""

    def ready(self, problem):
        """Make all ready for a :class:`refrnn.bench.problem.Problem`."""
        self.contender = None  # the memory of the one before
        self.contender = getattr(import_module(self.module), self.make)(problem, *self.arguments)

    def results(self, way):
        """What a pass computes, arrays by name; not timed, so that compiling is not, either."""
        return self.contender.results(way)

    def exact(self, way):
        """As ``results``, in float64."""
        return self.contender.exact(way)

    def calls(self, way, seconds):
        """How many calls last about ``seconds``, at least one. The first is not timed: a second pass of a form may still compile."""
        self.contender.call(way)
        if _timed(self.contender, way, 1) >= seconds:
            return 1
        return max(1, min(100_000, math.ceil(seconds / max(_timed(self.contender, way, 1), 1e-9))))

    def turn(self, way, number):
        """Seconds a call takes, of ``number`` of them in a row."""
        gc.collect()
        gc.disable()
        try:
            if number > 1:
                self.contender.call(way)  # not timed: brings its own data back to the caches
            return _timed(self.contender, way, number) / number
        finally:
            gc.enable()

    def peak(self, dtype):
        """Operations a second that a kernel of ours reaches in registers."""
        from refrnn.kernels.primitives import limits

        return limits.operations_a_second(dtype)

    def bandwidth(self, size):
        """Bytes a second that a kernel of ours reads of ``size`` bytes of memory."""
        from refrnn.kernels.primitives import limits

        return limits.bytes_a_second(size)


def _rest():
    """Wait until threads of libraries, which spin for a while for more work, sleep and leave the cores to the next contender."""
    for _ in range(RESTS):
        before = time.process_time()
        time.sleep(REST)
        if time.process_time() - before < REST / 10:
            return


def _timed(contender, way, number):
    started = time.perf_counter()
    for _ in range(number):
        contender.call(way)
    return time.perf_counter() - started
