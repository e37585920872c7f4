"""Cells of others, written from their papers, all of them right: none may be found wrong, and no mutant may live.

Run by hand, for all cells or for those that are named:

    python -m tests.verify.cells_campaign
    python -m tests.verify.cells_campaign slstm bahdanau
"""

import sys
import time
from pathlib import Path

import refrnn
from refrnn.verify.report import mutants_in_words
from refrnn.verify.verify import verify_spec

CELLS = Path(__file__).parent / "cells"


def names():
    """All cells, in order."""
    return sorted(path.stem for path in CELLS.glob("*.yaml"))


def verified(name):
    """The report of one cell: its equation alone, with all mutants."""
    return verify_spec(refrnn.load(str(CELLS / f"{name}.yaml")), ["equation"], mutants=True)


def campaign(chosen):
    """Verify the cells and print what becomes of each; returns how many are found wrong."""
    wrong = 0
    for name in chosen:
        started = time.perf_counter()
        report = verified(name)
        wrong += not report.ok
        print(f"{name:26} {'holds' if report.ok else 'FAILS'}  {mutants_in_words(report)}  {time.perf_counter() - started:.1f} s", flush=True)
        for failure in report.failures:
            print(f"    {failure}", flush=True)
    print(f"{len(chosen)} cells, {wrong} found wrong")
    return wrong


if __name__ == "__main__":
    sys.exit(campaign(sys.argv[1:] or names()) > 0)
