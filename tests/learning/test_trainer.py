"""The trainer: what a step is, that a saved training goes on with the same bits, and what is refused."""

import numpy as np
import pytest

import refrnn
from refrnn.compose import feed_forward, stack
from refrnn.errors import NotFoundError, ValuesError
from refrnn.learning import SGD, Adam, Trainer, by_norm, cross_entropy, initial, of_spec, squared_error

SIZES = {"N": 5, "H": 6}
TEXT = np.random.default_rng(7).integers(0, 5, (41, 3))


def trainer(seed=0, optimiser=None, **settings):
    spec = refrnn.load("character-model")
    return Trainer(spec, initial(spec, SIZES, seed), optimiser or Adam(0.01), seed=seed, **settings)


def chunk(number, steps=8):
    began = number % 5 * steps
    return {"w": TEXT[began : began + steps], "d": TEXT[began + 1 : began + steps + 1]}


def test_a_step_is_one_of_gradient_descent():
    own = trainer(optimiser=SGD(0.1))
    before = {name: array.copy() for name, array in own.parameters.items()}
    run = own.spec.forward({**before, **chunk(0), "h0": np.zeros((3, 6), "float32")})
    gradients = run.backward({"DIV": np.full(3, 1 / 3, "float32")})
    assert own.step(chunk(0), of_spec("DIV")) == pytest.approx(float(run.outputs["DIV"].mean()))
    assert own.parameters.keys() == before.keys() and "h0" not in before
    for name, array in before.items():
        assert gradients[name].any()
        np.testing.assert_array_equal(own.parameters[name], array - np.float32(0.1) * gradients[name])


def test_states_are_carried_and_forgotten():
    """A chunk that is carried on begins where the last ended; so the losses of chunks are those of the whole, until they are forgotten."""
    own = trainer(optimiser=SGD(1e-30))  # so small that the parameters stay as they are
    whole = own.forward({"w": TEXT[:16], "d": TEXT[1:17]}).outputs["Div"]
    halves = [own.step(chunk(number), of_spec("DIV"), carry=True) for number in (0, 1)]
    assert halves == pytest.approx([float(part.sum(0).mean()) for part in (whole[:8], whole[8:])])
    assert own.step(chunk(1), of_spec("DIV"), carry=True) != pytest.approx(halves[1])
    own.forget()
    assert own.step(chunk(0), of_spec("DIV"), carry=True) == pytest.approx(halves[0])


def test_a_start_that_is_learned_is_carried_too():
    """Of a chunk that goes on it is no part: it is then left as it is."""
    spec = refrnn.load("state-space")
    sizes = {name: 3 for name in spec.sizes if name not in spec.time}
    own = Trainer(spec, initial(spec, sizes), SGD(0.1), backend="reference")
    learned = [name for name in spec.begun if name in own.parameters]
    x = np.random.default_rng(2).standard_normal((8, 2, 3)).astype("float32")
    name, inputs = spec.outputs[-1], [name for name, symbol in spec.arrays.items() if symbol.role == "input"]
    assert learned and len(inputs) == 1
    whole = own.forward({inputs[0]: x}).outputs[name]
    loss = lambda run: (float(run.outputs[name].sum()), {name: np.ones_like(run.outputs[name])})
    before = {name: own.parameters[name].copy() for name in learned}
    own.optimiser.rate = 1e-30
    assert [own.step({inputs[0]: part}, loss, carry=True) for part in (x[:4], x[4:])] == pytest.approx([float(part.sum()) for part in (whole[:4], whole[4:])])
    own.optimiser.rate = 0.1
    own.step({inputs[0]: x[:4]}, loss, carry=True)
    assert all(np.array_equal(own.parameters[name], array) for name, array in before.items())
    own.forget()
    own.step({inputs[0]: x[:4]}, loss, carry=True)
    assert not any(np.array_equal(own.parameters[name], array) for name, array in before.items())


