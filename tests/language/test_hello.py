"""The lecture's example: the vocabulary [h e l o] and the text hello, learned until it is written exactly."""

import numpy as np
import pytest

import refrnn

model, writer = refrnn.load("character-model"), refrnn.load("generation")
WEIGHTS = ("W_xh", "W_hh", "W_hy")
LETTERS = "helo"
TEXT = np.array([[LETTERS.index(letter)] for letter in "hello"])  # (time, batch)


def learn(seed, backend, steps=100):
    """Plain gradient descent with the gradients clipped by their norm."""
    values = model.draw({"N": 4, "H": 8}, batch=1, seed=seed) | {"w": TEXT[:-1], "d": TEXT[1:], "h0": np.zeros((1, 8), "float32")}
    for _ in range(steps):
        run = model.forward(values, backend)
        gradients = run.backward({"DIV": np.ones(1, "float32")})
        length = np.sqrt(sum(np.sum(gradients[name] ** 2) for name in WEIGHTS))
        for name in WEIGHTS:
            values[name] -= 0.3 * min(1, 1 / length) * gradients[name]
    return values


def write(values, u, temperature):
    given = {name: values[name] for name in (*WEIGHTS, "h0")}
    given |= {"w0": TEXT[0], "u": u, "temperature": temperature, "end": LETTERS.index("o")}
    return "h" + "".join(LETTERS[int(place)] for place in writer.forward(given).outputs["w"][:, 0])


@pytest.mark.parametrize("backend", ("kernel", "reference"))
@pytest.mark.parametrize("seed", range(3))
def test_hello_is_learned(seed, backend):
    """The letter l is followed once by l and once by o: only a state that remembers can know."""
    values = learn(seed, backend)
    assert model.forward(values).outputs["DIV"][0] < -np.log(0.95)  # the text has a chance of 95 in 100 by itself
    assert write(values, np.zeros((4, 1), "float32"), temperature=0) == "hello"
    assert write(values, np.zeros((9, 1), "float32"), temperature=0) == "hello" + "o" * 5


def test_hello_is_sampled():
    """At temperature 1, about as often as its chance says."""
    values = learn(0, "kernel")
    random = np.random.default_rng(1)
    texts = [write(values, random.random((4, 1), "float32"), temperature=1) for _ in range(200)]
    chance = np.exp(-model.forward(values).outputs["DIV"][0])
    spread = np.sqrt(200 * chance * (1 - chance))
    assert abs(texts.count("hello") - 200 * chance) < 4 * spread + 1
