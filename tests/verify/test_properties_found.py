"""Each part of a property is really tried: a small kernel that breaks this part alone is found by that property."""

from threading import Semaphore
from time import sleep
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from unit import TEXT, Backend, gives_what_came_before, unit

import refrnn
from refrnn.backends import kernel as kernel_backend
from refrnn.backends.layer import Inferred, Layer
from refrnn.backends.run import Run, run_checked
from refrnn.errors import ValuesError
from refrnn.kernels.engine import segments
from refrnn.kernels.engine.bound import Bound
from refrnn.kernels.engine.pool import POOL
from refrnn.kernels.engine.work import Backward
from refrnn.kernels.primitives import fork, threads
from refrnn.spec.library import rows
from refrnn.spec.spec import Spec
from refrnn.verify import properties as of
from refrnn.verify.cases import cases
from refrnn.verify.properties.asking import near, same_bits
from refrnn.verify.truth import Truth
from refrnn.verify.variants import CROWD, MANY
from refrnn.verify.verify import PROPERTY_CASES, WIDE_CASES
from tests import taps

# Whole and ragged, in both precisions.
TRUTHS = [Truth(unit(), case) for case in cases(unit()) if case.name in PROPERTY_CASES]
RAGGED = next(truth for truth in TRUTHS if truth.case.ragged)
ONE_STEP = next(truth for truth in TRUTHS if truth.case.name == "one-step-float32")


def found(backend, truths=TRUTHS):
    """What all properties say of it on the cases of properties."""
    spec = unit(kernel=backend)
    return [text for truth in truths for text in (check(spec, truth, "kernel") for check in of.PROPERTIES) if text]


def test_all_hold_of_a_right_kernel():
    assert found(Backend()) == [] and all(of.properties(unit(), truth, "kernel") == [] for truth in TRUTHS)


def test_findings_name_the_backend_and_the_case():
    def cut(right, saved, d_h):
        return {name: np.clip(array, -100, 100) for name, array in right(saved, d_h=d_h).items()}

    spec = unit(kernel=Backend(backward=cut), reference=Backend(backward=cut))
    for backend in ("kernel", "reference"):
        texts = [str(finding) for truth in TRUTHS for finding in of.properties(spec, truth, backend)]
        assert texts and texts[0].startswith(f"{backend}: ") and texts[0].endswith("is not linear in the upstream gradient in case plain-float32")


def test_the_quick_level_asks_all_of_sequences_of_all_lengths():
    chosen = {(truth.case.name, backend): of._of_level(unit(), truth, backend, "quick") for truth in TRUTHS for backend in ("kernel", "module")}
    for truth in TRUTHS:
        assert of._of_level(unit(), truth, "kernel", "full") == of.PROPERTIES + of.KERNEL_PROPERTIES + of.FULL_PROPERTIES
    assert chosen["ragged-float64", "kernel"] == of.PROPERTIES + of.KERNEL_PROPERTIES
    assert chosen["ragged-float64", "module"] == of.PROPERTIES
    whole = {(backend, checks) for (name, backend), checks in chosen.items() if not name.startswith("ragged")}
    assert whole == {("module", of.OF_WHOLE_SEQUENCES), ("kernel", of.OF_WHOLE_SEQUENCES + (of.what_changes_hands_may_be_written_into, of.state_is_its_own))}


def test_what_raises_is_a_finding():
    """Where arrays are read-only, say."""

    def needs_to_write(right, x, **arguments):
        x[...] = x
        return right(x=x, **arguments)

    kernel = Backend(needs_to_write)
    kernel.module.forward.is_apart = True
    texts = [str(finding) for finding in of.properties(unit(kernel=kernel), TRUTHS[0], "kernel")]
    assert any(text.startswith("kernel: layout does not matter: raises ValueError") for text in texts)


# ------------------------------------------------------------ the way back


def test_upstream_gradients_that_are_missing():
    """Something comes back though nothing was asked for."""

    def ones(right, saved, d_h):
        return right(saved, d_h=d_h if d_h.any() else np.ones_like(d_h))

    assert any("is not zero though no output has an upstream gradient" in text for text in found(Backend(backward=ones)))


def test_digits_that_float32_has_not():
    """Whichever array is taken in float32."""

    def of_upstream(right, saved, d_h):
        return right(saved, d_h=d_h.astype(np.float32).astype(d_h.dtype))

    assert "d_x is not linear in the upstream gradient" in found(Backend(backward=of_upstream))
    for name in ("x", "h0", "u"):

        def of_argument(right, **arguments):
            return right(**arguments | {name: arguments[name].astype(np.float32).astype(arguments[name].dtype)})

        assert f"nothing changes with the last digits of {name}" in found(Backend(of_argument))


@pytest.mark.parametrize("without", [lambda rows: rows[-1] and not rows[:-1].any(), lambda rows: not rows[-1] and rows[0] and not rows[1]], ids=["last alone", "every other"])
def test_steps_without_an_upstream_gradient(without):
    """An error ends there, where it should go on."""

    def ends(right, saved, d_h):
        rows = np.nan_to_num(d_h).any(axis=(1, 2))
        back = right(saved, d_h=d_h)
        return {**back, "h0": 0 * back["h0"]} if len(rows) > 1 and without(rows) else back

    assert any("d_h0 is not the sum of what the last step, every other one" in text for text in found(Backend(backward=ends)))


PAIR = """
id: pair
title: Two outputs of one
sizes: {T: steps, H: units}
symbols:
  x: {role: input, shape: [T, H]}
  u: {role: parameter, shape: [H]}
equations:
  - y[t] = u * x[t]
  - z[t] = u + x[t]
outputs: [y, z]
"""


def pair(backward=None, look=None):
    spec = refrnn.load_text(PAIR)

    def forward(x, u, lengths):
        return {"y": u * x, "z": u + x}, {"x": x, "u": u}

    def plain(saved, d_y, d_z):
        return {"x": d_y * saved["u"] + d_z, "u": (d_y * saved["x"] + d_z).sum(axis=(0, 1))}

    kernel = SimpleNamespace(load=lambda: kernel.module, module=Backend().module)
    kernel.module.forward = forward
    kernel.module.backward = (lambda saved, **d: backward(plain, saved, **d)) if backward else plain
    spec.bindings["kernel"] = kernel
    return spec, Truth(spec, cases(spec)[0])


