"""Eigenvalue expansion: powers of a matrix, and the same by its eigenvalues."""

import numpy as np
import pytest
from differential import assert_added_near, assert_backends_agree, assert_near, each_backend, each_precision, given

import refrnn

spec = refrnn.load("eigen-expansion")


def test_backends_agree():
    assert_backends_agree(spec)


def _hand(dtype):
    """u = (3, 1, 1), (1, 3, 1) and (1, 1, 3), all halved, and h = 4 u_0 + 2 u_2."""
    u = np.array([[1.5, 0.5, 0.5], [0.5, 1.5, 0.5], [0.5, 0.5, 1.5]])
    h = 4 * u[0] + 2 * u[2]
    return given(dtype, h=[h], lamda=[-2], lamda_re=[0], lamda_im=[1], p=[0.5] * 3, q=[1] * 3), u


@each_backend
@each_precision
def test_four_powers_by_hand(backend, dtype):
    """λ = -2 doubles and turns about; the pair ± i makes a quarter turn, u_0 to u_1 to -u_0."""
    values, u = _hand(dtype)
    run = spec.forward({**values, "T": 4}, backend)
    turning = [4 * u[0], 4 * u[1], -4 * u[0], -4 * u[1]]
    leading = np.array([[2 * (-2.0) ** t * u[2] for t in range(4)]])
    expected = leading + np.array([turning])
    assert_near(run.outputs["expanded"], expected, ulp=8)
    assert_near(run.outputs["power"], expected, ulp=24)
    assert_near(run.outputs["leading"], leading, ulp=8)


@each_backend
@each_precision
def test_powers_and_expansion_have_one_gradient(backend, dtype):
    values = spec.draw({"T": 6, "R": 2, "M": 2}, batch=2, seed=1, dtype=dtype)
    run = spec.forward(values, backend)
    upstream = np.random.default_rng(2).standard_normal(run.outputs["power"].shape).astype(dtype)
    assert_added_near(run.outputs["power"], run.outputs["expanded"], terms=60)
    power, expanded = (run.backward({name: upstream})["h"] for name in ("power", "expanded"))
    assert_added_near(power, expanded, terms=60)


@each_backend
@pytest.mark.parametrize("pair", [(np.inf, 0.5), (-np.inf, 0.0), (0.5, np.inf), (2.0, -np.inf)])
def test_infinite_eigenvalues_are_multiplied_step_by_step(backend, pair):
    """What is infinite meets the imaginary part of 1, which is 0: already the first power is no number."""
    values = spec.draw({"T": 3, "R": 1, "M": 1}, batch=8, seed=5, dtype="float64") | {"lamda_re": np.array(pair[:1]), "lamda_im": np.array(pair[1:])}
    expanded = spec.forward(values, backend).outputs["expanded"]
    assert np.isfinite(expanded[:, 0]).all() and np.isnan(expanded[:, 1:]).all()


@each_backend
def test_the_largest_size_leads(backend):
    """Not the largest eigenvalue, and not the largest real part of a pair."""
    values = spec.draw({"T": 3, "R": 2, "M": 1}, batch=1, seed=3, dtype="float64")
    eigenvalues = (([1.0, -1.5], (1.2, 0.1), ("line", 1)), ([1.0, -1.5], (-0.1, 1.6), ("plane", 0)), ([0.5, 0.4], (0.3, 0.3), ("line", 0)))
    for real, pair, (name, place) in eigenvalues:
        given_values = {"lamda": np.array(real), "lamda_re": np.array(pair[:1]), "lamda_im": np.array(pair[1:])}
        run, truth = (spec.forward({**values, **given_values}, one) for one in (backend, "equation"))
        assert_near(run.outputs["leading"][0], truth.intermediates[name][0, :, place], ulp=16)


@each_backend
def test_one_power_is_the_vector_itself(backend):
    values = spec.draw({"T": 1}, seed=4, dtype="float64")
    assert_near(spec.forward(values, backend).outputs["power"][:, 0], values["h"], ulp=0)
