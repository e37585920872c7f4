"""Mutants: the faults that must be there are there, each once, and the original stays as it was."""

import ast
from collections import Counter

import numpy as np
import pytest

import refrnn
from refrnn.equation.algebra import Numbers
from refrnn.equation.evaluate import Program
from refrnn.equation.indices import further
from refrnn.equation.mutate import Symbols, mutants, mutants_of
from refrnn.equation.mutate.tree import canonical, show
from refrnn.equation.parse import check_language, parse_equation, parse_expression
from refrnn.equation.sizes import Size
from refrnn.errors import SpecError
from refrnn.spec.spec import Spec
from refrnn.spec.symbol import Symbol

SIZES = {"T", "I", "H", "O", "N"}


def equations_of(*texts):
    return tuple(parse_equation(text, f"test, equation {number}") for number, text in enumerate(texts, 1))


def symbols_of(roles):
    """Symbols from {role: {name: "T H"}}."""
    return Symbols(
        {name: role for role, shapes in roles.items() for name in shapes},
        {name: tuple(shape.split()) for shapes in roles.values() for name, shape in shapes.items()},
        frozenset(SIZES),
    )


GRU = equations_of(
    "h[-1] = h0",
    "r[t] = sigmoid(W_xr @ x[t] + W_hr @ h[t-1] + b_r)",
    "z[t] = sigmoid(W_xz @ x[t] + W_hz @ h[t-1] + b_z)",
    "n[t] = tanh(W_xh @ x[t] + W_hh @ (r[t] * h[t-1]) + b_h)",
    "h[t] = z[t] * h[t-1] + (1 - z[t]) * n[t]",
)
GRU_SYMBOLS = symbols_of(
    {
        "input": {"x": "T I"},
        "start": {"h0": "H"},
        "parameter": {f"{name}{gate}": shape for gate in "rzh" for name, shape in (("W_x", "H I"), ("W_h", "H H"), ("b_", "H"))},
        "value": {name: "T H" for name in "hrzn"},
    }
)
ELMAN = equations_of(
    "h[-1] = h0",
    "context[t] = stop(h[t-1]) if simple == 1 else h[t-1]",
    "h[t] = tanh(W_hh.T @ context[t] + W_xh.T @ x[t])",
    "y[t] = W_hy.T @ h[t]",
)
ELMAN_SYMBOLS = symbols_of(
    {
        "input": {"x": "T I"},
        "start": {"h0": "H"},
        "parameter": {"W_xh": "I H", "W_hh": "H H", "W_hy": "H O"},
        "constant": {"simple": ""},
        "value": {"context": "T H", "h": "T H", "y": "T O"},
    }
)
LSTM = equations_of(
    "h[-1] = h0",
    "c[-1] = c0",
    "a[t] = W @ concat(h[t-1], x[t]) + b",
    "i[t] = sigmoid(a[t, 0:H])",
    "f[t] = sigmoid(a[t, H:2*H])",
    "o[t] = sigmoid(a[t, 2*H:3*H])",
    "g[t] = tanh(a[t, 3*H:4*H])",
    "c[t] = f[t] * c[t-1] + i[t] * g[t]",
    "h[t] = o[t] * tanh(c[t])",
)
LSTM_SYMBOLS = symbols_of(
    {
        "input": {"x": "T I"},
        "start": {"h0": "H", "c0": "H"},
        "parameter": {"W": "4*H H+I", "b": "4*H"},
        "value": {"a": "T 4*H"} | {name: "T H" for name in "ifogch"},
    }
)
COMPONENTS = equations_of(
    "h_b[T, i] = start[i]",
    "h_b[t, i] = tanh(sum(w[j, i] * h_b[t+1, j] for j in range(H)) + b[i])",
    "D[t] = sum((h_b[t, i] - d[t, i])**2 for i in range(1, H)) / 2",
    "total = sum(m[t] * D[t] for t in range(T))",
    "last = D[T-1]",
)
COMPONENTS_SYMBOLS = symbols_of(
    {
        "start": {"start": "H"},
        "parameter": {"w": "H H", "b": "H"},
        "target": {"d": "T H", "m": "T"},
        "value": {"h_b": "T H", "D": "T", "total": "", "last": ""},
    }
)
CELLS = {
    "gru": (GRU, GRU_SYMBOLS),
    "elman": (ELMAN, ELMAN_SYMBOLS),
    "lstm": (LSTM, LSTM_SYMBOLS),
    "components": (COMPONENTS, COMPONENTS_SYMBOLS),
}


