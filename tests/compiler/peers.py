"""Five cells of the gallery against PyTorch and JAX: ``python -m tests.compiler.peers [CELL ...]`` (pip install '.[peers]').

Each against the fastest of a PyTorch loop, torch.compile of its step (which needs a C++ compiler) and JAX's scan, as
``opponents`` has them; in float32, forward (PyTorch in inference mode, ours bound to its parameters and keeping nothing)
and forward + backward. The machinery is that of ``refrnn bench``: a process each, results held against one another,
turns, ratios within a turn. What is asked of all are the outputs that a user would take, the states' last ones aside.
"""

import math
import re
import sys
from dataclasses import replace
from functools import cache

import refrnn
from refrnn.bench import contenders, machine
from refrnn.bench.child import Child
from refrnn.bench.contender import Contender
from refrnn.bench.problem import BOTH, FORWARD, make
from refrnn.bench.race import race
from refrnn.bench.roofline import Limits
from refrnn.bench.table import number, seconds, spread
from refrnn.commands.processes import Worker
from refrnn.spec.library import GALLERY, specs_folder
from tests.compiler.opponents import CELLS

TURNS, PATIENCE = 9, 300
RECURRENT = ({"T": 100, "I": 32, "H": 32}, 1), ({"T": 100, "I": 64, "H": 128}, 16), ({"T": 100, "I": 128, "H": 256}, 32)
SIZES = {
    "layer-norm-lstm": RECURRENT, "minimal-gated-unit": RECURRENT,
    "sru": [({"T": sizes["T"], "D": sizes["H"]}, batch) for sizes, batch in RECURRENT],
    "mlstm": [({"T": 100, "I": 32, "D": 16}, 1), ({"T": 100, "I": 64, "D": 32}, 16), ({"T": 50, "I": 64, "D": 64}, 16)],
    "attention-decoder": [
        ({"T": 30, "S": 30, "D": width, "M": width, "N": units, "A": units}, batch) for width, units, batch in ((32, 32, 1), (64, 128, 16), (128, 256, 32))
    ],
}  # fmt: skip


@cache
def spec_of(name):
    """The cell with those outputs that its opponents give."""
    path = specs_folder() / GALLERY / f"{name}.yaml"
    text = re.sub(r"^outputs: .*$", f"outputs: [{', '.join(CELLS[name].OUTPUTS)}]", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return refrnn.load_text(text, f"{path.name}, of which {', '.join(CELLS[name].OUTPUTS)} is asked")


def taking(environment):
    """Who takes part; ours last, as ``race`` has it."""

    def contender(name, kind, module, make, *arguments):
        child = Child(module, make, *arguments)
        return Contender(name, kind, lambda: Worker(child, environment), PATIENCE, lambda spec: True, (FORWARD, BOTH))

    opponents = "tests.compiler.opponents"
    return [
        contender("PyTorch loop", "peer", opponents, "Loop", False),
        contender("torch.compile", "peer", opponents, "Loop", True),
        contender("JAX scan", "peer", opponents, "Scan"),
        contender("bound", "bound", contenders.__name__, "Bound"),
        contender("kernel", "kernel", contenders.__name__, "Backend", "kernel"),
    ]  # fmt: skip


def ratio(cell):
    """That of the fastest opponent to ours: of the bound kernel, where nothing goes back, else of the one with new weights."""
    return cell["bound"] if cell["pass"] == FORWARD else cell


def line(cell):
    found = {one["name"]: one for one in cell["contenders"]}
    own = ratio(cell)
    times = ", ".join(f"{name} {seconds(one['seconds'])} ({spread(one, seconds, '')})" for name, one in found.items())
    sizes = " ".join(f"{name}={count}" for name, count in cell["sizes"].items() if isinstance(count, int))
    return f"{cell['id']} {sizes}, {cell['pass']}: {number(own['ratio'])} ({spread(own, number, 'ratio_')}) times as fast as {cell['fastest']}; {times}"


def main(names):
    threads = machine.threads(None)
    print(machine.line(machine.describe(True, threads)), flush=True)
    everyone, cells = taking(machine.environment(threads)), []
    limits = Limits(everyone[-1].ask, "float32")
    try:
        for name in names or CELLS:
            for sizes, batch in SIZES[name]:
                problem = make(spec_of(name), sizes, batch)
                for way in (FORWARD, BOTH):
                    cell = race(problem, way, everyone, TURNS, limits)
                    for one, sentence in cell["out"].items():
                        print(f"{name}: {one} takes no part: {sentence}", flush=True)
                    if "fastest" in cell:
                        cells.append(cell)
                        print(line(cell), flush=True)
    finally:
        for one in everyone:
            one.end()
    for way in (FORWARD, BOTH):
        found = [ratio(cell)["ratio"] for cell in cells if cell["pass"] == way]
        if found:
            print(f"{way}: geometric mean {number(math.exp(math.fsum(map(math.log, found)) / len(found)))}, least {number(min(found))}, of {len(found)}")


if __name__ == "__main__":
    main(sys.argv[1:])