def test_two_outputs_are_left_out_one_at_a_time():
    assert of.missing_upstream_is_zero(*pair(), "kernel") is None

    def together(right, saved, d_y, d_z):
        """Wrong where both have a gradient, by what each alone does not show."""
        found = right(saved, d_y=d_y, d_z=d_z)
        return {**found, "x": found["x"] + (0.5 if d_y.any() and d_z.any() else 0) * d_y}

    assert of.missing_upstream_is_zero(*pair(together), "kernel") == "d_x is not the sum of what the single outputs give"


def test_a_sum_that_is_off_by_some_bounds():
    spec, truth = pair()

    def off_by(times):
        def together(right, saved, d_y, d_z):
            found = right(saved, d_y=d_y, d_z=d_z)
            error = times * truth.allowed(("gradient", "d_x")).max() if d_y.any() and d_z.any() else 0
            return {**found, "x": found["x"] + float(error)}

        return of.missing_upstream_is_zero(*pair(together), "kernel")

    assert off_by(1) is None and "is not the sum" in off_by(100)


@pytest.mark.parametrize("word", ["None", "zero"])
def test_left_out_none_and_zero_are_asked_for(monkeypatch, word):
    """The library fills in what is missing: a fault there is shown too."""
    from refrnn.backends import run as library

    right = library.check_upstream

    def wrong(spec, upstream, *rest):
        complete = right(spec, upstream, *rest)
        given = "None" if any(array is None for array in upstream.values()) else "zero" if len(upstream) > 1 and not all(np.any(a) for a in upstream.values()) else ""
        return {name: array + (1 if given == word and not np.any(array) else 0) for name, array in complete.items()}

    spec, truth = pair()
    monkeypatch.setattr(library, "check_upstream", wrong)
    text = of.missing_upstream_is_zero(spec, truth, "kernel")
    assert text.endswith(f"is another one where the other outputs' upstream is {word}, not left out")


def test_a_backward_that_remembers():
    """The first two calls give the same; another one between them shows what is kept."""

    def kept(right, saved, d_h):
        found = right(saved, d_h=d_h)
        before = saved.get("before")
        saved["before"] = found["u"]
        return {**found, "u": found["u"] if before is None else np.where(found["u"] == before, found["u"], before)}

    assert "d_u changes when backward is called again" in found(Backend(backward=kept))


# ------------------------------------------------------------ sequences


def shift_where(condition):
    """A kernel whose first sequence moves where ``condition(numbers of the last one)``; its way back does not."""

    def forward(right, x, **arguments):
        outputs, saved = right(x=x, **arguments)
        if condition(x[0, -1]):
            outputs["h"][0, 0] += 0.25
        return outputs, saved

    def backward(right, saved, d_h):
        found = right(saved, d_h=d_h)
        if condition(d_h[0, -1]):
            found["x"][0, 0] += 0.25
        return found

    return Backend(forward), Backend(backward=backward)




@pytest.mark.parametrize("word, condition", [
    ("NaN", lambda last: np.isnan(last).all()), ("three times as large", lambda last: np.abs(last).max() > 2.2 and not np.isnan(last).any()),
])  # fmt: skip
@pytest.mark.parametrize("way", [0, 1], ids=["forward", "back"])
def test_the_last_sequence_is_changed_both_ways(word, condition, way):
    truth = TRUTHS[0]
    assert not condition(truth.checked.arrays["x"][0, -1]) and not condition(truth.upstream["h"][0, -1])
    text = of.sequences_do_not_touch(unit(kernel=shift_where(condition)[way]), truth, "kernel")
    assert text == f"{'d_x' if way else 'h'} of the other sequences changes when the last one is {word}"


# ------------------------------------------------------------ memory


LAID_OUT = {
    "Fortran-ordered": lambda array: array.flags.f_contiguous and not array.flags.c_contiguous,
    "strided": lambda array: array.ndim and array.strides[-1] == 2 * array.itemsize,
    "in reverse in memory": lambda array: array.ndim and array.strides[-1] < 0,
    "one wide with odd strides": lambda array: 1 in array.shape and array.flags.c_contiguous and array.strides[array.shape.index(1)] == 3 * array.itemsize,
    "unaligned": lambda array: not array.flags.aligned,
    "read-only": lambda array: not array.flags.writeable and array.flags.owndata,
}


@pytest.mark.parametrize("word", LAID_OUT)
@pytest.mark.parametrize("way", ["forward", "back"])
def test_every_layout_is_handed_to_the_backend_itself(word, way):
    """A kernel that is wrong for arrays that lie so, in either direction."""

    def forward(right, x, **arguments):
        outputs, saved = right(x=x, **arguments)
        return {"h": outputs["h"] * x.dtype.type(1.5 if LAID_OUT[word](x) and way == "forward" else 1)}, saved

    def backward(right, saved, d_h):
        found = right(saved, d_h=d_h)
        factor = d_h.dtype.type(1.5 if LAID_OUT[word](d_h) and way == "back" else 1)
        return {name: array * factor for name, array in found.items()}

    kernel = Backend(forward, backward)
    kernel.module.forward.is_apart = True  # else the library would put the arrays in order first
    truth = ONE_STEP if "one wide" in word else TRUTHS[0]
    text = of.layout_does_not_matter(unit(kernel=kernel), truth, "kernel")
    assert text == f"{'h' if way == 'forward' else 'd_x'} is wrong when the arrays are {word}"


def writes(name, past_end=False):
    def write(array, lengths):
        if past_end and (lengths is None or lengths.min() == len(array)):
            return
        places = np.arange(len(array))[:, None] >= lengths if past_end else np.ones(array.shape[:2], bool)
        array[places] = 0

    def forward(right, x, lengths, **arguments):
        found = right(x=x.copy(), lengths=lengths, **arguments)
        if name == "x" and x.flags.writeable:
            write(x, lengths)
        return found

    def backward(right, saved, d_h):
        found = right(saved, d_h=d_h.copy())
        if name == "h" and d_h.flags.writeable:
            write(d_h, saved["lengths"])
        return found

    kernel = Backend(forward, backward)
    kernel.module.forward.is_apart = True
    return kernel


@pytest.mark.parametrize("past_end", [False, True])
@pytest.mark.parametrize("name, text", [("x", "the argument x was written to"), ("h", "the upstream gradient of h was written to")])
def test_nothing_that_is_handed_in_is_written_to(name, text, past_end):
    """Not the padding either."""
    assert of.arguments_are_not_written(unit(kernel=writes(name, past_end)), RAGGED, "kernel") == text