def one(text, roles=None):
    """The right sides of all mutants of one equation, by name without its number."""
    found = mutants_of(equations_of(text), symbols_of(roles or {}))
    return {mutant.name.removeprefix("equation 1: "): ast.unparse(mutant.equations[0].value) for mutant in found}


# ------------------------------------------------------------ properties of all mutants


@pytest.mark.parametrize("name", CELLS)
def test_mutants_are_unlike_each_other_and_the_original(name):
    equations, symbols = CELLS[name]
    found = list(mutants_of(equations, symbols))
    texts = [tuple(ast.dump(equation.value) for equation in mutant.equations) for mutant in found]
    assert len(set(texts)) == len(texts)
    assert tuple(ast.dump(equation.value) for equation in equations) not in texts
    assert len({mutant.name for mutant in found}) == len(found)


@pytest.mark.parametrize("name", CELLS)
def test_the_original_is_untouched_and_shared(name):
    equations, symbols = CELLS[name]
    before = [(equation.text, ast.dump(equation.target), ast.dump(equation.value)) for equation in equations]
    for mutant in mutants_of(equations, symbols):
        changed = [number for number, (old, new) in enumerate(zip(equations, mutant.equations)) if old is not new]
        assert changed and changed[0] <= mutant.number
        assert all(mutant.equations[number].target is equations[number].target for number in changed)
    assert before == [(equation.text, ast.dump(equation.target), ast.dump(equation.value)) for equation in equations]


@pytest.mark.parametrize("name", CELLS)
def test_mutants_are_the_same_in_every_run_and_in_order(name):
    first, second = (list(mutants_of(*CELLS[name])) for _ in range(2))
    assert [mutant.name for mutant in first] == [mutant.name for mutant in second]
    numbers = [mutant.number for mutant in first]
    assert numbers == sorted(numbers)
    assert all(mutant.name.startswith(f"equation {mutant.number + 1}: ") for mutant in first)


@pytest.mark.parametrize("name", CELLS)
def test_mutants_are_written_in_the_language(name):
    for mutant in mutants_of(*CELLS[name]):
        for equation in mutant.equations:
            check_language(equation.value, mutant.name)
            again = parse_equation(str(equation), mutant.name)
            assert canonical(again.value) == canonical(equation.value)


def test_mutants_of_a_spec():
    spec = Spec(
        id="elman", group="", title="", source="", lectures=(), cites=(), verify=(), time=("T",), batch=None,
        sizes={"T": "", "H": ""}, equations=equations_of("h[-1] = h0", "h[t] = W @ h[t-1]"), outputs=("h",), symbols={},
    )  # fmt: skip
    hidden = Size.of("H")
    spec.symbols["h0"] = Symbol("h0", "start", (hidden,))
    spec.symbols["W"] = Symbol("W", "parameter", (hidden, hidden))
    spec.symbols["h"] = Symbol("h", "value", (Size.of("T"), hidden))
    known = Symbols.of(spec)
    assert known.roles == {"h": "value", "h0": "start", "W": "parameter"}
    assert known.shapes == {"h": ("T", "H"), "h0": ("H",), "W": ("H", "H")}
    names = {mutant.name for mutant in mutants(spec)}
    assert {"equation 1: ignore the start h0", "equation 2: transpose W", "equation 2: read h[t-2] for h[t-1]"} <= names


# ------------------------------------------------------------ the cells


