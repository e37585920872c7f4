"""Plant the faults and note in found.txt who finds each: ``python -m tests.verify.museum.outside references kernels library``.

Other words choose those whose kind, name or spec has one of them; with ``full`` what quick cases miss is tried with all, with
``left`` those alone are planted of which nothing is noted. The folders of tests are tried for what is in the library and
verification misses. At the end of a run all that is noted is counted by class.
"""

import sys
from collections import Counter

from tests.verify.museum.outside.noted import PLACES, keep, noted
from tests.verify.museum.outside.planting import found, found_in_library


def _found(place, fault, level):
    return found_in_library(fault, level) if place == "library" else found(fault, place.removesuffix("s"), level)


def main(words):
    places, parts = [word for word in words if word in PLACES], [word for word in words if word not in (*PLACES, "full", "left")]
    for place in places or PLACES:
        for fault in PLACES[place]:
            name = f"{place}: {fault}"
            if parts and not any(part in name for part in parts) or "left" in words and name in noted():
                continue
            levels = ["quick"] + ["full"] * ("full" in words) + [fault.tests] * bool(fault.tests)
            by = next((level for level in levels if _found(place, fault, level)), "nobody")
            keep(name, by)
            print(f"{by}: {name}", flush=True)
    counts = Counter((*name.split(": ")[:2], by) for name, by in noted().items())
    for (place, kind, by), count in sorted(counts.items()):
        print(f"{place + ': ' + kind:24} {by:16} {count:4}")


main(sys.argv[1:])
