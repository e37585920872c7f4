"""Networks made of cells: stacked, bidirectional, encoder and decoder, autoencoder, started from fixed data.

A cell is an id of the library or any Spec that turns one sequence into another: its input is the one input that has
time, and what it passes on is its first output. A network is such a Spec again, so networks are made of networks:

    stack([bidirectional("lstm"), bidirectional("gru-reset-after")])
    encoder_decoder(stack(["lstm", "lstm"]), stack(["gru-minimal", feed_forward("softmax")]))

Its equations are those of its cells under names of their own (W_xh of layer 2 is W_xh_2), so it is shown, verified,
compiled and run as every spec is; its reference runs those of its cells one after the other, and back.
"""

from __future__ import annotations

from refrnn.compose.cells import autoencoder, bidirectional, conditioned, encoder_decoder, stack
from refrnn.compose.pieces import layer
from refrnn.spec.spec import Spec

__all__ = ["autoencoder", "bidirectional", "conditioned", "encoder_decoder", "feed_forward", "stack"]


def feed_forward(activation: str = "tanh") -> Spec:
    """A layer without recurrence, y[t] = f(W @ x[t] + b), with f "tanh", "sigmoid", "relu", "softmax" or "linear"."""
    return layer(activation)