def test_faults_of_the_gru():
    found = list(mutants_of(GRU, GRU_SYMBOLS))
    values = {mutant.name: ast.unparse(mutant.equations[mutant.number].value) for mutant in found}
    wanted = {
        "equation 1: ignore the start h0": "h0 * 0",
        "equation 1: stop the gradient of h0": "stop(h0)",
        "equation 2: drop the bias b_r": "sigmoid(W_xr @ x[t] + W_hr @ h[t - 1])",
        "equation 2: drop the term W_xr @ x[t]": "sigmoid(W_hr @ h[t - 1] + b_r)",
        "equation 2: swap W_xr and W_xz": "sigmoid(W_xz @ x[t] + W_hr @ h[t - 1] + b_r)",
        "equation 2: transpose W_hr": "sigmoid(W_xr @ x[t] + W_hr.T @ h[t - 1] + b_r)",
        "equation 2: replace sigmoid by tanh": "tanh(W_xr @ x[t] + W_hr @ h[t - 1] + b_r)",
        "equation 2: read h[t] for h[t-1]": "sigmoid(W_xr @ x[t] + W_hr @ h[t] + b_r)",
        "equation 2: read h[t-2] for h[t-1]": "sigmoid(W_xr @ x[t] + W_hr @ h[t - 2] + b_r)",
        "equation 3: stop the gradient of h[t-1]": "sigmoid(W_xz @ x[t] + W_hz @ stop(h[t - 1]) + b_z)",
        "equation 3: flip the sign of W_xz @ x[t]": "sigmoid(-(W_xz @ x[t]) + W_hz @ h[t - 1] + b_z)",
        "equation 3: count the gradient of W_hz in the first step only": (
            "sigmoid(W_xz @ x[t] + (W_hz if t == 0 else stop(W_hz)) @ h[t - 1] + b_z)"
        ),
        "equation 3: count the gradient of b_z in the last step only": (
            "sigmoid(W_xz @ x[t] + W_hz @ h[t - 1] + (b_z if t == T - 1 else stop(b_z)))"
        ),
        "equation 4: drop the factor r[t]": "tanh(W_xh @ x[t] + W_hh @ h[t - 1] + b_h)",
        "equation 4: swap r and z": "tanh(W_xh @ x[t] + W_hh @ (z[t] * h[t - 1]) + b_h)",
        "equation 5: drop the term 1": "z[t] * h[t - 1] + -z[t] * n[t]",
        "equation 5: change 1 to 2 in 1 - z[t]": "z[t] * h[t - 1] + (2 - z[t]) * n[t]",
        "equation 5: stop the gradient of z[t]": "stop(z[t]) * h[t - 1] + (1 - z[t]) * n[t]",
        "equation 5: stop the gradient of z[t] (2)": "z[t] * h[t - 1] + (1 - stop(z[t])) * n[t]",
    }
    assert {name: values.get(name) for name in wanted} == wanted
    assert Counter(mutant.kind for mutant in found) == {
        "drop a term": 13, "flip a sign": 17, "drop a factor": 18, "replace a function": 3, "drop a function": 3,
        "change a number": 1, "transpose a matrix": 3, "shift an index": 22, "ignore a start": 1, "stop a gradient": 21,
        "drop an accumulation": 18, "swap symbols": 18,
    }  # fmt: skip


def test_a_swap_of_gates_changes_both_equations():
    swap = next(mutant for mutant in mutants_of(GRU, GRU_SYMBOLS) if mutant.name == "equation 2: swap b_r and b_z")
    assert str(swap.equations[1]).endswith("+ b_z)") and str(swap.equations[2]).endswith("+ b_r)")
    assert swap.equations[3] is GRU[3]


def test_faults_of_the_elman_network():
    values = {mutant.name: ast.unparse(mutant.equations[mutant.number].value) for mutant in mutants_of(ELMAN, ELMAN_SYMBOLS)}
    wanted = {
        "equation 2: let the gradient of stop(h[t-1]) flow": "h[t - 1] if simple == 1 else h[t - 1]",
        "equation 2: swap the branches of if simple == 1": "h[t - 1] if simple == 1 else stop(h[t - 1])",
        "equation 2: take h[t-1] without if simple == 1": "h[t - 1]",
        "equation 2: replace simple == 1 by simple != 1": "stop(h[t - 1]) if simple != 1 else h[t - 1]",
        "equation 3: drop the transpose of W_hh.T": "tanh(W_hh @ context[t] + W_xh.T @ x[t])",
        "equation 4: flip the sign of the right side": "-(W_hy.T @ h[t])",
        "equation 4: read h[t-1] for h[t]": "W_hy.T @ h[t - 1]",
    }
    assert {name: values.get(name) for name in wanted} == wanted
    assert not [name for name in values if "W_hh.T.T" in values[name] or "stop(stop(" in values[name]]


