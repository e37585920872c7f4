"""Evaluation on demand: starts, both directions, several indices, parts and wholes of symbols, sums, precision, length."""

import numpy as np
import pytest

from programs import SIZES, draw, mismatch, program, run, values
from refrnn.equation.algebra import Numbers
from refrnn.errors import SpecError

random = np.random.default_rng(3)
EXACT = {"rtol": 1e-15, "atol": 1e-15}
PRECISE = 200 * float(np.finfo(np.longdouble).eps)


def close(found, wanted):
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(wanted, float), **EXACT)


# ------------------------------------------------------------ recurrences

x, h0 = random.standard_normal((7, 5)), random.standard_normal(5)
U = random.standard_normal((5, 5)) / 3


def forward_states(x, start):
    states = [start]
    for row in x:
        states.append(np.tanh(U @ states[-1] + row))
    return np.array(states[1:])


def test_forward_in_time():
    (h,) = values(["h[-1] = h0", "h[t] = tanh(U @ h[t-1] + x[t])"], ["h"], x=x, h0=h0, U=U)
    close(h, forward_states(x, h0))


def test_backward_in_time():
    (h,) = values(["h[T] = h0", "h[t] = tanh(U @ h[t+1] + x[t])"], ["h"], x=x, h0=h0, U=U)
    close(h, forward_states(x[::-1], h0)[::-1])


def test_next_step_on_the_left():
    """h[tau+1] runs over 1 to T, and the output holds just these."""
    lines = ["h[0] = h0", "h[tau+1] = tanh(U @ h[tau] + x[tau])"]
    (h,) = values(lines, ["h"], declared={"h": "T, H"}, x=x, h0=h0, U=U)
    close(h, forward_states(x, h0))


def test_step_before_on_the_left():
    (h,) = values(["h[T-1] = h0", "h[t-1] = U @ h[t] + x[t]"], ["h"], declared={"h": "T, H"}, x=x, h0=h0, U=U)
    states = [h0]
    for row in x[::-1]:
        states.append(U @ states[-1] + row)
    close(h, states[:0:-1])


def test_the_order_of_equations_does_not_matter():
    lines = ["z = y * 2", "y = sum(h)", "h[t] = tanh(U @ h[t-1] + x[t])", "h[-1] = h0"]
    (z,) = values(lines, ["z"], x=x, h0=h0, U=U)
    close(z, 2 * forward_states(x, h0).sum())


def test_longer_memory():
    (s,) = values(["s[-1] = h0", "s[-2] = 2 * h0", "s[t] = s[t-1] + s[t-2]"], ["s"], h0=h0, declared={"s": "T, H"})
    expected = [2 * h0, h0]
    for _ in range(7):
        expected.append(expected[-1] + expected[-2])
    close(s, expected[2:])


def test_a_special_element_wins():
    (y,) = values(["y[t] = x[t]", "y[3] = 0 * x[3]", "y[T-1] = x[0]"], ["y"], x=x)
    close(y, np.vstack([x[:3], 0 * x[3:4], x[4:6], x[:1]]))


def test_first_step_by_a_condition():
    (h,) = values(["h[t] = x[t] if t == 0 else h[t-1] + x[t]"], ["h"], x=x)
    close(h, np.cumsum(x, axis=0))


def test_layers_and_time():
    """The third index runs over layers, each reading the one below and its own past."""
    lines = ["h[-1, t] = x[t]", "h[l, -1] = h0[l]", "h[l, t] = tanh(U @ h[l, t-1] + h[l-1, t])"]
    start = random.standard_normal((3, 5))
    (h,) = values(lines, ["h"], declared={"h": "L, T, H"}, x=x, h0=start, U=U)
    below = x
    for layer in range(3):
        below = forward_states(below, start[layer])
        close(h[layer], below)


def test_encoder_and_decoder():
    """Two times: the decoder begins where the encoder of length S ends, and attends to all of it."""
    source, target = random.standard_normal((4, 5)), random.standard_normal((7, 5))
    lines = [
        "e[-1] = h0", "e[s] = tanh(U @ e[s-1] + a[s])",
        "d[-1] = e[S-1]", "score[t, s] = d[t-1] @ e[s]", "weight[t] = softmax(score[t])",
        "context[t] = sum(weight[t, s] * e[s] for s in range(S))", "d[t] = tanh(U @ d[t-1] + b[t] + context[t])",
    ]  # fmt: skip
    declared = {"e": "S, H", "d": "T, H", "score": "T, S", "weight": "T, S"}
    d, weight = values(lines, ["d", "weight"], declared=declared, a=source, b=target, h0=h0, U=U)
    memory = forward_states(source, h0)
    state = memory[-1]
    for t in range(7):
        score = np.exp(memory @ state)
        close(weight[t], score / score.sum())
        state = np.tanh(U @ state + target[t] + weight[t].astype(float) @ memory)
        close(d[t], state)


