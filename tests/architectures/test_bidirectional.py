"""Two nets over one input: the forward one sees the past of each step, the backward one its future."""

import numpy as np
from differential import (
    assert_added_near,
    assert_backends_agree,
    assert_items_run_alone,
    assert_near,
    assert_same,
    draw_upstream,
    each_backend,
    each_precision,
    given,
)

import refrnn

spec = refrnn.load("bidirectional")
SWAPPED = {"x": "x", "h_f0": "h_binf", "W_f": "W_b", "U_f": "U_b", "b_f": "b_b", "h_binf": "h_f0", "W_b": "W_f", "U_b": "U_f", "b_b": "b_f"}


def test_backends_agree():
    assert_backends_agree(spec)


def mirrored(array, lengths, H):
    """Each sequence in reverse, and the first H units after the others."""
    array = np.concatenate((array[..., H:], array[..., :H]), axis=-1)
    for item, length in enumerate(lengths):
        array[:length, item] = array[:length, item][::-1].copy()
    return array


@each_backend
@each_precision
def test_reversed_input_and_swapped_nets_mirror_the_output(backend, dtype):
    """Each sequence is reversed within its own length; the bits are the same, but for sums over time."""
    lengths = [6, 3, 1, 5]
    values = spec.draw({"T": 6}, batch=4, seed=1, dtype=dtype)
    H, K = values["h_f0"].shape[1], values["h_binf"].shape[1]
    assert H != K
    mirror = {here: values[there] for here, there in SWAPPED.items()}
    mirror["x"] = mirrored(values["x"], lengths, 0)
    run, other = spec.forward(values, backend, lengths), spec.forward(mirror, backend, lengths)
    assert_same(other.outputs["h"], mirrored(run.outputs["h"], lengths, H))
    upstream = draw_upstream(run)
    gradients, others = run.backward(upstream), other.backward({"h": mirrored(upstream["h"], lengths, H)})
    assert_same(others["x"], mirrored(gradients["x"], lengths, 0))
    for name in ("h_f0", "h_binf"):
        assert_same(others[name], gradients[SWAPPED[name]])
    for name in ("W_f", "U_f", "b_f", "W_b", "U_b", "b_b"):
        assert_added_near(others[name], gradients[SWAPPED[name]], terms=sum(lengths))


@each_backend
@each_precision
def test_forward_half_sees_the_past_and_backward_half_the_future(backend, dtype):
    values = spec.draw({"T": 6}, seed=2, dtype=dtype)
    H, other = values["h_f0"].shape[1], {**values, "x": values["x"].copy()}
    other["x"][2] += 1
    run = spec.forward(values, backend)
    changed = np.any(run.outputs["h"] != spec.forward(other, backend).outputs["h"], axis=1)
    assert changed[:, :H].any(axis=1).tolist() == [False, False, True, True, True, True]
    assert changed[:, H:].any(axis=1).tolist() == [True, True, True, False, False, False]
    upstream = np.zeros_like(run.outputs["h"])
    upstream[3, :, :H] = 1
    gradients = run.backward({"h": upstream})
    assert gradients["x"].any(axis=(1, 2)).tolist() == [True, True, True, True, False, False]
    for name in ("h_binf", "W_b", "U_b", "b_b"):
        assert not gradients[name].any()


@each_backend
@each_precision
def test_each_half_is_a_net_of_its_own(backend, dtype):
    """Without biases the two halves are those of unfolding, the second over reversed time, bit for bit."""
    plain = refrnn.load("unfolding")
    values = spec.draw(seed=3, dtype=dtype)
    values |= {name: np.zeros_like(values[name]) for name in ("b_f", "b_b")}
    H = values["h_f0"].shape[1]
    h = spec.forward(values, backend).outputs["h"]
    onward = plain.forward({"x": values["x"], "s0": values["h_f0"], "U": values["U_f"], "V": values["W_f"]}, backend)
    back = plain.forward({"x": values["x"][::-1], "s0": values["h_binf"], "U": values["U_b"], "V": values["W_b"]}, backend)
    assert_same(h[..., :H], onward.outputs["s"])
    assert_same(h[..., H:], back.outputs["s"][::-1])


@each_backend
@each_precision
def test_starts_enter_at_their_own_ends(backend, dtype):
    """Nets that only pass a state on: h_f0 counts steps from the front, h_binf from each sequence's own end."""
    nothing = np.zeros((1, 1))
    values = given(
        dtype, x=np.zeros((3, 2, 1)), h_f0=[[0.5], [0.5]], h_binf=[[0.25], [0.25]], W_f=nothing, U_f=[[1]], b_f=[0], W_b=nothing, U_b=[[1]], b_b=[0],
    )  # fmt: skip
    run = spec.forward(values, backend, lengths=[3, 2])
    f, b = ([np.tanh(start), np.tanh(np.tanh(start)), np.tanh(np.tanh(np.tanh(start)))] for start in (0.5, 0.25))
    # Three times tanh, each within an ulp or two.
    assert_near(run.outputs["h"], [[[f[0], b[2]], [f[0], b[1]]], [[f[1], b[1]], [f[1], b[0]]], [[f[2], b[0]], [0, 0]]], ulp=6)


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    assert_items_run_alone(spec, backend, dtype)
