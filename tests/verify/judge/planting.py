"""Runs tests with a fault in one module of refrnn: in a child that is forked before refrnn is imported, and gets the changed source."""

import importlib.machinery
import json
import os
import signal
import tempfile
import time

import pytest

from tests.verify.judge.faults import ROOT

LONGEST = 300  # seconds for the tests of one fault
SLIPS = ("NameError: ", "UnboundLocalError: ", "ImportError: ")  # of one who writes a fault: what is no program fools nobody
# Tests are tried in rounds: those that take up to as many seconds, of all files, before any that takes longer.
ROUNDS = (0.05, 0.3, 1.0, float("inf"))


def path_of(module):
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def changed(fault):
    """The module's source with the fault. Raises LookupError where the table is out of step with the source."""
    text = path_of(fault.module).read_text(encoding="utf-8")
    if text.count(fault.old) != 1:
        raise LookupError(f"{fault}: {text.count(fault.old)} places, not one, have the text {fault.old!r}")
    source = text.replace(fault.old, fault.new)
    try:
        compile(source, str(path_of(fault.module)), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise LookupError(f"{fault}: with {fault.new!r} the module is no Python ({error})") from None
    return source


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


class Timed:
    """A plugin of pytest: the quickest tests first, by the CPU seconds that are ``known`` of each; notes its own and the first red test."""

    def __init__(self, known):
        self.known = known
        self.seconds = {}
        self.red = None

    def pytest_collection_modifyitems(self, items):
        items.sort(key=lambda item: next(number for number, limit in enumerate(ROUNDS) if self.known.get(item.nodeid, 0) <= limit))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        before = _used()
        yield
        self.seconds[item.nodeid] = _used() - before

    def pytest_runtest_logreport(self, report):
        if report.failed and self.red is None:
            self.red = report.nodeid


def _used():
    """CPU seconds of this process and of its children: how long a test takes says more of what else the machine does."""
    return sum(os.times()[:4])


class Child:
    """Tests under way in a process of their own, with a fault or, where that is None, without."""

    def __init__(self, fault, tests, known):
        self.fault = fault
        self.tests = tests
        self.output, self.notes = tempfile.TemporaryFile("w+b"), tempfile.TemporaryFile("w+b")
        self.started = time.perf_counter()
        self.pid = os.fork()
        if self.pid == 0:
            self._be_the_child(known)

    def _be_the_child(self, known):
        status = 70
        try:
            os.dup2(self.output.fileno(), 1)
            os.dup2(self.output.fileno(), 2)
            status = self._run_tests(known)
        finally:
            os._exit(status)

    def _run_tests(self, known):
        os.chdir(ROOT)
        signal.alarm(LONGEST)
        if self.fault is not None:
            import sys

            assert not [name for name in sys.modules if name.split(".")[0] == "refrnn"]
            sys.meta_path.insert(0, Planted(self.fault.module, changed(self.fault)))
        timed = Timed(known)
        status = int(pytest.main([*self.tests, "-x", "-q", "-p", "no:cacheprovider"], [timed]))
        self.notes.write(json.dumps({"seconds": timed.seconds, "red": timed.red}).encode())
        self.notes.flush()
        return status

    def ended(self):
        """The exit status, or None while it runs."""
        pid, status, used = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            return None
        self.seconds = time.perf_counter() - self.started
        self.cpu = used.ru_utime + used.ru_stime
        return os.waitstatus_to_exitcode(status)

    def said(self):
        self.output.seek(0)
        return self.output.read().decode(errors="replace")

    def noted(self):
        """{"seconds": by test, "red": the first test that is}; nothing where the child died."""
        self.notes.seek(0)
        return json.loads(self.notes.read() or "{}")


def verdict(child, status):
    """What became of a fault whose tests ended with ``status`` of pytest: 1 is a test that fails, 2 a test file that can't be imported."""
    if status in (1, 2):
        return "NO PROGRAM" if any(word in child.said() for word in SLIPS) else "found"
    return {0: "NOT FOUND", -signal.SIGALRM: "HANGS"}.get(status, f"STATUS {status}")


def tried(questions, jobs, known):
    """(child, its exit status) for each question (fault, tests), as they end; ``known`` learns how many seconds each test takes."""
    waiting, running = list(questions), []
    while waiting or running:
        while waiting and len(running) < jobs:
            running.append(Child(*waiting.pop(0), known))
        for child in list(running):
            status = child.ended()
            if status is not None:
                running.remove(child)
                known |= child.noted().get("seconds", {})
                yield child, status
        time.sleep(0.02)
