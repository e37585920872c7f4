"""What the library hands on, takes and draws is what was given and promised; what is not is found."""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from unit import unit

import refrnn
from refrnn.backends.equation import EquationPass
from refrnn.backends.sequences import Sequences
from refrnn.errors import ValuesError
from refrnn.spec.spec import Spec
from refrnn.verify import handed, verify
from refrnn.verify.cases import cases
from refrnn.verify.truth import Truth

PAIR = refrnn.load("encoder-decoder")


def truth_of(spec, name="ragged-float64"):
    return Truth(spec, next(case for case in cases(spec) if case.name == name))


def test_all_holds_as_it_is():
    for spec in (unit(), PAIR, refrnn.load("divergence"), refrnn.load("word-model")):
        truth = truth_of(spec)
        assert truth.changed == [] and handed.promises(spec, truth) == []


def test_lengths_and_arrays_are_those_that_were_given(monkeypatch):
    truth = truth_of(unit())
    sorted_lengths = replace(truth.checked, lengths={"T": np.sort(truth.lengths)})
    assert handed.handed_on(unit(), truth.values, truth.lengths, sorted_lengths) == ["the lengths of T are not those that were given"]
    rounded = replace(truth.checked, arrays=truth.checked.arrays | {"x": truth.checked.arrays["x"] + 1})
    assert handed.handed_on(unit(), truth.values, truth.lengths, rounded) == ["x is not what was given"]
    chosen = truth_of(refrnn.load("elman"))
    other = replace(chosen.checked, integers={"simple": 1 - chosen.checked.integers["simple"]})
    assert handed.handed_on(chosen.spec, chosen.values, chosen.lengths, other) == ["simple is not what was given"]
    assert handed.handed_on(unit(), truth.values, None, truth.checked) == ["lengths are there that were not given"]
    monkeypatch.setattr("refrnn.verify.truth.check_values", lambda *given: sorted_lengths)
    assert truth_of(unit()).failures == ["the lengths of T are not those that were given, in case ragged-float64"]


def test_padding_that_is_refused(monkeypatch):
    def refuses(spec, values, lengths, right=handed.check_values):
        if np.isnan(values["x"]).any():
            raise ValuesError("NaN")
        return right(spec, values, lengths)

    truth = truth_of(unit())
    monkeypatch.setattr(handed, "check_values", refuses)
    assert handed.promises(unit(), truth) == ["what lies past an end is refused (NaN)"]


def test_a_time_that_is_not_named(monkeypatch):
    def shortens(spec, values, lengths, right=handed.check_values):
        checked = right(spec, values, lengths)
        return checked if lengths is None or len(lengths) == 2 else replace(checked, lengths=dict.fromkeys(checked.lengths, np.minimum(*checked.lengths.values())))

    truth = truth_of(PAIR)
    monkeypatch.setattr(handed, "check_values", shortens)
    assert "T is not whole where lengths are given of S alone" in handed.promises(PAIR, truth)


@pytest.mark.parametrize("kind", ("B", "h", "Q", "list"))
def test_lengths_that_may_not_be_of_every_type(kind, monkeypatch):
    def check_values(spec, values, lengths, right=handed.check_values):
        if kind == (lengths.dtype.char if isinstance(lengths, np.ndarray) else type(lengths).__name__):
            raise ValuesError("not these")
        return right(spec, values, lengths)

    truth = truth_of(unit())
    monkeypatch.setattr(handed, "check_values", check_values)
    assert [text for text in handed.promises(unit(), truth) if text.endswith("are refused (not these)")]


def test_lengths_that_are_other_ones_in_another_type(monkeypatch):
    def check_values(spec, values, lengths, right=handed.check_values):
        return right(spec, values, lengths % 4 + 1 if getattr(lengths, "dtype", None) == np.int8 else lengths)

    truth = truth_of(unit())
    monkeypatch.setattr(handed, "check_values", check_values)
    assert "the lengths of T are other ones when they are given as b" in handed.promises(unit(), truth)


@pytest.mark.parametrize("number", (12, 100))
def test_batches_that_are_taken_apart_as_an_earlier_one(number, monkeypatch):
    class Remembered(Sequences):
        """Those of so many sequences are known by their number."""

        def __init__(self, spec, checked):
            super().__init__(spec, checked)
            if len(self.items) == number:
                self._sizes = known

    known = {}
    assert handed.promises(unit(), truth_of(unit())) == []
    monkeypatch.setattr(handed, "Sequences", Remembered)
    assert handed.promises(unit(), truth_of(unit())) == [f"of {number} sequences one has the T of another batch when they are taken apart"]


