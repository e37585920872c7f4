"""When a linear recursion blows up: each eigenvalue on its own component."""

import numpy as np
import pytest
from differential import assert_backends_agree, assert_near, assert_same, each_backend, each_precision, given

import refrnn

spec = refrnn.load("blow-up-criterion")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_three_eigenvalues_by_hand(backend, dtype):
    """2 doubles, -1/2 halves with a change of sign, i turns by a quarter."""
    values = given(dtype, r0=[[3, 4, 1]], s0=[[4, 0, 0]], lamda_re=[2, -0.5, 0], lamda_im=[0, 0, 1])
    run = spec.forward({**values, "T": 2}, backend)
    assert_same(run.outputs["r"], [[[6, -2, 0], [12, 1, -1]]])
    assert_same(run.outputs["s"], [[[8, 0, 1], [16, 0, 0]]])
    assert_same(run.outputs["length"], [[[10, 2, 1], [20, 1, 1]]])
    assert_same(run.outputs["blows_up"], [1, 0, 0])
    assert_same(run.outputs["shrinks"], [0, 1, 0])


@each_backend
@each_precision
def test_length_is_the_size_of_the_eigenvalue_to_the_power(backend, dtype):
    """So its derivative by the eigenvalue points along the eigenvalue, t / |λ| times the length; jumps have none."""
    values = given(dtype, r0=[[1]], s0=[[0]], lamda_re=[0.6], lamda_im=[-0.8])
    run = spec.forward({**values, "T": 5}, backend)
    upstream = np.zeros((1, 5, 1), dtype)
    upstream[0, -1] = 1
    gradients = run.backward({"length": upstream})
    assert_near(run.outputs["length"], np.ones((1, 5, 1)), ulp=12)
    assert_near(gradients["lamda_re"], [5 * 0.6], ulp=24)
    assert_near(gradients["lamda_im"], [5 * -0.8], ulp=24)
    for name in ("blows_up", "shrinks"):
        assert not any(gradient.any() for gradient in run.backward({name: np.ones(1, dtype)}).values())


@each_backend
def test_the_real_part_does_not_tell(backend):
    """-1.1 and 0.9 ± 0.9i blow up with real parts below 1; on the circle nothing happens."""
    values = given("float64", r0=[[1, 1, 1, 1]], s0=[[0, 0, 0, 0]], lamda_re=[-1.1, 0.9, 0.9, -1], lamda_im=[0, 0.9, -0.9, 0])
    run = spec.forward({**values, "T": 100}, backend)
    assert_same(run.outputs["blows_up"], [1, 1, 1, 0])
    assert_same(run.outputs["shrinks"], [0, 0, 0, 0])
    assert np.all(run.outputs["length"][0, -1, :3] > 1e4)
    assert run.outputs["length"][0, -1, 3] == 1


@pytest.mark.parametrize("backend", ["equation", "reference", "kernel", "compiled"])
@pytest.mark.parametrize("changed", [{"lamda_re": 1e6}, {"lamda_im": -3e38}, {"r0": np.inf}, {"s0": np.nan}], ids=str)
def test_a_unit_that_overflows_touches_no_other(changed, backend):
    values = spec.draw({"T": 40, "N": 3}, batch=2, seed=4)
    (name, number), *_ = changed.items()
    other = {**values, name: values[name].copy()}
    other[name][..., 1] = number
    runs = [spec.forward(one, backend) for one in (values, other)]
    assert not np.isfinite(runs[1].outputs["r"][:, -1, 1]).any()
    upstream = {name: np.ones_like(array) for name, array in runs[0].outputs.items()}
    right, found = ({**run.outputs, **{f"d_{name}": gradient for name, gradient in run.backward(upstream).items()}} for run in runs)
    for name, array in right.items():
        assert_same(found[name][..., [0, 2]], array[..., [0, 2]])
