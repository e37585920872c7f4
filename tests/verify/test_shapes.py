"""Shapes in which backends are held against each other find what is wrong in one of them alone, of any backend."""

from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from unit import Backend, off, unit

import refrnn
from refrnn.kernels.primitives import threads
from refrnn.verify.cases import PRECISIONS, VECTORS, asked, shapes
from refrnn.verify.shapes import _near, disagreements
from refrnn.verify.truth import truths
from refrnn.verify.verify import verify_spec, wrong_with

SPEC = refrnn.load("unfolding")


def wrong_where(condition, what, spec=SPEC):
    """The kernel of the spec, wrong in an output or a gradient ``what`` where ``condition`` holds of its arguments."""
    right, module = spec.bindings["kernel"].load(), ModuleType("planted")

    def forward(**arguments):
        outputs, saved = right.forward(**arguments)
        bad = condition(**arguments)
        return {name: 1.01 * array if bad and name == what else array for name, array in outputs.items()}, {**saved, "right": saved, "bad": bad}

    def backward(saved, **upstream):
        return {name: 1.01 * array if saved["bad"] and f"d_{name}" == what else array for name, array in right.backward(saved["right"], **upstream).items()}

    module.forward, module.backward = forward, backward
    return SimpleNamespace(load=lambda: module)


# By the case that alone finds it.
FAULTS = {
    "I of one": lambda x, U, **rest: x.shape[2] == 1 < len(U),
    "H of one": lambda x, U, **rest: x.shape[2] > 1 == len(U),
    "plain, drawn anew": lambda x, **rest: x.shape == (7, 3, 4),
    "rows of one number": lambda x, **rest: x.shape[2] > 1 and (np.count_nonzero(x, axis=2) == 1).all(),
    **{f"vectors-{steps}-{dtype}": lambda x, steps=steps, dtype=dtype, **rest: len(x) == steps and x.dtype == dtype for steps in VECTORS for dtype in PRECISIONS},
    "vectors-128-float64": lambda x, **rest: len(x) == 128,
    "258 steps": lambda x, **rest: len(x) > 200,
    "ragged and wide": lambda x, U, lengths, **rest: x.shape[1] > 8 and len(U) > 32 > x.shape[2] - 10 and lengths is not None and len(set(lengths)) > 1,
    "ragged, a lane short-float64": lambda x, U, **rest: x.dtype == np.float64 and len(U) % 16 == 15,
    "ragged, a lane short-float32": lambda x, U, **rest: x.dtype == np.float32 and len(U) % 16 == 15,
    "I of 131": lambda x, U, lengths, **rest: x.shape[2] > 16 * x.shape[1] > 100 and len(U) > 32 and lengths is None,
    "I of 5501": lambda x, U, lengths, **rest: x.shape[2] * len(U) > 2**18 and len(set(lengths)) > 1,
}


def test_every_shape_has_its_fault():
    assert list(FAULTS) == [case.name for case in shapes(SPEC)]


def test_the_quick_level_leaves_sizes_of_one_and_large_matrices_to_the_full_one():
    assert [name for name in list(FAULTS)[2:] if name != "I of 5501"] == [case.name for case in shapes(SPEC, level="quick")]


@pytest.mark.parametrize("what", ["s", "d_x", "d_U"])
@pytest.mark.parametrize("name", FAULTS)
def test_one_shape_alone_finds_it(name, what, monkeypatch):
    monkeypatch.setitem(SPEC.bindings, "kernel", wrong_where(FAULTS[name], what))
    assert [str(finding) for finding in disagreements(SPEC, "kernel")] == [f"kernel: {what} is not that of the reference in case {name}"]


@pytest.mark.parametrize("what", ["Y", "d_X", "d_W"])
def test_one_number_behind_whole_blocks_of_an_output(what, monkeypatch):
    spec = refrnn.load("tdnn")
    assert disagreements(spec, "kernel", "quick") == []
    monkeypatch.setitem(spec.bindings, "kernel", wrong_where(lambda X, b, **rest: X[..., 0].size * len(b) % 2**13 == 1, what, spec))
    assert [str(finding) for finding in disagreements(spec, "kernel", "quick")] == [f"kernel: {what} is not that of the reference in case O of 2731"]