@pytest.mark.parametrize("spec, name, number", [("generation", "u", "1.0"), ("generation", "u", "nan"), ("word-model", "w", "-1"), ("word-model", "w", "4"), ("elman", "simple", "-1"), ("elman", "simple", "2"), ("clip-norm", "g", "inf"), ("clip-norm", "g", "nan"), ("constant-error-carousel", "sigma", "nan")])
@pytest.mark.parametrize("known", [True, False])
def test_what_is_out_of_a_domain_is_taken(spec, name, number, known, monkeypatch):
    """By one of the two ways, of values of a form that fits and of all others."""
    spec = refrnn.load(spec)

    def takes(spec, values, lengths, right=handed.check_values):
        try:
            return right(spec, values, lengths)
        except ValuesError:
            wrong = values[name] if np.ndim(values[name]) == 0 else values[name].flat[0]
            if (type(values) is dict) is not known or float(wrong) != pytest.approx(float(number), nan_ok=True, abs=1e-12):
                raise

    truth = truth_of(spec, "ragged-float64" if spec.time else "plain-float64")
    monkeypatch.setattr(handed, "check_values", takes)
    assert handed.promises(spec, truth) == [f"{name} is taken though {number} is in it, which is out of its domain"]


def test_lengths_that_stay_the_callers(monkeypatch):
    def shares(spec, values, lengths, right=handed.check_values):
        checked = right(spec, values, lengths)
        return replace(checked, lengths=lengths if isinstance(lengths, dict) else checked.lengths)

    truth = truth_of(unit())
    monkeypatch.setattr(handed, "check_values", shares)
    assert handed.promises(unit(), truth) == ["lengths of T are not copied: they change when the caller's are written into"]


@pytest.mark.parametrize("length", [0, 8])
def test_lengths_that_are_taken_though_there_are_none_such(length, monkeypatch):
    def takes(spec, values, lengths, right=handed.check_values):
        taken = lengths is not None and not np.any(lengths["T"] == length) if isinstance(lengths, dict) else True
        return right(spec, values, lengths) if taken else None

    truth = truth_of(unit())
    monkeypatch.setattr(handed, "check_values", takes)
    monkeypatch.setattr(handed, "_the_way_back_of_the_equation_is_its_own", lambda spec, truth: ())
    assert handed.promises(unit(), truth) == [f"a length {length} of T is taken, where 7 is the longest"]


def test_an_equation_that_reads_the_callers_arrays_on_its_way_back(monkeypatch):
    monkeypatch.setattr("refrnn.spec.values.Checked.copied", lambda checked: checked)
    found = handed.promises(unit(), truth_of(unit()))
    assert "d_u by the equation changes when the arguments are written into before backward" in found


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda self, upstream: [array.fill(0) for array in upstream.values()], "the upstream gradient of h is written into by the equation"),
        (lambda self, upstream: self.__dict__.update(calls=self.__dict__.get("calls", 0) + 1), "d_x by the equation changes when backward is called again"),
    ],
)  # fmt: skip
def test_an_equation_whose_way_back_is_not_its_own(wrong, text, monkeypatch):
    right = EquationPass.backward

    def backward(self, upstream):
        found = right(self, upstream)
        wrong(self, upstream)
        return {name: gradient * max(1, self.__dict__.get("calls", 1)) for name, gradient in found.items()}

    monkeypatch.setattr(EquationPass, "backward", backward)
    assert text in handed.promises(unit(), truth_of(unit()))


def test_what_is_left_out_upstream_in_another_precision(monkeypatch):
    right = handed.check_upstream

    def check_upstream(spec, upstream, checked, shapes):
        found = right(spec, upstream, checked, shapes)
        return {name: array if name in upstream and upstream[name] is not None else array.astype("float64") for name, array in found.items()}

    monkeypatch.setattr(handed, "check_upstream", check_upstream)
    assert handed.promises(unit(), truth_of(unit())) == 2 * ["an upstream gradient of h that is not given is no zero of float32"]


def test_a_state_that_is_handed_on_though_it_does_not_go_on(monkeypatch):
    """By what another number chose: what was found once is taken for all."""
    spec = refrnn.load("teacher-forcing")
    right, truth = Spec.staying, truth_of(spec)
    monkeypatch.setattr(Spec, "staying", lambda self, constants: right(self, {**constants, "forced": 0}))
    assert handed.promises(spec, truth) == ["the state o0 is handed on though what it begins is not the rest of the whole, where forced is 1"]


def test_a_state_that_is_not_handed_on_though_it_goes_on(monkeypatch):
    spec = refrnn.load("teacher-forcing")
    right, truth = Spec.staying, truth_of(spec)
    assert handed.promises(spec, truth) == []
    monkeypatch.setattr(Spec, "staying", lambda self, constants: right(self, constants) or {"o0": "why not"})
    assert "the state o0 is not handed on though what it begins is the rest of the whole, where forced is 0" in handed.promises(spec, truth)


