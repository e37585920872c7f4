"""A part of the faults in the judge, one of each module, turns a test red; and the table is in step with the source.

The whole table runs by hand: ``python -m tests.verify.judge``.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.verify.judge.faults import BY, FAULTS, OFTEN, TESTS  # noqa: E402
from tests.verify.judge.planting import changed  # noqa: E402

FOUND = ROOT / "tests/verify/judge/found.txt"


def test_the_table_is_of_every_module_that_judges():
    files = {path.relative_to(ROOT).with_suffix("") for path in (ROOT / "refrnn/verify").rglob("*.py") if path.stem != "__init__"}
    judging = {".".join(file.parts) for file in files}
    assert judging <= {fault.module for fault in FAULTS} == set(TESTS) == {fault.module for fault in OFTEN} and len(OFTEN) == len(BY) == len(TESTS)
    assert len({str(fault) for fault in FAULTS}) == len(FAULTS) > 1100


def test_every_replaced_text_is_there_and_no_fault_twice():
    out_of_step, sources = [], {}
    for fault in FAULTS:
        try:
            sources.setdefault((fault.module, changed(fault)), []).append(str(fault))
        except LookupError as error:
            out_of_step.append(str(error))
    assert out_of_step == [] and [twice for twice in sources.values() if len(twice) > 1] == []


def test_every_test_that_finds_faults_is_there():
    assert all((ROOT / test.partition("::")[0]).is_file() for fault in FAULTS for test in fault.tests)


def test_every_fault_was_found_and_what_found_it_is_there():
    lines = [line.split("\t") for line in FOUND.read_text(encoding="utf-8").splitlines()]
    assert [fault for fault, _ in lines] == sorted(map(str, FAULTS))
    sources = {file: (ROOT / file).read_text(encoding="utf-8") for file in {test.partition("::")[0] for _, test in lines}}
    assert [test for _, test in lines if f"def {test.partition('::')[2].partition('[')[0]}(" not in sources[test.partition("::")[0]]] == []


@pytest.fixture(scope="module")
def said():
    """What the runner says of each fault that is planted often; it is a process of its own, in which refrnn was not imported."""
    command = [sys.executable, "-m", "tests.verify.judge", "--often", "--jobs", "2"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout


@pytest.mark.parametrize("fault", OFTEN, ids=str)
def test_fault_is_found(fault, said):
    assert f"found: {fault}, by " in said, "\n".join(line for line in said.splitlines() if str(fault) in line)
