"""Ctrl-C, to a command alone and to all its processes: status 130 in two seconds, one word, and nothing left alive."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 120  # seconds until a test that hangs is given up
pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="asks Linux which threads and processes there are")


def heard():
    """Ctrl-C is not ignored, though whoever runs the tests may ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def begin(*arguments, **environment):
    """Python in a session of its own, where Ctrl-C is not ignored, once it listens for it."""
    done = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment},
        start_new_session=True, preexec_fn=heard,
    )  # fmt: skip
    end = time.monotonic() + PATIENCE
    while done.poll() is None and len(os.listdir(f"/proc/{done.pid}/task")) < 2 and time.monotonic() < end:
        time.sleep(0.002)
    return done


def interrupt(done, everyone):
    """Its status, what it said, the seconds it took, and who of its session was alive when it had ended."""
    try:
        started = time.monotonic()
        (os.killpg if everyone else os.kill)(done.pid, signal.SIGINT)
        while not os.waitid(os.P_PID, done.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) and time.monotonic() < started + PATIENCE:
            time.sleep(0.002)
        took, left = time.monotonic() - started, alive(done.pid)
    finally:
        os.killpg(done.pid, signal.SIGKILL)
    return (done.returncode, *done.communicate(timeout=PATIENCE), took, left) if done.poll() is not None else (None, "", "", took, left)


def alive(session):
    """The command lines of the processes of a session that are no more than waited for."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, of_session = (place / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(of_session) == session and state != "Z":
                found.append((place / "cmdline").read_text())
        except OSError:
            pass  # it has just ended
    return found


@pytest.mark.parametrize("everyone", [False, True])
@pytest.mark.parametrize("command, delays", [("bench", (0, 0.4, 1.5)), ("errata", (0, 0.3, 1.5)), ("verify lstm elman --mutants", (0, 0.2, 0.5, 2.5))])
def test_a_command_ends(tmp_path, command, delays, everyone):
    """Kernels are compiled meanwhile."""
    for delay in delays:
        done = begin("-m", "refrnn", *command.split(), REFRNN_CACHE_DIR=str(tmp_path))
        time.sleep(delay)
        status, _, errors, took, left = interrupt(done, everyone)
        assert status == 130 and took < 2 and not left, (delay, status, errors, took, left)
        assert "Traceback" not in errors and "Exception" not in errors and errors.count("stopped") <= 1, errors


@pytest.mark.parametrize("everyone", [False, True])
def test_a_race_leaves_no_contender(everyone):
    """Reference, batched NumPy and kernel are processes, as is what multiprocessing keeps beside them."""
    sizes = "--steps 3 --batch 2 --hidden 4 --input 5 --repeats 10000"
    done = begin("-m", "refrnn", "bench", "unfolding", *sizes.split())
    end = time.monotonic() + PATIENCE
    while sum("spawn_main" in line for line in alive(done.pid)) < 3 and done.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    assert sum("spawn_main" in line for line in alive(done.pid)) == 3
    status, _, errors, took, left = interrupt(done, everyone)
    assert status == 130 and took < 2 and not left, (status, errors, took, left)
    assert "Traceback" not in errors and errors.count("stopped") == 1, errors


def test_one_that_ignores_it_goes_on_ignoring_it():
    """As what a shell without job control starts in the background."""
    program = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nfrom refrnn.commands import interrupts; interrupts.listen()\n"
    program += "signal.raise_signal(signal.SIGINT); print('still here')"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout == "still here\n", done.stderr


LISTENING = """
import signal, sys, time
from refrnn.commands import interrupts
interrupts.listen()
def come():
    signal.raise_signal(signal.SIGINT)
    for _ in range(1000): pass
"""
KEPT = "with interrupts.told():\n    try: come()\n    except KeyboardInterrupt: print('kept', flush=True)\n"


@pytest.mark.parametrize(
    "program, status, printed",
    [
        ("come(); print('goes on')", 130, ""),
        (KEPT, 0, "kept\n"),
        (KEPT + "    time.sleep(50)", 130, "kept\n"),  # who is told and does not leave is ended all the same
        (KEPT + "come(); print('goes on')", 130, "kept\n"),
        ("with interrupts.told(): print('told', flush=True)\ncome(); print('goes on')", 130, "told\n"),
        ("with interrupts.told():\n  try:\n    with interrupts.held_back(): come(); print('held', flush=True)\n    print('goes on')\n"
         "  except KeyboardInterrupt: print('kept')", 0, "held\nkept\n"),
        ("with interrupts.told():\n  try:\n    with interrupts.held_back(): pass\n    print('whole')\n  except KeyboardInterrupt: print('no')", 0, "whole\n"),
    ],
)  # fmt: skip
def test_who_is_told_and_who_is_ended(program, status, printed):
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", LISTENING + program], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, preexec_fn=heard)
    assert (done.returncode, done.stdout) == (status, printed), done.stderr
    assert done.stderr == ("stopped\n" if status else "") and time.monotonic() - started < 20


STARTING = """
import signal, sys
from multiprocessing import get_context
from refrnn.commands import interrupts, main, processes, start
spawned = get_context("spawn").Process
right = spawned.start
def start_and_hear(process):
    right(process)
    signal.raise_signal(signal.SIGINT)  # raised as soon as it may be: nobody has the worker yet
spawned.start = start_and_hear
def command(prog_name):
    with interrupts.told():
        try: processes.Worker(len, {})
        except KeyboardInterrupt: sys.exit(130)
main.main = command
start.start()
"""


def test_one_that_comes_while_a_process_is_started_ends_that_too():
    done = begin("-c", STARTING)
    try:
        _, errors = done.communicate(timeout=20)
        assert done.returncode == 130 and not alive(done.pid), errors
    finally:
        done.kill()


def test_one_that_comes_within_exec_leaves_the_status_alone(tmp_path):
    """As modules are imported, and namedtuple and Numba run what they wrote; ``python -m`` looks for it at its end."""
    program = "with interrupts.told():\n    try: exec('come()')\n    except KeyboardInterrupt: sys.exit(130)\n"
    (tmp_path / "commanded.py").write_text(LISTENING + program)
    folders = os.pathsep.join([str(ROOT), str(tmp_path)])
    told = {**os.environ, "PYTHONPATH": folders}
    done = subprocess.run([sys.executable, "-m", "commanded"], env=told, capture_output=True, timeout=PATIENCE, preexec_fn=heard)
    assert done.returncode == 130, done.stderr
