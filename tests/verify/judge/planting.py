"""Runs tests with a fault in one module of refrnn: in a child that is forked before refrnn is imported, and gets the changed source."""

import importlib.machinery
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LONGEST = 600  # seconds for the tests of one fault
HANGS = -signal.SIGALRM if hasattr(signal, "SIGALRM") else None
RED = (1, 2)  # of pytest: a test that fails, a test file that can't be imported


def path_of(module):
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def changed(fault):
    """The module's source with the fault. Raises LookupError where the table is out of step with the source."""
    text = path_of(fault.module).read_text(encoding="utf-8")
    if text.count(fault.old) != 1:
        raise LookupError(f"{fault}: {text.count(fault.old)} places, not one, have the text {fault.old!r}")
    return text.replace(fault.old, fault.new)


class Planted:
    """An import hook that gives one module another source."""

    def __init__(self, module, source):
        self.module = module
        self.source = source

    def find_spec(self, name, path=None, target=None):
        if name != self.module:
            return None
        found = importlib.machinery.PathFinder.find_spec(name, path)
        source, file = self.source, found.origin

        class Loader(importlib.machinery.SourceFileLoader):
            def get_code(self, fullname):
                return compile(source, file, "exec", dont_inherit=True)

        found.loader = Loader(name, file)
        return found


def run_tests(fault):
    """In the child: the exit status of pytest, 0 where all tests are green."""
    import pytest

    assert not [name for name in sys.modules if name.split(".")[0] == "refrnn"]
    os.chdir(ROOT)
    if hasattr(signal, "alarm"):
        signal.alarm(LONGEST)
    if fault.old != fault.new:
        sys.meta_path.insert(0, Planted(fault.module, changed(fault)))
    return int(pytest.main([*fault.tests, "-x", "-q", "-p", "no:cacheprovider"]))


class Child:
    """The tests of one fault, under way in a process of their own: a fork, or a new one where there is none."""

    def __init__(self, fault, number):
        self.fault = fault
        self.output = tempfile.TemporaryFile("w+b")
        self.started = time.perf_counter()
        self.process = None
        if hasattr(os, "fork"):
            self.pid = os.fork()
            if self.pid == 0:
                self._be_the_child()
        else:
            command = [sys.executable, "-m", "tests.verify.judge", "--child", str(number)]
            self.process = subprocess.Popen(command, stdout=self.output, stderr=self.output, cwd=ROOT)

    def _be_the_child(self):
        status = 70
        try:
            os.dup2(self.output.fileno(), 1)
            os.dup2(self.output.fileno(), 2)
            status = run_tests(self.fault)
        finally:
            os._exit(status)

    def ended(self):
        """The exit status, or None while it runs."""
        if self.process is not None:
            return self.process.poll()
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return None if pid == 0 else os.waitstatus_to_exitcode(status)

    def said(self):
        self.output.seek(0)
        return self.output.read().decode(errors="replace")


def tried(faults, numbers, jobs=1):
    """(fault, exit status of its tests, what they said, seconds) for each fault, as they end."""
    waiting, running = list(zip(faults, numbers)), []
    while waiting or running:
        while waiting and len(running) < jobs:
            running.append(Child(*waiting.pop(0)))
        for child in list(running):
            status = child.ended()
            if status is not None:
                running.remove(child)
                yield child.fault, status, child.said(), time.perf_counter() - child.started
        time.sleep(0.02)