@pytest.mark.parametrize("stays, word", [(True, "is not handed on though what it begins is the rest of the whole"), (False, None)])
def test_a_state_that_runs_backward_is_not_handed_on(stays, word, monkeypatch):
    spec = refrnn.load("bidirectional")
    right, truth = Spec.staying, truth_of(spec)
    monkeypatch.setattr(Spec, "staying", lambda self, constants: right(self, constants) | ({"h_binf": "why not"} if stays else {}))
    assert handed.promises(spec, truth) == ([f"the state h_binf, which runs backward, {word}"] if stays else [])


def test_a_state_that_runs_backward_is_handed_on_though_it_does_not_go_on(monkeypatch):
    """As if the equation began elsewhere."""
    spec, right = refrnn.load("bidirectional"), handed._by_equation

    def other(spec, checked):
        found = right(spec, checked)
        return {name: array + (name == "h_b" and len(array) == 2) for name, array in found.items()}

    monkeypatch.setattr(handed, "_by_equation", other)
    (found,) = handed._what_goes_on_backward_is_handed_on(spec, None)
    assert found == "the state h_binf, which runs backward, is handed on though what it begins is not the rest of the whole"


class Bound:
    """A user's module, known by its path alone or by its text."""

    source = b"text"

    def __init__(self, by_path):
        self.by_path = by_path

    def load(self):
        return SimpleNamespace(is_edited=True) if b"edited" in self.source and not self.by_path else SimpleNamespace()


@pytest.mark.parametrize("by_path", [False, True])
def test_a_module_that_is_known_by_its_path(by_path, monkeypatch):
    def replaced(binding, source):
        other = Bound(by_path)
        other.source = source
        return other

    monkeypatch.setattr(handed, "replace", replaced)
    spec = SimpleNamespace(bindings={"reference": Bound(by_path), "kernel": SimpleNamespace()})
    assert list(handed._a_module_is_the_text_it_was_loaded_with(spec, None)) == by_path * ["the reference is not the text that the spec was loaded with"]


def test_a_module_of_ones_own_is_the_text_it_was_loaded_with(tmp_path):
    (tmp_path / "own.yaml").write_text("""
id: own
title: Twice
sizes: {N: numbers}
symbols:
  x: {role: input, shape: [N]}
equations: ["y = 2 * x"]
outputs: [y]
reference: own.py
""")
    (tmp_path / "own.py").write_text("def forward(x):\n    return {'y': 2 * x}, {}\n\n\ndef backward(saved, d_y):\n    return {'x': 2 * d_y}\n")
    spec = refrnn.load(str(tmp_path / "own.yaml"))
    assert "source" in vars(spec.bindings["reference"]) and handed.promises(spec, truth_of(spec, "plain-float64")) == []


def found_of_draws(spec, draw):
    """What is found where ``draw(right, ...)`` draws."""
    truth = truth_of(spec)
    vars(spec)["draw"] = partial(draw, spec.draw)
    try:
        return handed.promises(spec, truth)
    finally:
        del spec.draw


def changing(name, change):
    """Draws of which one array is another."""

    def draw(right, *sizes, **chosen):
        values = right(*sizes, **chosen)
        return values | {name: change(values[name])}

    return draw


@pytest.mark.parametrize("spec, name, change, ends", [
    ("elman", "simple", lambda number: 0, "0 to 0, not from 0 to 1"),
    ("elman", "simple", lambda number: 1, "1 to 1, not from 0 to 1"),
    ("word-model", "w", lambda words: np.minimum(words, 1), "0 to 1, not from 0 to 2"),
])  # fmt: skip
def test_integers_that_are_never_drawn(spec, name, change, ends):
    assert found_of_draws(refrnn.load(spec), changing(name, change)) == [f"draw gives {name} whole numbers from {ends}"]


MANY = """
id: many
title: Numbers that are many, and some that are few
sizes: {T: steps}
symbols:
  x: {role: input, shape: [T]}
  few: {role: constant, shape: [], type: integer, low: 1, high: 30}
  n: {role: constant, shape: [], type: integer, low: 0, high: 3000}
equations: ["y[t] = (x[t] + few) * n"]
outputs: [y]
"""


@pytest.mark.parametrize("name, change, is_wrong", [
    ("n", lambda number: number, False), ("n", lambda number: max(number, 99), True), ("n", lambda number: min(number, 2901), True),
    ("n", lambda number: number - 20, True), ("n", lambda number: number + 20, True),
    ("few", lambda number: max(number, 2), True), ("few", lambda number: min(number, 29), True),
])  # fmt: skip
def test_numbers_that_are_many_are_drawn_near_their_ends(name, change, is_wrong):
    """Of thirty each is asked for; of thousands no draw need meet the first and the last."""
    found = found_of_draws(refrnn.load_text(MANY), changing(name, change))
    assert [text.startswith(f"draw gives {name} whole numbers from") for text in found] == is_wrong * [True]