def test_outputs_are_wide_where_no_matrix_is_then_large():
    wide = {name: [case.name for case in shapes(refrnn.load(name)) if "2731" in case.name] for name in ("jordan", "gru-minimal", "one-hot", "scalar-recursion")}
    assert wide == {"jordan": ["H of 2731", "O of 2731"], "gru-minimal": [], "one-hot": [], "scalar-recursion": []}


@pytest.mark.parametrize("name", ["rows of one number", "258 steps"])
def test_no_case_finds_it(name, monkeypatch):
    monkeypatch.setitem(SPEC.bindings, "kernel", wrong_where(FAULTS[name], "d_U"))
    found = {truth.case.name: truth for truth in truths(SPEC, asked(SPEC, "quick"))}
    assert wrong_with(SPEC, found, "kernel") == [f"kernel: d_U is not that of the reference in case {name}"]
    assert f"kernel: d_U is not that of the reference in case {name}" in verify_spec(SPEC).failures


@pytest.mark.parametrize("quantity", ["h", "d_x", "d_h0", "d_u"])
@pytest.mark.parametrize("backend", ["kernel", "reference", "module"])
def test_every_backend_is_held_against_another(backend, quantity):
    wrong = off(quantity, 1 + 1e-6)
    spec = unit() if backend == "module" else unit(**{backend: wrong})
    found = disagreements(spec, wrong.module if backend == "module" else backend)
    name, other = ("planted" if backend == "module" else backend), "equation" if backend == "reference" else "reference"
    assert {str(finding) for finding in found} == {f"{name}: {quantity} is not that of the {other} in case {case.name}" for case in shapes(spec) if case.dtype == "float64"}
    assert disagreements(unit(), backend if backend != "module" else Backend().module) == []


@pytest.mark.parametrize("threads_needed", [1, 2])
@pytest.mark.parametrize("is_given", [False, True])
@pytest.mark.parametrize("ragged", [False, True])
def test_a_layer_is_asked_in_every_shape(ragged, is_given, threads_needed, monkeypatch):
    """One whose outputs are off where all sequences are whole, or where they are not, in arrays of its own or in given ones, however many threads it runs on."""
    right, module = SPEC.bindings["kernel"].load(), ModuleType("planted")

    def bind(**parameters):
        bound = right.bind(**parameters)
        forward = bound.forward

        def planted(arrays, lengths=None, out=None):
            outputs, state = forward(arrays, lengths, out)
            bad = (lengths is not None) == ragged and bool(out) == is_given and threads.get() >= min(threads_needed, threads.most())
            return {name: np.nextafter(array, np.float64(9)) if bad else array for name, array in outputs.items()}, state

        monkeypatch.setattr(bound, "forward", planted)
        return bound

    module.forward, module.backward, module.bind = right.forward, right.backward, bind
    monkeypatch.setitem(SPEC.bindings, "kernel", SimpleNamespace(load=lambda: module, module="planted"))
    with threads.using(1):
        found = [str(finding) for finding in disagreements(SPEC, "kernel")]
    assert found == [f"kernel: s of a layer is not that of a run in case {case.name}" for case in shapes(SPEC) if case.ragged is ragged] != []


@pytest.mark.parametrize("quantity", ["h", "d_x"])
def test_no_number_is_near_a_number(quantity):
    """Of a ``planted`` kernel, in every shape."""
    spec = unit(kernel=off(quantity, np.nan))
    assert len(disagreements(spec, "kernel")) == len(shapes(spec))


def test_where_rounding_runs_a_little_half_of_the_digits_are_asked():
    spec, right = refrnn.load("elman"), np.ones((2, 1, 3))
    moved = right + 2.0**-30
    assert _near(spec, "h", right + 2.0**-28, right, moved) and not _near(spec, "h", right + 2.0**-24, right, moved)
    assert not _near(spec, "h", right + 2.0**-28, right, right)


