"""checkpoint=: states before segments of steps are kept alone, and the segments run once more. All bits are those of a whole pass."""

import pickle
import tracemalloc

import numpy as np
import pytest

import refrnn
from refrnn.errors import ValuesError
from refrnn.kernels.engine import passes
from refrnn.kernels.engine.segments import Segments
from refrnn.kernels.primitives import threads
from refrnn.spec.library import rows

STEPS, BATCH = 45, 24  # of so many sequences segments have 10, 20 or more steps: whole blocks of sums
# What the engine does not run: what is not step by step, and four whose equations compile to loops of their own, which keep little but outputs.
NOT_BY_THE_ENGINE = [
    "activation-jacobian", "blow-up-criterion", "clip-halving", "clip-norm", "clip-value", "divergence", "eigen-expansion", "generation",
    "gradient-through-depth", "layer-chain-rule", "layer-product-gradient", "markov-factorisation", "mean-pooling", "neural-language-model",
    "one-hot", "projection", "singular-value-bound", "skip-gram", "sliding-word-model", "tdnn",
    "constant-error-carousel", "multi-tap-recursion", "power-of-a-scalar", "scalar-recursion",
]  # fmt: skip


@pytest.fixture
def kept(monkeypatch):
    """What each pass of the engine keeps."""
    found = []
    monkeypatch.setattr(passes, "kept_by", lambda one, chosen=passes.kept_by: found.append(chosen(one)) or found[-1])
    return found


def drawn(spec, batch=BATCH):
    return spec.draw(sizes=dict.fromkeys(spec.time, STEPS), batch=batch)


def run(spec, checkpoint, lengths=None, copied=False):
    """Everything that a pass says."""
    values = drawn(spec)
    one = spec.forward(values, "kernel", lengths, checkpoint)
    random = np.random.default_rng(1)
    upstream = {name: random.standard_normal(array.shape) for name, array in one.outputs.items()}
    if copied:
        one = pickle.loads(pickle.dumps(one))
    gradients = {f"d_{name}": array for name, array in one.backward(upstream).items()}
    state = {f"the state of {name}": value for name, value in one.state.items() if isinstance(value, np.ndarray)}
    return {**one.outputs, **one.intermediates, **state, **gradients}


def assert_same(found, whole):
    assert found.keys() == whole.keys()
    for name, array in whole.items():
        assert np.array_equal(found[name], array, equal_nan=True), name


@pytest.mark.parametrize("name", sorted({*rows()} - {*NOT_BY_THE_ENGINE}))
def test_the_bits_are_those_of_a_whole_pass(name, kept):
    spec = refrnn.load(name)
    random = np.random.default_rng(3)
    short = {time: random.integers(1, STEPS // 3, BATCH) for time in spec.time}  # nothing runs in the last segments
    for lengths in (None, {time: random.integers(1, STEPS + 1, BATCH) for time in spec.time}, short):
        whole = run(spec, None, lengths)
        assert not any(isinstance(one, Segments) for one in kept)
        for steps, count in ((1, 5), (11, 3)):
            kept.clear()
            assert_same(run(spec, steps, lengths), whole)
            assert {len(one.firsts) for one in kept} == {count}
            kept.clear()


def test_threads_and_copies_change_nothing(kept):
    spec = refrnn.load("lstm")
    whole = run(spec, None)
    for count in range(1, threads.most() + 1):
        with threads.using(count, little=0):
            assert_same(run(spec, True), whole)
    kept.clear()
    assert_same(run(spec, True, copied=True), whole)
    assert [len(one.firsts) for one in kept] == [5, 5]  # that of the copy, too


def test_what_is_kept_shrinks():
    """Of a long pass that is kept, beside its outputs and values; and at the most on the way back, beside its gradients."""
    spec, held = refrnn.load("lstm"), {}
    values = spec.draw(sizes={"T": 1024, "I": 2, "H": 64}, batch=16)
    for checkpoint in (None, True):
        refrnn.free()
        tracemalloc.start()
        one = spec.forward(values, "kernel", checkpoint=checkpoint)
        after = tracemalloc.get_traced_memory()[0] - sum(array.nbytes for array in one.outputs.values())
        one.backward({"h": one.outputs["h"]})
        held[checkpoint] = after, tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert held[True][0] < held[None][0] / 8 and held[True][1] < held[None][1] / 2, held


@pytest.mark.parametrize("wrong", [0, -3, 2.0, "10", np.bool_(True), [4]])
def test_no_number_of_steps(wrong):
    spec = refrnn.load("elman")
    with pytest.raises(ValuesError, match="elman: checkpoint must be a number of steps, 1 or more, or True, not "):
        spec.forward(drawn(spec), "kernel", checkpoint=wrong)


@pytest.mark.parametrize("name, backend", [("elman", "equation"), ("elman", "reference"), *((name, "kernel") for name in NOT_BY_THE_ENGINE)])
def test_where_nothing_could_run_once_more(name, backend):
    spec = refrnn.load(name)
    with pytest.raises(ValuesError, match=f"{name}: {backend} keeps no steps that could run once more; leave checkpoint out"):
        spec.forward(spec.draw(batch=2), backend, checkpoint=4)
    spec.forward(spec.draw(batch=2), backend, checkpoint=False)