def test_letters_take_the_size_of_their_name_or_of_their_place():
    (y,) = values(["y[t, i] = x[t, i] * 2"], ["y"], x=random.standard_normal((7, 4)))
    assert y.shape == (7, 4)
    (y,) = values(["y[p, q] = x[p, q] * 2"], ["y"], x=x, declared={"y": "T, H"})
    assert y.shape == (7, 5)


# ------------------------------------------------------------ parts and wholes


def test_components():
    lines = ["h[-1, i] = h0[i]", "h[t, i] = tanh(sum(U[i, j] * h[t-1, j] for j in range(H)) + x[t, i])"]
    (h,) = values(lines, ["h"], declared={"h": "T, H"}, x=x, h0=h0, U=U)
    close(h, forward_states(x, h0))


def test_partial_and_whole():
    """y[t, i] is read as a row, as a whole, and deeper than it is indexed."""
    lines = ["y[t, i] = x[t, i] * 2", "row[t] = softmax(y[t])", "whole = sum(y)", "z[t] = row[t]", "entry = z[2][3] + z[2, 3]", "last = z[T-1, 1:3]"]
    declared = {"y": "T, H", "row": "T, H", "z": "T, H"}
    row, whole, entry, last = values(lines, ["row", "whole", "entry", "last"], declared=declared, x=x)
    soft = np.exp(2 * x) / np.exp(2 * x).sum(-1, keepdims=True)
    close(row, soft), close(whole, 2 * x.sum()), close(entry, 2 * soft[2, 3]), close(last, soft[6, 1:3])


def test_slices_with_an_index():
    (y,) = values(["y[t] = sum(x[0:t+1, 0])"], ["y"], x=x)
    close(y, np.cumsum(x[:, 0]))


def test_conditions_on_indices_choose_before_reading():
    """The branch that is not taken may read what is not there."""
    (y,) = values(["y[t] = x[t-1] if t >= 1 and not t == 3 or t > 5 else x[0]"], ["y"], x=x)
    close(y, [x[0], x[0], x[1], x[0], x[3], x[4], x[5]])


@pytest.mark.parametrize("compare", ["<", "<=", ">", ">=", "==", "!="])
def test_comparisons_of_indices_below_at_and_above(compare):
    (y,) = values([f"y[t] = 1 if t {compare} 3 else 0"], ["y"])
    close(y, [eval(f"{t} {compare} 3") for t in range(7)])


