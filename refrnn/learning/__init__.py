"""Learning: gradient descent on the parameters of any spec, and what one linear solve learns without it."""

from refrnn.learning.clipping import by_halving, by_norm, by_value
from refrnn.learning.initial import initial
from refrnn.learning.losses import binary_cross_entropy, cross_entropy, log_likelihood, of_spec, squared_error
from refrnn.learning.optimisers import SGD, Adam
from refrnn.learning.trainer import Trainer

__all__ = [
    "SGD", "Adam", "Trainer", "binary_cross_entropy", "by_halving", "by_norm", "by_value", "cross_entropy", "initial", "log_likelihood", "of_spec", "squared_error",
]  # fmt: skip
