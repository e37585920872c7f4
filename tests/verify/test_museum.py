"""A part of the museum of planted faults: two of each class, one of them across the edges of blocks, are found by quick cases.

The whole museum runs by hand: ``python -m tests.verify.museum full``.
"""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import refrnn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from tests.kernel_copies import COMPILED, Instead  # noqa: E402
from tests.verify.museum.faults import FAULTS  # noqa: E402
from tests.verify.museum.neighbours import KERNELS as NEAR_KERNELS  # noqa: E402
from tests.verify.museum.neighbours import REFERENCES as NEIGHBOURS  # noqa: E402
from tests.verify.museum.outside import planting as outside  # noqa: E402
from tests.verify.museum.outside.kernels import KERNELS  # noqa: E402
from tests.verify.museum.outside.library import LIBRARY  # noqa: E402
from tests.verify.museum.outside.noted import PLACES, noted  # noqa: E402
from tests.verify.museum.outside.reach import reached  # noqa: E402
from tests.verify.museum.outside.references import REFERENCES  # noqa: E402
from tests.verify.museum.planting import Fault, found, standing  # noqa: E402

KINDS = sorted({fault.kind for fault in FAULTS})
# Few specs, as each of them needs its truths: where most faults are.
SHOWN = [fault for fault in FAULTS if fault.spec in ("lstm", "clip-value", "unfolding") and fault.level == "quick"]


def test_the_museum_is_large_and_of_all_kinds():
    assert len(FAULTS) >= 120 and len(KINDS) == 8
    assert len({(fault.name, fault.spec) for fault in FAULTS}) == len(FAULTS)
    assert {fault.kind for fault in SHOWN} == set(KINDS)


@pytest.mark.parametrize("name", sorted({fault.spec for fault in SHOWN}))
def test_a_kernel_without_a_fault_is_right(name):
    assert found(Fault("", "", name)) == []


def test_what_one_fault_writes_into_no_later_one_sees():
    writes = next(fault for fault in SHOWN if fault.name == "the upstream gradient becomes the carry")
    assert found(writes) and found(Fault("", "", writes.spec)) == []


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("fault", SHOWN, ids=lambda fault: f"{fault.kind}: {fault.name}")
def test_fault_is_found(fault):
    with np.errstate(all="ignore"):
        assert found(fault)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("fault", [fault for fault in NEAR_KERNELS if fault.spec == "lstm" and fault.level == "quick"], ids=lambda fault: fault.name)
def test_fault_near_one_that_was_missed_is_found(fault):
    with np.errstate(all="ignore"):
        assert found(fault)


@pytest.mark.parametrize("name", ["lstm", "elman"])  # elman has a number that chooses, and a kernel for each of its values
def test_what_stands_in_for_a_compiled_kernel_is_asked(name):
    spec, module = refrnn.load(name), ModuleType("planted")
    module.forward = lambda **arguments: 1 / 0
    with standing(spec, "kernel", Instead(spec, module), {}), pytest.raises(ZeroDivisionError):
        spec.forward(spec.draw(), "kernel")


OUTSIDE = {"refrnn/reference": REFERENCES + NEIGHBOURS, "kernels": KERNELS, "refrnn": LIBRARY}


@pytest.mark.parametrize("folder", OUTSIDE)
def test_every_replaced_text_is_there(folder):
    for fault in OUTSIDE[folder]:
        outside.planted(outside.text_of(folder, fault), fault)


@pytest.mark.parametrize("fault", KERNELS, ids=str)
def test_the_row_that_finds_a_fault_reaches_its_place(fault):
    assert reached(refrnn.load(fault.spec), fault, outside.ROOT)


# A file that lstm does not import, a function of one that it imports and does not call, and a text of another row.
@pytest.mark.parametrize("name, file, old", [
    ("lstm", "families/narx.py", "slope(d_Y - d_fed, Y)"), ("lstm", "primitives/activations.py", "def finer_tanh(x):"), ("hopfield", COMPILED, "keeps="),
])  # fmt: skip
def test_a_place_that_a_row_does_not_reach_is_told(name, file, old):
    assert not reached(refrnn.load(name), outside.Fault("", "", name, file, old, ""), outside.ROOT)


def test_of_every_fault_it_is_noted_who_found_it():
    assert noted().keys() == {f"{place}: {fault}" for place, faults in PLACES.items() for fault in faults}
    assert len(noted()) == sum(map(len, PLACES.values())) and set(noted().values()) <= {"quick", "full", "nobody"} | {fault.tests for fault in LIBRARY}


# Those of kinds that once were missed by all, in specs whose truths are cheap.
CHEAP = ("activation-jacobian", "blow-up-criterion", "bptt", "clip-norm", "lstm", "markov-factorisation", "unfolding")


@pytest.mark.parametrize("fault", [fault for fault in REFERENCES if fault.spec in CHEAP], ids=str)
def test_fault_in_a_reference_is_found(fault):
    assert bool(outside.found(fault, "reference")) is (noted()[f"references: {fault}"] == "quick")
