"""How parameters follow their gradients: stochastic gradient descent with momentum, and Adam. Both write in place."""

import numpy as np

from refrnn.learning.settings import checked


class SGD:
    """Stochastic gradient descent: v = momentum v + g, and the parameter less ``rate`` v.

    ``rate`` may be set between steps. With momentum 0 the parameter follows the gradient itself. As in Sutskever et al.,
    On the importance of initialization and momentum in deep learning (2013), in the form that PyTorch has it, where the
    rate stands before the sum.
    """

    def __init__(self, rate: float, momentum: float = 0.0):
        self.rate, self.momentum = _above_zero("rate", rate), _below_one("momentum", momentum)
        self._velocities = {}

    def step(self, parameters, gradients):
        """Change arrays of ``parameters``, which has every name of ``gradients``, in place."""
        for name, gradient in gradients.items():
            if self.momentum:
                velocity = _of_the_first(self._velocities, name, gradient)
                velocity *= self.momentum
                velocity += gradient
                gradient = velocity
            parameters[name] -= np.asarray(self.rate, gradient.dtype) * gradient

    def state(self):
        """What the next step hangs on, as arrays by name."""
        return {f"velocity/{name}": array for name, array in self._velocities.items()}

    def restore(self, state):
        """Go on from what :meth:`state` gave."""
        self._velocities = _under(state, "velocity")


class Adam:
    """Adam of Kingma and Ba, Adam: A Method for Stochastic Optimization (2015), algorithm 1.

    ``rate`` may be set between steps. Both means are kept in the dtype of the parameters.
    """

    def __init__(self, rate: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8):
        self.rate, self.epsilon = _above_zero("rate", rate), _above_zero("epsilon", epsilon)
        self.beta1, self.beta2 = _below_one("beta1", beta1), _below_one("beta2", beta2)
        self._steps, self._means, self._squares = 0, {}, {}

    def step(self, parameters, gradients):
        """Change arrays of ``parameters``, which has every name of ``gradients``, in place."""
        self._steps += 1
        size = self.rate / (1 - self.beta1**self._steps)
        root = (1 - self.beta2**self._steps) ** 0.5
        for name, gradient in gradients.items():
            mean, square = (_of_the_first(kept, name, gradient) for kept in (self._means, self._squares))
            typed = gradient.dtype.type
            mean += typed(1 - self.beta1) * (gradient - mean)
            square *= typed(self.beta2)
            square += typed(1 - self.beta2) * gradient * gradient
            parameters[name] -= typed(size) * mean / (np.sqrt(square) / typed(root) + typed(self.epsilon))

    def state(self):
        """What the next step hangs on, as arrays by name."""
        kept = {f"mean/{name}": array for name, array in self._means.items()} | {f"square/{name}": array for name, array in self._squares.items()}
        return kept | {"steps": np.array(self._steps)}

    def restore(self, state):
        """Go on from what :meth:`state` gave."""
        self._steps, self._means, self._squares = int(state["steps"]), _under(state, "mean"), _under(state, "square")


def _of_the_first(kept, name, gradient):
    """What is kept for a name: zeros at the first step."""
    if name not in kept:
        kept[name] = np.zeros_like(gradient)
    return kept[name]


def _under(state, kind):
    return {name.partition("/")[2]: np.array(array) for name, array in state.items() if name.startswith(f"{kind}/")}


def _above_zero(name, number):
    return checked(name, number, lambda number: 0 < number < np.inf, "above 0")


def _below_one(name, number):
    return checked(name, number, lambda number: 0 <= number < 1, "from 0 and below 1")
