"""Tasks: every argument by its name, and refusals in one sentence."""

import numpy as np
import pytest

from refrnn.kernels.primitives import tasks, threads
from refrnn.kernels.primitives.activations import RELU, activate
from refrnn.kernels.primitives.compile import call, fetch_add, shift
from refrnn.kernels.primitives.meeting import _seen
from refrnn.kernels.primitives.tasks import Tasks


@Tasks("x: floats (B, N); d: view (N, B); far, step: number; w: integers (B); s: doubles (B); y: floats (B, N); f: function")
def _all_kinds(b, B, N, x, d, far, step, w, s, y, f, like):
    """y[b] = relu(x[b] + d[:, b] + w[b]), s[b] the sum of x[b]."""
    row, of_x = shift(y, b * N), shift(x, b * N)
    for j in range(N):
        row[j] = of_x[j] + d[j * far + b * step] + w[b]
        s[b] += of_x[j]
    call(f, (RELU, row, N))


def given(dtype=np.float32, B=5, N=3):
    random = np.random.default_rng(0)
    x, d = random.standard_normal((B, N)).astype(dtype), random.standard_normal((B, 2 * N)).astype(dtype)[:, ::2].T
    far, step = (stride // d.itemsize for stride in d.strides)
    return {"x": x, "d": d, "far": far, "step": step, "w": np.arange(B), "s": np.zeros(B), "y": np.empty_like(x), "f": activate}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [1, 2])
def test_every_kind_is_read_as_it_is(dtype, count):
    arguments = given(dtype)
    with threads.using(min(count, threads.most()), little=0):
        _all_kinds.run(5, dtype, **arguments, work=1)
    x, d, w = arguments["x"], arguments["d"], arguments["w"]
    np.testing.assert_array_equal(arguments["y"], np.maximum(x + d.T + w[:, None].astype(dtype), 0))
    np.testing.assert_allclose(arguments["s"], x.sum(axis=1, dtype=float))


def test_no_task_starts_no_thread(monkeypatch):
    """A child that was born after threads ran may have none."""
    arguments = given()
    monkeypatch.setattr(tasks, "start", None)
    _all_kinds.run(0, np.float32, **arguments, work=1)
    assert not arguments["s"].any()


def test_names_may_come_in_any_order():
    one, other = given(), given()
    _all_kinds.run(5, np.float32, **one, work=1)
    _all_kinds.run(5, np.float32, **dict(reversed(other.items())), work=1)
    np.testing.assert_array_equal(one["y"], other["y"])


WRONG = [
    ({"x": np.zeros((5, 3))}, TypeError, "x must be an array of float32, not float64"),
    ({"x": [0.0]}, TypeError, "x must be an array of float32, not list"),
    ({"x": np.zeros((3, 5), np.float32).T}, TypeError, "x, of the shape (5, 3), is not in C order; copy it before"),
    ({"w": np.zeros(5, np.int32)}, TypeError, "w must be an array of int64, not int32"),
    ({"s": np.zeros(5, np.float32)}, TypeError, "s must be an array of float64, not float32"),
    ({"far": 1.0}, TypeError, "far must be an int, not float"),
    ({"f": np.tanh}, TypeError, "f must be a native function, not ufunc"),
    ({"w": np.zeros(4, np.int64)}, ValueError, "w has the shape (4,), expected (B) with B = 5"),
    ({"y": np.zeros((5, 3, 1), np.float32)}, ValueError, "y has the shape (5, 3, 1), expected (B, N) with B = 5, N = 3"),
    ({"z": 1}, TypeError, "it takes x, d, far, step, w, s, y, f, not x, d, far, step, w, s, y, f, z"),
]


@pytest.mark.parametrize("wrong, kind, words", WRONG, ids=[words for _, _, words in WRONG])
def test_what_does_not_fit_is_refused(wrong, kind, words):
    _all_kinds.run(5, np.float32, **given(), work=1)  # what fitted before is remembered
    with pytest.raises(kind) as refusal:
        _all_kinds.run(5, np.float32, **given() | wrong, work=1)
    assert str(refusal.value).endswith(f"test_tasks._all_kinds: {words}")


@Tasks("done, here, both: integers (N)")
def _each_once(index, done, here, both):
    if index < 2:  # two threads that run at once see each other here
        fetch_add(here)
        looks = 0
        while looks < 5000 and _seen(here) < 2:
            looks += 1
        if looks < 5000:
            fetch_add(both)
    fetch_add(done)


def test_two_threads_do_each_task_once():
    """So many, so small and so often that both of them now and then read a counter before either has written it."""
    met = 0
    for _ in range(500):
        done, here, both = np.zeros((3, 1), np.int64)
        with threads.using(min(2, threads.most()), little=0):
            _each_once.run(2**14, float, done=done, here=here, both=both, work=1)
        assert done[0] == 2**14
        met += both[0] == 2  # on a busy machine one of them may come when all is done
        if met == 25:
            break


@Tasks("x, y: floats (*rows, N); count: floats (*size)")
def _any_axes(index, rows, N, size, x, y, count):
    for j in range(rows * N):
        y[j] = x[j] + N
    count[0] = size


def test_several_axes_may_count_as_one():
    x, z = np.zeros((2, 3, 4)), np.zeros((5, 2))
    y = np.empty_like(x)
    _any_axes.run(1, float, x=x, y=y, count=z, work=1)
    assert (y == 4).all() and z[0, 0] == 10
    with pytest.raises(ValueError, match=r"y has the shape \(4, 4\), expected \(\*rows, N\) with rows = 6, N = 4"):
        _any_axes.run(1, float, x=x, y=np.zeros((4, 4)), count=z, work=1)
    with pytest.raises(ValueError, match=r"x has the shape \(\), expected \(\*rows, N\)"):
        _any_axes.run(1, float, x=np.zeros(()), y=y, count=z, work=1)


def test_what_is_missing_is_refused():
    arguments = given()
    del arguments["w"]
    with pytest.raises(TypeError, match="it takes x, d, far, step, w, s, y, f, not x, d, far, step, s, y, f"):
        _all_kinds.run(5, np.float32, **arguments, work=1)
