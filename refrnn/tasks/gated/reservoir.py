"""A reservoir on the series that reservoirs are measured by, with a read-out that one ridge regression finds, and how far it remembers."""

import time
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

import refrnn
from refrnn.learning.reservoir import fixed_weights
from refrnn.learning.ridge import ridge
from refrnn.tasks.gated.peer import Peer
from refrnn.tasks.series import DELAY, mackey_glass, narma
from refrnn.tasks.task import Score, Table, Task, Work


@dataclass(frozen=True)
class Setting:
    """A kind of reservoir, and the penalty of its read-out; found by hand on series and weights of other seeds."""

    units: int
    radius: float
    reach: float
    penalty: float
    filled: float = 1.0
    leak: float = 0.0
    constant: float = 1.0  # the input beside the series, for the units' bias

    def weights(self, seed):
        """The constants of the spec."""
        W_in, W = fixed_weights(2, self.units, self.radius, self.reach, self.filled, seed)
        return {"W_in": W_in, "W": W, "a": self.leak}

    def inputs(self, series):
        """A series (T, batch) as the spec's x: the constant, and the series."""
        return np.stack((np.full_like(series, self.constant), series), -1)


WASHOUT = 200  # steps that no read-out learns from and no error counts, for the state still knows its start there

NARMA = Setting(200, radius=0.9, reach=0.1, penalty=1e-9)
NARMA_STEPS, NARMA_RUNS = 1000, 10  # steps learned from, and as many scored, of each of so many series and reservoirs
NARMA_UNITS = (25, 50, 100, 200)
TAPS = (10, 15, 20, 30, 40, 50)  # of the best linear filter of past inputs, which has no reservoir

GLASS = Setting(400, radius=0.9, reach=1.0, penalty=1e-12, filled=0.1, leak=0.2, constant=0.2)
GLASS_STEPS, GLASS_WASHOUT, GLASS_RUNS = 3000, 1000, 9
LED, FREE, STARTS = 1000, 84, 20  # steps with the true series, steps on its own, and pieces of a series that both are done on

MEMORY = Setting(50, radius=0.9, reach=0.1, penalty=1e-12)
MEMORY_STEPS, MEMORY_RUNS = 4000, 2
REACHES = (0.01, 0.1, 1.0)  # from nearly linear units to saturated ones
RADII = (0.2, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0, 1.1, 1.3)

TIMED = 5  # times that ours and theirs take turns

BEFORE_JAEGER, JAEGER = 0.0088, 0.00028
PUBLISHED_GLASS = (
    ("published: a self-organizing map with local models, the best before (Jaeger 2001, p. 35)", "", BEFORE_JAEGER),
    ("published: one echo state network of 400 units, 3,000 steps (Jaeger 2001, p. 35)", "", JAEGER),
)
PUBLISHED_NARMA = (
    ("published: a linear shift register (Appeltant et al. 2011, as quoted by others)", "", 0.16, ""),
    ("published: an optical reservoir (Vinckier et al. 2015, as quoted by others)", 50, 0.107, 0.012),
)


def task(seed=0):
    """See :class:`Task`."""
    narmas = Work("NARMA-10", [partial(_narma, seed, units, run) for units in NARMA_UNITS for run in range(NARMA_RUNS)])
    glasses = Work("Mackey-Glass", [partial(_glass, seed, run) for run in range(GLASS_RUNS)])
    memories = Work("memory", [partial(_memory, seed, radius, reach, run) for radius in RADII for reach in REACHES for run in range(MEMORY_RUNS)])
    peers = Work("reservoirpy", [partial(_beside, seed)])
    works = [narmas, glasses, memories, peers]
    notes = (
        "NMSE is the mean squared error over the variance of what was wanted, NRMSE its root; both of series that no read-out learned from, "
        "drawn anew as are the reservoirs.",
        f"NRMSE84 as Jaeger (2001) defines it: {FREE} steps on its own outputs, after {LED:,} of the series, in the coordinates of the series and "
        f"over its whole variance, on {STARTS} pieces.",
        "By chance is the mean of what was learned from, of one step ahead the value now; of memory an input that the reservoir never saw.",
    )
    title = "NARMA-10, a chaotic series one step ahead and on its own, and memory, by a read-out from one linear solve"
    return Task("reservoir", title, works, lambda: _scores(*works[:3]), lambda: _tables(*works), notes=notes)


