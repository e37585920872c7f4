"""SGD and Adam, step by step: against the papers' lines in float64, and against PyTorch where it is installed."""

import numpy as np
import pytest

from refrnn.errors import ValuesError
from refrnn.learning import SGD, Adam

STEPS = 12


def gradients(dtype):
    random = np.random.default_rng(0)
    return [{"W": random.standard_normal((3, 4)).astype(dtype), "b": random.standard_normal(3).astype(dtype)} for _ in range(STEPS)]


def parameters(dtype):
    random = np.random.default_rng(1)
    return {"W": random.standard_normal((3, 4)).astype(dtype), "b": random.standard_normal(3).astype(dtype)}


def followed(optimiser, dtype="float64"):
    """The parameters after every step."""
    now, found = parameters(dtype), []
    for gradient in gradients(dtype):
        optimiser.step(now, gradient)
        found.append({name: array.copy() for name, array in now.items()})
    return found


def test_adam_is_the_paper_s_algorithm():
    """Algorithm 1, with both estimates corrected for their start at zero."""
    m, v, theta = 0.0, 0.0, parameters("float64")["W"]
    for t, (gradient, found) in enumerate(zip(gradients("float64"), followed(Adam(0.02, 0.8, 0.95, 1e-3))), 1):
        g = gradient["W"]
        m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * g**2
        theta = theta - 0.02 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.95**t)) + 1e-3)
        np.testing.assert_allclose(found["W"], theta, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("momentum", [0.0, 0.7])
def test_sgd_adds_up_its_gradients(momentum):
    b, velocity = parameters("float64")["b"], 0.0
    for gradient, found in zip(gradients("float64"), followed(SGD(0.1, momentum))):
        velocity = momentum * velocity + gradient["b"]
        b = b - 0.1 * velocity
        np.testing.assert_allclose(found["b"], b, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize(
    "own, name, settings",
    [
        (lambda: Adam(0.02, 0.8, 0.95, 1e-6), "Adam", {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-6}),
        (lambda: SGD(0.1), "SGD", {"lr": 0.1}),
        (lambda: SGD(0.1, 0.9), "SGD", {"lr": 0.1, "momentum": 0.9}),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_step_is_that_of_pytorch(own, name, settings, dtype):
    torch = pytest.importorskip("torch")
    tensors = {key: torch.nn.Parameter(torch.from_numpy(array)) for key, array in parameters(dtype).items()}
    theirs = getattr(torch.optim, name)(tensors.values(), **settings)
    for gradient, found in zip(gradients(dtype), followed(own(), dtype)):
        for key, tensor in tensors.items():
            tensor.grad = torch.from_numpy(gradient[key])
        theirs.step()
        for key, tensor in tensors.items():
            assert found[key].dtype == np.dtype(dtype)
            np.testing.assert_allclose(found[key], tensor.detach().numpy(), rtol=20 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("make", [lambda: Adam(0.02), lambda: SGD(0.1, 0.9)])
def test_what_was_kept_goes_on_with_the_same_bits(make):
    whole = followed(make(), "float32")
    first, now = make(), parameters("float32")
    for gradient in gradients("float32")[:5]:
        first.step(now, gradient)
    second = make()
    second.restore({name: np.array(array) for name, array in first.state().items()})
    for gradient in gradients("float32")[5:]:
        second.step(now, gradient)
    assert all(np.array_equal(now[name], whole[-1][name]) for name in now)


@pytest.mark.parametrize(
    "make, word",
    [
        (lambda: Adam(0), "rate"), (lambda: SGD(float("nan")), "rate"), (lambda: SGD("fast"), "rate"),
        (lambda: SGD(0.1, 1.0), "momentum"), (lambda: Adam(0.1, beta2=-0.1), "beta2"), (lambda: Adam(0.1, epsilon=0), "epsilon"),
    ],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused(make, word):
    with pytest.raises(ValuesError, match=word):
        make()
