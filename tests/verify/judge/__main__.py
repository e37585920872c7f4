"""Plant the faults: all of them, those whose module or name has one of the words, or the part that CI runs (--often)."""

import argparse
import sys
import time

from tests.verify.judge.faults import FAULTS, OFTEN
from tests.verify.judge.planting import HANGS, RED, changed, run_tests, tried


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.verify.judge", description=__doc__)
    parser.add_argument("words", nargs="*", help="parts of modules or of names of faults; all faults without")
    parser.add_argument("--jobs", type=int, default=1, help="how many at once")
    parser.add_argument("--often", action="store_true", help="the representative part that CI runs")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:
        sys.exit(run_tests(FAULTS[options.child]))
    chosen = [fault for fault in (OFTEN if options.often else FAULTS) if not options.words or any(word in str(fault) for word in options.words)]
    if not chosen:
        parser.error("no fault has one of these words")
    for fault in chosen:
        changed(fault)
    for name in ("numba", "numpy", "pytest"):  # once for all children
        __import__(name)
    _refuse_unless_green(chosen)
    started, alive = time.perf_counter(), 0
    for fault, status, _, seconds in tried(chosen, map(FAULTS.index, chosen), options.jobs):
        word = "found" if status in RED else "NOT FOUND" if status == 0 else "HANGS" if status == HANGS else f"STATUS {status}"
        alive += word != "found"
        print(f"{word}: {fault} ({seconds:.1f} s)", flush=True)
    print(f"{len(chosen) - alive} of {len(chosen)} faults found, {time.perf_counter() - started:.0f} s")
    sys.exit(1 if alive else 0)


def _refuse_unless_green(chosen):
    """With nothing planted the tests of all faults are green."""
    tests = tuple(sorted({test for fault in chosen for test in fault.tests}))
    nothing = chosen[0]._replace(what="nothing", new=chosen[0].old, tests=tests)
    ((_, status, said, seconds),) = tried([nothing], [None])
    if status != 0:
        sys.exit(f"{said}\nthe tests are not green with nothing planted (status {status})")
    print(f"nothing planted: all tests are green ({seconds:.1f} s)", flush=True)


main()
