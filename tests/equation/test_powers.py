"""Powers of a matrix are made once each, whoever asks; their adjoints stay apart."""

import numpy as np

import refrnn
from refrnn.equation.algebra import LOW_POWER, Numbers
from refrnn.equation.operations import products_of_power

TEXT = """
id: powers
title: Powers of one matrix, by name and inside products
sizes: {H: units}
symbols:
  W: {role: parameter, shape: [H, H]}
  x: {role: parameter, shape: [H]}
equations:
  - A = W**2
  - B = W**2
  - C = W**3 + W**2
  - y = W**2 @ x + A @ x
outputs: [A, B, C, y]
"""


def test_equal_powers_have_gradients_of_their_own():
    """d W^2 along E is E W + W E, and d W^3 is E W^2 + W E W + W^2 E."""
    spec = refrnn.load_text(TEXT, "powers")
    values = spec.draw({"H": 3}, dtype="float64")
    W, x = values["W"], values["x"]
    E = np.random.default_rng(1).standard_normal((3, 3))
    run = spec.forward(values, "equation")
    squared, cubed = E @ W + W @ E, E @ W @ W + W @ E @ W + W @ W @ E
    expected = {"A": squared, "B": squared, "C": cubed + squared, "y": 2 * squared @ x}
    upstream = {name: np.random.default_rng(2).standard_normal(array.shape) for name, array in run.outputs.items()}
    for name, change in expected.items():
        gradient = run.backward({name: upstream[name]})["W"]
        np.testing.assert_allclose(np.sum(gradient * E), np.sum(upstream[name] * change), rtol=1e-12)
    together = run.backward(upstream)["W"]
    np.testing.assert_allclose(together, sum(run.backward({name: upstream[name]})["W"] for name in upstream), rtol=1e-12)


def test_each_power_is_made_once():
    numbers = Numbers(np.float64)
    base = numbers.leaf(np.eye(2), True)
    for exponent in (5, 3, 5, 7):
        numbers.power(base, exponent)
    assert sum(node.name == "matmul" for node in numbers.tape) == 6
    assert numbers.power(base, 1) is base
    np.testing.assert_array_equal(numbers.power(base, 0).value, np.eye(2))


def products(equation):
    """How many products of matrices a run of five steps takes."""
    spec = refrnn.load_text(f"id: powers\ntitle: A\nsizes: {{T: steps, H: units}}\nsymbols:\n  W: {{role: parameter, shape: [H, H]}}\n  x: {{role: parameter, shape: [T]}}\nequations:\n  - {equation}\n  - z[t] = x[t]\noutputs: [y, z]\n")
    run = spec.program.run({"W": np.eye(2), "x": np.ones(5)}, {"T": 5, "H": 2}, differentiate=["W"])
    return sum(node.name == "matmul" for node in run.algebra.tape)


def test_a_power_that_is_the_same_everywhere_is_made_by_squaring():
    """One that changes from place to place is made from the one before."""
    for exponent in (2, 5, LOW_POWER, LOW_POWER + 1, 100, 1103):
        assert products(f"y = W**{exponent}") <= products_of_power(exponent) <= max(2 * exponent.bit_length(), exponent - 1, 1)
    assert products("y = W**1103") < 30 and products("y[t] = W**(t + 40)") == 39 + 4 and products("y[t] = W**40") < 12
