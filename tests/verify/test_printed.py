"""A misprint is shown by what it computes, or by a refusal that the spec expects; nothing else shows it."""

import dataclasses

import numpy as np
import pytest

import refrnn
from refrnn.equation.parse import parse_equation
from refrnn.verify.cases import cases
from refrnn.verify.printed import check_misprints, check_printed_gradients, relative
from refrnn.verify.truth import Truth


def truth_of(spec):
    return Truth(spec, next(case for case in cases(spec) if case.name == "ragged-float64"))


def forward(reads, refused=""):
    """What is found of a misprint of elman's state."""
    spec = refrnn.load("elman")
    misprint = dataclasses.replace(refrnn.load("two-layer-rnn").misprints[0], reads=tuple(map(parse_of, reads)), refused=refused)
    return check_misprints(dataclasses.replace(spec, misprints=(misprint,)), truth_of(spec))[0]


def parse_of(text):
    return parse_equation(text, "test")


STATE = "h[t] = tanh(W_hh.T @ context[t] + W_xh.T @ x[t])"
OTHER = "h[t] = tanh(W_hh @ context[t] + W_xh.T @ x[t])"
TYPO = "h[t] = tanh(W_hhh @ context[t] + W_xh.T @ x[t])"
NO_NUMBER = "h[t] = tanh(W_hh.T @ context[t] + W_xh.T @ x[t]) / sum(0 * x[t])"


@pytest.mark.parametrize(
    "reads, refused, ok, shown",
    [
        ([OTHER], "", True, "as printed, h is off by"),
        ([STATE], "", False, "as printed, nothing changes"),
        ([OTHER, STATE], "", False, "as printed, nothing changes"),
        ([TYPO], "", False, "which the spec does not say with these words: in 'h[t] = "),
        ([OTHER, TYPO], "", False, "which the spec does not say with these words"),
        ([TYPO], "W_hhh is neither declared nor defined", True, "as printed, it means nothing: "),
        ([TYPO], "W_hhhh is neither declared nor defined", False, "which the spec does not say with these words"),
        ([TYPO], "W_hhh @ context[t]", False, "which the spec does not say with these words"),
        ([OTHER], "W_hhh is neither declared nor defined", False, "as printed, it computes, where the spec says that it is refused with"),
        ([NO_NUMBER], "", False, "is no number"),
    ],
)
def test_what_shows_a_misprint(reads, refused, ok, shown):
    found = forward(reads, refused)
    assert found.ok is ok and shown in found.shown, found.shown


@pytest.mark.parametrize("found, truth, off", [([0, 0], [0, 0], 0), ([0, 1], [0, 0], 1), ([1, 4], [1, 5], 0.2), ([6, 4], [5, 4], 1 / 6), ([np.nan, 0], [0, 0], np.inf)])
def test_differences_are_relative_to_the_larger_of_the_two(found, truth, off):
    assert relative(np.array(found, float), np.array(truth, np.longdouble)) == pytest.approx(off)


def test_a_remark_says_how_the_line_was_read():
    spec = refrnn.load("elman")
    remark = dataclasses.replace(refrnn.load("two-layer-rnn").misprints[0], reads=(parse_of(OTHER),), kind="remark")
    (found,) = check_misprints(dataclasses.replace(spec, misprints=(remark,)), truth_of(spec))
    assert found.ok and found.shown.startswith("read so, h is off by"), found.shown


@pytest.mark.parametrize(
    "reads, refused, ok, shown",
    [
        ("grad_h[T] = W_o", "", True, "is off by"),
        ("grad_h[T] = grad_y_hat * W_o", "", False, "as printed, nothing changes"),
        ("grad_h[T] = W_oo", "", False, "which the spec does not say with these words"),
        ("grad_h[T] = W_oo", "W_oo is neither declared nor defined", True, "as printed, it means nothing"),
        ("grad_h[T] = W_o", "W_o is neither declared nor defined", False, "as printed, it computes"),
    ],
)
def test_what_shows_a_misprinted_gradient(reads, refused, ok, shown):
    spec = refrnn.load("bptt-jacobians")
    block = spec.printed_gradients[0]
    misprint = dataclasses.replace(block.misprints[0], reads=(parse_of(reads),), refused=refused)
    spec = dataclasses.replace(spec, printed_gradients=(dataclasses.replace(block, misprints=(misprint,)),))
    results, errata = check_printed_gradients(spec, truth_of(spec))
    assert results[0].failures == () and errata[0].ok is ok and shown in errata[0].shown, errata[0].shown


def test_a_printed_gradient_that_is_wrong_fails():
    spec = refrnn.load("bptt-jacobians")
    block = spec.printed_gradients[0]
    equations = tuple(parse_of("grad_h[T] = W_o") if str(equation).startswith("grad_h[T]") else equation for equation in block.equations)
    assert equations != block.equations
    spec = dataclasses.replace(spec, printed_gradients=(dataclasses.replace(block, equations=equations, misprints=()),))
    assert "the printed gradient of h0 is off by" in str(check_printed_gradients(spec, truth_of(spec))[0][0].failures)


@pytest.mark.parametrize("factor, right", [("1", True), ("1.000000000001", False), ("1.00001", False), ("(1 / (T - T))", False)])
def test_a_printed_gradient_agrees_to_all_digits(factor, right):
    """It is the same mathematics or it is not: both sides are computed in extended precision."""
    spec = refrnn.load("bptt-jacobians")
    block = spec.printed_gradients[0]
    of_h = next(equation for equation in block.equations if equation.name == "grad_h")
    first = block.equations.index(of_h)
    left, value = str(of_h).split(" = ", 1)
    equations = (*block.equations[:first], parse_of(f"{left} = {factor} * ({value})"), *block.equations[first + 1 :])
    spec = dataclasses.replace(spec, printed_gradients=(dataclasses.replace(block, equations=equations, misprints=()),))
    (result,) = check_printed_gradients(spec, truth_of(spec))[0]
    assert (result.failures == ()) is right, result.failures


def test_every_printed_block_is_tried():
    spec = refrnn.load("bptt-jacobians")
    block = dataclasses.replace(spec.printed_gradients[0], misprints=())
    wrong = tuple(parse_of("grad_h[T] = W_o") if str(equation).startswith("grad_h[T]") else equation for equation in block.equations)
    spec = dataclasses.replace(spec, printed_gradients=(block, dataclasses.replace(block, equations=wrong)))
    first, second = check_printed_gradients(spec, truth_of(spec))[0]
    assert first.failures == () and second.failures
