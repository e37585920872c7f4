"""Contenders for tests of the bench, in processes of their own: right, wrong, idle, dying, hanging ones."""

import os
import time

import numpy as np

from refrnn.bench.problem import BOTH


class Right:
    """What the equation gives, and calls that do nothing."""

    def __init__(self, problem):
        self.problem = problem

    def call(self, way):
        pass

    def results(self, way):
        run = self.problem.spec.forward(self.problem.values, "reference", self.problem.lengths)
        gradients = run.backward(self.problem.upstream) if way == BOTH else {}
        return {**run.outputs, **{f"d_{name}": gradient for name, gradient in gradients.items()}}


    def exact(self, way):
        return Right(self.problem.in_double()).results(way)


class Wrong(Right):
    """Off by a little, in one symbol."""

    def __init__(self, problem, symbol="s"):
        super().__init__(problem)
        self.symbol = symbol

    def results(self, way):
        return {name: array + np.float32(0.01) * (name == self.symbol) for name, array in super().results(way).items()}


class Idle(Right):
    """Gives no gradients."""

    def results(self, way):
        return {name: array for name, array in super().results(way).items() if not name.startswith("d_")}


class Dies(Right):
    """Ends its process when it is timed."""

    def call(self, way):
        os._exit(3)


class Hangs(Right):
    """Comes to no end when it is timed."""

    def call(self, way):
        time.sleep(1000)


class Raises:
    """Has no such equation."""

    def __init__(self, problem):
        raise RuntimeError("no such equation")


class Threads(Right):
    """Gives the threads it may use instead of results."""

    def results(self, way):
        return {name: int(os.environ[name]) for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "NPROC")}