def test_truncated_gradients_end_at_the_chunk():
    """The gradient of a carried chunk is that of its own steps, with the state that it began with as a start."""
    own = trainer(optimiser=SGD(0.1))
    own.step(chunk(0), of_spec("DIV"), carry=True)
    before, state = {name: array.copy() for name, array in own.parameters.items()}, own.carried["h0"].copy()
    assert state.any()
    gradients = own.spec.forward({**before, **chunk(1), "h0": state}).backward({"DIV": np.full(3, 1 / 3, "float32")})
    own.step(chunk(1), of_spec("DIV"), carry=True)
    for name, array in before.items():
        np.testing.assert_array_equal(own.parameters[name], array - np.float32(0.1) * gradients[name])


@pytest.mark.parametrize("make", [lambda: Adam(0.01), lambda: SGD(0.1, 0.9)])
def test_a_saved_training_goes_on_with_the_same_bits(tmp_path, make):
    def steps(own, count):
        return [own.step(chunk(int(own.random.integers(5))), of_spec("DIV"), carry=True) for _ in range(count)]

    whole, first, second = (trainer(optimiser=make(), clip=by_norm(1.0)) for _ in range(3))
    second.parameters["W_hh"][...] = 0
    losses = steps(whole, 9)
    assert steps(first, 4) == losses[:4]
    first.save(tmp_path / "weights.npz")
    second.resume(tmp_path / "weights.npz")
    assert steps(second, 5) == losses[4:] and second.steps == 9
    assert all(np.array_equal(second.parameters[name], array) for name, array in whole.parameters.items())
    assert np.array_equal(np.load(tmp_path / "weights.npz")["parameter/W_hh"], first.parameters["W_hh"])


def test_ragged_batches_learn_from_their_own_steps():
    spec = refrnn.load("elman")
    x, wanted = np.random.default_rng(1).standard_normal((2, 6, 2, 3)).astype("float32")
    sizes = {"I": 3, "H": 4, "O": 3}
    ragged, alone = (Trainer(spec, initial(spec, sizes) | {}, SGD(0.1)) for _ in range(2))
    one = {"simple": 0}
    ragged.step({"x": x, **one}, squared_error("y", wanted, [6, 2]), lengths=[6, 2])
    poisoned = x.copy()
    poisoned[2:, 1] = np.nan
    alone.step({"x": poisoned, **one}, squared_error("y", wanted, [6, 2]), lengths=[6, 2])
    assert all(np.array_equal(alone.parameters[name], array) for name, array in ragged.parameters.items())


def test_a_network_and_a_yaml_of_one_s_own_learn(tmp_path):
    """The same lines train all of them: which letter came first, told at the end."""
    (tmp_path / "rate.yaml").write_text(
        "id: rate\ntitle: A unit with a rate\nsizes: {T: steps, I: inputs, H: units}\nsymbols:\n"
        "  x: {role: input, shape: [T, I]}\n  h0: {role: start, shape: [H]}\n  W: {role: parameter, shape: [H, I]}\n"
        "  U: {role: parameter, shape: [H, H]}\n  k: {role: parameter, shape: [H]}\nequations:\n  - h[-1] = h0\n"
        "  - a[t] = sigmoid(k) * tanh(W @ x[t] + U @ h[t-1])\n  - h[t] = (1 - sigmoid(k)) * h[t-1] + a[t]\noutputs: [h]\n"
    )
    for spec in (stack(["gru-minimal", feed_forward("linear")]), refrnn.load(tmp_path / "rate.yaml")):
        name = spec.outputs[-1]
        sizes = {size: 3 if size in ("I", "O_2") else 16 for size in spec.sizes if size != "T"}
        own = Trainer(spec, initial(spec, sizes), Adam(0.02), by_norm(1.0))
        losses = []
        for _ in range(150):
            letters = own.random.integers(0, 3, (4, 16))
            wanted = np.full((4, 16), -1)
            wanted[-1] = letters[0]
            x = np.eye(3, dtype="float32")[letters]
            losses.append(own.step({"x": x}, lambda run: _first_three(run, name, wanted)))
        assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:10]), spec.id


def _first_three(run, name, wanted):
    """The cross-entropy of the first three units."""
    found = run.outputs[name]
    short = type(run).__new__(type(run))
    short.spec, short.outputs = run.spec, {name: found[..., :3]}
    number, upstream = cross_entropy(name, wanted)(short)
    whole = np.zeros_like(found)
    whole[..., :3] = upstream[name]
    return number, {name: whole}


