"""A spec as a layer of PyTorch: its gradients, its parameters, and what it refuses."""

import copy
import pickle

import numpy as np
import pytest
from texts import OWN

from refrnn.errors import ValuesError

torch = pytest.importorskip("torch")
from refrnn.torch import Layer  # noqa: E402

@pytest.fixture(params=["file", "lstm", "mlstm"])
def layer(request, tmp_path):
    torch.manual_seed(3)
    if request.param == "file":
        (tmp_path / "rate.yaml").write_text(OWN, encoding="utf-8")
        return Layer(tmp_path / "rate.yaml", dtype=torch.float64, I=3, H=4)
    return Layer(request.param, dtype=torch.float64, I=3, H=4) if request.param == "lstm" else Layer("mlstm", dtype=torch.float64, I=3, D=4, scale=0.5)


def inputs(layer, T=5, batch=3):
    return torch.randn(T, batch, 3, dtype=torch.float64)


def test_gradients_are_those_of_differences(layer):
    x = inputs(layer, 3, 2).requires_grad_()
    names = [name for name, _ in layer.named_parameters()]

    def run(x, *parameters):
        return torch.func.functional_call(layer, dict(zip(names, parameters)), (x,), {"lengths": [3, 2]})[0]

    assert torch.autograd.gradcheck(run, (x, *layer.parameters()))


def test_a_second_derivative_is_refused(layer):
    x = inputs(layer).requires_grad_()
    found = layer(x)[0]
    found = found[0] if isinstance(found, tuple) else found
    (gradient,) = torch.autograd.grad((found**2).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice|once_differentiable"):
        (gradient**2).sum().backward()


def test_states_continue_and_lengths_end(layer):
    x = inputs(layer, 6)
    whole, state = layer(x)
    first, middle = layer(x[:4])
    second, last = layer(x[4:], state=middle)
    one = lambda found: found[0] if isinstance(found, tuple) else found  # noqa: E731
    torch.testing.assert_close(torch.cat((one(first), one(second))), one(whole))
    for name, tensor in last.items():
        torch.testing.assert_close(tensor, state[name])
    ragged = one(layer(x, lengths=torch.tensor([6, 2, 4]))[0])
    assert not ragged[2:, 1].any() and torch.equal(ragged[:2, 1], one(whole)[:2, 1])


def test_it_is_a_module(layer):
    """Its parameters have the spec's names; it is copied, kept and trained as others are."""
    assert [name for name, _ in layer.named_parameters()] == [*layer.spec.parameters]
    twin, x = copy.deepcopy(layer), inputs(layer)
    optimiser = torch.optim.SGD(layer.parameters(), lr=0.1)
    one = lambda found: found[0] if isinstance(found, tuple) else found  # noqa: E731
    losses = []
    for _ in range(3):
        optimiser.zero_grad()
        loss = (one(layer(x)[0]) ** 2).mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[2] < losses[0] and not torch.equal(next(layer.parameters()), next(twin.parameters()))
    twin.load_state_dict(layer.state_dict())
    again = pickle.loads(pickle.dumps(layer))
    for other in (twin, again):
        torch.testing.assert_close(one(other(x)[0]), one(layer(x)[0]), rtol=0, atol=0)


@pytest.mark.parametrize(
    "ask, told",
    [
        (lambda: Layer("lstm", H=4), "give I"),
        (lambda: Layer("lstm", I=3, H=4, Q=2), "it has no Q"),
        *((lambda size=size: Layer("lstm", I=3, H=size), f"H must be an integer of at least 1, not {size}") for size in (-4, 0, 2.5, True)),
        (lambda: Layer("lstm", I=3, H=4)(), "x is missing"),
        (lambda: Layer("lstm", I=3, H=4)(np.zeros((2, 1, 3))), "x must be a tensor on the CPU, not ndarray"),
        (lambda: Layer("lstm", I=3, H=4)(torch.zeros(2, 1, 3), torch.zeros(1)), "it takes x, not 2 inputs"),
        (lambda: Layer("lstm", I=3, H=4)(torch.zeros(2, 1, 3), state={"z": torch.zeros(1)}), "there is no start z"),
        (lambda: Layer("lstm", I=3, H=4)(torch.zeros(2, 1, 5)), "W has the shape"),
    ],
)
def test_what_does_not_fit_is_said(ask, told):
    with pytest.raises(ValuesError, match=told):
        ask()


