"""What each page shows is read back as what is run, and nothing else is."""

import ast
from pathlib import Path

import pytest
from unit import unit

import refrnn
from refrnn.equation import typeset
from refrnn.equation.mutate import mutants
from refrnn.equation.parse import parse_equation
from refrnn.spec import show
from refrnn.spec.library import rows
from refrnn.verify.readers import latex, mathml, unicode
from refrnn.verify.readers.grammar import typed
from refrnn.verify.typeset import unlike_what_is_run
from refrnn.verify.verify import verify_spec

CELLS = sorted((Path(__file__).parent / "cells").glob("*.yaml"))
READERS = {"unicode": unicode, "latex": latex, "mathml": mathml}
NAMES = (
    "x1y", "b_", "h__2", "grad_x1", "grad_W_hh", "W_inf", "W_ainf", "x_hat_tilde", "f_prime", "x_prime_prime", "sigma_1", "Lambda", "lamda", "epsilon",
    "varphi", "I", "I_H", "e", "T1", "W_alpha", "alpha_beta", "log_x", "one", "hot", "ReLU", "h1_tilde_x_prime", "k_T", "Z_2_3", "a_inf_b", "e_10", "chi",
)  # fmt: skip


@pytest.mark.parametrize("name", [*rows(), 'stack(["lstm", bidirectional("elman")])'])
def test_what_is_shown_is_what_is_run(name):
    assert unlike_what_is_run(refrnn.load(name)) == []


@pytest.mark.parametrize("path", CELLS, ids=lambda path: path.stem)
def test_what_is_shown_of_cells_is_what_is_run(path):
    assert unlike_what_is_run(refrnn.load(str(path))) == []


def of(equation, name="k"):
    return refrnn.load_text(
        f"id: small\ntitle: small\nsizes: {{T: steps, H: units}}\nsymbols:\n  x: {{role: input, shape: [T, H]}}\n"
        f"  {name}: {{role: parameter, shape: [H, H]}}\nequations:\n  - {equation}\noutputs: [y]\n"
    )


@pytest.mark.parametrize("name", NAMES)
def test_names_are_read_as_they_are_typed(name):
    assert unlike_what_is_run(of(f"y[t] = ({name}**3 @ {name}.T @ x[t])[0:H] * {name}[0] - x[t] * {name}[H-1, 0]", name)) == []


ODD = (
    "y[t] = -x[t] * (k @ x[t]) - (-x[t]) + 3 * (x[t] + x[t])", "y[t] = -(x[t] * x[t]) / (x[t] / x[t]) - (x[t] - x[t])", "y[t] = 2 * (3 * x[t]) * 1e-7",
    "y[t] = (sum(k[j] * x[t, j] for j in range(1, H)) * x[t] + x[t]) * (prod(x[t, j] for j in range(H-1)) * x[t])", "y[t] = outer(x[t], x[t]) @ x[t]",
    "y[t] = abs(abs(x[t]) - norm(x[t], k)) * x[t]", "y[t] = x[t] if t % 2 == 0 and not (t > 3 or t < 1) else k @ x[t] if (t + 1) % 3 == 1 else -x[t]",
    "y[t] = sum(x[i] * x[t, j] for i in range((t + 1) // 2) for j in range(2, H))", "y[t] = (x[t] if x[t, 0] > 0 else k[0]) * sqrt(x[t] * x[t])**2",
    "y[t] = identity(H) @ x[t] + zeros(H) * stop(x[t])", "y[t] = log_softmax(x[t]) + one_hot(argmax(x[t]), H) * max(x[t], -2)",
    "y[t] = k**(2 * t + 1) @ x[max(t - 1, 0)]", "y[t] = concat(x[t], k[0])[0:H]",
)  # fmt: skip


@pytest.mark.parametrize("equation", ODD)
def test_what_no_spec_of_the_library_has(equation):
    assert unlike_what_is_run(of(f"{equation} + k @ x[t]")) == []


def shown_instead(spec, equations, monkeypatch):
    """What is found where pages show other equations than those that are run."""
    with monkeypatch.context() as patch:
        patch.setattr(show, "equations", lambda spec, form: [show.write(spec, equation, form) for equation in equations])
        return unlike_what_is_run(spec)


@pytest.mark.parametrize("name", ["lstm", "generation", "eigen-expansion", "lstm-peephole-diagonal", "hopfield", "clip-norm"])
def test_another_equation_is_told_in_every_form(name, monkeypatch):
    """All mutants, but for a zero that has become its negative."""
    spec = refrnn.load(name)
    shown_instead(spec, spec.equations, monkeypatch)
    for mutant in mutants(spec):
        found = shown_instead(spec, mutant.equations, monkeypatch)
        changed = sum(old is not new for old, new in zip(spec.equations, mutant.equations))
        assert len(found) == 3 * changed or "= -0" in mutant.equations[mutant.number].text, mutant.name


