"""Peers are optional: nothing imports them unasked, and without PyTorch one sentence says what to install."""

import subprocess
import sys
import textwrap

import pytest

import refrnn
from refrnn.errors import NotFoundError

# A stand-in for an installation without PyTorch.
WITHOUT = "import sys; sys.modules['torch'] = None\n"


def run(program):
    return subprocess.run([sys.executable, "-c", WITHOUT + textwrap.dedent(program)], capture_output=True, text=True)


def test_a_spec_with_a_peer_loads_and_runs_without_torch():
    done = run(
        """
        import refrnn
        spec = refrnn.load("gru-reset-before")
        assert "peer" in spec.bindings and "peer" not in spec.backends
        spec.forward(spec.draw(), "reference")
        """
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [["bench", "gru-reset-before", "--peers"], ["verify", "gru-reset-before", "--backends", "peer"]])
def test_without_torch_one_sentence_names_the_extra(command):
    done = run(f"from refrnn.commands.main import main; main({command!r})")
    assert done.returncode == 2
    assert "pip install refrnn[peers]" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_spec_without_a_peer_says_what_it_has():
    spec = refrnn.load("unfolding")
    with pytest.raises(NotFoundError, match="no backend 'peer'"):
        spec.forward(spec.draw(), "peer")
