"""Batched NumPy: the best a time loop over matrix products does, so that the kernels are not raced against single sequences only.

``<group>/<id>.py`` answers a spec as a kernel does, in float32 and float64, for whole sequences only. What does not
depend on the previous step is one product before or after the loop.
"""

import importlib
import importlib.util

import numpy as np

from refrnn.errors import ValuesError

NAME = "batched NumPy"


def find(spec):
    """The module that answers the library's ``spec``, or None."""
    if not spec.group:
        return None
    package = f"{__name__}.{spec.group}"
    name = f"{package}.{spec.id.replace('-', '_')}"
    if importlib.util.find_spec(package) is None or importlib.util.find_spec(name) is None:
        return None
    return importlib.import_module(name)


def whole_only(lengths):
    """Refuse sequences of unequal lengths."""
    if lengths is not None:
        raise ValuesError("batched NumPy runs whole sequences only; leave lengths out")


def sigmoid(z):
    """The sigmoid through tanh, which NumPy vectorises; never overflows."""
    return 0.5 * np.tanh(0.5 * z) + 0.5


def flat(array):
    """(T, B, .) as (T B, .), for products over all steps and sequences."""
    return array.reshape(-1, array.shape[-1])


def before(states, start):
    """The states before each step (T, B, H)."""
    return np.concatenate([start[None], states[:-1]])