def test_padding_is_not_cleared():
    """Where zeros stood in it that would not show."""

    def clears_what_is_not_zero(right, x, lengths, **arguments):
        found = right(x=x.copy(), lengths=lengths, **arguments)
        padding = (np.arange(len(x))[:, None] >= lengths)[..., None] & np.isnan(x)
        x[padding] = 0
        return found

    kernel = Backend(clears_what_is_not_zero)
    kernel.module.forward.is_apart = True
    assert of.arguments_are_not_written(unit(kernel=kernel), RAGGED, "kernel") == "the argument x was written to"


def aliasing(what):
    kept = {}

    def forward(right, x, u, **arguments):
        outputs, saved = right(x=x, u=u, **arguments)
        if what == "argument":
            x[...] = outputs["h"]
            return {"h": x}, saved
        if what == "next call":
            kept.setdefault(outputs["h"].shape, np.empty_like(outputs["h"]))[...] = outputs["h"]
            return {"h": kept[outputs["h"].shape]}, saved
        return outputs, saved

    def backward(right, saved, d_h):
        found = right(saved, d_h=d_h)
        if what == "upstream":
            d_h[...] = found["x"]
            return {**found, "x": d_h}
        if what == "next backward":
            saved.setdefault("buffer", np.empty_like(found["u"]))[...] = found["u"]
            return {**found, "u": saved["buffer"]}
        return found

    kernel = Backend(forward, backward)
    kernel.module.forward.is_apart = True
    return kernel


@pytest.mark.parametrize("what, text", [
    ("argument", "h shares its memory with the argument x"), ("upstream", "d_x shares its memory with the upstream gradient of h"),
    ("next call", "h shares its memory with h of the next call"), ("next backward", "d_u shares its memory with d_u of the next call"),
])  # fmt: skip
def test_what_results_must_not_share(what, text):
    assert of.results_are_their_own(unit(kernel=aliasing(what)), TRUTHS[0], "kernel") == text


def test_results_do_not_share_with_each_other():
    def backward(right, saved, d_h):
        found = right(saved, d_h=d_h)
        room = np.concatenate([found["x"][0].ravel(), found["u"]])
        size = found["h0"].size
        return {**found, "h0": room[:size].reshape(found["h0"].shape), "u": room[size - 1 : size - 1 + len(found["u"])]}

    assert of.results_are_their_own(unit(kernel=Backend(backward=backward)), TRUTHS[0], "kernel") == "d_h0 shares its memory with d_u"


def test_another_run_comes_between():
    """Of the same shapes, with other numbers."""
    last = {}

    def forward(right, **arguments):
        outputs, last["saved"] = right(**arguments)
        return outputs, dict(last["saved"])

    kernel = Backend(forward, lambda right, saved, d_h: right(last["saved"], d_h=d_h))
    assert of.runs_do_not_share(unit(kernel=kernel), TRUTHS[0], "kernel").endswith("changes when another run came between")


def test_the_way_back_of_the_run_between_counts():
    """A buffer of the upstream gradient that only a way back fills."""
    last = {}

    def backward(right, saved, d_h):
        found = right(saved, d_h=last.get("d_h", d_h))
        last["d_h"] = d_h.copy()
        return found

    assert of.runs_do_not_share(unit(kernel=Backend(backward=backward)), TRUTHS[0], "kernel").endswith("changes when another run came between")


@pytest.mark.parametrize("what", ["h", "a", "u"])
def test_what_is_written_into_before_backward(monkeypatch, what):
    """Outputs, intermediates and arguments, by a library that hands out its own and a kernel that keeps what it is given."""
    def forward(right, u, **arguments):
        outputs, saved = right(u=u, **arguments)
        return outputs, {**saved, "u": u if what == "u" else saved["u"], "a_then": saved["a"].copy()}

    def backward(right, saved, d_h):
        found = right(saved, d_h=d_h)
        return {**found, "u": found["u"] + (saved["a"] - saved["a_then"]).sum(axis=(0, 1))}

    own = Backend(forward, backward)
    own.module.forward.is_apart = True
    if what == "h":  # which the unit's kernel keeps
        right = Run.__init__

        def init(self, spec, checked, backend, checkpoint, outputs, *rest):
            right(self, spec, checked, backend, checkpoint, outputs, *rest)
            self.outputs = outputs

        monkeypatch.setattr(Run, "__init__", init)
        own = Backend()
    if what == "a":
        monkeypatch.setattr(Run, "intermediates", property(lambda self: {name: array for name, array in self._found.items() if name not in self.outputs}))
    text = of.what_changes_hands_may_be_written_into(unit(kernel=own), TRUTHS[0], "kernel")
    assert text.endswith("when the arguments are written into before backward" if what == "u" else "when outputs and intermediates are written into before backward")


def test_one_number_in_the_middle_counts():
    """A pack of the weights that is kept while their sum of the first and last is what it was."""
    kept = {}

    def forward(right, u, **arguments):
        mark = (u[0].item(), u[-1].item(), u.dtype)
        return right(u=kept.setdefault(mark, u.copy()), **arguments)

    assert of.arguments_are_read_anew(unit(kernel=Backend(forward)), TRUTHS[0], "kernel") == "nothing changes with a number in the middle of u"


@pytest.mark.parametrize("equations", [["y[t] = softmax(x[t] + u)"], ["y[t] = x[t] * (1 + 0 * u)"], ["a[t] = sum(x[t]) + u", "y = softmax(a)"]])
def test_a_parameter_without_a_say_need_not_count(equations):
    """A bias before softmax, for instance: its gradient is rounding, and no bit may change with it."""
    shapes = {"x": "{role: input, shape: [T, H]}", "u": "{role: parameter, shape: []}"}
    lines = ["id: saying", "title: Saying", "sizes: {T: steps, H: units}", "symbols:", *(f"  {name}: {text}" for name, text in shapes.items())]
    spec = refrnn.load_text("\n".join([*lines, "equations:", *(f"  - {equation}" for equation in equations), "outputs: [y]"]))
    for case in cases(spec):
        if case.name in PROPERTY_CASES:
            assert [str(text) for text in of.properties(spec, Truth(spec, case), "compiled", "quick")] == []


def test_arrays_changed_in_place_count():
    kept = {}

    def forward(right, u, **arguments):
        if kept.get("of") is not u:
            kept.update(of=u, u=u.copy())
        return right(u=kept["u"], **arguments)

    kernel = Backend(forward)
    kernel.module.forward.is_apart = True
    assert of.arguments_are_read_anew(unit(kernel=kernel), TRUTHS[0], "kernel").endswith("is that of the arrays before they were changed in place")