def test_faults_of_the_lstm():
    found = {mutant.name: mutant for mutant in mutants_of(LSTM, LSTM_SYMBOLS)}
    slices = found["equation 4: swap a[t, 0:H] and a[t, 2*H:3*H]"]
    assert [str(slices.equations[number]) for number in (3, 5)] == [
        "i[t] = sigmoid(a[t, 2 * H:3 * H])",
        "o[t] = sigmoid(a[t, 0:H])",
    ]
    assert sum(mutant.kind == "swap slices" for mutant in found.values()) == 6
    assert {"equation 1: swap h0 and c0", "equation 3: drop the bias b", "equation 8: swap f and i"} <= found.keys()
    assert str(found["equation 3: swap h[t-1] and x[t] in concat"].equations[2]) == "a[t] = W @ concat(x[t], h[t - 1]) + b"


def test_a_swap_of_two_factors_is_no_fault():
    names = {mutant.name for mutant in mutants_of(LSTM, LSTM_SYMBOLS)}
    assert "equation 8: swap i and g" not in names


def test_faults_of_component_sums():
    values = {mutant.name: ast.unparse(mutant.equations[mutant.number].value) for mutant in mutants_of(COMPONENTS, COMPONENTS_SYMBOLS)}
    wanted = {
        "equation 1: ignore the start start[i]": "start[i] * 0",
        "equation 2: drop the bias b[i]": "tanh(sum((w[j, i] * h_b[t + 1, j] for j in range(H))))",
        "equation 2: transpose w[j, i]": "tanh(sum((w[i, j] * h_b[t + 1, j] for j in range(H))) + b[i])",
        "equation 2: read h_b[t, j] for h_b[t+1, j]": "tanh(sum((w[j, i] * h_b[t, j] for j in range(H))) + b[i])",
        "equation 2: lose the first term over j of w[j, i] * h_b[t+1, j]": (
            "tanh(sum((w[j, i] * h_b[t + 1, j] for j in range(1, H))) + b[i])"
        ),
        "equation 2: lose the last term over j of w[j, i] * h_b[t+1, j]": (
            "tanh(sum((w[j, i] * h_b[t + 1, j] for j in range(0, H - 1))) + b[i])"
        ),
        "equation 3: change 2 to 3 in (h_b[t, i] - d[t, i]) ** 2": "sum(((h_b[t, i] - d[t, i]) ** 3 for i in range(1, H))) / 2",
        "equation 3: drop the divisor 2": "sum(((h_b[t, i] - d[t, i]) ** 2 for i in range(1, H)))",
        "equation 3: lose the first term over i of (h_b[t, i] - d[t, i]) ** 2": (
            "sum(((h_b[t, i] - d[t, i]) ** 2 for i in range(2, H))) / 2"
        ),
        "equation 4: drop the factor m[t]": "sum((D[t] for t in range(T)))",
        "equation 5: read D[T] for D[T-1]": "D[T]",
        "equation 5: read D[T-2] for D[T-1]": "D[T - 2]",
    }
    assert {name: values.get(name) for name in wanted} == wanted
    assert not any("stop(d[" in value or "stop(m[" in value for value in values.values())


# ------------------------------------------------------------ kinds, one by one

VECTORS = {"parameter": {"a": "N", "b": "N", "c": "N"}, "constant": {"k": ""}}


def test_each_term_is_dropped_once():
    found = one("y = a - b + c", VECTORS)
    assert {name: value for name, value in found.items() if name.startswith("drop the bias")} == {
        "drop the bias c": "a - b",
        "drop the bias b": "a + c",
        "drop the bias a": "-b + c",
    }


def test_each_sign_is_flipped_once():
    found = one("y = -a + (b - c)", VECTORS)
    flipped = [value for name, value in found.items() if name.startswith("flip")]
    assert flipped == ["-a - (b - c)", "a + (b - c)", "-a + (b + c)", "-a + (-b - c)"]


