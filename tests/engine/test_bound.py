"""A recurrence that is bound gives what a pass of it gives, whatever is asked of it before, and refuses what does not fit."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from recurrences import ALL, drawn

from refrnn.kernels.engine import bound
from refrnn.kernels.engine.bound import MOST_WORKS, Bound
from refrnn.kernels.engine.passes import run
from refrnn.kernels.engine.recurrence import Recurrence
from refrnn.kernels.engine.weights import Weights
from refrnn.kernels.primitives import threads

HIDDEN = "two, of which one row is answered"
EVERY = ALL | {HIDDEN: Recurrence(HIDDEN, "h", *ALL["two"].stages)}
NAMES = [name for name, one in EVERY.items() if all(one.depth[row] <= 1 for row in one.rows)]


def bind(name, arguments):
    """The recurrence bound, its names the caller's own; and what a pass is given, in one mapping."""
    one = EVERY[name]
    names = {row: f"{row}0" for row in one.rows if one.depth[row]} | {name: name for name in arguments["given"]}
    return Bound(one, arguments["weights"], **names), arguments["given"] | {f"{row}0": start for row, start in arguments["starts"].items()}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("B", (1, 3, 9))
def test_chunks_of_any_length_and_steps(name, B, monkeypatch):
    arguments = drawn(name.partition(",")[0], 7, B, 5, 9)
    lengths = np.maximum(1, 7 - np.arange(B) % 5)
    for given in (None, lengths):
        one = run(EVERY[name], **arguments, lengths=given)
        right, rows_of = one.outputs, {row: one.values(row) for row, depth in EVERY[name].depth.items() if depth}
        width = sum(array.nbytes for array in arguments["given"].values()) // (7 * B) + sum(2 * start.nbytes for start in arguments["starts"].values()) // B
        for rows, most in ((1, 2**20), (2 * B, 2**20), (3 * B, 2**20), (100 * B, 2**20), (100 * B, 2 * B * width), (100 * B, 1)):
            monkeypatch.setattr(bound, "ROWS", rows)
            monkeypatch.setattr(bound, "BYTES", most)
            layer, values = bind(name, arguments)
            for order in "CFC":
                outputs, state = layer.forward({own: np.array(array, order=order) for own, array in values.items()}, given)
                assert all(outputs[row].tobytes() == right[row].tobytes() for row in right)
                ends = np.full(B, 7) if given is None else given
                assert all(state[f"{row}0"].tobytes() == rows_of[row][ends - 1, np.arange(B)].tobytes() for row in layer.starts)
            steps = {work.plan.T for waiting in layer._works.values() for work in waiting}
            assert steps == {min(7, max(1, min(rows, most // width) // B))}
    right = run(EVERY[name], **arguments).outputs
    state = {f"{row}0": start for row, start in arguments["starts"].items()}
    for t in range(7):
        outputs, state = layer.step({name: array[t] for name, array in arguments["given"].items()} | state)
        assert all(outputs[row].tobytes() == right[row][t].tobytes() for row in right)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("B", (1, 6, 7))
def test_threads_that_share_units_do_not_touch(name, B):
    """Nor do they where the gates of one panel after the other are in the same memory."""
    arguments = drawn(name.partition(",")[0], 7, B, 5, 200)
    right = run(EVERY[name], **arguments).outputs
    with threads.using(2, little=0):
        layer, values = bind(name, arguments)
        for _ in range(5):
            assert all(array.tobytes() == right[row].tobytes() for row, array in layer.forward(values)[0].items())
            state = {f"{row}0": start for row, start in arguments["starts"].items()}
            for t in range(7):
                outputs, state = layer.step({name: array[t] for name, array in arguments["given"].items()} | state)
                assert all(outputs[row].tobytes() == right[row][t].tobytes() for row in right)


def test_threads_that_come_while_the_weights_are_packed(monkeypatch):
    """They see them whole, and what one of them packed in vain none of them reads: its memory is soon another's."""
    name = NAMES[0]
    arguments = drawn(name.partition(",")[0], 2, 3, 4, 5)
    layer, values = bind(name, arguments)
    right, packed, take, go = run(EVERY[name], **arguments).outputs, [], Weights.take, bound._Work.run

    def spoil():
        (kept,) = layer._packed.values()
        for weights in packed:
            for array in weights.packed if weights is not kept else ():
                array[...] = np.nan

    everybody = threading.Barrier(4, spoil)
    monkeypatch.setattr(Weights, "take", lambda weights, given: (packed.append(weights), time.sleep(0.2), take(weights, given)))
    monkeypatch.setattr(bound._Work, "run", lambda work, count: (everybody.wait(60), go(work, count)))
    with ThreadPoolExecutor(4) as pool:
        for outputs, _ in pool.map(layer.forward, [values] * 4):
            assert all(array.tobytes() == right[row].tobytes() for row, array in outputs.items())


def test_weights_are_copied_and_work_memory_is_bounded():
    name = NAMES[0]
    arguments = drawn(name.partition(",")[0], 2, 3, 4, 5)
    layer, values = bind(name, arguments)
    before = layer.forward(values)[0]
    for part in arguments["weights"].values():
        for array in part if isinstance(part, (list, tuple)) else [part]:
            array[...] = 0
    after = layer.forward(values)[0]
    assert all(after[row].tobytes() == before[row].tobytes() for row in before)
    for B in range(1, 2 * MOST_WORKS):
        layer.forward({name: np.repeat(array[:, :1] if array.ndim == 3 else array[:1], B, axis=array.ndim - 2) for name, array in values.items()})
    assert len(layer._works) <= MOST_WORKS


def test_what_does_not_fit():
    name = NAMES[0]
    layer, values = bind(name, drawn(name.partition(",")[0], 2, 3, 4, 5))
    given = next(iter(layer.inputs.values()))
    for change, error in ((lambda array: array[..., :-1], ValueError), (lambda array: array.astype(np.float32), TypeError), (lambda array: array.astype(int), TypeError)):
        with pytest.raises(error):
            layer.forward(values | {given: change(values[given])})
        with pytest.raises(error):
            layer.step({name: array[0] if array.ndim == 3 else array for name, array in values.items()} | {given: change(values[given][0])})
