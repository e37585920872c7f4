"""A refused batch is said to be wrong where it is; what says another sequence, another place or nothing is found."""

import re
from types import SimpleNamespace

import pytest
from unit import unit

import refrnn
from refrnn.kernels.primitives import arguments
from refrnn.spec.library import rows
from refrnn.verify.properties import refusals
from refrnn.verify.properties.refusals import refusals_name_the_place, refusals_of_the_library
from refrnn.verify.verify import verify_spec

# With words, numbers that have ends, two times, a least length, a batch that has a name, and none of them.
SPECS = ("word-model", "generation", "encoder-decoder", "clip-norm", "batched-rnn", "lstm")


def of_kernel(name):
    spec = refrnn.load(name)
    return refusals_name_the_place(spec, SimpleNamespace(case=SimpleNamespace(ragged=bool(spec.time))), "kernel")


@pytest.mark.parametrize("name", [name for name in SPECS if name in rows()])
def test_places_are_named_as_they_are(name):
    assert list(refusals_of_the_library(refrnn.load(name))) == []
    assert of_kernel(name) is None


@pytest.fixture
def saying(monkeypatch):
    """Makes the library say something else in its refusals."""

    def change(pattern, new):
        def asked(spec, values, lengths, right=refusals.check_values):
            try:
                return right(spec, values, lengths)
            except ValueError as error:
                raise type(error)(re.sub(pattern, new, str(error))) from None

        monkeypatch.setattr(refusals, "check_values", asked)

    return change


def _later(match):
    return f"{match[1]}{int(match[2]) + 1}"


@pytest.mark.parametrize("name, pattern", [
    ("lstm", r"(sequence )(\d+)(?= is)"), ("encoder-decoder", r"(sequence )(\d+)(?= is)"), ("word-model", r"(w at \[\d+, )(\d+)"), ("generation", r"(w0 at \[)(\d+)"),
    ("generation", r"(u at \[)(\d+)"), ("generation", r"(u at \[\d+, )(\d+)"), ("generation", r"()(?<= is )(-?\d+)(?=\.0, outside)"),
])  # fmt: skip
def test_another_sequence_is_named(name, pattern, saying):
    saying(pattern, _later)
    (found,) = refusals_of_the_library(refrnn.load(name))
    assert found.startswith("what is refused is not said where it stands: ")


@pytest.mark.parametrize("number", range(2, 6))
def test_another_sequence_is_named_in_batches_of_one_size(number, saying):
    """The last of so many is said to be the first."""
    last = number - 1
    saying(rf"sequence {last} is (0|{2 + 1 + last})\b", r"sequence 0 is \1")
    assert list(refusals_of_the_library(refrnn.load("lstm")))


def test_a_sequence_too_short_for_a_shape():
    text = "id: least\ntitle: A\nsizes: {T: steps, H: units}\nsymbols:\n  x: {role: input, shape: [T, H]}\n  u: {role: input, shape: [T-2, H]}\n"
    spec = refrnn.load_text(text + "equations:\n  - y[t] = x[t]\n  - z = sum(u[t] for t in range(T-2))\noutputs: [y, z]\n")
    assert spec.has_least_lengths and list(refusals_of_the_library(spec)) == []


def test_a_sequence_too_short_for_a_shape_is_another_one(saying):
    test_a_sequence_too_short_for_a_shape()
    saying(r"(sequence )(\d+)(?=, whose)", _later)
    with pytest.raises(AssertionError):
        test_a_sequence_too_short_for_a_shape()


def test_what_is_to_be_refused_is_taken(monkeypatch):
    monkeypatch.setattr(refusals, "check_values", lambda spec, values, lengths: None)
    assert list(refusals_of_the_library(refrnn.load("lstm"))) == ["what is to be refused is taken: sequence 0 is 0"]


def test_it_is_a_promise_of_the_library(saying):
    saying(r"(sequence )(\d+)(?= is)", _later)
    (text,) = verify_spec(unit()).failures
    assert text.startswith("library: what is refused is not said where it stands: 'sequence 0 is 0' is not in")


@pytest.mark.parametrize("method, name", [("Arguments._steps", "lstm"), ("_Item._check_range", "word-model")])
def test_a_kernel_names_another_one(method, name, monkeypatch):
    owner, _, function = method.partition(".")
    right = getattr(getattr(arguments, owner), function)

    def wrong(*given):
        try:
            return right(*given)
        except ValueError as error:
            raise ValueError(re.sub(r"(item |at \[\d+, )(\d+)", _later, str(error))) from None

    assert of_kernel(name) is None
    monkeypatch.setattr(getattr(arguments, owner), function, wrong)
    assert of_kernel(name).startswith("what is refused is not said where it stands: ")


def test_of_modules_of_ones_own_nothing_is_asked():
    spec = unit()
    assert refusals_name_the_place(spec, SimpleNamespace(case=SimpleNamespace(ragged=True)), "kernel") is None
