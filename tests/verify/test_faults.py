"""A fault planted in a reference or a kernel is found, and named by symbol, place and case."""

import re
import shutil
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import pytest
from faults import KERNEL_FAULTS, REFERENCE_FAULTS

import refrnn
from refrnn.kernels.primitives import cache
from refrnn.verify.backends import compare
from refrnn.verify.cases import cases
from refrnn.verify.truth import truths
from tests.kernel_copies import COMPILED, kernel_of

ROOT = Path(__file__).resolve().parents[2] / "kernels"


@lru_cache(maxsize=None)
def truths_of(name):
    return list(truths(refrnn.load(name), cases(refrnn.load(name))))


class Planted:
    """Stands where a binding stands and gives a faulty module."""

    def __init__(self, module):
        self.module = module

    def load(self):
        return self.module


def planted(text, fault):
    assert text.count(fault.old) >= 1, f"the place of the fault is gone: {fault.old!r}"
    return text.replace(fault.old, fault.new, 1)


def faulty_reference(fault):
    path = refrnn.load(fault.spec).bindings["reference"].path
    module = ModuleType("faulty_reference")
    exec(compile(planted(path.read_text(), fault), f"faulty {path.name}", "exec"), module.__dict__)
    return module


def findings(spec, backend, dtypes=("float32", "float64")):
    found = []
    for truth in truths_of(spec.id):
        if truth.case.dtype not in dtypes:
            continue
        found += [str(finding) for finding in compare(spec, truth, backend)[1]]
    return found


def assert_named(found, fault):
    """Some finding says: the symbol differs at a place (an array has one) in a case, by how much, and the bound."""
    pattern = rf"{fault.symbol} differs( at \[[0-9, ]+\])? in case [a-zA-Z0-9-]+, .*, bound "
    named = [text for text in found if re.search(rf": {pattern}", text)]
    assert named, f"not named as {fault.symbol}: {found[:3]}"


def test_there_are_enough_faults_of_enough_kinds():
    assert len(REFERENCE_FAULTS) + len(KERNEL_FAULTS) >= 30
    assert len({fault.kind for fault in REFERENCE_FAULTS}) >= 20


@pytest.mark.parametrize("fault", REFERENCE_FAULTS, ids=lambda fault: f"{fault.spec}: {fault.kind}: {fault.symbol}")
def test_fault_in_a_reference(fault, monkeypatch):
    spec = refrnn.load(fault.spec)
    assert findings(spec, "reference") == []
    monkeypatch.setitem(spec.bindings, "reference", Planted(faulty_reference(fault)))
    assert_named(findings(spec, "reference"), fault)


@pytest.mark.parametrize("file, fault", KERNEL_FAULTS, ids=lambda part: part if isinstance(part, str) else f"{part.kind}: {part.symbol}")
def test_fault_in_a_kernel(file, fault, tmp_path, monkeypatch):
    top = f"faulty_{abs(hash((file, fault)))}"
    shutil.copytree(ROOT, tmp_path / top / "kernels", ignore=shutil.ignore_patterns("__pycache__"))
    if file != COMPILED:
        path = tmp_path / top / "kernels" / file
        path.write_text(planted(path.read_text(), fault))
    monkeypatch.syspath_prepend(str(tmp_path))
    spec = refrnn.load(fault.spec)
    module = kernel_of(spec, f"{top}.kernels", lambda text: planted(text, fault) if file == COMPILED else text)
    only_the_faulty_file_is_compiled(sys.modules[f"{top}.kernels.primitives.cache"], file, monkeypatch)
    try:
        assert_named(findings(spec, module, ("float64",)), fault)
    finally:
        for name in [name for name in sys.modules if name.startswith(top)]:
            del sys.modules[name]


def only_the_faulty_file_is_compiled(copy, file, monkeypatch):
    """The rest is read as it was kept of the right kernels; nothing is kept of the copy, as there are other sources on disk."""
    load, faulty = copy._Entries.load, file.removesuffix(".py").replace("/", ".") + "."
    monkeypatch.setattr(copy, "digest", cache.digest)
    monkeypatch.setattr(copy._Entries, "load", lambda entries, key: None if entries.name.startswith(faulty) else load(entries, key))
    assert copy.digest_on_disk() != cache.digest()
