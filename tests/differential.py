"""What the tests of all equations share: the differential test itself, and what every recurrence has to do.

The hand-worked tests take binary fractions, which float32 holds exactly, and compare exactly wherever the arithmetic is
exact. Where it rounds they say in ulp how much rounding is allowed, and why.
"""

import numpy as np
import pytest

from refrnn.verify.cases import asked
from refrnn.verify.verify import verify_spec

each_backend = pytest.mark.parametrize("backend", ("reference", "kernel"))
each_precision = pytest.mark.parametrize("dtype", ("float64", "float32"))

# Arguments whose sigmoid is exactly 1 and exactly 0 in both precisions.
OPEN, SHUT = 1000.0, -1000.0


def assert_backends_agree(spec, exact=("clip",)):
    """Equation, reference and kernel agree on every case, and nothing that the spec's ``verify`` names was left out.

    ``exact`` says which kinds of results no backend has to round.
    """
    report = verify_spec(spec)
    assert not report.failures, "\n".join(report.failures)
    assert report.backends == ("equation", "reference", "kernel")
    assert report.cases == len(asked(spec)) > 0
    assert not spec.differentiated or report.derivative["where"] in spec.differentiated
    kinds = {"forward": "forward", "bptt": "gradient", "clip": "clip"}
    for promised in set(spec.verify) & set(kinds):
        worst = report.worst[kinds[promised]]
        assert worst["ulp"] <= worst["bound"] < np.inf, f"{promised}: {worst}"
        # Where something is rounded, no error at all says that it was compared with itself.
        assert promised in exact or worst["ulp"] > 0, f"{promised}: {worst}"
    for promised, entries, found in (
        ("claim", spec.claims, report.claims),
        ("printed-gradient", spec.printed_gradients, report.printed),
    ):
        assert len(found) == len(entries), promised
        assert found or promised not in spec.verify, promised
    assert all(printed["checked"] and printed["error"] < np.inf for printed in report.printed)
    assert {misprint.quote.shown() for misprint in spec.all_misprints} <= {erratum["printed"] for erratum in report.errata}


# ------------------------------------------------------------ values and comparison


def given(dtype, **values):
    """Hand-worked values as arrays of ``dtype``; integers stay integers."""
    return {name: value if isinstance(value, int) else np.array(value, dtype) for name, value in values.items()}


def zeroed(values, *names):
    """The values with these arrays set to zero."""
    return {**values, **{name: np.zeros_like(values[name]) for name in names}}


def draw_upstream(run, seed=7):
    """A random upstream gradient for every output of a run."""
    random = np.random.default_rng(seed)
    return {name: np.asarray(random.standard_normal(array.shape)).astype(array.dtype) for name, array in run.outputs.items()}


def assert_same(found, expected):
    """Equal bit for bit (zeros of either sign are equal), in shape too."""
    np.testing.assert_array_equal(found, np.asarray(expected, found.dtype), strict=True)


def assert_near(found, expected, ulp):
    """Within ``ulp`` units of rounding of the largest expected magnitude; exact where all expected is zero."""
    assert found.shape == np.shape(expected)
    error = np.max(np.abs(found.astype(np.longdouble) - expected))
    unit = np.finfo(found.dtype).eps * np.max(np.abs(expected))
    assert error <= ulp * unit, f"off by {error:.3g}, an ulp is {unit:.3g}"


def assert_added_near(found, expected, terms):
    """As assert_near, for sums of ``terms`` products added in another order: each addition rounds by half an ulp at most.

    Partial sums may be a few times larger than their total.
    """
    assert_near(found, expected, 2 * terms)


# ------------------------------------------------------------ what every recurrence has to do


def assert_chunks_join(spec, backend, dtype, ulp=0, **settings):
    """Two chunks, the second started with the first one's ``state``, are the whole run, forward and backward.

    The same operations in the same order, so the bits are the same; only parameters gather in another order. Where
    the error of a state is a sum of more than three parts, ``ulp`` allows for their order.
    """
    steps, cut, batch = 7, 3, 3
    values = {**spec.draw({spec.time[0]: steps}, batch, seed=3, dtype=dtype), **settings}
    earlier, later = (_chunk(spec, values, part) for part in (slice(0, cut), slice(cut, steps)))
    whole, first = spec.forward(values, backend), spec.forward(earlier, backend)
    second = spec.forward({**later, **first.state}, backend)
    for name, array in whole.outputs.items():
        assert_same(array, np.concatenate((first.outputs[name], second.outputs[name])))

    upstream = draw_upstream(whole)
    of_second = second.backward({name: array[cut:] for name, array in upstream.items()})
    of_outputs = {name: array[:cut].copy() for name, array in upstream.items()}
    for start in first.state:
        state, _ = spec.begun[start]
        # Where the chunks meet, the state's upstream is what the second one sends back, and nothing else.
        upstream[state][cut - 1], of_outputs[state][-1] = 0, of_second[start]
    gradients, of_first = whole.backward(upstream), first.backward(of_outputs)
    for name, gradient in gradients.items():
        if spec.time_size(name):
            assert_near(gradient, np.concatenate((of_first[name], of_second[name])), ulp)
        elif name in first.state:
            assert_near(gradient, of_first[name], ulp)
        else:
            assert_added_near(gradient, of_first[name] + of_second[name], steps * batch)


def _chunk(spec, values, part):
    return {name: value[part] if spec.time_size(name) else value for name, value in values.items()}


def assert_items_run_alone(spec, backend, dtype, **settings):
    """Each sequence of a ragged batch runs as it does alone; the NaN behind its end is never read, and gives zeros."""
    steps, lengths = 7, np.array([5, 7, 1, 4])
    values = {**spec.draw({spec.time[0]: steps}, len(lengths), seed=4, dtype=dtype), **settings}
    values = {name: _behind(spec, name, value, lengths, np.nan) for name, value in values.items()}
    run = spec.forward(values, backend, lengths)
    upstream = draw_upstream(run)
    gradients = run.backward({name: _behind(spec, name, array, lengths, np.nan) for name, array in upstream.items()})
    totals = {}
    for item, length in enumerate(lengths):
        alone = spec.forward({name: _item(spec, name, value, item, length) for name, value in values.items()}, backend)
        for name, array in run.outputs.items():
            assert_same(_item(spec, name, array, item, length), alone.outputs[name])
        of_item = alone.backward({name: _item(spec, name, array, item, length) for name, array in upstream.items()})
        for name, gradient in of_item.items():
            if spec.batch_axis(name) is None:
                totals[name] = totals.get(name, 0) + gradient
            else:
                assert_same(_item(spec, name, gradients[name], item, length), gradient)
    for name, array in {**run.outputs, **gradients}.items():
        assert_same(array, _behind(spec, name, array, lengths, 0))
    for name, total in totals.items():
        assert_added_near(gradients[name], total, lengths.sum())


def _behind(spec, name, array, lengths, number):
    """The array with ``number`` behind each item's end, integers with -1 for NaN."""
    if not spec.time_size(name):
        return array
    array = array.copy()
    if array.dtype.kind == "i" and np.isnan(number):
        number = -1
    for item, length in enumerate(lengths):
        array[length:, item] = number
    return array


def _item(spec, name, array, item, length):
    """One sequence as a batch of one, cut off at its end."""
    axis = spec.batch_axis(name)
    if axis is None:
        return array
    array = array.take([item], axis)
    return array[:length] if spec.time_size(name) else array