def test_index_arithmetic():
    (y,) = values(["y[t] = x[min(T - 1, (t // K + 1) * K) - max(0, t % K)] * t"], ["y"], integers={"K"}, constants={"K": 3}, x=x)
    close(y, [t * x[min(6, (t // 3 + 1) * 3) - t % 3] for t in range(7)])
    (below,) = values(["y[t] = (t - K) // 2 + (t - K) % 2"], ["y"], integers={"K"}, constants={"K": 3})
    close(below, [(t - 3) // 2 + (t - 3) % 2 for t in range(7)])  # rounded down, below zero too


def test_whole_numbers_are_numbers():
    (y,) = values(["y[t] = x[t] * t / T + K"], ["y"], integers={"K"}, constants={"K": -2}, x=x)
    close(y, [x[t] * t / 7 - 2 for t in range(7)])


# ------------------------------------------------------------ sums


def test_linear_recursion_in_closed_form():
    """h[k] = W h[k-1] + V x[k] is the sum of W**(k-j) V x[j]: the same values, and the same gradients."""
    recursion = ["h[-1] = 0 * (W @ V @ x[0])", "h[k] = W @ h[k-1] + V @ x[k]"]
    closed = ["h[k] = sum(W**(k-j) @ V @ x[j] for j in range(k+1))"]
    found = []
    for lines in (recursion, closed):
        chosen = program(lines, {"W": "H, H", "V": "H, I", "x": "T, I"}, ["h"], declared={"h": "T, H"})
        arrays = draw(chosen)
        outputs, backward = run(chosen, arrays)
        found.append({**outputs, **backward({"h": np.cos(outputs["h"])})})
        assert mismatch(chosen, arrays) < PRECISE
    for name in found[0]:
        np.testing.assert_allclose(found[0][name], found[1][name], rtol=1e-13)


def test_sums_of_sums():
    (y,) = values(["y = sum(x[t, i] * sum(x[s, i] for s in range(t)) for t in range(T) for i in range(H))"], ["y"], x=x)
    close(y, sum(x[t] @ x[:t].sum(0) for t in range(7)))


def test_product_of_jacobians():
    (y,) = values(["y = prod(U[i, i] for i in range(H)) * identity(5) + U**0 - U.T @ U"], ["y"], U=U)
    close(y, np.prod(np.diag(U)) * np.eye(5) + np.eye(5) - U.T @ U)


# ------------------------------------------------------------ length and precision


def test_ten_thousand_steps():
    """No recursion in the interpreter, forward or back, in either direction of time."""
    sizes = {**SIZES, "T": 10_000}
    for lines in (["h[-1] = h0", "h[t] = a * h[t-1] + x[t]"], ["h[T] = h0", "h[t] = a * h[t+1] + x[t]"]):
        chosen = program(lines, {"h0": "", "a": "", "x": "T"}, ["h"])
        arrays = {"h0": np.float64(1), "a": np.float64(0.999), "x": np.ones(10_000)}
        outputs, backward = run(chosen, arrays, sizes, dtype=np.float64)
        end = -1 if "h[-1]" in lines[0] else 0
        assert outputs["h"][end] == pytest.approx(0.999**10_000 + (1 - 0.999**10_000) / 0.001, rel=1e-12)
        upstream = np.zeros(10_000)
        upstream[end] = 1
        assert backward({"h": upstream})["h0"] == pytest.approx(0.999**10_000, rel=1e-10)


def test_extended_precision_is_extended():
    """Float64 is wrong where float64 must be; longdouble is not, unless the machine has none."""
    lines = ["y = a**2 - b**2 - (a - b) * (a + b)", "z[-1] = a", "z[t] = tanh(3 * z[t-1])"]
    errors = {}
    for dtype in (np.float64, np.longdouble):
        chosen = program(lines, {"a": "", "b": ""}, ["y", "z"])
        outputs, _ = run(chosen, {"a": dtype(1) / dtype(3), "b": dtype(1e-3)}, dtype=dtype)
        assert outputs["y"].dtype == outputs["z"].dtype == dtype
        errors[dtype] = abs(outputs["y"])
    if np.finfo(np.longdouble).eps < np.finfo(np.float64).eps:
        assert errors[np.longdouble] < 1e-19 and outputs["z"][-1] != np.float64(outputs["z"][-1])


def test_the_same_twice():
    chosen = program(["h[-1] = h0", "h[t] = softmax(U @ h[t-1] + x[t])"], {"h0": "H", "U": "H, H", "x": "T, H"}, ["h"])
    arrays = draw(chosen, dtype=np.float32)
    first, second = (run(chosen, arrays, dtype=np.float32) for _ in range(2))
    np.testing.assert_array_equal(first[0]["h"], second[0]["h"])
    upstream = {"h": np.ones((7, 5), np.float32)}
    found = [backward(upstream) for backward in (first[1], second[1], second[1])]  # a tape may be swept again
    for name in arrays:
        np.testing.assert_array_equal(found[0][name], found[1][name])
        np.testing.assert_array_equal(found[0][name], found[2][name])


def test_only_what_is_needed_is_computed():
    chosen = program(["y = x[0]", "z[t] = exp(x[t])", "w = z[3]"], {"x": "T, H"}, ["y", "w"])
    passed = chosen.run(draw(chosen), SIZES, Numbers(np.longdouble))
    assert passed.value("z") is None and passed.at("z", (3,)).shape == (5,)


# ------------------------------------------------------------ adjoints by name


def test_shared_subexpressions_add_up():
    chosen = program(["a = tanh(x)", "b = a * a", "c = b + a * b", "y = sum(c * b)"], {"x": "H"}, ["y"])
    assert mismatch(chosen, draw(chosen)) < PRECISE


def test_every_name_has_its_own_adjoint():
    """An alias (a start, a context, one branch of a conditional) does not share its adjoint with what it stands for."""
    lines = ["h[-1] = h0", "context[t] = h[t-1]", "h[t] = 2 * context[t] + h[t-1] if t < T else h0", "y = h[T-1]", "z = y"]
    chosen = program(lines, {"h0": "H"}, ["h", "y", "z"])
    passed = chosen.run({"h0": np.ones(5)}, {**SIZES, "T": 2}, Numbers(np.float64), differentiate={"h0"})
    sweep = passed.sweep({"z": np.ones(5)})
    assert [sweep.of(passed.memo["context", (t,)])[0] for t in range(2)] == [6, 2]
    assert [sweep.of(passed.memo["h", (t,)])[0] for t in range(-1, 2)] == [9, 3, 1]
    assert (passed.adjoint(sweep, "context") == [[6] * 5, [2] * 5]).all() and (passed.adjoint(sweep, "y") == 1).all()
    assert sweep.of(passed.leaves["h0"])[0] == 9


def test_seeds_of_several_outputs_add_up():
    chosen = program(["h[-1] = h0", "h[t] = tanh(h[t-1])", "y = h[T-1]", "s = sum(h[t] for t in range(T))"], {"h0": "H"}, ["h", "y", "s"])
    arrays = draw(chosen)
    outputs, _ = run(chosen, arrays)
    upstream = {name: np.sin(array) for name, array in outputs.items()}
    whole = run(chosen, arrays)[1](upstream)["h0"]
    parts = sum(run(chosen, arrays)[1]({name: gradient})["h0"] for name, gradient in upstream.items())
    np.testing.assert_allclose(whole, parts, rtol=1e-15)
    assert mismatch(chosen, arrays) < PRECISE


def test_what_is_not_reached_has_gradient_zero():
    chosen = program(["y = stop(a) * 2 + zeros(H)", "z = b * 0"], {"a": "H", "b": "H", "c": "I"}, ["y", "z"])
    gradients = run(chosen, draw(chosen))[1]({"y": np.ones(5)})
    assert {name: gradient.tolist() for name, gradient in gradients.items()} == {"a": [0] * 5, "b": [0] * 5, "c": [0] * 4}


# ------------------------------------------------------------ refusals that need numbers


def test_sizes_that_ask_for_too_much():
    chosen = program(["y = sum(sum(sum(a for k in range(T)) for j in range(T)) for i in range(T))"], {"a": ""}, ["y"])
    with pytest.raises(SpecError, match="asks for too much at these sizes, more than 100,000,000,000 operations; choose smaller sizes"):
        run(chosen, {"a": np.float64(1)}, {**SIZES, "T": 60_000_000})
    chosen = program(["y[t] = a"], {"a": ""}, ["y"])
    with pytest.raises(SpecError, match="more than 50,000,000 steps"):
        run(chosen, {"a": np.float64(1)}, {**SIZES, "T": 10**12})


def test_a_symbol_of_single_places_has_no_whole():
    chosen = program(["h[0] = a", "h[1] = a", "y = sum(h)"], {"a": "H"}, ["y"])
    with pytest.raises(SpecError, match="defined at single places only"):
        chosen.check(SIZES)


def test_outside_is_zero():
    """For mutants: what no equation defines counts as zero."""
    from refrnn.equation.evaluate import Program

    whole = program(["h[t] = h[t-1] + x[t+1]"], {"x": "T, H"}, ["h"])
    chosen = Program(whole.equations, SIZES, whole.arrays, outputs=["h"], outside_is_zero=True, element_shapes={"h": whole.arrays["x"][1:]})
    chosen.check(SIZES)
    outputs, _ = run(chosen, {"x": np.asarray(x)}, dtype=np.float64)
    close(outputs["h"], np.cumsum(np.vstack([x[1:], 0 * x[:1]]), axis=0))


def test_gradients_come_in_the_order_that_they_are_asked_in():
    """What shakes them on their way on draws its numbers in that order: it is the same in every process."""
    names = [f"{letter}_{number}" for letter in "xyz" for number in range(4)]
    chosen = program(["y = " + " + ".join(names)], dict.fromkeys(names, ""), ["y"])
    passed = chosen.run(draw(chosen), SIZES, Numbers(np.longdouble), differentiate=tuple(reversed(names)))
    assert list(passed.backward({"y": np.longdouble(1)})) == names[::-1]
