"""Multi-tap recursion: the printed taps, at their delays."""

import numpy as np
from delays import assert_delayed_chunks_join, assert_state_follows_lengths
from differential import assert_backends_agree, assert_items_run_alone, assert_near, assert_same, each_backend, each_precision

import refrnn

spec = refrnn.load("multi-tap-recursion")

# h[t] = h[t-1] / 2 + h[t-5] / 4 after an input of 1.
TWO = [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 9 / 32, 17 / 64, 25 / 128, 33 / 256, 41 / 512]


def quiet(dtype, steps=10):
    """One unit without input and without a past."""
    return {name: np.zeros_like(array) for name, array in spec.draw({"T": steps, "H": 1}, batch=1, dtype=dtype).items()}


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_impulse_by_hand(backend, dtype):
    values = quiet(dtype)
    values["x"][0] = 1
    outputs = spec.forward(values, backend).outputs
    assert_same(outputs["h_two"][:, 0, 0], TWO)
    assert_same(outputs["h_three"][:8], outputs["h_two"][:8])
    # The third tap adds a tenth of the impulse after 8 steps; a step later half of that, and a tenth of the 1/2 of step 1.
    assert_near(outputs["h_three"][8:, 0, 0], [TWO[8] + 0.1, TWO[9] + 0.1], ulp=2)


@each_backend
@each_precision
def test_the_start_is_in_the_order_of_time(backend, dtype):
    """A 1 in the last state before the first step is delayed by 1, in the first one by 5 or by 8."""
    for name, place, first in (("h_two", -1, 0.5), ("h_two", 0, 0.25), ("h_three", -1, 0.5), ("h_three", 0, 0.1), ("h_three", 3, 0.25)):
        values = quiet(dtype, 1)
        values[f"{name}_start"][0, place] = 1
        assert_same(spec.forward(values, backend).outputs[name], [[[first]]])


@each_backend
@each_precision
def test_error_goes_back_as_the_impulse_goes_on(backend, dtype):
    run = spec.forward(spec.draw({"T": 10, "H": 1}, batch=1, seed=1, dtype=dtype), backend)
    last = np.zeros_like(run.outputs["h_two"])
    last[-1] = 1
    gradients = run.backward({"h_two": last})
    assert_same(gradients["x"][:, 0, 0], TWO[::-1])
    # The last state before the first step reaches it by one tap, and the sixth step by the other one.
    assert_same(gradients["h_two_start"][0, -1], [TWO[9] / 2 + TWO[5] / 4])
    assert not gradients["h_three_start"].any()


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_delayed_chunks_join(spec, backend, dtype, ulp=8)
    assert_items_run_alone(spec, backend, dtype)
    assert_state_follows_lengths(spec, backend, dtype)