def test_one_number_in_the_middle_counts_where_arrays_are_changed_in_place():
    """A pack of the weights that is kept for the array, while its first and last number are what they were."""
    kept = {}

    def forward(right, u, **arguments):
        mark = (u[0].item(), u[-1].item())
        if kept.get("of") is not u or kept["mark"] != mark:
            kept.update(of=u, mark=mark, u=u.copy())
        return right(u=kept["u"], **arguments)

    kernel = Backend(forward)
    kernel.module.forward.is_apart = True
    assert of.arguments_are_read_anew(unit(kernel=kernel), TRUTHS[0], "kernel") == "nothing changes with a number in the middle of u"


# ------------------------------------------------------------ going on


def test_a_state_that_is_not_the_last(monkeypatch):
    monkeypatch.setattr(Run, "_last", lambda self, name, array, forward: array[-1].copy())
    assert of.chunks_join(unit(), RAGGED, "kernel") == "the state h0 after the whole is not that at the end of each sequence"


@pytest.mark.parametrize("case", ["plain-float32", "ragged-float64"])
def test_a_start_that_is_not_read(case):
    """Right where it is drawn, in the whole; wrong for any other start."""
    truth = next(truth for truth in TRUTHS if truth.case.name == case)
    drawn = truth.checked.arrays["h0"]

    def forward(right, h0, **arguments):
        return right(h0=h0 if len(h0) == len(drawn) and np.array_equal(h0, drawn) else 0 * h0, **arguments)

    text = of.chunks_join(unit(kernel=Backend(forward)), truth, "kernel")
    assert text in ("h of two chunks is not that of the whole", "the state h0 after two chunks is not that at the end of each sequence")


def of_a_range(forward=None):
    """The spec where no state lies in the range of its start, and its truth."""
    spec = refrnn.load_text(TEXT.replace("start, shape: [H]", "start, shape: [H], low: 1.5, high: 2"))
    spec.bindings["kernel"] = Backend(forward)
    return spec, Truth(spec, cases(spec)[0])


def test_a_state_that_leaves_the_range_of_its_start_is_no_fault():
    spec, truth = of_a_range()
    with pytest.raises(ValuesError, match=r"outside \[1.5, 2\]"):
        run = run_checked(spec, truth.checked, "kernel")
        spec.forward(truth.checked.arrays | run.state, "kernel")
    for check in of.PROPERTIES:
        assert check(spec, truth, "kernel") is None


def test_a_fault_is_found_where_states_leave_the_range_of_their_start():
    def forward(right, h0, **arguments):
        return right(h0=np.where(h0 < 1.5, 0 * h0, h0), **arguments)

    spec, truth = of_a_range(forward)
    assert of.chunks_join(spec, truth, "kernel") == "the state h0 after two chunks is not that at the end of each sequence"
    assert of.errors_join(spec, truth, "kernel").endswith("of two chunks is not that of the whole")
    assert of.binding_changes_nothing(spec, truth, "kernel") == "h of single steps is not that of the whole"


def test_outputs_of_chunks_are_compared():
    """The last step of each chunk is right, so that the state is."""

    def forward(right, x, h0, **arguments):
        outputs, saved = right(x=x, h0=h0, **arguments)
        if len(x) not in (7, 1):
            outputs["h"][0] *= 2
        return outputs, saved

    assert of.chunks_join(unit(kernel=Backend(forward)), TRUTHS[0], "kernel") == "h of two chunks is not that of the whole"


LEARNED = refrnn.load("two-layer-rnn")
OF_LEARNED = Truth(LEARNED, cases(LEARNED)[0])


@pytest.mark.parametrize("what", ["outputs", "gradients"])
def test_starts_that_are_given_for_each_sequence(monkeypatch, what):
    kernel = LEARNED.bindings["kernel"].load()
    module = Backend().module

    def forward(**arguments):
        outputs, saved = kernel.forward(**arguments)
        per_sequence = arguments["h1_start"].ndim == 2
        if per_sequence and what == "outputs":
            outputs = {name: 2 * array for name, array in outputs.items()}
        return outputs, {**saved, "doubled": per_sequence and what == "gradients"}

    def backward(saved, **upstream):
        doubled = saved.pop("doubled")
        found = kernel.backward(saved, **upstream)
        return {**found, "h1_start": found["h1_start"] * 2} if doubled else found

    module.forward, module.backward = forward, backward
    monkeypatch.setitem(LEARNED.bindings, "kernel", SimpleNamespace(load=lambda: module))
    assert of.learned_starts_may_be_given_for_each_sequence(LEARNED, OF_LEARNED, "kernel").endswith("changes when h1_start and h2_start are given for each sequence")


# ------------------------------------------------------------ threads


@pytest.mark.skipif(threads.most() == 1, reason="kernels may use one thread here")
def test_two_threads_share_the_least_work():
    def forward(right, **arguments):
        outputs, saved = right(**arguments)
        return {"h": outputs["h"] + (1 if threads.get() > 1 and threads._little.get() == 0 else 0)}, saved

    spec = unit(kernel=Backend(forward))
    assert of.threads_agree(spec, RAGGED, "kernel") == "h differs between 1 and 2 threads"
    assert any(finding.text.startswith("h differs between 1 and 2 threads") for finding in of.properties(spec, RAGGED, "kernel"))


@pytest.mark.skipif(threads.most() == 1, reason="kernels may use one thread here")
def test_two_threads_share_the_work_where_there_is_no_batch(monkeypatch):
    spec = refrnn.load("clip-value")
    truth, right = Truth(spec, next(case for case in cases(spec) if case.name == WIDE_CASES[0])), spec.bindings["kernel"].load()
    module = ModuleType("planted")
    module.forward = lambda **arguments: (lambda outputs, saved: ({name: array + (threads.get() > 1) for name, array in outputs.items()}, saved))(*right.forward(**arguments))
    module.backward = right.backward
    monkeypatch.setitem(spec.bindings, "kernel", SimpleNamespace(load=lambda: module))
    assert [finding.text for finding in of.of_wide_work(spec, truth, "kernel")] == [f"g_clipped differs between 1 and 2 threads in case {WIDE_CASES[0]}"]


