"""The picture of vector recursions: its matrices have the eigenvalues that are written beside them, and its curves their closed form."""

import numpy as np
import pytest

from refrnn.plots.dynamics import vector_recursion

LARGEST, SECOND = (0.9, 1.0, 1.1), (0.5, 0.1)


@pytest.fixture(scope="module")
def data():
    return vector_recursion.measured(3)


def test_the_eigenvalues_are_those_of_the_slide(data):
    for kind in range(3):
        for place, largest in enumerate(LARGEST):
            found = np.linalg.eigvals(data["W"][kind, place])
            sizes = np.sort(np.abs(found))[::-1]
            assert sizes[0] == pytest.approx(largest) and np.iscomplexobj(found) == (kind == 2)
            assert sizes[1] == pytest.approx(largest if kind == 2 else SECOND[kind])
            assert kind == 2 or np.allclose(data["W"][kind, place], data["W"][kind, place].T)


def test_the_linear_curves_are_half_of_each_power_and_a_pair_is_a_cosine(data):
    powers = data["time"] + 1
    for place, largest in enumerate(LARGEST):
        for kind, second in enumerate(SECOND):
            assert np.allclose(data["along"][kind, 0, place, :, 0], (largest**powers + second**powers) / 2)
        assert np.allclose(data["along"][2, 0, place, :, 0], largest**powers * np.cos(powers * np.pi / 6))


def test_every_curve_is_its_recursion(data):
    functions = (lambda z: z, lambda z: 1 / (1 + np.exp(-z)), np.tanh, lambda z: np.maximum(z, 0))
    start = np.ones(6) / np.sqrt(6)
    for kind, activation, place, sign in np.ndindex(3, 4, 3, 2):
        h = start * (1, -1)[sign]
        for found in data["along"][kind, activation, place, :, sign]:
            assert found == pytest.approx(start @ h, abs=1e-9)
            h = functions[activation](data["W"][kind, place] @ h)


def test_another_seed_is_another_matrix_with_the_same_eigenvalues(data):
    other = vector_recursion.measured(4)["W"]
    assert not np.allclose(other, data["W"]) and np.allclose(np.linalg.eigvalsh(other[0]), np.linalg.eigvalsh(data["W"][0]))
