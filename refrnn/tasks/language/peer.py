"""The LSTM of PyTorch under the same trainer's face: the same first weights, the same batches, the same optimiser."""

import numpy as np

from refrnn.peers.gated.lstm import weights


def is_there():
    """Whether PyTorch is installed."""
    from importlib.util import find_spec

    return find_spec("torch") is not None


class TorchTrainer:
    """What a :class:`refrnn.tasks.task.Part` asks of a trainer, of torch.nn.LSTM and a linear read-out.

    ``parameters`` are those of stack(["lstm", feed_forward("linear")]), from which it begins; then they are PyTorch's own, sharing its memory.
    A step takes {"x": (T, batch, N)} and, for a loss, the wanted places (T, batch), of which it takes the mean cross-entropy; chunks go on from one another.
    """

    def __init__(self, parameters, optimiser, tau, seed=0):
        import torch

        self._torch, self.optimiser, self._tau = torch, optimiser, tau
        W, b, V, b_y = (parameters[name] for name in ("W_1", "b_1", "W_2", "b_2"))
        H = len(b) // 4
        self._layer, self._read_out = torch.nn.LSTM(W.shape[1] - H, H), torch.nn.Linear(H, len(V))
        with torch.no_grad():
            for name, parameter in self._layer.named_parameters():
                parameter.copy_(torch.from_numpy(np.ascontiguousarray(weights(W, b)[name])))
            self._read_out.weight.copy_(torch.from_numpy(V.copy()))
            self._read_out.bias.copy_(torch.from_numpy(b_y.copy()))
        named = dict(self._layer.named_parameters()) | {f"read_out_{name}": one for name, one in self._read_out.named_parameters()}
        named.pop("bias_hh_l0").requires_grad_(False)  # PyTorch has two biases of which the sum counts; one learns
        self._learned = list(named.values())
        self.parameters = {name: one.detach().numpy() for name, one in named.items()}
        self._adam = torch.optim.Adam(self._learned, lr=optimiser.rate, betas=(optimiser.beta1, optimiser.beta2), eps=optimiser.epsilon)
        self.random, self.carried, self.steps = np.random.default_rng(seed), None, 0

    def step(self, values, wanted, lengths=None, carry=True):
        """One step of Adam on one batch; the loss before it."""
        torch = self._torch
        self._adam.param_groups[0]["lr"] = self.optimiser.rate
        scores, self.carried = self._scores(values["x"], self.carried if carry else None)
        loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), torch.from_numpy(np.ascontiguousarray(wanted)).flatten())
        self._adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._learned, self._tau)
        self._adam.step()
        self.steps += 1
        return float(loss.detach())

    def scores(self, x):
        """The scores (T, batch, N) of whole sequences from the start."""
        with self._torch.no_grad():
            return self._scores(x, None)[0].numpy()

    def forget(self):
        """The next chunk begins at its own starts."""
        self.carried = None

    def _scores(self, x, carried):
        h, carried = self._layer(self._torch.from_numpy(x), carried)
        return self._read_out(h), tuple(state.detach() for state in carried)

    def state(self):
        """As of :meth:`refrnn.learning.Trainer.state`."""
        arrays = {f"parameter/{name}": array.copy() for name, array in self.parameters.items()}
        for name, one in zip(self.parameters, self._learned):
            arrays |= {f"optimiser/{key}/{name}": kept.numpy().copy() for key, kept in self._adam.state.get(one, {}).items()}
        arrays |= {f"carried/{place}": state.numpy().copy() for place, state in enumerate(self.carried or ())}
        return arrays, {"steps": self.steps, "random": self.random.bit_generator.state}

    def restore(self, arrays, about):
        """As of :meth:`refrnn.learning.Trainer.restore`."""
        tensors = {name: self._torch.from_numpy(np.array(array)) for name, array in arrays.items()}
        for name, one in zip(self.parameters, self._learned):
            self.parameters[name][...] = arrays[f"parameter/{name}"]
            kept = {key: tensors[f"optimiser/{key}/{name}"] for key in ("step", "exp_avg", "exp_avg_sq") if f"optimiser/{key}/{name}" in tensors}
            if kept:
                self._adam.state[one] = kept
        self.carried = tuple(tensors[f"carried/{place}"] for place in range(2)) if "carried/0" in tensors else None
        self.steps, self.random.bit_generator.state = about["steps"], about["random"]