def states(spec, weights, x, W_out=None):
    """A run from the state 0 by the kernel; without a read-out for its states alone."""
    units = len(weights["W"])
    W_out = np.zeros((1, x.shape[2] + units)) if W_out is None else W_out
    return spec.forward({**weights, "x": x, "h0": np.zeros((x.shape[1], units)), "W_out": W_out})


def features(spec, weights, x):
    """What the read-out sees of inputs (T, batch, I): themselves, and the states."""
    return np.concatenate((x, states(spec, weights, x).outputs["h"]), 2)


def nmse(found, wanted, variance=None):
    """The mean squared error over the variance of what is wanted, or over a variance of the whole series."""
    return float(np.mean((found - wanted) ** 2) / (np.var(wanted) if variance is None else variance))


def _narma(seed, units, run):
    """The error of one reservoir; of 50 past inputs, or fewer, in its place; and of the mean."""
    setting = replace(NARMA, units=units)
    weights, learned, scored = setting.weights([seed, 1, units, run]), *_narma_series(seed, run)
    spec = refrnn.load("reservoir")
    W_out = ridge(features(spec, weights, setting.inputs(learned[0])), learned[1][..., None], setting.penalty, WASHOUT)
    y = states(spec, weights, setting.inputs(scored[0]), W_out).outputs["y"][..., 0]
    found = {"error": nmse(y[WASHOUT:], scored[1][WASHOUT:])}
    if units == NARMA.units:
        found |= {f"taps{taps}": _filtered(learned, scored, taps) for taps in TAPS}
        found["mean"] = nmse(np.mean(learned[1][WASHOUT:]), scored[1][WASHOUT:])
    return {f"{name}/{units}/{run}": value for name, value in found.items()}


def _narma_series(seed, run):
    """(u, y) to learn from, and (u, y) to be scored on, each (T, 1)."""
    return [[array[:, None] for array in narma(WASHOUT + NARMA_STEPS, [seed, kind, run])] for kind in (2, 3)]


def _filtered(learned, scored, taps):
    """The error of the best linear filter of so many past inputs, found by the same regression."""

    def seen(u):
        return np.stack([np.ones_like(u), *(np.concatenate((np.zeros((lag, 1)), u[: len(u) - lag])) for lag in range(taps))], -1)

    W_out = ridge(seen(learned[0]), learned[1][..., None], 0.0, WASHOUT)
    return nmse((seen(scored[0]) @ W_out.T)[WASHOUT:, :, 0], scored[1][WASHOUT:])


def squashed(y):
    """The series of Mackey and Glass as a reservoir sees it, as in Jaeger 2001."""
    return np.tanh(y - 1)


def stretched(z):
    """The way back, of any output."""
    return np.arctanh(np.clip(z, -1 + 1e-9, 1 - 1e-9)) + 1


def _glass(seed, run):
    """The errors of one reservoir one step ahead and on its own, and the same by the value now and the mean."""
    weights = GLASS.weights([seed, 4, run])
    learned, pieces, variance = _glass_series(seed, run)
    spec = refrnn.load("reservoir")
    W_out = glass_read_out(features(spec, weights, GLASS.inputs(squashed(learned[:-1]))), learned)
    led = states(spec, weights, GLASS.inputs(squashed(pieces[:LED])), W_out)
    ahead, wanted = stretched(led.outputs["y"][WASHOUT:, :, 0]), pieces[WASHOUT + 1 : LED + 1]
    free = on_its_own(spec, {**weights, "W_out": W_out}, led, FREE)
    found = {
        "ahead": nmse(ahead, wanted, variance),
        "now": nmse(pieces[WASHOUT:LED], wanted, variance),
        "free": nmse(free[-1], pieces[LED + FREE - 1], variance),
        "mean": nmse(learned.mean(), pieces[LED + FREE - 1], variance),
    }
    return {f"{name}/{run}": value**0.5 for name, value in found.items()} | {f"course/{run}": free}


def _glass_series(seed, run):
    """A series to learn from (T, 1), the pieces of another one (T, pieces), and its variance."""
    learned = mackey_glass(GLASS_STEPS + 1, [seed, 5, run])
    scored = mackey_glass(STARTS * (LED + FREE), [seed, 6, run])
    return learned[:, None], scored.reshape(STARTS, LED + FREE).T, scored.var()


def glass_read_out(seen, learned):
    """The read-out that predicts the next value of the squashed series."""
    return ridge(seen, squashed(learned[1:])[..., None], GLASS.penalty, GLASS_WASHOUT)


