"""How many times as long as a kernel by hand what its equations compile to takes: ``python -m tests.compiler.race [ROW ...]``.

Both in turns, in float32, forward and with backward, on one sequence of 32 steps and units, on 16 of 64 and of 256,
and on one of 512. Each kernel by hand says in its docstring what came out. First calls compile: a second run is the one
to read.
"""

import sys
import time

import numpy as np

import refrnn
from refrnn.backends.run import compiler
from refrnn.spec.binding import Compiled
from refrnn.spec.library import rows

GRID, SECONDS = ((32, 1), (64, 16), (256, 16), (512, 1)), 0.5  # steps and units, sequences
# What counts delays, layers or words that are read at once is small.
FEW = {"narx": "M N", "narx-hidden": "M N L", "tdnn": "N", "removed-connections": "D", "skip-connections": "D"}
FEW |= dict.fromkeys(["layer-product-gradient", "gradient-through-depth", "singular-value-bound"], "N")
FEW |= {"mean-pooling": "K", "neural-language-model": "K", "skip-gram": "K", "sliding-word-model": "L"}

LONG = dict.fromkeys(["clip-halving", "clip-norm", "clip-value"], {"N": 10_000_000})  # the gradients of a training, too


def seconds(spec, values, backend):
    """Of a pass forward, and with the one backward where there is one."""
    begin = time.perf_counter()
    run = spec.forward(values, backend)
    forward = time.perf_counter() - begin
    if not spec.differentiated:
        return (forward,)
    upstream = {name: np.ones_like(array) for name, array in run.outputs.items()}
    begin = time.perf_counter()
    run.backward(upstream)
    return forward, forward + time.perf_counter() - begin


def ratios(spec, width, batch, **others):
    """Of the least times; ``others``: sizes that are not ``width``."""
    sizes = {name: 4 if name in FEW.get(spec.id, "").split() else width for name in spec.sizes} | others
    values = spec.draw(sizes, batch=batch, dtype="float32")
    times, end = {"kernel": [], "compiled": []}, time.perf_counter() + SECONDS
    while len(times["kernel"]) < 3 or time.perf_counter() < end and len(times["kernel"]) < 200:
        for backend, taken in times.items():
            taken.append(seconds(spec, values, backend))
    by_hand, of_equations = (np.min(times[name][1:], axis=0) for name in ("kernel", "compiled"))
    return of_equations / by_hand


def main(names):
    for spec in map(refrnn.load, names or rows()):
        if isinstance(spec.bindings["kernel"], Compiled) or compiler().obstacle(spec):
            continue
        found = [f"{ratio:.1f}" for place in GRID for ratio in ratios(spec, *place)]
        if spec.id in LONG:
            found += [f"{ratio:.1f}" for ratio in ratios(spec, 1, 1, **LONG[spec.id])]
        print(f"{spec.id}: {min(found, key=float)} to {max(found, key=float)} ({' '.join(found)})", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
