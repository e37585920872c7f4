"""What refrnn show says of gradients: in a terminal, in LaTeX, as a page and as a file that loads."""

import pytest
from click.testing import CliRunner

import refrnn
from refrnn.commands.main import main


def shown(*words):
    result = CliRunner().invoke(main, ["show", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_in_a_terminal():
    lines = shown("lstm", "--gradient").splitlines()
    assert lines[0] == "lstm: gradient of Long short-term memory"
    assert "    ∇hₜ = g_h[t] + W[0:4H, 0:H]ᵀ ∇aₜ₊₁" in lines and "    ∇b = ∑ₜ₌₀ᵀ⁻¹ ∇aₜ" in lines
    assert "gradients of what comes after, handed in: g_h by h, g_c by c" in lines and "∇h is typed d_h" in lines
    assert "values of the forward pass: h, c, i, f, o, g" in lines


def test_printed_lines_stand_beside_the_derived_ones():
    text = shown("bptt", "--gradient")
    assert text.index("    ∇Z⁽¹⁾ₜ = ∇hₜ ⊙ (1 − hₜ²)") < text.index("backward, as cmu-2020 prints it") < text.index("    ∇Z⁽¹⁾[T] = 0_H")
    assert "Backward, as cmu-2020 prints it" in shown("bptt", "--gradient", "--html")


def test_in_latex_and_as_a_page():
    latex = shown("elman", "--gradient", "--latex")
    assert latex.startswith("\\begin{align*}") and "\\nabla W_{\\mathrm{xh}} &= \\sum_{t=0}^{T-1} x_{t}\\,\\delta_{\\mathrm{h},t}^{\\top}" in latex
    page = shown("elman", "--gradient", "--html")
    assert page.startswith("<!doctype html>") and "<title>Gradient of Elman network</title>" in page and page.count("<math") > 9 and "∇" in page


def test_as_a_file(tmp_path):
    path = tmp_path / "g.yaml"
    path.write_text(shown("gru-reset-after", "--gradient", "--yaml"), encoding="utf-8")
    assert refrnn.load(path).outputs == refrnn.load("gru-reset-after").gradient().outputs
    assert "∇∇" in shown(str(path), "--gradient") or "∇d" in shown(str(path), "--gradient")


@pytest.mark.parametrize("words, sentence", [
    (["one-hot", "--gradient"], "one-hot has no gradient"),
    (["lstm", "--yaml"], "--yaml writes a gradient; add --gradient"),
    (["lstm", "--gradient", "--code"], "no code is derived; leave out --code"),
])  # fmt: skip
def test_what_can_not_be_shown(words, sentence):
    result = CliRunner().invoke(main, ["show", *words])
    assert result.exit_code == 2 and sentence in result.output