def beside_one(array):
    """What sums up to one and has numbers that are negative."""
    return np.concatenate([array[..., :1] - 1, array[..., 1:2] + 1, array[..., 2:]], axis=-1)


def nothing_of_one(array):
    """What sums up to one and has zeros."""
    return np.concatenate([0 * array[..., :1], array[..., :1] + array[..., 1:2], array[..., 2:]], axis=-1)


@pytest.mark.parametrize("name, wrong", [("m", np.zeros_like), ("m", np.ones_like), ("P", np.negative), ("P", lambda array: 2 * array), ("P", beside_one), ("P", nothing_of_one), ("Y", np.zeros_like), ("Y", np.ones_like), ("Y", lambda array: array / 1000)])
def test_draws_that_are_not_as_promised(name, wrong):
    assert found_of_draws(refrnn.load("divergence"), changing(name, wrong)) == [f"draw gives {name} other numbers than it promises"]


def test_two_arrays_of_the_same_numbers():
    spec = refrnn.load("unfolding")
    truth, right = truth_of(spec), spec.draw
    vars(spec)["draw"] = lambda *sizes, **chosen: (lambda values: values | {"s0": values["x"].ravel()[: values["s0"].size].reshape(values["s0"].shape)})(right(*sizes, **chosen))
    try:
        assert handed.promises(spec, truth) == ["draw gives s0 the numbers of x"]
    finally:
        del spec.draw


@pytest.mark.parametrize("form", [True, False], ids=["known", "new"])
def test_a_number_that_stays_whole(monkeypatch, form):
    asked = []

    def keeps(spec, values, lengths, right=handed.check_values):
        checked, number = right(spec, values, lengths), values.get("w")
        asked.extend([number] if type(number) is int else [])
        return replace(checked, arrays=checked.arrays | {"w": np.asarray(number)}) if type(number) is int and (len(asked) == 2) == form else checked

    spec = refrnn.load("power-of-a-scalar")
    truth = truth_of(spec)
    monkeypatch.setattr(handed, "check_values", keeps)
    assert handed.promises(spec, truth) == ["w, given as the integer 1, is taken as 1 of int64"]


def test_an_upstream_that_is_not_taken(monkeypatch):
    def refuses(spec, upstream, *given, right=handed.check_upstream):
        if any(array is not None and array.dtype.kind == "i" for array in upstream.values()):
            raise ValuesError("integers")
        return right(spec, upstream, *given)

    truth = truth_of(unit())
    monkeypatch.setattr(handed, "check_upstream", refuses)
    assert handed.promises(unit(), truth) == ["an upstream gradient of int64 is refused (integers)"]
    monkeypatch.setattr(handed, "check_upstream", lambda spec, upstream, *given, right=handed.check_upstream: upstream or right(spec, upstream, *given))
    monkeypatch.setattr(handed, "_upstream_that_is_left_out_is_zero", lambda spec, truth: ())
    texts = [f"an upstream gradient of h in {kind} is not taken as it is, in the precision of the values" for kind in ("int64", "float32")]
    assert handed.promises(unit(), truth) == texts


def test_numbers_stay_within_their_ends():
    def draw(right, *sizes, batch, **chosen):
        return changing("sigma", lambda array: array + (batch == 9))(right, *sizes, batch=batch, **chosen)

    assert found_of_draws(refrnn.load("constant-error-carousel"), draw) == ["draw gives sigma other numbers than it promises"]


@pytest.mark.parametrize("seeds, text", [(lambda seed: 7, "the same numbers by another seed"), (lambda seed, seeds=iter(range(99)): next(seeds), "other numbers by the same seed"), *((lambda seed, bits=bits: seed % 2**bits, "the same numbers by another seed") for bits in (8, 16, 32, 64))])
def test_seeds_that_do_not_tell_draws(seeds, text):
    spec = refrnn.load("unfolding")
    found = found_of_draws(spec, lambda right, *sizes, seed, **chosen: right(*sizes, seed=seeds(seed), **chosen))
    assert found == [f"draw gives {name} {text}" for name in spec.arrays]


def test_what_is_broken_is_a_failure_of_the_library(monkeypatch):
    monkeypatch.setattr(verify, "promises", lambda spec, truth: ["nothing is kept"])
    assert verify.verify_spec(unit(), ["kernel"]).failures == ["library: nothing is kept"]
