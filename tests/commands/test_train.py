"""refrnn train: what is told and written, Ctrl-C that loses nothing, a training that goes on with the same bits."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from refrnn.commands import train
from refrnn.commands.main import main
from refrnn.tasks.examples import parity
from refrnn.tasks.task import Score
from tests.commands.test_interrupts import heard

ROOT = Path(__file__).resolve().parent.parent.parent
STEPS = 420
SCORE = Score("a score", 0.5, 1.0, 0.25)

# Ctrl-C comes in the middle of a step; the parts of it are then as they are between steps.
INTERRUPTED = """
import os, signal, sys
from refrnn.learning.optimisers import Adam
from refrnn.tasks.examples import parity
parity.STEPS, step = int(sys.argv.pop(1)), Adam.step
def interrupted(self, *arguments):
    if self._steps == 299:
        os.kill(os.getpid(), signal.SIGINT)
    step(self, *arguments)
Adam.step = interrupted
from refrnn.commands.start import start
start()
"""


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(parity, "STEPS", STEPS)
    monkeypatch.setattr(parity, "FAR", 20)


def invoke(*arguments):
    return CliRunner().invoke(main, ["train", *map(str, arguments)])


def interrupted(*arguments, **settings):
    return subprocess.run([sys.executable, "-c", INTERRUPTED, str(STEPS), "train", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=120, preexec_fn=heard, **settings)


def test_what_ctrl_c_left_goes_on_with_the_same_bits(tmp_path):
    whole, halves = tmp_path / "whole.npz", tmp_path / "halves.npz"
    first = invoke("parity", "--seed", 3, "--save", whole, "--json", tmp_path / "whole.json")
    done = interrupted("parity", "--seed", 3, "--save", halves, "--json", tmp_path / "stopped.json")
    assert done.returncode == 130 and "score" not in done.stdout, done.stderr
    assert f"stopped after 300 of {STEPS} steps of plain RNN; the best weights so far are in {halves}" in done.stderr
    stopped = json.loads((tmp_path / "stopped.json").read_text())
    assert stopped["stopped"] and "scores" not in stopped and stopped["parts"][0]["steps"] == 300
    second = invoke("parity", "--resume", halves, "--json", tmp_path / "halves.json")
    assert first.output.splitlines()[-4:] == second.output.splitlines()[-4:] and first.exit_code == second.exit_code != 2
    with np.load(whole) as one, np.load(halves) as other:
        assert one.files == other.files and "plain RNN/best/W_hh" in one.files
        assert all(np.array_equal(one[name], other[name]) for name in one.files if name != "about")
    one, other = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("whole", "halves"))
    for record in (one, other):
        record["parts"][0].pop("seconds")
    assert one == other and one["seed"] == 3 and one["parts"][0]["steps"] == STEPS


def test_ctrl_c_keeps_what_nobody_asked_to_keep(tmp_path):
    done = interrupted("parity", env={**os.environ, "TMPDIR": str(tmp_path)})
    [kept] = tmp_path.glob("refrnn-parity-*.npz")
    assert done.returncode == 130 and f"refrnn train parity --resume {kept} goes on" in done.stderr
    assert np.load(kept)["plain RNN/best/W_hh"].shape == (parity.UNITS, parity.UNITS)


def test_scores_are_of_the_best_weights(monkeypatch):
    """Not of the last: those that were least wrong on what decides."""
    seen = []
    monkeypatch.setattr(parity, "_wrong", lambda trainer: abs(trainer.steps - 250))  # least at the first look
    monkeypatch.setattr(parity, "scores", lambda trainer: seen.append({name: array.copy() for name, array in trainer.parameters.items()}) or [SCORE])
    task = parity.task(0)
    while not task.parts[0].ended:
        task.parts[0].step()
        if task.parts[0].done == 250:
            best = {name: array.copy() for name, array in task.parts[0].trainer.parameters.items()}
    last = {name: array.copy() for name, array in task.parts[0].trainer.parameters.items()}
    result = invoke("parity")
    assert result.exit_code == 1 and re.search(r"a score +0.5 +at least 1 \(ours\) +0.25 +NOT MET", result.output)
    assert all(np.array_equal(seen[0][name], best[name]) and not np.array_equal(seen[0][name], last[name]) for name in best)


def test_what_is_not_finite_any_more_loses_nothing(tmp_path, monkeypatch):
    first, step = parity.squared_error, parity.Trainer.step
    broken = lambda self, values, loss, *rest, **named: step(self, values, loss if self.steps < 260 else lambda run: (np.nan, first("y", run.outputs["y"])(run)[1]), *rest, **named)
    monkeypatch.setattr(parity.Trainer, "step", broken)
    result = invoke("parity", "--save", tmp_path / "weights.npz")
    assert result.exit_code == 2 and "the loss is not finite at step 260" in result.output
    assert np.load(tmp_path / "weights.npz")["plain RNN/best/W_hh"].any()


def test_tasks_are_listed():
    result = invoke()
    assert result.exit_code == 0 and "parity" in result.output and "Parity by a plain recurrent network" in result.output


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["lstm"], "there is no task 'lstm'; there are"),
        (["--seed", "3"], "name the task that is to be trained"),
        (["parity", "--save", "weights.txt"], "name a file that ends in .npz"),
        (["parity", "--save", "none/weights.npz"], "is not there; make it first"),
        (["parity", "--seed", "-1"], "-1"),
        (["parity", "--resume", "README.md"], "holds no training that was saved"),
        (["parity", "--resume", "none.npz"], "does not exist"),
    ],
)
def test_what_can_t_be_done_is_refused_before_anything_is_trained(arguments, sentence, monkeypatch):
    monkeypatch.setattr(train, "_train", lambda *_: pytest.fail("it was trained"))
    result = invoke(*arguments)
    assert result.exit_code == 2 and sentence in " ".join(result.output.split())


def test_what_another_task_or_seed_saved_is_refused(tmp_path, monkeypatch):
    from refrnn.tasks import load, record

    record.save(tmp_path / "weights.npz", load("parity", 5), 5)
    monkeypatch.setattr(train, "_train", lambda *_: pytest.fail("it was trained"))
    result = invoke("pattern-memory", "--resume", tmp_path / "weights.npz")
    assert result.exit_code == 2 and "was saved by the task parity, not by pattern-memory" in result.output
    result = invoke("parity", "--seed", 6, "--resume", tmp_path / "weights.npz")
    assert result.exit_code == 2 and "was trained with --seed 5" in result.output


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk to write to")
def test_a_full_disk_is_told(tmp_path):
    (tmp_path / "weights.npz").symlink_to("/dev/full")
    result = invoke("parity", "--save", tmp_path / "weights.npz")
    assert result.exit_code == 2 and "can't be written (No space left on device)" in result.output
