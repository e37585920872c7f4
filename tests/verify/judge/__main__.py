"""Plant the faults: all of them, those whose module or name has one of the words, or the part that CI runs (--often)."""

import argparse
import json
import sys
import time
from pathlib import Path

from tests.verify.judge.faults import FAULTS, OFTEN, ROOT
from tests.verify.judge.planting import changed, tried, verdict


FOUND = Path(__file__).with_name("found.txt")
KEPT = ROOT / ".pytest_cache" / "judge.json"


class Memory:
    """What earlier runs found: the test that found each fault is asked first, and the quick ones before the slow.

    Which test finds which fault stands in ``found``, a line each; how many seconds tests take is this machine's own.
    Without them nothing is remembered.
    """

    def __init__(self, found=None, kept=None):
        self.found, self.kept = found, kept
        self.by = dict(line.split("\t") for line in found.read_text(encoding="utf-8").splitlines()) if found and found.is_file() else {}
        self.seconds = json.loads(kept.read_text()) if kept and kept.is_file() else {}  # test -> seconds

    def keep(self):
        if self.found:
            self.found.write_text("".join(f"{fault}\t{test}\n" for fault, test in sorted(self.by.items())), encoding="utf-8")
            self.kept.parent.mkdir(exist_ok=True)
            self.kept.write_text(json.dumps(self.seconds))


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.verify.judge", description=__doc__)
    parser.add_argument("words", nargs="*", help="parts of modules or of names of faults; all faults without")
    parser.add_argument("--jobs", type=int, default=1, help="how many at once")
    parser.add_argument("--often", action="store_true", help="the part that CI runs, by the tests that it names and nothing that is remembered")
    parser.add_argument("--left", action="store_true", help="those alone that no earlier run found")
    options = parser.parse_args()
    memory = Memory() if options.often else Memory(FOUND, KEPT)
    chosen = [fault for fault in (OFTEN if options.often else FAULTS) if not options.words or any(word in str(fault) for word in options.words)]
    memory.by = {name: test for name, test in memory.by.items() if name in set(map(str, FAULTS))}
    chosen = [fault for fault in chosen if not (options.left and str(fault) in memory.by)]
    if not chosen:
        parser.error("there is no such fault")
    for name in ("numba", "numpy", "pytest", "yaml", "click"):  # once for all children
        __import__(name)
    started = time.perf_counter()
    in_step = [fault for fault in chosen if _in_step(fault)]
    found = _plant(in_step, memory, Green(memory) if not options.often else lambda test: True, options.jobs)  # CI runs all tests with nothing planted
    print(f"{found} of {len(chosen)} faults found, {time.perf_counter() - started:.0f} s")
    sys.exit(0 if found == len(chosen) else 1)


def _in_step(fault):
    """Whether the source has the fault's text; says so where not."""
    try:
        return bool(changed(fault))
    except LookupError as error:
        print(f"OUT OF STEP: {error}", flush=True)
        return False


def _plant(faults, memory, green, jobs):
    """How many of the faults are found, by tests that are ``green``; says of each how, or that it is not."""
    known = [(fault, [memory.by[str(fault)]]) for fault in faults if str(fault) in memory.by]
    rest = [(fault, fault.tests) for fault in faults if str(fault) not in memory.by]
    found = 0
    for questions in (known, rest):
        for child, status in tried(questions, jobs, memory.seconds):
            said, red = verdict(child, status), child.noted().get("red")
            if said == "found" and red and not green(red):
                said = f"NOT GREEN where nothing is planted: {red}"
            if questions is known and said != "found":
                del memory.by[str(child.fault)]
                rest.append((child.fault, child.fault.tests))  # another test may find it
                continue
            print(f"{said}: {child.fault}{f', by {red}' if red else ''} ({child.cpu:.1f} CPU s)", flush=True)
            found += said == "found"
            if said == "found" and red:
                memory.by[str(child.fault)] = red
            memory.keep()
    return found


class Green:
    """Whether a test is green where nothing is planted: each that finds a fault is asked once."""

    def __init__(self, memory):
        self.memory = memory
        self.known = {}

    def __call__(self, test):
        if test not in self.known:
            ((_, status),) = tried([(None, [test])], 1, self.memory.seconds)
            self.known[test] = status == 0
        return self.known[test]


main()