@pytest.mark.skipif(threads.most() == 1, reason="kernels may use one thread here")
def test_two_threads_have_many_tasks_each():
    """Fewer rows than a task takes are one thread's, however many there may be."""

    def forward(right, x, **arguments):
        outputs, saved = right(x=x, **arguments)
        return {"h": outputs["h"] + (1 if threads.get() > 1 and x.shape[1] > 1000 else 0)}, saved

    assert of.threads_agree(unit(kernel=Backend(forward)), RAGGED, "kernel") is None
    assert of.threads_agree_in_a_crowd(unit(kernel=Backend(forward)), RAGGED, "kernel") == "h differs between 1 and 2 threads"


def test_wide_work_in_memory_that_is_used_again():
    """Of many units alone, and of many sequences of them."""
    wide, waiting = Truth(unit(), next(case for case in cases(unit()) if case.name == WIDE_CASES[1])), {}

    def backward(right, saved, d_h):
        work = waiting.setdefault((d_h.shape, d_h.dtype), np.zeros_like(d_h)) if d_h.shape[1:] == (128, wide.checked.sizes["H"]) else 0
        found = right(saved, d_h=d_h)
        if isinstance(work, np.ndarray):
            found, work[...] = {**found, "x": found["x"] + 0 * work}, d_h
        return found

    spec = unit(kernel=Backend(backward=backward))
    assert found(spec.bindings["kernel"]) == []
    assert [finding.text for finding in of.of_wide_work(spec, wide, "kernel")] == [f"d_x of many sequences is another one when asked once more, after a run of NaN in case {WIDE_CASES[1]}"]


def test_work_memory_that_is_not_set():
    """Asked twice: what the first time left there is not taken for what a right pass finds."""
    wide = Truth(unit(), next(case for case in cases(unit()) if case.name == WIDE_CASES[1]))

    def backward(right, saved, d_h):
        found = right(saved, d_h=d_h)
        return {**found, "x": found["x"] + 0 * POOL.take(d_h.shape, d_h.dtype)}

    spec = unit(kernel=Backend(backward=backward))
    for _ in range(2):
        assert [finding.text for finding in of.of_wide_work(spec, wide, "kernel")] == [f"d_x of many sequences is another one when asked anew, after a run of NaN in case {WIDE_CASES[1]}"]


@pytest.mark.skipif(threads.most() == 1, reason="kernels may use one thread here")
@pytest.mark.parametrize("name", rows())
def test_two_threads_run_in_every_kernel_that_shares_work(name, monkeypatch):
    spec, started = refrnn.load(name), []
    monkeypatch.setattr(fork, "threads_run", lambda run=fork.threads_run: (started.append(1), run()))
    chosen = {case.name: case for case in cases(spec)}
    case = chosen.get(WIDE_CASES[0]) or chosen.get("ragged-float64") or chosen["plain-float32"]
    assert of.threads_agree(spec, Truth(spec, case), "kernel") is None
    assert started or name == "one-hot"  # which writes ones, and multiplies nothing


# ------------------------------------------------------------ what the properties judge by


def test_near_is_within_some_bounds():
    truth = TRUTHS[0]
    key = ("forward", "h")
    h = np.asarray(truth.quantities[key], np.float32)
    allowed = float(truth.bounds[key] * truth.eps * np.abs(h).max())
    assert near(truth, key, h, h + np.float32(allowed)) and not near(truth, key, h, h + np.float32(5 * allowed))
    assert not near(truth, ("forward", "none"), h, h + np.float32(1e-6)) and near(truth, ("forward", "none"), h, h.copy())


def test_bits_are_numbers_signs_and_dtypes():
    zeros = np.zeros(3)
    assert same_bits(zeros, zeros.copy()) and same_bits(np.full(2, np.nan), np.full(2, np.nan))
    assert not same_bits(zeros, -zeros) and not same_bits(zeros, zeros.astype(np.float32)) and not same_bits(zeros, zeros + 1e-300)


# ------------------------------------------------------------ extended precision, and the way back


@pytest.mark.parametrize("what", ["h", "d_x", "d_u"])
@pytest.mark.parametrize("loses", [lambda array: array.astype(float).astype(array.dtype), lambda array: array.astype(np.float64) if array.dtype == np.longdouble else array], ids=["digits", "dtype"])
def test_a_reference_that_computes_in_double_precision(what, loses):
    """Neither float32 nor float64 shows it."""

    def forward(right, **arguments):
        outputs, saved = right(**arguments)
        return {name: loses(array) if name == what else array for name, array in outputs.items()}, saved

    def backward(right, saved, d_h):
        return {name: loses(array) if f"d_{name}" == what else array for name, array in right(saved, d_h=d_h).items()}

    spec = unit(reference=Backend(forward, backward))
    assert of.properties(spec, TRUTHS[0], "reference") == []  # nobody's reference but the library's has to
    assert [of.extended_precision_is_kept(spec, truth, "reference") for truth in TRUTHS].count(f"{what} is computed in less than the precision that is given") == len(TRUTHS)
    vars(spec)["group"] = "own"
    (finding,) = of.properties(spec, TRUTHS[0], "reference")
    assert str(finding) == f"reference: {what} is computed in less than the precision that is given in case {TRUTHS[0].case.name}"


def test_words_are_no_numbers_of_extended_precision():
    spec = refrnn.load("word-model")
    assert of.extended_precision_is_kept(spec, Truth(spec, next(case for case in cases(spec) if case.name == "plain-float32")), "reference") is None


def test_a_state_of_a_way_back_that_is_not_its_last(monkeypatch):
    spec = refrnn.load("bidirectional")
    truth = Truth(spec, next(case for case in cases(spec) if case.name == "plain-float32"))
    assert of.state_is_its_own(spec, truth, "reference") is None
    monkeypatch.setattr(Run, "_last", lambda self, name, array, forward: array[-1].copy())
    assert of.state_is_its_own(spec, truth, "reference") == "the state h_binf is not that at the end of its way, at the first step"


def test_a_layer_that_sees_its_parameters_change(monkeypatch):
    monkeypatch.setattr("refrnn.spec.values._array", lambda spec, name, value: np.asarray(value).view(Seen))
    monkeypatch.setattr("refrnn.spec.values.np.array", lambda value, *given, right=np.array, **chosen: value if isinstance(value, Seen) else right(value, *given, **chosen))
    assert of.binding_changes_nothing(unit(), TRUTHS[0], "kernel") == "h changes when the spec is bound to its parameters"