def test_what_is_not_finite_stops_before_anything_is_changed():
    own = trainer()
    before = {name: array.copy() for name, array in own.parameters.items()}
    with pytest.raises(ValuesError, match="the loss is not finite at step 0; lower the rate"):
        own.step(chunk(0), lambda run: (float("nan"), {"DIV": np.ones(3, "float32")}))
    with pytest.raises(ValuesError, match="the gradient of W_xh is not finite"):
        own.step(chunk(0), lambda run: (1.0, {"DIV": np.full(3, np.inf, "float32")}))
    assert own.steps == 0 and all(np.array_equal(own.parameters[name], array) for name, array in before.items())


def test_what_was_saved_of_something_else_is_refused(tmp_path):
    own = trainer()
    own.save(tmp_path / "own.npz")
    wider = Trainer(own.spec, initial(own.spec, {"N": 5, "H": 7}), Adam(0.01))
    with pytest.raises(ValuesError, match=r"W_xh is \[5, 6\] of float32 in what was saved, and here \[5, 7\]"):
        wider.resume(tmp_path / "own.npz")
    with pytest.raises(ValuesError, match="optimiser Adam, and this trainer SGD"):
        trainer(optimiser=SGD(0.1)).resume(tmp_path / "own.npz")
    with pytest.raises(NotFoundError, match="there is no file"):
        own.resume(tmp_path / "none.npz")
    content = (tmp_path / "own.npz").read_bytes()
    for name, wrong in {"cut": content[: len(content) // 2], "empty": b"", "text": b"weights"}.items():
        (tmp_path / name).write_bytes(wrong)
        with pytest.raises(ValuesError, match="holds no training that was saved"):
            own.resume(tmp_path / name)
    np.savez(tmp_path / "other.npz", a=np.ones(2))
    with pytest.raises(ValuesError, match="holds no training"):
        own.resume(tmp_path / "other.npz")


def test_parameters_that_do_not_fit_are_refused():
    spec = refrnn.load("character-model")
    with pytest.raises(ValuesError, match="W_hy is missing"):
        Trainer(spec, {name: array for name, array in initial(spec, SIZES).items() if name != "W_hy"}, Adam(0.01))


def test_what_can_not_be_learned_by_is_refused():
    """None of them changes anything, or is taken and left unread."""
    own = trainer()
    before = {name: array.copy() for name, array in own.parameters.items()}
    with pytest.raises(ValuesError, match="W_hy is a parameter that is learned; leave it out"):
        own.step({**chunk(0), "W_hy": own.parameters["W_hy"]}, of_spec("DIV"))
    for loss in ("DIV", None, lambda run: None, lambda run: 1.0):
        with pytest.raises(ValuesError, match="a loss must be a function of a run that gives a number and gradients"):
            own.step(chunk(0), loss)
    assert own.steps == 0 and all(np.array_equal(own.parameters[name], array) for name, array in before.items())
    with pytest.raises(ValuesError, match="optimiser must be an SGD or an Adam, not None"):
        Trainer(own.spec, own.parameters, None)
    with pytest.raises(ValuesError, match="eigen-expansion: it has no parameters"):
        Trainer("eigen-expansion", {}, Adam(0.01))


def test_a_constant_is_no_parameter():
    spec = refrnn.load("elman")
    with pytest.raises(ValuesError, match="simple is no parameter, and is not learned"):
        Trainer(spec, initial(spec, {"I": 2, "H": 3, "O": 2}) | {"simple": 0}, Adam(0.01))


def test_first_parameters_are_of_a_width_that_fits():
    parameters = initial(refrnn.load("lstm"), {"I": 300, "H": 100}, seed=3)
    limit = np.sqrt(6 / (400 + 400))
    assert 0.98 * limit < np.abs(parameters["W"]).max() <= limit and abs(parameters["W"].mean()) < 0.01 * limit
    assert 0.9 / 20 < np.abs(parameters["b"]).max() <= 1 / 20
    again = initial(refrnn.load("lstm"), {"I": 300, "H": 100}, seed=4)
    assert not np.array_equal(parameters["W"], again["W"]) and parameters["W"].dtype == np.float32
