"""Compiled functions at infinities, NaN, zeros of both signs, the largest and the smallest numbers: values and slopes as the equation has them."""

import numpy as np
import pytest

import refrnn
from refrnn.equation.functions import FUNCTIONS

OF_ONE = [f"{name}({{a}})" for name, function in FUNCTIONS.items() if function.elementwise and not function.operator and name not in ("min", "max")]
OF_ONE += ["-{a}", "1 / {a}", "{a} if {a} > 0 else 2 * {a}", "{a} if {a} <= 0 else 2 * {a}", *(f"{{a}}**{power}" for power in (0.5, 1.5, -0.5, 2, 3, -1))]
OF_TWO = ["{a} + {b}", "{a} - {b}", "{a} * {b}", "{a} / {b}", "min({a}, {b})", "max({a}, {b})"]
NUMBERS = {"a number": ("[T]", "{}[t]"), "lanes": ("[T, H]", "{}[t]")}  # each input's shape, and how it is read


def specials(dtype):
    info = np.finfo(dtype)
    sizes = [np.inf, info.max, 100, 1, 1e-5, info.tiny, info.smallest_subnormal, 0]
    return np.array([np.nan, *sizes, *(-size for size in sizes[:-1]), -0.0], dtype)


def spec_of(texts, shape, read):
    """Each text is of inputs of its own: what is infinite in one says nothing of the others."""
    equations = [f"y{k}[t] = {text.format(a=read.format(f'a{k}'), b=read.format(f'b{k}'))}" for k, text in enumerate(texts)]
    names = [name for k, text in enumerate(texts) for name in (f"a{k}", f"b{k}") if f"{{{name[0]}}}" in text]
    sizes = "{T: steps, H: units}" if "H" in shape else "{T: steps}"
    inputs = "".join(f"  {name}: {{role: input, shape: {shape}}}\n" for name in names)
    outputs = ", ".join(f"y{k}" for k in range(len(texts)))
    lines = "".join(f"  - {equation}\n" for equation in equations)
    return refrnn.load_text(f"id: mine\ntitle: Mine\nsizes: {sizes}\nsymbols:\n{inputs}equations:\n{lines}outputs: [{outputs}]\n")


@pytest.mark.parametrize("numbers", NUMBERS)
@pytest.mark.parametrize("texts", [OF_ONE, OF_TWO], ids=["of one", "of two"])
def test_as_the_equation(texts, numbers):
    spec = spec_of(texts, *NUMBERS[numbers])
    for dtype in (np.float32, np.float64):
        first, second = (array.ravel() for array in np.meshgrid(specials(dtype), specials(dtype) if texts is OF_TWO else dtype(1)))
        shape = (1, 1, first.size) if numbers == "lanes" else (1, first.size)
        given = {name: (first if name[0] == "a" else second).reshape(shape) for name in spec.arrays}
        right, found = (spec.forward(given, backend) for backend in ("equation", "compiled"))
        upstream = {name: np.full_like(array, 1.5) for name, array in right.outputs.items()}
        gradients = right.backward(upstream), found.backward(upstream)
        for one, other, factor in ((right.outputs, found.outputs, 8), (*gradients, 64)):
            for name, array in one.items():
                text = f"{texts[int(name[1:])]}, {name}, {np.dtype(dtype)}"
                smallest = np.finfo(dtype).smallest_subnormal
                np.testing.assert_allclose(other[name], array, rtol=factor * np.finfo(dtype).eps, atol=4 * smallest, err_msg=text)
        for name, array in right.outputs.items():
            zero = array == 0
            np.testing.assert_array_equal(np.signbit(found.outputs[name][zero]), np.signbit(array[zero]), err_msg=texts[int(name[1:])])
