"""Other frameworks as opponents in the bench, and PyTorch as a backend; each is imported only when it is asked for.

``<group>/<id>.py`` says, without any framework, what a spec is to all of them:

- ``STARTS``, the names of its starts in the order of its states, and ``STATE``, the output that the first of these is;
- ``outputs(h, ...)``, the outputs by name that follow from that state over all steps; where some are products of it with a
  matrix, ``PRODUCTS`` names this;
- ``cell(xp, x, ...)``, what a user writes by hand: the products with the input of all steps, made at once, and
  ``step(inputs, *states)``, which gives the next states. ``xp`` has the framework's ``linear``, ``concat``, ``tanh``, ``sigmoid``;
- ``LAYER``, PyTorch's layer for it, with ``weights(...)``, the spec's parameters under that layer's names, and
  ``name_gradients(found)``, the way back; ``OPERATOR``, ONNX's operator for it, with its attributes ``ONNX``;
- ``forward`` and ``backward`` as of every backend, by PyTorch.

What an equation has not in a framework, a module leaves out.

``torch.py``, ``jax.py`` and ``onnxruntime.py`` make an opponent of such a module: a pass that is ready to run.
"""

import inspect
from importlib import import_module

from refrnn.errors import NotFoundError


def missing(module, framework):
    """What is raised where a framework is not installed."""
    return NotFoundError(f"{module} needs {framework}, which is not installed; pip install refrnn[peers]")


def taken(function, values):
    """Those of ``values`` (by name) that a function of a peer's module takes."""
    return {name: values[name] for name in inspect.signature(function).parameters if name in values}


def by_torch(name, lengths, **values):
    """What ``forward`` of the peer's module ``name`` answers, by PyTorch's layer where it has one."""
    peer, torch = import_module(name), import_module("refrnn.peers.torch")
    saved = (torch.fused if hasattr(peer, "LAYER") else torch.loop)(peer, values, lengths)
    return saved.start(), {"pass": saved}
