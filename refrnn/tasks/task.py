"""What a task is made of: parts that are trained in turn, and a score of what they have learned."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from refrnn.learning import Trainer


@dataclass(frozen=True)
class Score:
    """One figure that a task is judged by. ``bar`` says whose demand ``asked`` is: "ours", or a source; where nothing is asked, None."""

    name: str
    reached: float
    asked: float | None = None
    chance: float | None = None
    bar: str = "ours"
    at_least: bool = True  # or at most
    percent: bool = False

    @property
    def met(self) -> bool:
        if self.asked is None:
            return True
        return bool(self.reached >= self.asked if self.at_least else self.reached <= self.asked)


@dataclass(frozen=True)
class Table:
    """Figures beside one another; ``rows`` hold a text or a whole number, and then numbers or texts, under ``columns``; with ``percent`` floats are shares."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    percent: bool = False


class Part:
    """One model in training: ``steps`` steps at most, the best weights kept.

    ``batch(random, step)`` gives (values, loss, lengths) of a step; ``rate(share)`` the optimiser's rate after that share of the
    steps. Every ``every`` steps ``check(trainer)`` tells how wrong the model is on data that decides when to stop, and is used for nothing
    else: the weights that were least wrong are the ones that the part ends with, and it ends early once that is at most ``enough``.
    """

    def __init__(
        self,
        name: str,
        trainer: Trainer,
        steps: int,
        batch: Callable[[np.random.Generator, int], tuple[dict[str, Any], Any, Any]],
        check: Callable[[Trainer], float],
        rate: Callable[[float], float] | None = None,
        every: int = 100,
        enough: float = -np.inf,
        carry: bool = False,
    ):
        self.name, self.trainer, self.steps, self.batch, self.check = name, trainer, steps, batch, check
        self.rate, self.every, self.enough, self.carry = rate, every, enough, carry
        self.done, self.ended, self.least, self.seconds = 0, False, np.inf, 0.0
        self.best = {name: array.copy() for name, array in trainer.parameters.items()}
        self.losses: list[tuple[int, float]] = []  # (step, mean loss since the last one)
        self.checks: list[tuple[int, float]] = []
        self._since: list[float] = []

    def step(self) -> float:
        """One step; its loss."""
        began = time.perf_counter()
        if self.rate is not None:
            self.trainer.optimiser.rate = self.rate(self.done / self.steps)
        loss = self.trainer.step(*self.batch(self.trainer.random, self.done), carry=self.carry)
        self.done += 1
        self._since.append(loss)
        if self.done % self.every == 0 or self.done == self.steps:
            self._look()
        self.seconds += time.perf_counter() - began
        return loss

    def _look(self):
        wrong = float(self.check(self.trainer))
        self.losses.append((self.done, float(np.mean(self._since))))
        self.checks.append((self.done, wrong))
        self._since = []
        if wrong <= self.least:  # of equals the last, which has learned longest
            self.least = wrong
            self.best = {name: array.copy() for name, array in self.trainer.parameters.items()}
        self.ended = self.done == self.steps or self.least <= self.enough

    def use_best(self) -> None:
        """From here on the trainer has the best weights; what is scored has them."""
        for name, array in self.best.items():
            self.trainer.parameters[name][...] = array

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """All that the next step hangs on: arrays by name, and the rest as JSON has it."""
        arrays, about = self.trainer.state()
        arrays |= {f"best/{name}": array for name, array in self.best.items()}
        own = {"done": self.done, "ended": self.ended, "least": self.least, "seconds": self.seconds}
        return arrays, {"trainer": about, **own, "losses": self.losses, "checks": self.checks, "since": self._since}

    def restore(self, arrays: dict[str, Any], about: dict[str, Any]) -> None:
        """Go on from what :meth:`state` gave."""
        self.trainer.restore({name: array for name, array in arrays.items() if not name.startswith("best/")}, about["trainer"])
        self.best = {name: arrays[f"best/{name}"] for name in self.best}
        self.done, self.ended, self.least, self.seconds = (about[name] for name in ("done", "ended", "least", "seconds"))
        self.losses, self.checks = ([tuple(pair) for pair in about[name]] for name in ("losses", "checks"))
        self._since = list(about["since"])

    def record(self) -> dict[str, Any]:
        """What is told of it in JSON."""
        return {"name": self.name, "steps": self.done, "seconds": self.seconds, "losses": self.losses, "checks": self.checks}


class Work:
    """A part without gradients: ``units`` are done in turn, and ``found`` holds the arrays that they gave by name."""

    def __init__(self, name: str, units: list[Callable[[], dict[str, Any]]]):
        self.name, self.units, self.steps = name, units, len(units)
        self.done, self.ended, self.seconds = 0, False, 0.0
        self.found: dict[str, Any] = {}

    def step(self) -> None:
        """One unit of work; there is no loss."""
        began = time.perf_counter()
        self.found |= self.units[self.done]()
        self.done += 1
        self.ended = self.done == self.steps
        self.seconds += time.perf_counter() - began

    def use_best(self) -> None:
        """All that was found is used."""

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """As of a :class:`Part`."""
        return {f"found/{name}": np.asarray(array) for name, array in self.found.items()}, {"done": self.done, "ended": self.ended, "seconds": self.seconds}

    def restore(self, arrays: dict[str, Any], about: dict[str, Any]) -> None:
        """Go on from what :meth:`state` gave."""
        self.found = {name.partition("/")[2]: array for name, array in arrays.items()}
        self.done, self.ended, self.seconds = (about[name] for name in ("done", "ended", "seconds"))

    def record(self) -> dict[str, Any]:
        """What is told of it in JSON."""
        return {"name": self.name, "steps": self.done, "seconds": self.seconds, "losses": [], "checks": []}


@dataclass
class Task:
    """A worked example of a lecture: its ``parts`` are trained in turn, and then it is scored, on data that training never saw."""

    id: str
    title: str
    parts: list[Part | Work]
    scores: Callable[[], list[Score]]
    tables: Callable[[], list[Table]] = field(default=list)
    samples: Callable[[], list[str]] = field(default=list)
    notes: tuple[str, ...] = ()  # what a reader has to know of the figures


def cosine(rate: float, last: float = 0.0) -> Callable[[float], float]:
    """A rate that falls from ``rate`` to ``last`` along half a wave."""
    return lambda share: last + (rate - last) * (1 + np.cos(np.pi * share)) / 2
