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


@pytest.mark.parametrize("name", ["gru-reset-before", "gru-reset-after", "lstm", "elman", "unfolding"])
def test_without_torch_one_sentence_names_the_extra(name):
    done = run(f"from refrnn.commands.main import main; main(['verify', {name!r}, '--backends', 'peer'])")
    assert done.returncode == 2
    assert "pip install refrnn[peers]" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("module, packages", [("torch", "PyTorch"), ("jax", "JAX"), ("onnxruntime", "ONNX Runtime or onnx")])
def test_each_framework_says_what_it_needs(module, packages):
    done = run(
        f"""
        for name in ("torch", "jax", "onnxruntime"): sys.modules[name] = None
        from refrnn.errors import NotFoundError
        try: import refrnn.peers.{module}
        except NotFoundError as error: print(error)
        """
    )
    assert done.stdout == f"the peer needs {packages}, which is not installed; pip install refrnn[peers]\n", done.stderr


def test_a_spec_without_a_peer_says_what_it_has():
    spec = refrnn.load("two-layer-rnn")
    with pytest.raises(NotFoundError, match="no backend 'peer'"):
        spec.forward(spec.draw(), "peer")
