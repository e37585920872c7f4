"""A campaign: the adjoint equations of random programs, and those of these, against the tape.

``python -m tests.gradients --programs 2000 --seed 0``; a part of it is in ``tests/equation/test_gradient.py``.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from adjoints import apart, made_of, whole  # noqa: E402
from programs import SIZES  # noqa: E402
from random_programs import ARRAYS, drawn  # noqa: E402

from refrnn.errors import SpecError  # noqa: E402

FORMS = (SIZES, {**SIZES, "T": 5, "L": 1}, {**SIZES, "T": 3, "L": 5}, {**SIZES, "T": 1, "L": 2})
ALLOWED = 1e-13  # relative to the largest entry of a gradient: in a few of thousands sums cancel


def tried(seed, again=False):
    """What is wrong with the adjoint equations of one program, and of these ``again``; "" where nothing is, None where it is no program."""
    lines, outputs = drawn(seed)
    asked = {"sizes": FORMS[seed % len(FORMS)], "constants": {"K": 1 + seed % 2}, "integers": {"K"}}
    try:
        made, found = made_of(lines, ARRAYS, outputs, {"K"})
        error = apart(lines, ARRAYS, outputs, **asked)
        if again and error < ALLOWED:
            outer = {**made.arrays, **{name: whole(made, name) for name in found.values}, **{own: whole(made, name) for name, own in found.upstream.items()}}
            error = apart(found.equations, _texts(outer), list(found.gradients.values()), declared=_texts(found.shapes), **asked)
    except SpecError as refusal:
        if again and "characters, more than" in str(refusal):
            return None  # the adjoint of an adjoint is too long for one equation
        return f"refused: {refusal}" if "adjoint" in str(refusal) or "gradient" in str(refusal) else None
    except Exception as fault:
        return f"raises {type(fault).__name__}: {fault}"
    return "" if error < ALLOWED else f"off by {error:.1g}"


def _texts(shapes):
    return {name: ", ".join(map(str, shape)) for name, shape in shapes.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    found = {seed: tried(seed, again=seed % 4 == 0) for seed in range(chosen.seed, chosen.seed + chosen.programs)}
    wrong = {seed: text for seed, text in found.items() if text}
    for seed, text in wrong.items():
        print(f"{seed}: {text}: {drawn(seed)}")
    print(f"{sum(text == '' for text in found.values())} hold, {sum(text is None for text in found.values())} are no programs, {len(wrong)} are wrong")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
