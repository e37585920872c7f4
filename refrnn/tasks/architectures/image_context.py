"""Captions of drawn scenes by a network that sees the picture at every step, beside conditioned-start."""

from refrnn.tasks.captions import captions


def task(seed=0):
    """See :class:`Task`."""
    return captions("image-context", seed)
