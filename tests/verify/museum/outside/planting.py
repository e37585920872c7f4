"""How a text is replaced in a reference, in a copy of the kernels, or in a copy of the whole library; and who finds it."""

import contextlib
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import refrnn
from refrnn.backends.run import compiler
from refrnn.verify.verify import wrong_with
from tests.kernel_copies import COMPILED, Instead, is_compiled, kernel_of
from tests.verify.museum.planting import standing, truths_of

ROOT = Path(__file__).resolve().parents[4]


class Fault(NamedTuple):
    """In ``file``, a path below ``refrnn/reference``, ``kernels`` or ``refrnn``, or in what is COMPILED, the first ``old`` becomes ``new``.

    ``tests`` names the folder of tests that is to find it where verification does not.
    """

    kind: str
    name: str
    spec: str
    file: str
    old: str
    new: str
    tests: str = ""

    def __str__(self):
        return f"{self.kind}: {self.name} ({self.spec})"


class Bound:
    """Stands where a binding stands and gives a faulty module."""

    def __init__(self, module):
        self.module = module

    def load(self):
        return self.module


def planted(text, fault):
    assert fault.old in text, f"the place of the fault is gone: {fault.old!r}"
    assert fault.old != fault.new
    return text.replace(fault.old, fault.new, 1)


def text_of(folder, fault):
    """What the fault is planted in."""
    return compiler().source(refrnn.load(fault.spec)) if fault.file == COMPILED else (ROOT / folder / fault.file).read_text()


@contextlib.contextmanager
def in_reference(fault):
    """The reference of the spec with the fault, in a module of its own."""
    path = ROOT / "refrnn" / "reference" / fault.file
    module = ModuleType("faulty_reference")
    exec(compile(planted(path.read_text(), fault), f"faulty {path.name}", "exec"), module.__dict__)
    yield module


@contextlib.contextmanager
def in_kernels(fault):
    """The spec's kernel from a copy of all kernels; the copy's threads, meetings, work memory and checkpoints are those that verification sets."""
    import refrnn.kernels.primitives as primitives
    from refrnn.kernels.primitives import threads

    spec, cache = refrnn.load(fault.spec), os.environ.get("REFRNN_CACHE_DIR")
    right = {name: importlib.import_module(f"refrnn.kernels.{name}") for name in ("engine.pool", "engine.segments", "primitives.meeting")}
    with tempfile.TemporaryDirectory() as folder:
        package = f"faulty_kernels_{abs(hash(fault))}"
        shutil.copytree(ROOT / "kernels", Path(folder) / package, ignore=shutil.ignore_patterns("__pycache__"))
        if fault.file != COMPILED:
            path = Path(folder) / package / fault.file
            path.write_text(planted(path.read_text(), fault))
        sys.path.insert(0, folder)
        os.environ["REFRNN_CACHE_DIR"] = str(Path(folder) / "cache")
        try:
            module = kernel_of(spec, package, lambda text: planted(text, fault) if fault.file == COMPILED else text)
            primitives.threads = sys.modules[f"{package}.primitives.threads"]
            sys.modules.update({f"refrnn.kernels.{name}": importlib.import_module(f"{package}.{name}") for name in right})
            yield module
        finally:
            sys.modules.update({f"refrnn.kernels.{name}": known for name, known in right.items()})
            primitives.threads = threads
            sys.path.remove(folder)
            os.environ.pop("REFRNN_CACHE_DIR")
            if cache is not None:
                os.environ["REFRNN_CACHE_DIR"] = cache
            for name in [name for name in sys.modules if name.startswith(package)]:
                del sys.modules[name]


def found(fault, backend, level="quick"):
    """What verification says of a reference or a kernel with the fault: texts, none where it finds nothing."""
    spec = refrnn.load(fault.spec)
    known = truths_of(fault.spec, level)
    with {"reference": in_reference, "kernel": in_kernels}[backend](fault) as module:
        binding = Instead(spec, module) if backend == "kernel" and is_compiled(spec) else Bound(module)
        with standing(spec, backend, binding, known):
            texts = wrong_with(spec, known, backend, level)
            # verify asks the kernel, too, in shapes whose truth is the reference.
            return texts or wrong_with(spec, {}, "kernel", level) if backend == "reference" and "kernel" in spec.backends else texts


def found_in_library(fault, level="quick"):
    """What verification, or a folder of tests, says of a copy of the whole library with the fault: the end of its text, or "".

    ``spec`` names one of the library, or the call in ``refrnn.compose`` that makes a network.
    """
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        ignore = shutil.ignore_patterns("__pycache__")
        for part in ("refrnn", "kernels", "specs", "tests"):
            shutil.copytree(ROOT / part, top / part, ignore=ignore)
        for part in ("kernels", "specs"):
            (top / "refrnn" / part).symlink_to(top / part)
        for part in ("README.md", "setup.cfg", "pyproject.toml", "ARCHITECTURE.md"):
            shutil.copy(ROOT / part, top)
        path = top / "refrnn" / fault.file
        path.write_text(planted(path.read_text(), fault))
        if level in ("quick", "full"):
            command = [sys.executable, "-c", _VERIFY, fault.spec, level]
        else:
            command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", level]
        done = subprocess.run(command, cwd=top, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": folder}, timeout=1800)
        return "" if done.returncode == 0 else (done.stdout + done.stderr)[-2000:]


_VERIFY = """
import sys
from pathlib import Path
import refrnn
assert Path(refrnn.__file__).parent.parent == Path.cwd().resolve(), refrnn.__file__
from refrnn.compose import *
from refrnn.verify.verify import verify_spec
spec, level = sys.argv[1:]
spec = refrnn.load(spec) if spec in refrnn.ids() else eval(spec)
report = verify_spec(spec, level=level)
print(*report.failures[:3], sep="\\n")
sys.exit(len(report.failures) > 0)
"""
