"""The processes of verify: Ctrl-C ends all of them, a dead one costs its own spec alone, and every status has its meaning."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from refrnn.commands import processes
from refrnn.commands.main import main
from refrnn.errors import ValuesError
from texts import OWN

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 120  # seconds until a test that hangs is given up


def own(folder, name, body):
    """A spec whose reference does ``body`` in its forward pass."""
    (folder / f"{name}.py").write_text(
        f"import os, pathlib, signal, time\n\ndef forward(x, h0, W, U, k):\n    {body}\n\ndef backward(saved, d_h):\n    pass\n"
    )
    path = folder / f"{name}.yaml"
    path.write_text(OWN.replace("id: rate", f"id: {name}") + f"reference: {name}.py\n")
    return str(path)


def command(*arguments):
    """The command in a session of its own; what starts tests in the background may ignore Ctrl-C, and so would it."""
    return subprocess.Popen(
        [sys.executable, "-m", "refrnn", "verify", *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def verify(*arguments):
    return CliRunner().invoke(main, ["verify", *map(str, arguments)])


def started(path):
    """Wait until a file is there."""
    end = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < end, "the worker never came to its work"
        time.sleep(0.05)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("how", ["to the command", "to all, as a terminal does"])
def test_ctrl_c_ends_everything_and_loses_nothing(tmp_path, how):
    """``communicate`` ends only when nobody holds the pipes any more."""
    path = own(tmp_path, "sleeper", f"pathlib.Path({str(tmp_path / 'begun')!r}).touch(); time.sleep(1000)")
    out = tmp_path / "out.json"
    done = command("clip-value", path, "--jobs", "1", "--json", str(out))
    try:
        started(tmp_path / "begun")
        done.send_signal(signal.SIGINT) if how == "to the command" else os.killpg(done.pid, signal.SIGINT)
        stdout, stderr = done.communicate(timeout=PATIENCE)
    finally:
        if done.poll() is None:
            os.killpg(done.pid, signal.SIGKILL)
    assert done.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert "clip-value  holds" in stdout and stdout.endswith("stopped by Ctrl-C before 1 of 2 specs were verified\n")
    specs = json.loads(out.read_text())["specs"]
    assert [entry["status"] for entry in specs] == ["holds", "could not check"]
    assert specs[1]["unchecked"] == ["Ctrl-C came before it was verified"]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_command_that_is_killed_leaves_no_process_behind(tmp_path):
    path = own(tmp_path, "sleeper", f"pathlib.Path({str(tmp_path / 'begun')!r}).touch(); time.sleep(1000)")
    done = command(path)
    started(tmp_path / "begun")
    done.kill()
    done.communicate(timeout=PATIENCE)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("name, words", [("SIGKILL", "killed by SIGKILL, as happens where memory runs out"), ("SIGSEGV", "killed by SIGSEGV")])
def test_a_killed_worker_is_one_spec_with_its_name(tmp_path, name, words):
    path = own(tmp_path, "hungry", f"os.kill(os.getpid(), signal.{name})")
    result = verify("clip-value", path, "clip-norm", "--jobs", "2", "--json", tmp_path / "out.json")
    assert result.exit_code == 2, result.output
    assert f"hungry: could not check: its process was {words}" in result.output
    assert "1 of 3 could not be checked: hungry" in result.output and "all hold" not in result.output
    assert [entry["status"] for entry in json.loads((tmp_path / "out.json").read_text())["specs"]] == ["holds", "could not check", "holds"]


def test_what_raises_in_the_judge_is_one_spec_with_its_name(tmp_path):
    path = own(tmp_path, "refuses", "from refrnn.errors import ValuesError; raise ValuesError('W is too large for me')")
    result = verify("clip-value", path)
    assert result.exit_code == 2
    assert "refuses: could not check: W is too large for me" in result.output and "clip-value  holds" in result.output


def test_a_failure_counts_more_than_what_could_not_be_checked(tmp_path):
    path = own(tmp_path, "hungry", "os._exit(3)")
    wrong = own(tmp_path, "wrong", "return {'h': 0 * x[:, :1] + h0}, {}")
    result = verify(path, wrong)
    assert result.exit_code == 1
    assert "hungry: could not check: its process ended with status 3" in result.output and "1 of 2 fail: wrong" in result.output


def test_the_statuses_are_documented():
    words = " ".join(verify("--help").output.split())
    for status in ("0 all holds", "1 something does not hold", "2 all that could be checked holds", "130 stopped by Ctrl-C"):
        assert status in words


def half(number, step):
    step(f"halving {number}")
    return {2: 1, 4: 2}[number]


def test_steps_and_results_come_back_with_their_places():
    steps, found = [], {}
    processes.run(half, [4, 2, 5], 2, lambda place, *told: found.update({place: told}), lambda *told: steps.append(told))
    assert found[0] == (2, None) and found[1] == (1, None)
    assert found[2][0] is None and found[2][1].startswith("KeyError (5) in test_processes.py, line ")
    assert sorted(steps) == [(2, "halving 2"), (4, "halving 4"), (5, "halving 5")]


@pytest.mark.parametrize("raised, sentence", [(ValuesError("W is too large for me"), "W is too large for me"), (KeyError(5), "KeyError (5) in test_processes.py, line ")])
def test_what_a_worker_answers_where_something_is_raised(raised, sentence):
    def function(piece, step):
        raise raised

    nothing, found = processes._answer(function, 1, print)
    assert nothing is None and found.rstrip("0123456789") == sentence and (found == sentence) == isinstance(raised, ValuesError)


def its_process(piece, step):
    return os.getpid()


def test_a_worker_takes_one_piece_after_another():
    found = []
    processes.run(its_process, range(3), 1, lambda *done: found.append(done), print)
    assert [place for place, _, _ in found] == [0, 1, 2] and len({process for _, process, _ in found} - {os.getpid()}) == 1


def waits(piece, step):
    return os.environ.get("OMP_WAIT_POLICY"), os.environ.get("OPENBLAS_NUM_THREADS")


def test_threads_that_wait_leave_the_cores_to_the_other_workers(monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")  # what stands is left
    found = []
    processes.run(waits, [0], 1, lambda *done: found.append(done), lambda piece, text: None)
    assert found == [(0, ("PASSIVE", "3"), None)] and "OMP_WAIT_POLICY" not in os.environ
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    processes.run(waits, [0], 1, lambda *done: found.append(done), lambda piece, text: None)
    assert found[1] == (0, ("PASSIVE", "1"), None) and "OPENBLAS_NUM_THREADS" not in os.environ
