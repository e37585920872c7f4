"""A pass of the equation does what it is asked for: arithmetic, noise, another program, choices, errors, gradients of all sequences."""

import numpy as np
import pytest

import refrnn
from refrnn.backends.equation import EquationPass, answer
from refrnn.equation.held import Held
from refrnn.equation.noise import NEAREST
from refrnn.equation.parse import parse_equation
from refrnn.spec.build import variant
from refrnn.spec.values import check_values

SPEC = refrnn.load_text(
    "id: thirds\ntitle: A\nsizes: {T: steps, H: units}\nsymbols:\n  x: {role: input, shape: [T, H]}\n  w: {role: parameter, shape: [H]}\n"
    "equations:\n  - a[t] = w * x[t] / 3\n  - y[t] = a[t] if sum(a[t]) > 0 else -a[t]\noutputs: [y]\n"
)
X = np.array([[[1.0, 2.0], [1.0, 2.0], [-4.0, 5.0]]], np.float32)  # one step of three sequences, the first two alike
W = np.array([0.7, -0.1], np.float32)
UPSTREAM = {"y": np.array([[[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]], np.float32)}


def passed(**asked):
    return EquationPass(SPEC, check_values(SPEC, {"x": X, "w": W}, None), **asked)


def outputs(**asked):
    return passed(**asked).gather(["y"])["y"]


def exactly(divisor=3):
    exact = X.astype(np.longdouble) * W.astype(np.longdouble) / divisor
    return exact * np.sign(exact.sum(axis=-1, keepdims=True))


def test_arithmetic_is_in_the_precision_that_is_asked_for():
    assert np.array_equal(outputs(dtype=np.longdouble), exactly()) and outputs(dtype=np.longdouble).dtype == np.longdouble
    assert outputs().dtype == np.float32 and not np.array_equal(outputs(), exactly())
    answered, _, _ = answer(SPEC, passed().checked)
    assert answered["y"].dtype == np.float32 and np.array_equal(answered["y"], outputs())


def test_noise_is_of_the_precision_of_the_values_and_each_sequence_has_its_own():
    exact = outputs(dtype=np.float64)
    off = np.abs(outputs(dtype=np.float64, noise=1) - exact) / np.abs(exact) / np.finfo(np.float32).eps
    assert 0.05 < off.max() < 2
    noisy = outputs(dtype=np.float64, noise=1)
    assert not np.array_equal(noisy[:, 0], noisy[:, 1]) and not np.array_equal(noisy, outputs(dtype=np.float64, noise=2))
    assert np.array_equal(noisy, outputs(dtype=np.float64, noise=1))


def test_to_the_nearest_is_what_a_machine_computes():
    wide = outputs(dtype=np.float64, noise=NEAREST)
    assert np.array_equal(wide, outputs()) and np.array_equal(wide, wide.astype(np.float32))


def test_another_program_is_run():
    other = variant(SPEC, [parse_equation("a[t] = w * x[t]", "test")])
    assert np.array_equal(outputs(program=other, dtype=np.longdouble), exactly(1))


def test_errors_that_are_asked_for_are_made_in_values_and_in_slopes():
    right, wrong = passed(dtype=np.longdouble), passed(dtype=np.longdouble, scaled={"a": (2, 3)})
    assert np.array_equal(wrong.gather(["y"])["y"], 2 * right.gather(["y"])["y"])
    for name, gradient in right.backward(UPSTREAM).items():
        assert np.allclose(wrong.backward(UPSTREAM)[name].astype(float), 3 * gradient.astype(float))


def test_decisions_that_are_held_are_taken_over():
    held = [Held() for _ in range(3)]
    right = outputs(dtype=np.longdouble, choices=held)
    assert [len(one.values) for one in held] == [1, 1, 1] and np.array_equal(right, outputs(dtype=np.longdouble))
    turned = [Held(forced={0: [((), not one.values[0])]}) for one in held]
    assert np.array_equal(outputs(dtype=np.longdouble, choices=turned), -right)


@pytest.mark.parametrize("noise", [None, 1])
def test_gradients_of_a_parameter_are_the_sum_over_all_sequences(noise):
    sign = np.sign((X.astype(float) * W).sum(axis=-1, keepdims=True))
    terms = UPSTREAM["y"].astype(float) * X * sign / 3
    found = passed(dtype=np.float64, noise=noise).backward(UPSTREAM)
    tight = 1e-14 if noise is None else 1e-6
    assert np.allclose(found["w"], terms.sum(axis=(0, 1)), rtol=tight) and np.allclose(found["x"], UPSTREAM["y"] * W.astype(float) * sign / 3, rtol=tight)


PRODUCT = refrnn.load_text(
    "id: product\ntitle: A\nsizes: {H: units}\nsymbols:\n  x: {role: input, shape: [H]}\n  w: {role: parameter, shape: [H]}\nequations:\n  - y = w * x\noutputs: [y]\n"
)


@pytest.mark.parametrize("noise, total", [(None, 2.0**24 + 1), (NEAREST, 2.0**24)])
def test_the_sum_over_sequences_rounds_as_the_precision_does(noise, total):
    """Of two numbers that are farther apart than float32 has digits."""
    checked = check_values(PRODUCT, {"x": np.array([[2.0**24], [1.0]], np.float32), "w": np.ones(1, np.float32)}, None)
    assert EquationPass(PRODUCT, checked, np.float64, noise=noise).backward({"y": np.ones((2, 1), np.float32)})["w"] == [total]


def test_adjoints_are_those_of_each_sequence():
    sign = np.sign((X.astype(float) * W).sum(axis=-1, keepdims=True))
    assert np.array_equal(passed(dtype=np.float64).adjoints(["a"], UPSTREAM)["a"], UPSTREAM["y"] * sign)


def test_zero_times_infinity_on_the_way_back_is_as_it_is_asked_for():
    one = EquationPass(PRODUCT, check_values(PRODUCT, {"x": np.array([[np.inf]]), "w": np.array([2.0])}, None))
    none = {"y": np.zeros((1, 1))}
    assert np.isnan(one.backward(none, absorbing=False)["w"]) and one.backward(none, absorbing=True)["w"] == 0


def test_what_is_wanted_is_computed_in_place_of_outputs():
    assert passed(wanted=("a",)).gather(["a", "y"]).keys() == {"a"}


def test_what_is_not_whole_in_some_sequence_is_left_out():
    """Where the last step alone is asked for, a sequence of one step has all of them, and others have not."""
    text = "id: last\ntitle: A\nsizes: {T: steps}\nsymbols:\n  x: {role: input, shape: [T]}\nequations:\n  - a[t] = 2 * x[t]\n  - y = a[T-1]\noutputs: [y]\n"
    spec = refrnn.load_text(text)
    for lengths, whole in (([1, 1], {"a", "y"}), ([3, 1], {"y"}), ([1, 3], {"y"})):
        checked = check_values(spec, {"x": np.ones((3, 2))}, lengths)
        assert EquationPass(spec, checked).gather(["a", "y"]).keys() == whole