@pytest.mark.filterwarnings("error")
def test_infinities_on_both_sides_are_near_and_no_warning():
    spec, endless = refrnn.load("elman"), np.full((2, 1, 3), np.inf)
    finite = np.zeros(endless.shape)
    assert _near(spec, "h", endless, endless, endless) and not _near(spec, "h", endless, finite, finite)


def test_what_is_past_the_end_is_poisoned():
    """Values and upstream gradients, in every shape that is ragged."""

    def reads_on(right, x, **arguments):
        outputs, saved = right(x=x, **arguments)
        return {"h": outputs["h"] + 0 * x.sum()}, saved

    def reads_errors_on(right, saved, d_h):
        found = right(saved, d_h=d_h)
        return {**found, "u": found["u"] + 0 * d_h.sum()}

    ragged = [case.name for case in shapes(unit()) if case.ragged]
    for planted in (Backend(reads_on), Backend(backward=reads_errors_on)):
        assert ragged and list(dict.fromkeys(finding.case for finding in disagreements(unit(kernel=planted), "kernel"))) == ragged


@pytest.mark.parametrize("written", ["x", "upstream"])
def test_no_argument_is_written_to_in_any_shape(written):
    def forward(right, x, **arguments):
        outputs, saved = right(x=x, **arguments)
        if written == "x":
            x[-1] += 1
        return {name: array.copy() for name, array in outputs.items()}, saved

    def backward(right, saved, d_h):
        gradients = {name: array.copy() for name, array in right(saved, d_h=d_h).items()}
        if written == "upstream":
            d_h[-1] += 1
        return gradients

    kernel = Backend(forward, backward)
    kernel.module.forward.is_apart = True  # else it would have been given copies
    spec = unit(kernel=kernel)
    what = "the argument x" if written == "x" else "the upstream gradient of h"
    assert [str(finding) for finding in disagreements(spec, "kernel")] == [f"kernel: {what} was written to in case {case.name}" for case in shapes(spec)]


def test_steps_at_which_rounding_runs_away_excuse_no_others():
    spec, right = unit(), np.ones((3, 2, 2))
    moved, early, late = right.copy(), right.copy(), right.copy()
    moved[0] = early[0] = late[1] = 2
    assert _near(spec, "h", early, right, moved) and not _near(spec, "h", late, right, moved) and not _near(spec, "h", early, right)


def test_alone_it_is_held_against_the_equation():
    for quantity, count in (("h", 18), ("d_u", 18)):
        spec = unit(kernel=off(quantity))
        del spec.bindings["reference"]
        assert len(disagreements(spec, "kernel")) == count


def test_other_shapes_and_what_raises_are_findings():
    def forward(right, x, **arguments):
        if len(x) == 64:
            raise ValueError("too long")
        outputs, saved = right(x=x, **arguments)
        return outputs, saved

    def backward(right, saved, d_h):
        found = right(saved, d_h=d_h)
        return {**found, "u": found["u"][:0] if len(d_h) == 64 else found["u"]}

    for planted, words in ((Backend(forward), "raises ValueError (too long) in case of some shape"), (Backend(backward=backward), "d_u is not that of the reference in case vectors-64-float64")):
        spec = unit(kernel=planted)
        assert [text for text in wrong_with(spec, {}, "kernel", "full") if words in text]


@pytest.mark.parametrize("backend", ["kernel", "module"])
def test_kernels_run_on_two_threads_in_shapes(backend):
    """However little there is to do; a module of one's own is given as many as there are."""
    seen = set()

    def forward(right, **arguments):
        seen.add((threads.get(), threads.workers(1) > 1))
        with threads.using(1):
            return right(**arguments)

    kernel = Backend(forward)
    number = min(2, threads.most())
    with threads.using(1):
        assert disagreements(unit(kernel=kernel), "kernel" if backend == "kernel" else kernel.module, "quick") == []
    assert seen == {(number, number > 1) if backend == "kernel" else (1, False)}