def on_its_own(spec, weights, led, steps, setting=GLASS):
    """The values (steps, batch), in the series' coordinates, that a reservoir writes after a run, each of them its next input."""
    layer = spec.bind(weights)
    y, state = led.outputs["y"][-1], led.state
    course = [y]
    for _ in range(steps - 1):
        outputs, state = layer.step(setting.inputs(y[:, 0]), state)
        y = outputs["y"]
        course.append(y)
    return stretched(np.array(course)[..., 0])


def _memory(seed, radius, reach, run):
    """The memory capacity of one reservoir, and the same of an input that it never saw."""
    setting = replace(MEMORY, radius=radius, reach=reach)
    random = np.random.default_rng([seed, 7, run])
    series, other = random.uniform(-1, 1, (2, 2 * MEMORY_STEPS + WASHOUT, 1))
    seen = features(refrnn.load("reservoir"), setting.weights([seed, 8, run]), setting.inputs(series))
    lead = f"{radius}/{reach}/{run}"
    return {f"capacity/{lead}": capacity(seen, series, setting), f"other/{lead}": capacity(seen, other, setting)}


def capacity(seen, series, setting):
    """The memory capacity that Jaeger defines in Short term memory in echo state networks (2001).

    Over delays of one step and more, the sum of the squared correlations of the input so long ago with what a read-out of its
    own makes of the state now; learned on the first half and measured on the second. The delays end at twice the units.
    """
    delays = np.arange(1, 2 * setting.units + 1)
    wanted = np.stack([np.roll(series, delay, 0) for delay in delays], -1)
    half = WASHOUT + MEMORY_STEPS
    W_out = ridge(seen[:half], wanted[:half], setting.penalty, max(WASHOUT, delays[-1]))
    found, wanted = (seen[half:] @ W_out.T)[:, 0], wanted[half:, 0]
    found, wanted = found - found.mean(0), wanted - wanted.mean(0)
    return float(np.sum((found * wanted).sum(0) ** 2 / ((found**2).sum(0) * (wanted**2).sum(0))))


def _beside(seed):
    """The same series, weights and penalties in reservoirpy, where that is installed: how far apart, and the errors by its read-outs."""
    peer = Peer.found()
    if peer is None:
        return {}
    spec, found = refrnn.load("reservoir"), {}
    learned, scored = _narma_series(seed, 0)
    weights, x = NARMA.weights([seed, 1, NARMA.units, 0]), NARMA.inputs(learned[0])
    other = _compared(found, "narma", lambda: features(spec, weights, x), lambda: peer.features(weights, x))
    W_out = peer.read_out(other[WASHOUT:], learned[1][WASHOUT:], NARMA.penalty)
    y = peer.features(weights, NARMA.inputs(scored[0])) @ W_out.T
    found["narma/theirs"] = nmse(y[WASHOUT:, :, 0], scored[1][WASHOUT:])
    learned, pieces, variance = _glass_series(seed, 0)
    weights, x = GLASS.weights([seed, 4, 0]), GLASS.inputs(squashed(learned[:-1]))
    other = _compared(found, "glass", lambda: features(spec, weights, x), lambda: peer.features(weights, x))
    theirs = peer.read_out(other[GLASS_WASHOUT:], squashed(learned[1:])[GLASS_WASHOUT:], GLASS.penalty)
    for name, W_out in (("theirs", theirs), ("mixed", glass_read_out(other, learned))):
        ends = peer.on_their_own(weights, GLASS.inputs(squashed(pieces[:LED])), W_out, FREE, GLASS.constant)
        found[f"glass/{name}"] = nmse(stretched(ends), pieces[LED + FREE - 1], variance) ** 0.5
    return found


def _compared(found, name, ours, theirs):
    """What theirs gives; how far ours is from it, and the least seconds of either, in turns, for others are at work on the machine too."""
    seconds = {"ours": [], "theirs": []}
    for _ in range(TIMED):
        for whose, work in (("ours", ours), ("theirs", theirs)):
            began = time.perf_counter()
            given = work()
            seconds[whose].append(time.perf_counter() - began)
    found |= {f"{name}/{whose}/seconds": min(taken) for whose, taken in seconds.items()}
    found[f"{name}/apart"] = np.abs(ours() - given).max()
    return given


def _over_runs(work, name):
    """What the units of a part found under a name, one for each run."""
    return np.array([value for key, value in work.found.items() if key.startswith(f"{name}/")])


