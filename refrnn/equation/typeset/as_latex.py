"""Layout to LaTeX, for mathematics mode with amsmath (MathJax and KaTeX read it too)."""

import re

from refrnn.equation.typeset import layout as L
from refrnn.equation.typeset.names import GREEK

_ACCENTS = {"hat": "\\hat", "tilde": "\\tilde", "bar": "\\bar", "dot": "\\dot"}
_LETTERS = {letter: f"\\{name}" for name, letter in GREEK.items()}
_LETTERS |= {"λ": "\\lambda", "ε": "\\varepsilon", "φ": "\\varphi", "∞": "\\infty"}
_SIGNS = {
    "−": "-", "⊙": "\\odot", "·": "\\cdot", "×": "\\times", "≤": "\\le", "≥": "\\ge", "≠": "\\ne", "∇": "\\nabla",
    "⊤": "\\top", "mod": "\\bmod", "∑": "\\sum", "∏": "\\prod",
}  # fmt: skip
_BRACKETS = {"⌊": "\\lfloor", "⌋": "\\rfloor", "‖": "\\|", "|": "\\vert"}
_KNOWN_FUNCTIONS = {"tanh", "exp", "log", "sin", "cos", "min", "max"}
_ESCAPES = {
    "\\": "\\backslash ", "~": "\\sim ", "^": "\\hat{}", "-": "\\text{-}", " ": "\\,",
    **{character: f"\\{character}" for character in "{}$&#_%"},
}  # fmt: skip


def render(layout):
    """``layout`` as LaTeX."""
    return _RENDER[type(layout)](layout)


def _tight(layout):
    """As ``render``, without the spaces that TeX ignores in a script: h_{t-1}."""
    if isinstance(layout, L.Row):
        return joined(map(_tight, layout.parts))
    return render(layout).strip() if isinstance(layout, L.Sign) and layout.text != "mod" else render(layout)


def joined(texts):
    """Texts side by side, with a space where a command would swallow the next letter."""
    result = ""
    for text in texts:
        swallows = re.search(r"\\[A-Za-z]+$", result) and text[:1].isalpha()
        result += f" {text}" if swallows else text
    return result


def _escaped(text):
    return "".join(_ESCAPES.get(character, character) for character in text)


def _atom(atom):
    if atom.text in _LETTERS:
        return _LETTERS[atom.text]
    if atom.style == "function":
        return f"\\{atom.text}" if atom.text in _KNOWN_FUNCTIONS else f"\\operatorname{{{_escaped(atom.text)}}}"
    if atom.style == "word":
        return f"\\mathrm{{{_escaped(atom.text)}}}"
    return f"\\mathbf{{{atom.text}}}" if atom.style == "bold" else _escaped(atom.text)


def _sign(sign):
    text = _SIGNS.get(sign.text, sign.text)
    if sign.role == "connective" and sign.text != "mod":
        return f"\\text{{ {text} }}"
    if sign.role == "separator":
        return f"{text} "
    return f" {text} " if sign.role in ("infix", "relation", "connective") else text


def _script(script):
    below = ",".join(_tight(part) for part in script.words + script.index)
    above = f"({script.layer})" if script.layer else ""
    above += "\\prime" if script.prime else ""
    above += _tight(script.power) if script.power is not None else ""
    return render(script.base) + (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")


def _fence(fence, before=""):
    opening, closing = (_BRACKETS.get(bracket, bracket) for bracket in (fence.opening, fence.closing))
    body = render(fence.body)
    if L.is_tall(fence.body):
        return f"{before}\\left{opening} {body} \\right{closing}"
    return joined((opening, body, closing))


def _big(big):
    bounds = f"_{{{render(big.variable)}={_tight(big.lower)}}}^{{{_tight(big.upper)}}}"
    return f"{_SIGNS[big.sign]}{bounds} {render(big.body)}"


def _cases(cases):
    rows = [f"{render(value)} & \\text{{if }} {render(condition)}" for value, condition in cases.branches]
    rows.append(f"{render(cases.otherwise)} & \\text{{otherwise}}")
    return "\\begin{cases} " + " \\\\ ".join(rows) + " \\end{cases}"


_RENDER = {
    L.Atom: _atom,
    L.Sign: _sign,
    L.Gap: lambda gap: "\\,",
    L.Row: lambda row: joined(map(render, row.parts)),
    L.Accent: lambda accent: f"{_ACCENTS[accent.mark]}{{{render(accent.base)}}}",
    L.Script: _script,
    L.Fraction: lambda fraction: f"\\frac{{{render(fraction.numerator)}}}{{{render(fraction.denominator)}}}",
    L.Root: lambda root: f"\\sqrt{{{render(root.body)}}}",
    L.Fence: _fence,
    # \! takes back the space that \left would put after the function.
    L.Apply: lambda apply: joined((render(apply.function), _fence(apply.arguments, "\\!"))),
    L.Big: _big,
    L.Cases: _cases,
}
