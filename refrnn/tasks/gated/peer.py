"""The same reservoir in reservoirpy, an optional package: one sequence at a time, by its nodes."""

import warnings

import numpy as np


class Peer:
    """reservoirpy's two nodes, with weights as our spec has them."""

    def __init__(self, reservoir, ridge):
        self._reservoir, self._ridge = reservoir, ridge

    @classmethod
    def found(cls):
        """A peer, or None where reservoirpy is not installed."""
        try:
            from reservoirpy.nodes import Reservoir, Ridge
        except ImportError:
            return None
        return cls(Reservoir, Ridge)

    def _node(self, weights):
        return self._reservoir(W=weights["W"], Win=weights["W_in"], bias=0.0, lr=1 - weights["a"])

    def features(self, weights, x):
        """Inputs (T, batch, I) and the states that they lead to, from the state 0."""
        node, states = self._node(weights), []
        for item in x.swapaxes(0, 1):
            states.append(node.run(item))
            node.reset()
        return np.concatenate((x, np.stack(states, 1)), 2)

    def read_out(self, features, wanted, penalty):
        """W_out (O, F) of one sequence: features (T, 1, F), wanted (T, 1)."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of normal equations that are ill-conditioned: what follows from it is what is measured
            return self._ridge(ridge=penalty, fit_bias=False).fit(features[:, 0], wanted).Wout.T

    def on_their_own(self, weights, x, W_out, steps, constant):
        """The last of so many outputs (batch), of which each is the next input beside the constant, after the inputs x (T, batch, I)."""
        node, ends = self._node(weights), []
        for item in x.swapaxes(0, 1):
            state = node.run(item)[-1]
            y = (W_out @ np.concatenate((item[-1], state)))[0]
            for _ in range(steps - 1):
                given = np.array([constant, y])
                y = (W_out @ np.concatenate((given, node.step(given))))[0]
            ends.append(y)
            node.reset()
        return np.array(ends)
