"""JAX: ``lax.scan`` over a cell written by hand, compiled by ``jit``; outputs and gradients by one compiled function."""

from types import SimpleNamespace

import numpy as np

from refrnn.peers import missing, taken

try:
    import jax
except ImportError:
    raise missing("the peer", "JAX") from None

from jax import numpy as jnp

XP = SimpleNamespace(linear=lambda x, W, b=0: x @ W.T + b, concat=jnp.concatenate, tanh=jnp.tanh, sigmoid=jax.nn.sigmoid)


def scan(peer, values, lengths=None):
    """The :class:`Pass` of a peer's module; ``values`` are arrays by the spec's symbols."""
    jax.config.update("jax_enable_x64", values["x"].dtype == np.float64)
    here = None if lengths is None else np.arange(len(values["x"]))[:, None, None] < np.asarray(lengths)[:, None]

    def outputs(values):
        inputs, step = peer.cell(XP, **taken(peer.cell, values))

        def one(states, given):
            states = step(given, *states)
            return states, states[0]

        _, h = jax.lax.scan(one, tuple(values[name] for name in peer.STARTS), inputs)
        found = peer.outputs(h, **taken(peer.outputs, values))
        return found if here is None else {name: jnp.where(here, array, 0) for name, array in found.items()}

    return Pass(outputs, values)


class Pass:
    """A computation ready to run, of ``outputs(values)``."""

    def __init__(self, outputs, values):
        self.values = {name: jnp.asarray(array) for name, array in values.items()}
        self.upstream = None
        self._forward = jax.jit(outputs)
        self._both = jax.jit(lambda values, upstream: _both(outputs, values, upstream))

    def send(self, upstream):
        """What :meth:`both` goes back with: arrays by output name, zero past each sequence's end."""
        self.upstream = {name: jnp.asarray(array) for name, array in upstream.items()}

    def forward(self):
        """The outputs by name."""
        return jax.block_until_ready(self._forward(self.values))

    def both(self):
        """The outputs and the gradients, by name."""
        return jax.block_until_ready(self._both(self.values, self.upstream))

    def arrays(self, outputs, gradients=None):
        """(outputs, gradients) of :meth:`forward` or :meth:`both` as NumPy's arrays."""
        return tuple({name: np.asarray(array) for name, array in (found or {}).items()} for found in (outputs, gradients))


def _both(outputs, values, upstream):
    found, back = jax.vjp(outputs, values)
    sent = {name: upstream.get(name, jnp.zeros_like(array)) for name, array in found.items()}
    return found, back(sent)[0]