def test_a_layer_whose_threads_disturb_one_another(monkeypatch):
    def forward(self, *given, right=Layer.forward, **named):
        run = right(self, *given, **named)
        if threads.workers(1) > 1:
            run.outputs["h"][-1] += 1
        return run

    monkeypatch.setattr(Layer, "forward", forward)
    with threads.using(1):
        found = of.binding_changes_nothing(unit(), TRUTHS[0], "kernel")
    assert found == ("h changes when the spec is bound to its parameters" if threads.most() > 1 else None)


def test_a_step_that_hands_out_its_work_memory(monkeypatch):
    """The next one writes over it."""
    buffers = {}

    def step(self, *given, right=Layer.step):
        outputs, state = right(self, *given)
        for name, array in outputs.items():
            buffers.setdefault((id(self), name), array)[...] = array
        return {name: buffers[id(self), name] for name in outputs}, state

    monkeypatch.setattr(Layer, "step", step)
    assert of.binding_changes_nothing(unit(), TRUTHS[0], "kernel") == "h of single steps is not that of the whole"


def test_a_layer_that_does_not_write_into_out(monkeypatch):
    monkeypatch.setattr(Layer, "forward", lambda self, values, lengths=None, keep=True, out=None, right=Layer.forward: right(self, values, lengths, keep))
    assert of.calls_of_a_layer_do_not_touch(unit(), TRUTHS[0], "kernel") == "h written into out is not that of an earlier call"


def test_a_layer_that_gives_what_came_before(monkeypatch):
    monkeypatch.setattr(Layer, "forward", gives_what_came_before())
    assert of.calls_of_a_layer_do_not_touch(unit(), TRUTHS[0], "kernel") == "h written into out is not that of an earlier call"


def test_a_layer_that_writes_into_what_was_out_before(monkeypatch):
    """Where a call says nothing of out."""
    outs = []

    def forward(self, values, lengths=None, keep=True, out=None, right=Layer.forward):
        for array in outs if out is None else ():
            array[...] = 9
        outs.extend((out or {}).values())
        return right(self, values, lengths, keep, out)

    monkeypatch.setattr(Layer, "forward", forward)
    assert of.calls_of_a_layer_do_not_touch(unit(), TRUTHS[0], "kernel") == "h written into out is not that of an earlier call"


def test_a_layer_that_writes_into_dense_arrays_alone(monkeypatch):
    """Into what was out before, where what is out now has strides."""
    outs = []

    def forward(self, values, lengths=None, keep=True, out=None, right=Layer.forward):
        if out and not out["h"].flags.c_contiguous:
            outs[-1]["h"][...] = 9
        outs.extend([out] if out else [])
        return right(self, values, lengths, keep, out)

    monkeypatch.setattr(Layer, "forward", forward)
    assert of.calls_of_a_layer_do_not_touch(unit(), TRUTHS[0], "kernel") == "h written into out is not that of an earlier call"


def test_a_layer_that_looks_at_strides_once(monkeypatch):
    def forward(self, values, lengths=None, keep=True, out=None, right=Layer.forward):
        run = right(self, values, lengths, keep, out)
        if not values["x"].flags.c_contiguous:
            run.outputs["h"][0] += 1
        return run

    monkeypatch.setattr(Layer, "forward", forward)
    assert of.calls_of_a_layer_do_not_touch(unit(), TRUTHS[0], "kernel") == "h is not that of an earlier call when the arrays are strided"


def test_a_layer_that_looks_at_strides_of_whole_sequences_alone(monkeypatch):
    def forward(self, values, lengths=None, keep=True, out=None, right=Layer.forward):
        run = right(self, values, lengths, keep, out)
        if lengths is not None and not values["x"].flags.c_contiguous:
            run.outputs["h"][0] += 1
        return run

    monkeypatch.setattr(Layer, "forward", forward)
    text = "h of sequences of other lengths is another one when the arrays are strided"
    assert of.calls_of_a_layer_do_not_touch(unit(), TRUTHS[0], "kernel") == text


def test_a_layer_that_takes_any_out(monkeypatch):
    monkeypatch.setattr("refrnn.backends.layer._checked_out", lambda spec, checked, out: dict(out))
    assert of.calls_of_a_layer_do_not_touch(unit(), TRUTHS[0], "kernel") == "h is written into memory that x is read from"


def test_a_layer_that_hands_out_one_state_twice(monkeypatch):
    def state(self):
        self._state = self._state.state if isinstance(self._state, Run) else self._state
        return dict(self._state)

    monkeypatch.setattr(Inferred, "state", property(state))
    assert of.calls_of_a_layer_do_not_touch(unit(), TRUTHS[0], "kernel") == "the state h0 of a layer changes when it is written into"


def test_a_layer_whose_state_is_that_of_other_steps(monkeypatch):
    """Where sequences end at steps of their own: the outputs are right."""

    def state(self, right=Inferred.state.fget):
        return {name: array + (self._checked.lengths is not None) for name, array in right(self).items()}

    monkeypatch.setattr(Inferred, "state", property(state))
    assert of.binding_changes_nothing(unit(), RAGGED, "kernel") == "h0 changes when the spec is bound to its parameters and keeps nothing"
    assert of.binding_changes_nothing(unit(), TRUTHS[0], "kernel") == "h0 of sequences of other lengths is not that of a run"


def test_a_layer_that_is_pickled_with_what_a_process_holds(monkeypatch):
    spec = refrnn.load("leaky-units")
    truth = Truth(spec, next(case for case in cases(spec) if case.name == "ragged-float64"))
    assert of.copies_answer_alike(spec, truth, "kernel") is None
    monkeypatch.setattr(Layer, "__getstate__", lambda self: self.__dict__)
    with pytest.raises(TypeError, match="pickle its weights"):
        of.copies_answer_alike(spec, truth, "kernel")


def test_a_kernel_that_is_run_in_the_place_of_a_module_of_ones_own(monkeypatch):
    spec, right = unit(), kernel_backend.answer
    library = spec.bindings["kernel"].load()
    assert of.modules_of_ones_own_are_run_themselves(spec, RAGGED, "kernel") is None
    monkeypatch.setattr(kernel_backend, "answer", lambda spec, checked, module, copied=True: right(spec, checked, library, copied))
    assert of.modules_of_ones_own_are_run_themselves(spec, RAGGED, "kernel") == "h of a module of one's own, after the kernel, is not what it gives"