def test_each_factor_is_dropped_once():
    found = one("y = a * b / c", VECTORS)
    assert [value for name, value in found.items() if name.startswith("drop")] == ["a * b", "a / c", "b / c"]
    assert one("y = a / b", VECTORS)["drop the factor a"] == "1 / b"
    assert one("y = a ** 2", VECTORS)["drop the power of a ** 2"] == "a"


@pytest.mark.parametrize(
    "old, new",
    [
        ("sigmoid(a)", "tanh(a)"), ("tanh(a)", "sigmoid(a)"), ("relu(a)", "elu(a)"), ("elu(a)", "relu(a)"), ("softmax(a)", "sigmoid(a)"),
        ("log_softmax(a)", "log(sigmoid(a))"), ("exp(a)", "1 + a"), ("log(a)", "a - 1"), ("min(a, b)", "max(a, b)"),
        ("max(a, b)", "min(a, b)"), ("mean(a)", "sum(a)"), ("sum(a)", "mean(a)"), ("norm(a, b)", "norm(a, b) ** 2"),
        ("sqrt(a)", "a"), ("abs(a)", "a"), ("tanh(a)", "a"), ("min(a, b)", "b"), ("norm(a, b)", "norm(a)"),
        ("concat(a, b)", "concat(b, a)"), ("outer(a, b)", "outer(b, a)"), ("concat(a, b, c)", "concat(a, c, b)"),
        ("0.5 * a", "0.25 * a"), ("0.0 * a", "1.0 * a"), ("0 + a", "1 + a"),
    ],
)  # fmt: skip
def test_replacement(old, new):
    assert new in one(f"y = {old}", VECTORS).values()


@pytest.mark.parametrize(
    "old, new",
    [
        ("k >= 2", {"k > 2", "k < 2"}), ("k > 2", {"k >= 2", "k < 2"}), ("k <= 2", {"k < 2", "k > 2"}), ("k < 2", {"k <= 2", "k > 2"}),
        ("k == 2", {"k != 2"}), ("k != 2", {"k == 2"}), ("k > 0 and k < 5", {"k > 0 or k < 5", "k > 0", "k < 5"}),
        ("k > 0 or k < 5 or k == 7", {"k > 0 and k < 5 and k == 7", "k < 5 or k == 7"}),
    ],
)  # fmt: skip
def test_condition(old, new):
    def written(text):
        return ast.unparse(parse_expression(text, "test"))

    found = set(one(f"y = a if {old} else b", VECTORS).values())
    assert {written(f"a if {text} else b") for text in new} <= found
    assert {written(f"b if {old} else a"), "a", "b"} <= found


@pytest.mark.parametrize(
    "old, by, new",
    [
        ("t", -1, "t - 1"), ("t", 1, "t + 1"), ("t-1", 1, "t"), ("t-1", -1, "t - 2"), ("t+1", -1, "t"), ("t+1", 1, "t + 2"),
        ("0", -1, "-1"), ("0", 1, "1"), ("T", -1, "T - 1"), ("k - j", 1, "k + 1 - j"), ("2*t", -1, "2 * t - 1"),
    ],
)  # fmt: skip
def test_further(old, by, new):
    assert ast.unparse(further(parse_expression(old, "test"), by)) == new


def test_sizes_and_subscripts_are_no_terms():
    found = one("y = zeros(H + 1) + one_hot(k + 1, N) + a", VECTORS)
    assert not [value for value in found.values() if "zeros(H)" in value or "zeros(1)" in value or "zeros(H + 2)" in value]
    assert "drop the term k" in found


def test_only_square_matrices_are_transposed():
    roles = {"parameter": {"W": "H H", "V": "H I", "u": "H"}, "value": {"A": "T N N"}, "input": {"x": "I"}}
    found = one("y[t] = W @ (V @ x) + A[t] @ u", roles)
    assert [name for name in found if name.startswith("transpose")] == ["transpose W", "transpose A[t]"]


def test_unknown_shapes_make_no_swap_and_no_transpose():
    bare = Symbols({"W": "parameter", "V": "parameter", "x": "input", "h": "value"})
    found = list(mutants_of(equations_of("h[t] = W @ x[t] + V @ x[t]"), bare))
    assert {"swap symbols", "transpose a matrix"}.isdisjoint(mutant.kind for mutant in found)
    assert any(mutant.kind == "drop an accumulation" for mutant in found)


