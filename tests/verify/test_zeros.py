"""Signs of zeros where they are promised, and numbers below the smallest normal one, which are none."""

import numpy as np
import pytest
from unit import Backend, unit

import refrnn
from refrnn.spec.library import rows
from refrnn.verify.backends import compare
from refrnn.verify.cases import cases
from refrnn.verify.truth import Truth
from refrnn.verify.zeros import keeps_signs
from tests.verify.museum.planting import Fault, found


def test_where_signs_are_promised():
    promised = {(name, symbol) for name in rows() for symbol in refrnn.load(name).defined if keeps_signs(refrnn.load(name), symbol)}
    assert promised >= {("clip-value", "g_clipped"), ("clip-norm", "G_clipped"), ("activation-jacobian", "h_tanh")}
    assert not {name for name, _ in promised} & {"elman", "lstm", "leaky-units", "word-model"}
    assert ("activation-jacobian", "h_relu") not in promised


@pytest.mark.parametrize("formula, kept", [
    ("a", True), ("-a * b", True), ("a / b", True), ("tanh(a * b)", True), ("min(a, 2.0)", True), ("a if c > 0 else -a", True),
    ("a + b", False), ("a - b", False), ("a * (a + b)", False), ("tanh(a - b)", False), ("a if c > 0 else a + b", False), ("exp(a)", False),
])  # fmt: skip
def test_a_sum_promises_no_sign(formula, kept):
    spec = refrnn.load_text(
        "id: sign\ntitle: A\nsizes: {H: units}\nsymbols:\n  a: {role: parameter, shape: [H]}\n  b: {role: parameter, shape: [H]}\n"
        f"  c: {{role: parameter, shape: []}}\nequations:\n  - z = {formula}\n  - y = z * b\n  - s = a * b * c\noutputs: [y, s]\n"
    )
    assert keeps_signs(spec, "z") is kept and keeps_signs(spec, "y") is kept and keeps_signs(spec, "s")


@pytest.mark.parametrize("name, output", [("clip-value", "g_clipped"), ("activation-jacobian", "h_tanh")])
def test_a_zero_of_the_other_sign_is_found(name, output):
    def positive(a, out):
        out[output] = out[output] + 0

    texts = found(Fault("special", "minus zero made zero", name, after=positive))
    assert texts and all(f"kernel: {output} differs" in text and "is not a number or not zero where it must be" in text for text in texts)


def test_small_numbers_that_become_zero_are_found():
    def flushed(right, **arguments):
        outputs, saved = right(**arguments)
        tiny = np.finfo(outputs["h"].dtype).tiny
        return {"h": np.where(np.abs(outputs["h"]) < tiny, 0, outputs["h"])}, saved

    spec = unit(kernel=Backend(flushed))
    wrong = {case.name for case in cases(spec) if compare(spec, Truth(spec, case), "kernel")[1]}
    assert wrong == {"one-small-130-float32"}
