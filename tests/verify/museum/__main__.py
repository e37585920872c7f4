"""Show by class how many faults are found; ``python -m tests.verify.museum full`` tries what quick cases miss with the full ones.

With ``holdout`` it shows those chosen after the cases stood, with ``neighbours`` those near what cases once missed.
"""

import sys
from collections import Counter

from tests.verify.museum.faults import FAULTS
from tests.verify.museum.holdout import HOLDOUT
from tests.verify.museum.neighbours import KERNELS, REFERENCES
from tests.verify.museum.outside import planting as outside
from tests.verify.museum.planting import Fault
from tests.verify.museum.planting import found as found_in_kernel


def found(fault, level="quick"):
    return found_in_kernel(fault, level) if isinstance(fault, Fault) else outside.found(fault, "reference", level)


def main(shown, full):
    total, quick, all_found = Counter(), Counter(), Counter()
    for fault in shown:
        total[fault.kind] += 1
        by = "quick" if found(fault) else "full" if full and found(fault, "full") else None
        quick[fault.kind] += by == "quick"
        all_found[fault.kind] += by is not None
        if by != "quick":
            print(f"{by or 'not found'}: {fault.kind}: {fault.name} ({fault.spec})", flush=True)
    for kind in total:
        print(f"{kind:12} {total[kind]:4} faults, quick finds {quick[kind]:4}" + (f", full {all_found[kind]:4}" if full else ""))
    print(f"{'all':12} {sum(total.values()):4} faults, quick finds {sum(quick.values()):4}" + (f", full {sum(all_found.values()):4}" if full else ""))


SHOWN = {"holdout": HOLDOUT, "neighbours": [*REFERENCES, *KERNELS]}
main(next((SHOWN[word] for word in sys.argv[1:] if word in SHOWN), FAULTS), "full" in sys.argv[1:])
