"""Captions of drawn scenes by a network whose start is the picture, beside image-context."""

from refrnn.tasks.captions import captions


def task(seed=0):
    """See :class:`Task`."""
    return captions("conditioned-start", seed)