def test_what_has_its_own_step_accumulates_nothing():
    found = one("h[t] = W[t] @ x[t] + u", {"parameter": {"W": "T H I", "u": "H"}, "input": {"x": "T I"}, "value": {"h": "T H"}})
    assert {name for name in found if name.startswith("count")} == {
        "count the gradient of u in the first step only",
        "count the gradient of u in the last step only",
    }


def test_no_gradient_is_stopped_in_a_condition():
    found = one("y = a if c > b else b", VECTORS)
    assert [name for name in found if name.startswith("stop")] == ["stop the gradient of a", "stop the gradient of b"]


# ------------------------------------------------------------ what mutants do


def test_stopped_gradients_leave_the_values_as_they_are():
    arrays = {name: tuple(map(Size.of, shape)) for name, shape in GRU_SYMBOLS.shapes.items() if GRU_SYMBOLS.roles[name] != "value"}
    elements = {name: (Size.of("H"),) for name in "hrzn"}
    sizes = {"T": 4, "I": 3, "H": 2}
    chance = np.random.default_rng(5)
    drawn = {name: chance.standard_normal([size.number(sizes) for size in shape]) for name, shape in arrays.items()}

    def output(equations):
        program = Program(equations, sizes, arrays, outputs=("h",), outside_is_zero=True, element_shapes=elements)
        return program.run(drawn, sizes, Numbers(np.dtype(float)), {}).value("h")

    right, changed, refused = output(GRU), [], 0
    for mutant in mutants_of(GRU, GRU_SYMBOLS):
        if mutant.kind in ("stop a gradient", "drop an accumulation"):
            assert np.array_equal(output(mutant.equations), right), mutant.name
        elif mutant.kind in ("drop a term", "flip a sign", "ignore a start", "transpose a matrix", "replace a function"):
            changed.append(not np.array_equal(output(mutant.equations), right))
        else:
            refused += _is_refused(output, mutant)
    assert all(changed) and len(changed) == 37
    assert refused


def _is_refused(output, mutant):
    try:
        output(mutant.equations)
    except (SpecError, ValueError):
        return True
    return False


# ------------------------------------------------------------ texts


def test_show():
    def shown(text):
        return show(parse_expression(text, "test"))

    assert shown("W @ h[t-1, 0 : 2*H] - 1") == "W @ h[t-1, 0:2*H] - 1"
    assert shown("sum(prod(x[i, j - 1] for j in range(2)) for i in range(N)) / 2") == (
        "sum(prod(x[i, j-1] for j in range(2)) for i in range(N)) / 2"
    )
    assert len(shown(" + ".join(["length"] * 20))) == 80


def test_canonical():
    def same(left, right):
        return canonical(parse_expression(left, "test")) == canonical(parse_expression(right, "test"))

    assert same("a + b * c - d", "c * b - d + a")
    assert same("a - (b - c)", "a + c + -b")
    assert same("(a * b) * c", "b * (c * a)")
    assert not same("a - b", "b - a")
    assert not same("a @ b", "b @ a")
    assert not same("a / b", "b / a")
    assert not same("W[i, j]", "W[j, i]")


def test_no_gradient_is_stopped_where_none_flows():
    """What only tokens, targets and constants reach has none."""
    text = """
id: still
title: A token's vector, and a product with what is chosen
sizes: {T: steps, N: words, M: dimensions}
symbols:
  w: {role: input, type: integer, shape: [T], below: N}
  C: {role: constant, shape: [M, N]}
  P: {role: parameter, shape: [M, N]}
equations:
  - x[t] = one_hot(w[t], N)
  - c[t] = C @ x[t]
  - p[t] = P @ x[t]
  - y[t] = tanh(p[t]) + c[t] + stop(c[t]) + stop(C @ x[t]) + stop(p[t])
outputs: [y]
"""
    found = [mutant.name for mutant in mutants(refrnn.load_text(text)) if "the gradient" in mutant.name and "only" not in mutant.name]
    assert found == ["equation 3: stop the gradient of P", "equation 4: stop the gradient of p[t]", "equation 4: let the gradient of stop(p[t]) flow"]
