"""Losses: what a run falls short of what is wanted, and the gradient of that with respect to the run's outputs.

A loss is called with a Run and answers (loss, upstream): a float, and gradients of outputs by name, as ``run.backward``
takes them. Means are over what counts: steps within each sequence's length, and those whose wanted place is not negative.
"""

import numpy as np

from refrnn.errors import ValuesError, cut

NEAR = 1e-3  # to 1, the sum of a distribution, in whatever precision it was run


def of_spec(name):
    """The mean over the batch of an output (batch,) that is a loss itself, such as DIV of character-model."""

    def loss(run):
        found = _output(run, name)
        if found.ndim != 1:
            raise ValuesError(f"{run.spec.id}: {name} has the shape {list(found.shape)}, and a loss is one number a sequence; name such an output")
        return float(np.mean(found, dtype=np.float64)), {name: np.full_like(found, 1 / len(found))}

    return loss


def squared_error(name, wanted, lengths=None):
    """The mean squared error of an output (T, batch, ...) or (batch, ...), and with ``lengths`` (batch,) of its first steps alone."""

    def loss(run):
        found = _output(run, name)
        error = found - _fitting(run, name, wanted, found.shape, found.dtype)
        counted = np.broadcast_to(_within(run, name, found, lengths), found.shape)
        error = np.where(counted, error, 0)
        count = np.count_nonzero(counted)
        return float(np.sum(error * error, dtype=np.float64) / count), {name: error * error.dtype.type(2 / count)}

    return loss


def cross_entropy(name, wanted):
    """The mean cross-entropy, in nats, of scores (..., N) whose softmax is the distribution, and wanted places (...); negative ones do not count."""

    def loss(run):
        scores = _output(run, name)
        number, upstream = of_scores(scores, *_places(run, name, wanted, scores))
        return number, {name: upstream}

    return loss


def of_scores(scores, places, counted):
    """The mean cross-entropy of scores (..., N) with places (..., 1), of those that count (...), and its gradient."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    powers = np.exp(shifted)
    sums = powers.sum(axis=-1, keepdims=True)
    chosen = np.take_along_axis(shifted, places, -1) - np.log(sums)
    count = np.count_nonzero(counted)
    upstream = powers / sums
    np.put_along_axis(upstream, places, np.take_along_axis(upstream, places, -1) - 1, -1)
    return -float(np.sum(chosen[counted], dtype=np.float64) / count), np.where(counted[..., None], upstream, 0) / scores.dtype.type(count)


def binary_cross_entropy(name, wanted):
    """The mean cross-entropy, in nats, of scores whose logistic sigmoid is the probability of 1, and wanted numbers from 0 to 1, of one shape."""

    def loss(run):
        scores = _output(run, name)
        aims = _fitting(run, name, wanted, scores.shape, scores.dtype)
        if not ((aims >= 0) & (aims <= 1)).all():
            raise ValuesError(f"{run.spec.id}: what is wanted of {name} must be numbers from 0 to 1, the probabilities of 1")
        power = np.exp(-np.abs(scores))
        surprise = np.maximum(scores, 0) - scores * aims + np.log1p(power)
        upstream = (np.where(scores >= 0, 1, power) / (1 + power) - aims) / scores.dtype.type(scores.size)
        return float(np.mean(surprise, dtype=np.float64)), {name: upstream}

    return loss


def log_likelihood(name, wanted):
    """As :func:`cross_entropy` of an output (..., N) that is a distribution already; a probability below the smallest normal number counts as that."""

    def loss(run):
        distribution = _output(run, name)
        places, counted = _places(run, name, wanted, distribution)
        if (distribution < 0).any() or np.any(np.abs(distribution.sum(axis=-1) - 1)[counted] > NEAR):
            raise ValuesError(f"{run.spec.id}: {name} is no distribution, from 0 on and with the sum 1; take cross_entropy of scores")
        chosen = np.maximum(np.take_along_axis(distribution, places, -1), np.finfo(distribution.dtype).tiny)
        count = np.count_nonzero(counted)
        upstream = np.zeros_like(distribution)
        np.put_along_axis(upstream, places, np.where(counted[..., None], -1 / (chosen * count), 0).astype(upstream.dtype), -1)
        return -float(np.sum(np.log(chosen[counted]), dtype=np.float64) / count), {name: upstream}

    return loss


def _output(run, name):
    if name not in run.outputs:
        raise ValuesError(f"{run.spec.id}: there is no output {name} to take a loss of; its outputs are {', '.join(run.outputs)}")
    return run.outputs[name]


def _fitting(run, name, wanted, shape, dtype):
    wanted = np.asarray(wanted)
    if wanted.shape != shape:
        raise ValuesError(f"{run.spec.id}: what is wanted of {name} has the shape {list(wanted.shape)}, expected {list(shape)}")
    return wanted.astype(dtype, copy=False)


def _within(run, name, found, lengths):
    """Which entries count, in a shape that broadcasts to the output's."""
    if lengths is None:
        return np.ones((), bool)
    ends = np.asarray(lengths)
    if run.spec.time_size(name) is None or ends.shape != found.shape[1:2] or ends.dtype.kind not in "iu" or ends.min() < 1 or ends.max() > len(found):
        raise ValuesError(f"{run.spec.id}: lengths of {name} must be whole numbers of steps, from 1 to T, for each sequence of an output with a time, not {cut(repr(ends.tolist()))}")
    counted = np.arange(len(found))[:, None] < ends
    return counted.reshape(counted.shape + (1,) * (found.ndim - 2))


def _places(run, name, wanted, found):
    """Places on the last axis (..., 1), those that do not count as 0, and which count (...)."""
    wanted = _fitting(run, name, wanted, found.shape[:-1], np.asarray(wanted).dtype)
    if wanted.dtype.kind not in "iu" or (wanted >= found.shape[-1]).any():
        raise ValuesError(f"{run.spec.id}: what is wanted of {name} must be integers below {found.shape[-1]}, or negative where nothing counts")
    counted = wanted >= 0
    if not counted.any():
        raise ValuesError(f"{run.spec.id}: every place that is wanted of {name} is negative, so nothing counts; leave this batch out")
    return np.where(counted, wanted, 0)[..., None], counted