@pytest.mark.parametrize("right, other", [
    ("y[t] = x[t] * x[t]", "y[t] = x[t] + x[t]"), ("y[t] = x[t] * x[t]", "y[t] = x[t] @ x[t]"), ("y[t] = x[t] * x[t]", "y[t] = x[t] / x[t]"),
    ("y[t] = 2 * x[t]", "y[t] = 2 / x[t]"), ("y[t] = sum(x[t] for i in range(2))", "y[t] = sum(x[t] for j in range(2))"),
    ("y[t] = sum(x[t] for i in range(2))", "y[t] = prod(x[t] for i in range(2))"), ("y[t] = x[t]", "y[t-1] = x[t]"), ("y[t] = x[t]", "x[t] = x[t]"),
    ("y[t] = x[t] if t > 1 and t < 3 else 0", "y[t] = x[t] if t > 1 or t < 3 else 0"),
    ("y[t] = max(x[t], 2)", "y[t] = max(x[t], 2, 3)"), ("y[t] = sum(x[i] for i in range(1, 2))", "y[t] = sum(x[i] for i in range(1))"),
])  # fmt: skip
def test_what_no_mutant_shows_is_told(right, other, monkeypatch):
    spec, shown = of("y[t] = k @ x[t]"), parse_equation(other, "here")
    monkeypatch.setitem(vars(spec), "equations", (parse_equation(right, "here"),))
    assert unlike_what_is_run(spec) == [] and len(shown_instead(spec, [shown], monkeypatch)) == 3


def test_an_index_is_no_word_of_a_name():
    """Where x_t and x[t] are both known."""
    assert unlike_what_is_run(of("y[t] = x_t @ x[t] + x_t[0]", "x_t")) == []


PLAIN = ast.parse("tanh((k + k) @ x[t-1]) * (k.T @ x[t]) + sum(x[t, j] for j in range(1, H))", mode="eval").body


@pytest.mark.parametrize("old, new", [
    ("range(1, H)", "range(H)"), ("range(1, H)", "range(1, H - 1)"), ("+ sum", "- sum"), ("k.T", "k"), ("x[t-1]", "x[t]"), ("x[t-1]", "x[t-2]"), ("(k + k) @", "k + k @"),
    ("tanh", "sigmoid"), ("sum(", "prod("), (") * (", ") @ ("), ("x[t, j]", "x[j, t]"), ("k.T", "q.T"),
])  # fmt: skip
def test_each_kind_of_slip_is_told(old, new):
    right, wrong = (parse_equation(f"y[t] = {text}", "here") for text in (ast.unparse(PLAIN), ast.unparse(PLAIN).replace(*map(_plain, (old, new)))))
    assert right.text != wrong.text
    for form, reader in READERS.items():
        right_side, wrong_side = (typed(reader.tokens(getattr(typeset, form)(one.target, one.value)), {"x", "k", "q", "y"})[1] for one in (right, wrong))
        assert ast.unparse(ast.parse(right_side)) != ast.unparse(ast.parse(wrong_side)), form


def _plain(text):
    return text.replace("x[t-1]", "x[t - 1]").replace("x[t-2]", "x[t - 2]")


def test_an_equation_that_is_not_shown_is_missed(monkeypatch):
    spec = refrnn.load("lstm")
    found = shown_instead(spec, spec.equations[:-1], monkeypatch)
    assert len(found) == 3 and all("equations, not" in text for text in found)


@pytest.mark.parametrize("old, new, told", [
    ("</td><td>{symbol.role}</td>", "start", 1), ("input", "start", 2), ("[T, I]", "[I, T]", 2), ("x ", "z ", 1), ("<mi>x</mi></math>", "<mi>z</mi></math>", 1), ("parameter", "constant", 2),
])  # fmt: skip
def test_symbols_are_shown_as_they_are(old, new, told, monkeypatch):
    """Their names, roles and shapes, in a terminal and in HTML."""
    spec = refrnn.load("elman")
    if old.startswith("</td>"):
        old, new = "<td>start</td>", "<td>input</td>"
    for page in ("terminal", "html"):
        monkeypatch.setattr(show, page, lambda *given, right=getattr(show, page), **named: _after_symbols(right(*given, **named), old, new))
    found = unlike_what_is_run(spec)
    assert len(found) >= told and all(" and not what " in text for text in found)


def _after_symbols(page, old, new):
    head = "<table>" if "<table>" in page else "\nsymbols\n"
    before, _, after = page.partition(head)
    return before + head + after.replace(old, new)


def test_a_symbol_that_is_not_shown_is_missed(monkeypatch):
    monkeypatch.setattr(show, "_symbol_parts", lambda spec, right=show._symbol_parts: right(spec)[:-1])
    assert len(unlike_what_is_run(refrnn.load("elman"))) == 1


def test_what_cant_be_read_is_said(monkeypatch):
    monkeypatch.setattr(show, "equations", lambda spec, form, right=show.equations: [text.replace("tanh", "£") for text in right(spec, form)])
    found = unlike_what_is_run(refrnn.load("elman"))
    assert len(found) == 3 and all("can't be read" in text for text in found)


def test_printed_gradients_are_read_too(monkeypatch):
    spec = refrnn.load("bptt")
    monkeypatch.setattr(show, "write", lambda spec, equation, form, right=show.write: right(spec, equation, form).replace("diag", "mean"))
    assert len(unlike_what_is_run(spec)) == 2 * sum("diag" in equation.text for block in spec.printed_gradients for equation in block.equations)


def test_it_is_a_failure_of_what_is_verified(monkeypatch):
    spec = unit()
    monkeypatch.setattr(typeset, "latex", lambda *given, right=typeset.latex: right(*given).replace("+", "-"))
    assert all(text.startswith("typeset: ") and "in LaTeX says" in text for text in verify_spec(spec).failures) and verify_spec(spec).failures