def test_many_ragged_sequences_by_all_that_whole_numbers_choose():
    spec = refrnn.load("truncated-bptt")
    many = [case for case in shapes(spec) if case.name.startswith("many and ragged")]
    assert [case.values for case in many] == [entry["values"] for entry in spec.cases] and len(many) == 7
    for case in many:
        values, lengths = case.draw(spec)
        assert values["x"].shape[:2] == (7, 8) and len(set(lengths)) > 3
    choices = [case.values for case in shapes(refrnn.load("vector-recursion")) if case.name.startswith("many and ragged")]
    assert choices == [{"f": value} for value in range(len(choices))] and len(choices) > 2
    assert not any(case.name.startswith("many and ragged") for case in shapes(SPEC))


def test_one_word_many_times():
    for name, times in (("markov-factorisation", "c"), ("word-model", "w"), ("mean-pooling", "w"), ("skip-gram", "d")):
        spec = refrnn.load(name)
        (case,) = [case for case in shapes(spec) if case.name == "one word 300 times"]
        values, _ = case.draw(spec)
        assert values[times].shape[0] == 300 and len(set(values[times].flat)) == 1 and values.get("K", 0) in (0, 300)
    assert not any("one word" in case.name for case in shapes(SPEC))


def test_what_the_equation_goes_through_word_by_word_stays_short():
    spec = refrnn.load("generation")
    words = [next(case for case in shapes(spec, interpreted) if case.name == "258 steps").sizes["N"] for interpreted in (False, True)]
    assert words == [301, 2] and disagreements(spec, "reference") == []
    assert {case.sizes["N"] for case in shapes(refrnn.load("one-hot"), True) if case.name == "258 steps"} == {301}


def test_what_shapes_are_like():
    found = {case.name: case.draw(SPEC) for case in shapes(SPEC)}
    assert found["I of one"][0]["V"].shape == (3, 1) and found["H of one"][0]["V"].shape == (1, 3)
    rows = found["rows of one number"][0]["x"]
    assert (np.count_nonzero(rows, axis=2) == 1).all() and not (rows == 1).any()
    values, lengths = found["258 steps"]
    assert values["x"].shape == (258, 3, 2) and lengths.tolist() == [258, 130, 1]
    words = next(case for case in shapes(refrnn.load("generation")) if case.name == "258 steps").draw(refrnn.load("generation"))[0]
    assert words["W_xh"].shape == (301, 2)
    values, lengths = found["ragged and wide"]
    assert values["V"].shape == (34, 40) and len(set(lengths)) > 1
    assert not any("steps" in case.name for case in shapes(refrnn.load("clip-norm")))


def counted_in(dtype):
    """Steps that a small integer counts: those past what it holds are the first ones again."""

    def forward(right, x, **arguments):
        return right(x=x[np.arange(len(x)).astype(dtype).astype(int) % len(x)], **arguments)

    return Backend(forward)


@pytest.mark.parametrize("backend", ["kernel", "reference"])
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_steps_that_a_small_integer_does_not_hold(backend, dtype):
    assert [finding.case for finding in disagreements(unit(**{backend: counted_in(dtype)}), backend)][:1] == ["258 steps"]


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_lengths_that_a_small_integer_does_not_hold(dtype):
    def forward(right, lengths=None, **arguments):
        return right(lengths=None if lengths is None else lengths.astype(dtype).astype(int), **arguments)

    assert [finding.case for finding in disagreements(unit(kernel=Backend(forward)), "kernel")][:1] == ["258 steps"]


