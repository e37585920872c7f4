"""What the picture of scalar recursions draws is what its formulas give, step by step."""

import math

import pytest

from refrnn.plots.dynamics import scalar_recursion

FUNCTIONS = {"linear": lambda z: z, "sigmoid": lambda z: 1 / (1 + math.exp(-z)), "tanh": math.tanh, "ReLU": lambda z: max(z, 0.0)}


def test_each_curve_is_the_recursion_of_its_activation_weight_and_start():
    data = scalar_recursion.measured()
    assert data["time"][0] == -1 and data["states"].shape[:3] == (4, 3, 2)
    for activation, name in enumerate(scalar_recursion.ACTIVATIONS):
        for place, w in enumerate((0.9, 1.0, 1.1)):
            for row, h in enumerate((1.0, -1.0)):
                for found in data["states"][activation, place, row]:
                    assert found == pytest.approx(h, rel=1e-12, abs=1e-300)
                    h = FUNCTIONS[name](w * h)
