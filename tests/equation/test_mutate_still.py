"""Where no gradient is asked for, none is stopped."""

import refrnn
from refrnn.equation.mutate import Symbols, mutants

TEXT = """
id: still
title: A matrix made of constants, and one that learns
sizes: {H: units}
symbols:
  p: {role: constant, shape: [H]}
  w: {role: parameter, shape: [H]}
  x: {role: start, shape: [H]}
equations:
  - A = outer(p, p)
  - B = outer(w, w) + A
  - y = A @ x
  - z = B @ x + A @ p
outputs: [y, z]
"""


def test_gradients_of_constants_are_not_stopped():
    spec = refrnn.load_text(TEXT, "still")
    assert Symbols.of(spec).still == {"A"}
    stopped = [mutant.name for mutant in mutants(spec) if "stop the gradient" in mutant.name]
    assert stopped == [
        "equation 2: stop the gradient of w",
        "equation 2: stop the gradient of w (2)",
        "equation 3: stop the gradient of x",
        "equation 4: stop the gradient of B",
        "equation 4: stop the gradient of x",
    ]


WORDS = """
id: words
title: A delay line of integers
sizes: {T: words, N: vocabulary}
time: T
symbols:
  w: {role: input, type: integer, shape: [T], below: N}
  P: {role: parameter, shape: [N]}
equations:
  - line[t] = w[t]
  - y[t] = P @ one_hot(line[t], N)
outputs: [y]
"""


def test_gradients_of_integers_are_not_stopped():
    spec = refrnn.load_text(WORDS, "words")
    assert Symbols.of(spec).still == {"w", "line"}
    stopped = [mutant.name for mutant in mutants(spec) if "stop the gradient" in mutant.name]
    assert stopped == ["equation 2: stop the gradient of P"]