def test_where_rounding_runs_away_nothing_is_asked():
    """The logistic map doubles an error at each step: no two right programs agree after sixty."""
    text = """
id: chaos
title: A map without memory
sizes: {T: steps, H: units}
symbols:
  x:  {role: input, shape: [T, H]}
  h0: {role: start, shape: [H]}
equations:
  - h[-1] = sigmoid(h0)
  - h[t] = 4 * h[t-1] * (1 - h[t-1]) + 0 * x[t]
outputs: [h]
"""
    spec = refrnn.load_text(text)

    def forward(x, h0, lengths=None):
        h, previous = np.zeros_like(x), 1 / (1 + np.exp(-h0))
        for t in range(len(x)):
            previous = 4 * previous - 4 * previous * previous
            h[t] = previous if lengths is None else np.where((t < lengths)[:, None], previous, 0)
        return {"h": h}, {"h": h, "h0": h0, "lengths": lengths}

    def backward(saved, d_h):
        h, h0, d = saved["h"], saved["h0"], np.zeros_like(saved["h0"])
        first = 1 / (1 + np.exp(-h0))
        for t in reversed(range(len(h))):
            alive = True if saved["lengths"] is None else (t < saved["lengths"])[:, None]
            d = np.where(alive, (d_h[t] + d) * (4 - 8 * (h[t - 1] if t else first)), d)
        return {"x": np.zeros_like(h), "h0": d * first * (1 - first)}

    kernel = Backend()
    kernel.module.forward, kernel.module.backward = forward, backward
    spec.bindings["kernel"] = kernel
    assert disagreements(spec, "kernel") == []
    kernel.module.forward = lambda **arguments: (lambda outputs, saved: ({"h": 1.001 * outputs["h"]}, saved))(*forward(**arguments))
    assert "h is not that of the equation in case 258 steps" in str(disagreements(spec, "kernel"))


@pytest.mark.parametrize("name", ["unfolding", "lstm", "deep-recurrent", "encoder-decoder"])
def test_every_size_is_each_width_of_vectors_in_both_precisions_and_no_two_are_always_one(name):
    spec = refrnn.load(name)
    for dtype in PRECISIONS:
        found = [case.sizes for case in shapes(spec, level="quick") if case.name.startswith("vectors") and case.dtype == dtype and "128" not in case.name]
        sizes = {size: [case[size] for case in found] for size in spec.sizes}
        assert all(sorted(taken) == list(VECTORS) for taken in sizes.values())
        assert len(set(map(tuple, sizes.values()))) == len(sizes)


# Each precision at half of them: each takes a moment.
@pytest.mark.parametrize("size, number, dtype", [
    (size, number, PRECISIONS[(size + place) % len(PRECISIONS)]) for size in range(3) for place, number in enumerate(VECTORS)
])  # fmt: skip
def test_a_thousandth_at_one_size_alone(size, number, dtype, monkeypatch):
    """Of steps, of inputs and of units: a factor next to 1 of what is multiplied, which a bound of half of the digits does not see in float32."""
    right, module = SPEC.bindings["kernel"].load(), ModuleType("planted")

    def forward(x, U, **arguments):
        sizes = len(x), x.shape[2], len(U)
        outputs, saved = right.forward(x=x, U=U, **arguments)
        return {"s": outputs["s"] * x.dtype.type(1.0005 if sizes[size] == number and x.dtype == dtype else 1)}, saved

    module.forward, module.backward = forward, right.backward
    monkeypatch.setitem(SPEC.bindings, "kernel", SimpleNamespace(load=lambda: module))
    assert [finding.text[:38] for finding in disagreements(SPEC, "kernel", "quick")] == ["s is not that of the reference in case"]


def test_a_start_that_goes_through_float32_in_one_long_sequence_alone(monkeypatch):
    spec = refrnn.load("lstm")
    right, module = spec.bindings["kernel"].load(), ModuleType("planted")

    def forward(x, h0, **arguments):
        return right.forward(x=x, h0=h0.astype(np.float32).astype(h0.dtype) if x.shape[1] == 1 and len(x) > 100 else h0, **arguments)

    module.forward, module.backward = forward, right.backward
    monkeypatch.setitem(spec.bindings, "kernel", SimpleNamespace(load=lambda: module))
    assert {finding.case for finding in disagreements(spec, "kernel", "quick")} == {"vectors-128-float64"}
