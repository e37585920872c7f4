"""PyTorch: its layers, and loops over cells written by hand.

Both as :class:`Pass`, with sequences of unequal lengths (packed for a layer, masked in a loop) and gradients by name.
"""

from types import SimpleNamespace

import numpy as np

from refrnn.errors import NotFoundError
from refrnn.peers import missing, taken

try:
    import torch
except ImportError:
    raise missing("the peer", "PyTorch") from None

XP = SimpleNamespace(linear=torch.nn.functional.linear, concat=torch.concat, tanh=torch.tanh, sigmoid=torch.sigmoid)


def fused(peer, values, lengths=None):
    """The :class:`Pass` of a peer's module in one call of PyTorch's layer; ``values`` are arrays by the spec's symbols."""
    if not hasattr(peer, "LAYER"):
        raise NotFoundError("PyTorch has no layer that computes this equation")
    module = layer(getattr(torch.nn, peer.LAYER), peer.weights(**taken(peer.weights, values)))
    leaves = {name: tensor(array) for name, array in values.items() if name not in taken(peer.weights, values)}
    leaves |= dict(module.named_parameters())

    def call():
        starts = [leaves[name][None] for name in peer.STARTS]
        h = run(module, leaves["x"], tuple(starts) if len(starts) > 1 else starts[0], lengths)
        return peer.outputs(h, **taken(peer.outputs, leaves))

    return Pass(call, leaves, peer.name_gradients, lengths)


def loop(peer, values, lengths=None):
    """The :class:`Pass` of a loop in Python over the peer's own cell."""
    leaves = {name: tensor(array) for name, array in values.items()}
    here = None if lengths is None else alive(lengths, *values["x"].shape[:2])

    def call():
        x = leaves["x"] if here is None else torch.where(here, leaves["x"], 0)
        inputs, step = peer.cell(XP, **{**taken(peer.cell, leaves), "x": x})
        states, found = [leaves[name] for name in peer.STARTS], []
        for one in inputs.unbind(0):
            states = step(one, *states)
            found.append(states[0])
        h = torch.stack(found)
        outputs = peer.outputs(h, **taken(peer.outputs, leaves))
        return outputs if here is None else {name: torch.where(here, array, 0) for name, array in outputs.items()}

    return Pass(call, leaves, dict, lengths)


def tensor(array):
    """A copy of ``array`` that PyTorch may keep."""
    return torch.tensor(np.ascontiguousarray(array).reshape(np.shape(array)))


def layer(kind, weights):
    """A torch.nn layer with one direction: ``weights`` maps PyTorch's names, such as weight_ih_l0, to arrays."""
    hidden, inputs = weights["weight_hh_l0"].shape[1], weights["weight_ih_l0"].shape[1]
    found = kind(inputs, hidden, bias="bias_ih_l0" in weights, dtype=tensor(weights["weight_hh_l0"]).dtype)
    with torch.no_grad():
        for name, parameter in found.named_parameters():
            parameter.copy_(tensor(weights[name]))
    return found


def run(module, x, starts, lengths):
    """The states (T, B, H) of a layer, zero past each sequence's end."""
    if lengths is None:
        return module(x, starts)[0]
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
    return torch.nn.utils.rnn.pad_packed_sequence(module(packed, starts)[0], total_length=len(x))[0]


def alive(lengths, T, B):
    """Whether a step (T, B, 1) belongs to its sequence."""
    if lengths is None:
        return torch.ones(T, B, 1, dtype=torch.bool)
    return (torch.arange(T)[:, None] < torch.tensor(lengths)[None, :])[..., None]


class Pass:
    """A computation ready to run: ``call()`` gives outputs by name from the tensors ``leaves``, by name too.

    ``name(gradients)`` turns the arrays that belong to the leaves into gradients by the spec's symbols.
    """

    def __init__(self, call, leaves, name, lengths=None):
        self.call = call
        self.leaves = {key: leaf.requires_grad_() for key, leaf in leaves.items()}
        self.name = name
        self.lengths = lengths
        self.outputs = self.upstream = None

    def send(self, upstream):
        """What :meth:`both` goes back with: arrays by output name, zero past each sequence's end."""
        self.upstream = {name: tensor(array) for name, array in upstream.items()}

    def forward(self):
        """The outputs, tensors by name, as for inference: nothing is kept."""
        with torch.inference_mode():
            return self.call()

    def both(self):
        """The outputs, tensors by name, and the gradients of the leaves, tensors in their order."""
        outputs = self.call()
        return outputs, self.gradients(outputs, self.upstream)

    def arrays(self, outputs, gradients=None):
        """(outputs, gradients) of :meth:`forward` or :meth:`both` as arrays by the spec's symbols."""
        return arrays(outputs), {} if gradients is None else self.named(gradients)

    def start(self):
        """The outputs, arrays by name, kept for :meth:`pull_back`."""
        self.outputs = self.call()
        return arrays(self.outputs)

    def pull_back(self, upstream):
        """Gradients by symbol name, given the arrays ``upstream`` by output name."""
        upstream = {name: tensor(array) for name, array in upstream.items()}
        if self.lengths is not None:
            T, B = next(iter(upstream.values())).shape[:2]
            whole = alive(self.lengths, T, B)
            upstream = {name: torch.where(whole, array, 0) for name, array in upstream.items()}
        return self.named(self.gradients(self.outputs, upstream))

    def gradients(self, outputs, upstream):
        """The gradients of the leaves, tensors in their order; an upstream left out is zero."""
        names = list(upstream)
        return torch.autograd.grad(
            [outputs[name] for name in names], list(self.leaves.values()), [upstream[name] for name in names],
            retain_graph=outputs is self.outputs, allow_unused=True,
        )  # fmt: skip

    def named(self, gradients):
        """What :meth:`gradients` gave, as arrays by symbol name; what no output depends on has the gradient zero."""
        pairs = zip(self.leaves.items(), gradients)
        found = {key: torch.zeros_like(leaf) if gradient is None else gradient for (key, leaf), gradient in pairs}
        return self.name(arrays(found))


def arrays(tensors):
    """NumPy arrays by name."""
    return {name: found.detach().numpy() for name, found in tensors.items()}
