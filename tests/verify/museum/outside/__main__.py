"""Count by class: ``python -m tests.verify.museum.outside references kernels library``; with ``full`` what quick cases miss is tried with all.

The folders of tests are tried for what is in the library and verification misses.
"""

import sys
from collections import defaultdict

from tests.verify.museum.outside.kernels import KERNELS
from tests.verify.museum.outside.library import LIBRARY
from tests.verify.museum.outside.planting import found, found_in_library
from tests.verify.museum.outside.references import REFERENCES


def _finder(place):
    if place == "library":
        return found_in_library
    return lambda fault, level: found(fault, place.removesuffix("s"), level)


def main(words):
    counts = defaultdict(lambda: defaultdict(int))
    for place, faults in (("references", REFERENCES), ("kernels", KERNELS), ("library", LIBRARY)):
        for fault in faults if place in words else ():
            levels = ["quick"] + ["full"] * ("full" in words)
            levels += [fault.found_by] * (fault.found_by.startswith("tests"))
            by = next((level for level in levels if _finder(place)(fault, level)), "nobody")
            counts[f"{place}: {fault.kind}"][by] += 1
            print(f"{by}: {place}: {fault.kind}: {fault.name} ({fault.spec})", flush=True)
    for kind, by in counts.items():
        print(f"{kind:24} " + ", ".join(f"{level} {count}" for level, count in by.items()))


main(sys.argv[1:])
