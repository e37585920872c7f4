"""One NaN or infinity in each argument of each spec: where it comes out, and as what, the equation says, and all backends agree.

In gradients they agree on which are finite. An infinite one is a difference of infinities in one order of the same sum and
not in another, and the order is nobody's equation.
"""

import numpy as np
import pytest

import refrnn
from refrnn.errors import ValuesError
from refrnn.spec.library import rows

BACKENDS = ("equation", "reference", "kernel")
FINITE, INFINITE, LOWEST, NAN = range(4)
# The spec says so beside its equation.
OTHER_ORDER = {("linear-recursion", "h_closed")}


def kinds(array):
    return np.select([np.isnan(array), array == np.inf, array == -np.inf], [NAN, INFINITE, LOWEST], FINITE)


def with_one(values, name, special):
    array = np.array(values[name], copy=True)
    array.flat[min(1, array.size - 1)] = special
    return values | {name: array[()]}


def found(spec, values, backend, lengths):
    """What comes out, by name, intermediates and gradients too; or the sentence by which it is refused."""
    try:
        run = spec.forward(values, backend, lengths)
        gradients = run.backward({name: np.ones_like(array) for name, array in run.outputs.items()}) if spec.differentiated else {}
    except ValuesError as error:
        return str(error)
    return {**run.intermediates, **run.outputs, **{f"d_{name}": array for name, array in gradients.items()}}


@pytest.mark.parametrize("spec", map(refrnn.load, rows()), ids=lambda spec: spec.id)
def test_all_backends_agree(spec):
    values = spec.draw(batch=2, dtype="float64", seed=2)
    lengths = {time: [7 * (1 + place), 5] for place, time in enumerate(spec.time)} or None
    for name, symbol in spec.arrays.items():
        for special in () if symbol.type == "integer" else (np.nan, np.inf, -np.inf):
            equation, *others = (found(spec, with_one(values, name, special), backend, lengths) for backend in BACKENDS)
            for backend, other in zip(BACKENDS[1:], others):
                place = f"{backend} with {special} in {name}"
                if isinstance(equation, str) or isinstance(other, str):
                    assert equation == other, place
                    continue
                for key in equation.keys() & other.keys():
                    expected, actual = kinds(equation[key]), kinds(other[key])
                    if key.startswith("d_") or (spec.id, key) in OTHER_ORDER:
                        expected, actual = expected != FINITE, actual != FINITE
                    np.testing.assert_array_equal(actual, expected, err_msg=f"{key}: {place}")


def test_a_look_up_reads_its_own_row_alone():
    """Whichever side of the product the look-up is on, forward and back."""
    text = """
id: rows
title: Rows, columns and entries
sizes: {T: steps, N: words, M: features}
symbols:
  w: {role: input, shape: [T], type: integer, below: N}
  P: {role: parameter, shape: [M, N]}
  R: {role: parameter, shape: [N, M]}
  b: {role: parameter, shape: [N]}
equations:
  - y[t] = P @ one_hot(w[t], N) - one_hot(w[t], N) @ R
  - one[t] = one_hot(w[t], N)
  - z[t] = -one[t] @ b + b @ one[t] + (-b) @ -one[t]
outputs: [y, z]
"""
    spec = refrnn.load_text(text)
    values = spec.draw(sizes={"T": 2, "N": 3, "M": 2}, batch=1, dtype="float64") | {"w": np.array([[1], [2]])}
    for name in ("P", "R", "b"):
        values[name] = values[name].copy()
    values["P"][:, 0], values["R"][0], values["b"][0] = np.nan, np.inf, -np.inf
    run = spec.forward(values, "equation")
    np.testing.assert_array_equal(run["y"][:, 0], values["P"].T[1:] - values["R"][1:])
    np.testing.assert_array_equal(run["z"][:, 0], values["b"][1:])
    gradients = run.backward({"y": np.ones((2, 1, 2)), "z": np.full((2, 1), np.inf)})
    np.testing.assert_array_equal(gradients["P"], [[0, 1, 1]] * 2)
    np.testing.assert_array_equal(gradients["R"], [[0, 0], [-1, -1], [-1, -1]])
    np.testing.assert_array_equal(gradients["b"][0], 0)