def _scores(narmas, glasses, memories):
    filtered = min(_over_runs(narmas, f"taps{taps}").mean() for taps in TAPS)
    largest, nothing = (_over_runs(memories, name).max() for name in ("capacity", "other"))
    return [
        Score(
            f"NARMA-10, NMSE of {NARMA.units} units, mean of {NARMA_RUNS}",
            _over_runs(narmas, f"error/{NARMA.units}").mean(), filtered, _over_runs(narmas, "mean").mean(), "the best linear filter, here", False,
        ),
        Score(
            f"Mackey-Glass one step ahead, NRMSE of {GLASS.units} units, median of {GLASS_RUNS}",
            np.median(_over_runs(glasses, "ahead")), 0.001, np.median(_over_runs(glasses, "now")), at_least=False,
        ),
        Score(
            f"Mackey-Glass on its own, NRMSE84 of {GLASS.units} units, median of {GLASS_RUNS}",
            np.median(_over_runs(glasses, "free")), BEFORE_JAEGER, np.median(_over_runs(glasses, "mean")), "published before reservoirs", False,
        ),
        Score(f"largest memory capacity of {MEMORY.units} units", largest, MEMORY.units / 2, nothing),
        Score("the same, which can't be larger than the units", largest, MEMORY.units, nothing, "Jaeger 2001", False),
    ]  # fmt: skip


def _tables(narmas, glasses, memories, peers):
    return [_table_of_narma(narmas), _table_of_glass(glasses), _table_of_memory(memories), _table_of_peers(narmas, glasses, peers)]


def _table_of_narma(narmas):
    rows = []
    for units in NARMA_UNITS:
        errors = _over_runs(narmas, f"error/{units}")
        rows.append(("reservoir, here", units, errors.mean(), errors.std()))
    for taps in TAPS:
        errors = _over_runs(narmas, f"taps{taps}")
        rows.append((f"linear filter of {taps} past inputs, here", "", errors.mean(), errors.std()))
    title = f"NARMA-10: NMSE, learned from {NARMA_STEPS:,} steps, mean and deviation over {NARMA_RUNS} series and reservoirs"
    return Table(title, ("", "units", "NMSE", "deviation"), (*rows, *PUBLISHED_NARMA))


def _table_of_glass(glasses):
    rows = [(f"reservoir {run + 1}, here", *(float(glasses.found[f"{name}/{run}"]) for name in ("ahead", "free"))) for run in range(GLASS_RUNS)]
    title = f"Mackey-Glass, tau {DELAY}: NRMSE of {GLASS.units} units, learned from {GLASS_STEPS:,} steps less the first {GLASS_WASHOUT:,}"
    return Table(title, ("", "one step", "84 steps on its own"), (*rows, *PUBLISHED_GLASS))


def _table_of_memory(memories):
    rows = []
    for radius in RADII:
        found = [_over_runs(memories, f"capacity/{radius}/{reach}").mean() for reach in REACHES]
        rows.append((f"{radius:g}", *found, _over_runs(memories, f"other/{radius}").mean()))
    title = f"memory capacity of {MEMORY.units} units by the spectral radius of W and the largest input weight, mean of {MEMORY_RUNS} reservoirs"
    return Table(title, ("radius", *(f"{reach:g}" for reach in REACHES), "of an input never seen"), tuple(rows))


def _table_of_peers(narmas, glasses, peers):
    """Beside reservoirpy; its read-out solves the normal equations, whose condition is the square of what ours meets."""
    found = peers.found
    title = "beside reservoirpy: the same series, weights and penalties"
    columns = ("", "here", "reservoirpy")
    if not found:
        return Table(title, columns, (("NARMA-10, NMSE", float(narmas.found[f"error/{NARMA.units}/0"]), "not installed"),))
    rows = (
        ("NARMA-10, NMSE", narmas.found[f"error/{NARMA.units}/0"], found["narma/theirs"]),
        ("Mackey-Glass on its own, NRMSE84, each with its read-out", glasses.found["free/0"], found["glass/theirs"]),
        ("Mackey-Glass on its own, NRMSE84, both with ours", glasses.found["free/0"], found["glass/mixed"]),
        ("largest difference between states, NARMA-10", "", found["narma/apart"]),
        ("largest difference between states, Mackey-Glass", "", found["glass/apart"]),
        (f"seconds for the states of NARMA-10, {NARMA.units} units", found["narma/ours/seconds"], found["narma/theirs/seconds"]),
        (f"seconds for the states of Mackey-Glass, {GLASS.units} units", found["glass/ours/seconds"], found["glass/theirs/seconds"]),
    )
    return Table(title, columns, tuple((name, *(float(value) if value != "" else "" for value in values)) for name, *values in rows))
