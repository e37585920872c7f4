"""Where arrays lie past their sequences' ends. The judge tells it by itself: how backends tell it is judged."""

import numpy as np


def past_end(spec, checked, name, shape):
    """True at the places of a library array of ``name`` that lie past the end of their sequence; of what has no batch, of all."""
    past, time = np.zeros(shape, bool), spec.time_size(name)
    if checked.lengths is None or time not in checked.lengths:
        return past
    lengths, axis = checked.lengths[time], spec.batch_axis(name)
    if axis is None:
        past[max(lengths) :] = True
        return past
    for item, length in enumerate(lengths):
        np.moveaxis(past, axis, 1)[length:, item] = True
    return past
