"""Parameters before the first step of a training."""

import math

import numpy as np


def initial(spec, sizes=None, seed=0, dtype="float32"):
    """Parameters of a spec at these sizes (by name; those left out are small), drawn from ``seed``.

    Matrices are uniform as in Glorot and Bengio, Understanding the difficulty of training deep feedforward neural
    networks (2010), so that neither way through them grows or shrinks what passes; vectors are uniform within one over the
    root of their length. What a spec bounds, such as a rate between 0 and 1, is drawn as :meth:`Spec.draw` draws it.
    """
    drawn = spec.draw(sizes or {}, batch=1, seed=seed, dtype=dtype)
    random = np.random.default_rng(seed)
    return {name: _first(symbol, drawn[name], random) for name, symbol in spec.parameters.items()}


def _first(symbol, drawn, random):
    if symbol.low is not None or symbol.high is not None:
        return drawn
    limit = math.sqrt(6 / sum(drawn.shape[-2:])) if drawn.ndim >= 2 else 1 / math.sqrt(drawn.size)
    return random.uniform(-limit, limit, drawn.shape).astype(drawn.dtype)