def test_gradients_of_a_module_of_ones_own_in_one_memory(monkeypatch):
    monkeypatch.setattr(kernel_backend, "_own", lambda gradients, taken: gradients)
    assert of.modules_of_ones_own_are_run_themselves(unit(), RAGGED, "kernel") == "gradients of a module of one's own share their memory"


@pytest.mark.parametrize("is_named", [False, True])
def test_one_input_that_is_given_with_its_name_and_without(is_named, monkeypatch):
    """To a step it may be: here it is doubled in one of both ways."""

    def step(self, x_t, state, right=Layer.step):
        if hasattr(x_t, "keys"):
            return right(self, {name: array * (1 + is_named) for name, array in x_t.items()}, state)
        return right(self, x_t * (2 - is_named), state)

    monkeypatch.setattr(Layer, "step", step)
    assert of.binding_changes_nothing(unit(), TRUTHS[0], "kernel") == "h of single steps is not that of the whole"


@pytest.mark.parametrize("kept", ["_fitting", "_checked"])
def test_a_layer_that_is_pickled_with_what_fits_and_without_its_kernel(kept, monkeypatch):
    """The first call of the copy looks at nothing, and there is no kernel yet: single steps and whole sequences."""
    spec = refrnn.load("leaky-units")
    truth = Truth(spec, next(case for case in cases(spec) if case.name == "ragged-float64"))
    monkeypatch.setattr(Layer, "__getstate__", lambda self, right=Layer.__getstate__: right(self) | {kept: getattr(self, kept)})
    with pytest.raises(AttributeError, match="step" if kept == "_fitting" else "forward"):
        of.copies_answer_alike(spec, truth, "kernel")


def test_copies_that_are_other_ones(monkeypatch):
    with monkeypatch.context() as planted:
        planted.setattr(Run, "_way_back", lambda self, right=Run._way_back: lambda upstream: {name: 2 * gradient for name, gradient in right(self)(upstream).items()})
        assert of.copies_answer_alike(unit(), RAGGED, "kernel") == "d_x of a copy of a run is not that of the run"
    monkeypatch.setattr(Layer, "__getstate__", lambda self, right=Layer.__getstate__: right(self) | {"values": {name: 2 * value for name, value in self.values.items()}})
    assert of.copies_answer_alike(unit(), RAGGED, "kernel") == "h of a copy of a layer is not that of the layer"


def test_a_copy_of_a_run_whose_arguments_changed(monkeypatch):
    assert of.copies_answer_alike(unit(), RAGGED, "kernel") is None
    monkeypatch.setattr(Run, "_way_back", lambda self: run_checked(self.spec, self._checked, self.backend)._backward)
    found = of.copies_answer_alike(unit(), RAGGED, "kernel")
    assert found == "d_x of a copy of a run is not that of the run where the arguments were written into before"


def test_a_layer_that_answers_otherwise_once_it_knows_the_form(monkeypatch):
    right, seen = Layer.forward, []

    def forward(self, values, lengths=None, keep=True, out=None):
        seen.append(keep)
        return right(self, values, None if seen.count(False) > 1 else lengths, keep, out)

    monkeypatch.setattr(Layer, "forward", forward)
    assert of.binding_changes_nothing(unit(), RAGGED, "kernel") == "h changes when the spec is bound to its parameters and is asked once more"


def test_a_run_that_is_another_one_after_others_that_ended():
    asked = []

    def forward(right, **given):
        asked.append(len(given["x"][0]))
        outputs, saved = right(**given)
        return outputs, saved | {"a": 2 * saved["a"]} if len(asked) > 5 else saved

    spec = unit(kernel=Backend(forward=forward))
    assert of.runs_that_nobody_goes_back_through_change_nothing(spec, TRUTHS[0], "kernel") is None and not asked
    found = of.runs_that_nobody_goes_back_through_change_nothing(spec, RAGGED, "kernel")
    assert found == "a is another one after 4 runs that nobody went back through" and asked == 6 * [CROWD[0]]


def test_a_layer_that_takes_lengths_for_whole(monkeypatch):
    right = Layer.forward
    monkeypatch.setattr(Layer, "forward", lambda self, values, lengths=None, keep=True, out=None: right(self, values, None, keep, out))
    assert of.binding_changes_nothing(unit(), TRUTHS[0], "kernel") == "h of sequences of other lengths is not that of a run"


def test_learned_starts_of_which_one_is_given_for_each_sequence(monkeypatch):
    spec = refrnn.load("two-layer-rnn")
    truth = Truth(spec, next(case for case in cases(spec) if case.name == "ragged-float64"))
    right = Spec.continued

    def continued(self, values):
        other = right(self, values)
        return other if other is self or all(other.symbols[name].role == "start" for name in self.begun) else self

    assert of.learned_starts_may_be_given_for_each_sequence(spec, truth, "reference") is None
    monkeypatch.setattr(Spec, "continued", continued)
    with pytest.raises(ValuesError, match="h1_start has the shape"):
        of.learned_starts_may_be_given_for_each_sequence(spec, truth, "reference")


def test_steps_that_hand_out_one_state_again_and_again(monkeypatch):
    right, place = Layer.step, {}

    def step(self, x_t, state):
        outputs, state = right(self, x_t, state)
        for name, array in state.items():
            place.setdefault(name, array)[...] = array
        return outputs, dict(place)

    monkeypatch.setattr(Layer, "step", step)
    assert of.binding_changes_nothing(unit(), TRUTHS[0], "kernel") == "the state h0 of single steps changes at a later one"


def gives_what_is_anothers(right):
    """Who comes while another is at work gets what is the other's."""
    inside, at_work = Semaphore(1), []

    def answers(*given):
        if not inside.acquire(blocking=False):
            return right(*at_work[-1])
        at_work.append(given)
        sleep(0.01)
        found = right(*given)
        inside.release()
        return found

    return answers


def test_a_layer_that_two_threads_may_not_call_at_once(monkeypatch):
    right = gives_what_is_anothers(Layer.forward)
    assert of.calls_at_once_do_not_touch(unit(), RAGGED, "kernel") is None
    monkeypatch.setattr(Layer, "forward", lambda self, values, lengths, keep: right(self, values, lengths, keep))
    assert of.calls_at_once_do_not_touch(unit(), RAGGED, "kernel") == "h changes when two threads of Python call one layer at once"


