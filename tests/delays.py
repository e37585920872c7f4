"""What the tests of recurrences over several steps share: chunks that join although many states pass from one to the next."""

import numpy as np
from differential import assert_near, assert_same, draw_upstream

STEPS, BATCH = 9, 3


def assert_delayed_chunks_join(spec, backend, dtype, ulp, copied=None, **settings):
    """Two chunks, the second started with the first one's ``state``, are the whole run, forward and backward.

    One cut leaves the first chunk shorter than the delays, one longer. ``copied`` names the input that a state which is no
    output repeats: what the second chunk sends back is added to its gradient.
    """
    for cut in (2, 7):
        values = {**spec.draw({spec.time[0]: STEPS}, BATCH, seed=3, dtype=dtype), **settings}
        whole, first = spec.forward(values, backend), spec.forward(_part(spec, values, slice(0, cut)), backend)
        assert first.state.keys() == spec.delayed.keys()
        second = spec.forward({**_part(spec, values, slice(cut, STEPS)), **first.state}, backend)
        for name, array in whole.outputs.items():
            assert_same(array, np.concatenate((first.outputs[name], second.outputs[name])))
        upstream = draw_upstream(whole)
        gradients = whole.backward(upstream)
        for name, joined in _joined(spec, first, second, upstream, cut, copied or {}).items():
            assert_near(gradients[name], joined, ulp)


def _part(spec, values, part):
    return {name: value[part] if spec.time_size(name) else value for name, value in values.items()}


def _joined(spec, first, second, upstream, cut, copied):
    """The gradients of the whole run from those of its chunks."""
    of_second = second.backward({name: array[cut:] for name, array in upstream.items()})
    of_outputs = {name: array[:cut].copy() for name, array in upstream.items()}
    kept = {}
    for start, name in spec.delayed.items():
        if start not in of_second:  # integers
            continue
        sent = of_second[start]
        reached = min(sent.shape[1], cut)  # states of the first chunk; those before them are of its own start
        kept[start], sent = sent[:, :-reached], sent[:, -reached:].swapaxes(0, 1)
        if name in of_outputs:
            of_outputs[name][-reached:] += sent
        else:
            kept[copied[name]] = sent
    joined = first.backward(of_outputs)
    for name, gradient in joined.items():
        if spec.time_size(name):
            if name in kept:
                gradient[-len(kept[name]) :] += kept[name]
            joined[name] = np.concatenate((gradient, of_second[name]))
        elif name in kept:
            gradient[:, gradient.shape[1] - kept[name].shape[1] :] += kept[name]
        else:
            joined[name] = gradient + of_second[name]
    return joined


def assert_state_follows_lengths(spec, backend, dtype, **settings):
    """In a ragged batch the state of each sequence is that of the sequence run alone."""
    lengths = np.array([5, 1, 8, 2])
    values = {**spec.draw({spec.time[0]: 8}, 4, seed=5, dtype=dtype), **settings}
    state = spec.forward(values, backend, lengths).state
    for item, length in enumerate(lengths):
        alone = {}
        for name, value in values.items():
            axis = spec.batch_axis(name)
            part = value if axis is None else value.take([item], axis)
            alone[name] = part[:length] if spec.time_size(name) else part
        for start, found in spec.forward(alone, backend).state.items():
            assert_same(state[start][item : item + 1], found)
