"""Powers of a matrix are made once each, whoever asks; their adjoints stay apart."""

import numpy as np

import refrnn
from refrnn.equation.algebra import Numbers

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