def test_a_kernel_that_two_threads_may_not_call_at_once(monkeypatch):
    """Nor by a layer, which is asked of more sequences."""
    wrong = gives_what_is_anothers(lambda right, given: right(**given))
    spec = unit(kernel=Backend(forward=lambda right, **given: (wrong(right, given) if given["x"].shape[1] < MANY[0] else right(**given))))
    assert of.calls_at_once_do_not_touch(spec, RAGGED, "kernel").endswith(" changes when two threads of Python call at once")


def test_a_state_that_is_handed_on_and_stays(monkeypatch):
    monkeypatch.setattr(Spec, "staying", lambda self, constants: {"h": "it reads a wanted output"})
    assert of.state_is_its_own(unit(), TRUTHS[0], "kernel") == "the state h0 is handed on though h does not go on"


def test_a_size_that_is_remembered(monkeypatch):
    spec = refrnn.load("hopfield")
    truth, right = Truth(spec, next(case for case in cases(spec) if case.name == "plain-float32")), spec.bindings["kernel"].load()
    planted = Backend(lambda _, T, **arguments: right.forward(T=min(T, 7), **arguments), lambda _, saved, **errors: right.backward(saved, **errors))
    assert of.arguments_are_read_anew(spec, truth, "kernel") is None
    monkeypatch.setitem(spec.bindings, "kernel", planted)
    assert of.arguments_are_read_anew(spec, truth, "kernel") == "X has the shape [7, 3, 4] when T is one more than in the call before"


def test_a_start_that_is_read_again_where_states_are_kept_alone(monkeypatch):
    """That of sequences in their own order; of others there is a copy."""
    spec = refrnn.load("lstm")
    truth = Truth(spec, next(case for case in cases(spec) if case.name == "ragged-float64"))
    assert of.checkpoints_change_nothing(spec, truth, "kernel") is None
    monkeypatch.setitem(spec.bindings["kernel"].load().TAKES._arrays, "c0", False)
    assert of.checkpoints_change_nothing(spec, truth, "kernel") == "i is another one when states are kept alone, before every 2 steps"


def test_what_is_sent_back_over_many_steps_where_states_are_kept_alone(monkeypatch):
    """No segment is shorter than that way, so that it takes more steps than a case has."""
    spec = refrnn.load("multi-tap-recursion")
    monkeypatch.setitem(spec.bindings, "kernel", SimpleNamespace(load=lambda: taps))
    truth = Truth(spec, next(case for case in cases(spec) if case.name == "ragged-float64"))
    assert of.checkpoints_change_nothing(spec, truth, "kernel") is None
    monkeypatch.setattr(Backward, "go_on", lambda self, later, places, sequences, keep: self.run(None, places, sequences, keep))
    assert "kept alone" in of.checkpoints_change_nothing(spec, truth, "kernel")


@pytest.mark.parametrize("what", ["h", "a", "d_u"])
def test_what_is_another_one_where_states_are_kept_alone(what):
    """By the last bit, and as if the kernel knew of checkpoints."""

    def moved(name, arrays):
        return {**arrays, name: np.nextafter(arrays[name], np.inf)} if name in arrays else arrays

    def forward(right, **arguments):
        outputs, saved = right(**arguments)
        chosen = segments._chosen.get()
        if chosen is None:
            return outputs, saved
        chosen[1].append(arguments)
        return moved(what, outputs), {**(moved(what, saved) if what == "a" else saved), "moves": True}

    def backward(right, saved, d_h):
        found = right(saved, d_h=d_h)
        return moved(what.removeprefix("d_"), found) if "moves" in saved and what == "d_u" else found

    spec = unit(kernel=Backend(forward, backward))
    assert of.checkpoints_change_nothing(spec, RAGGED, "kernel") == f"{what} is another one when states are kept alone, before every 2 steps"
    assert of.checkpoints_change_nothing(unit(), RAGGED, "kernel") is None


@pytest.mark.parametrize("ragged", [True, False])
def test_a_state_that_is_another_one_where_states_are_kept_alone(ragged, monkeypatch):
    spec = refrnn.load("lstm")
    truth = Truth(spec, next(case for case in cases(spec) if case.name == "ragged-float64"))

    def last(self, name, array, forward, right=Run._last):
        return right(self, name, array, forward) * (2 if self._checkpoint and (self._checked.lengths is not None) == ragged else 1)

    monkeypatch.setattr(Run, "_last", last)
    assert of.checkpoints_change_nothing(spec, truth, "kernel") in [f"the state {name} is another one when states are kept alone" for name in ("h0", "c0")]


def test_what_is_kept_alone_after_that_was_asked_for(monkeypatch):
    spec = refrnn.load("lstm")
    truth = Truth(spec, next(case for case in cases(spec) if case.name == "ragged-float64"))
    kept = segments._chosen.get()
    monkeypatch.setattr(segments, "_chosen", SimpleNamespace(get=segments._chosen.get, set=segments._chosen.set, reset=lambda token: None))
    try:
        assert of.checkpoints_change_nothing(spec, truth, "kernel") == "states are kept alone by a pass after one that was to"
    finally:
        monkeypatch.undo()
        segments._chosen.set(kept)


@pytest.mark.parametrize("function", ["forward", "step"])
def test_a_layer_that_takes_another_precision_once_it_knows_the_form(function, monkeypatch):
    right, known = getattr(Layer, function), []

    def call(self, given, *rest, **named):
        array = given["x"] if hasattr(given, "keys") else given
        if array.dtype == TRUTHS[0].checked.dtype:
            known.append(function)
        elif known:
            return None
        return right(self, given, *rest, **named)

    assert of.calls_of_a_layer_do_not_touch(unit(), TRUTHS[0], "kernel") is None
    monkeypatch.setattr(Layer, function, call)
    assert of.calls_of_a_layer_do_not_touch(unit(), TRUTHS[0], "kernel") == "a layer of float32 takes arrays of float64"


def test_a_bound_kernel_that_looks_at_shapes_alone(monkeypatch):
    """Behind a layer, which refuses what does not fit: whoever uses kernels alone is told by them."""
    spec = refrnn.load("lstm")
    truth = next(Truth(spec, case) for case in cases(spec) if case.name == "plain-float32")
    assert of.calls_of_a_layer_do_not_touch(spec, truth, "kernel") is None
    right = Bound._waiting
    monkeypatch.setattr(Bound, "_waiting", lambda self, mark: right(self, (mark[0], *[shape for shape, _ in mark[1:]])))
    assert of.calls_of_a_layer_do_not_touch(spec, truth, "kernel") == "a bound kernel of float32 takes arrays of float64"


class Seen(np.ndarray):
    """What is not copied."""
