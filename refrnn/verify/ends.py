"""Where arrays lie past their sequences' ends. The judge tells it by itself: how backends tell it is judged."""

import numpy as np


def past_end(spec, checked, name, shape):
    """True at the places of a library array of ``name`` that lie past the end of their sequence; of what has no batch, of all."""
    time = spec.time_size(name)
    if checked.lengths is None or time not in checked.lengths:
        return np.zeros(shape, bool)
    lengths, axis = checked.lengths[time], spec.batch_axis(name)
    ends = np.full((1,) * len(shape), max(lengths)) if axis is None else _along(axis, lengths, shape)
    return np.broadcast_to(_along(0, range(shape[0]), shape) >= ends, shape)


def _along(axis, numbers, shape):
    """Numbers that stand along one axis, in a form that goes with an array of this shape."""
    return np.reshape(numbers, [-1 if place == axis else 1 for place in range(len(shape))])
