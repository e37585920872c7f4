"""Layout to presentation MathML, of the part that browsers draw (MathML Core)."""

from html import escape

from refrnn.equation.typeset import layout as L

_ACCENTS = {"hat": "^", "tilde": "~", "bar": "¯", "dot": "˙"}
_BOLD = {"0": "𝟎", "I": "𝐈"}


def document(layout, display):
    """``layout`` as a whole math element; ``display``: block or inline."""
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="{display}">{render(layout)}</math>'


def render(layout):
    """``layout`` as one MathML element."""
    return _RENDER[type(layout)](layout)


def _row_of(elements):
    elements = list(elements)
    return elements[0] if len(elements) == 1 else f"<mrow>{''.join(elements)}</mrow>"


def _operator(text, attributes=""):
    return f"<mo{attributes}>{escape(text)}</mo>"


def _atom(atom):
    if atom.style == "number":
        return f"<mn>{escape(atom.text)}</mn>"
    text = _BOLD[atom.text] if atom.style == "bold" else atom.text
    # A single letter is italic by itself, several are upright.
    upright = ' mathvariant="normal"' if atom.style != "letter" and len(text) == 1 else ""
    return f"<mi{upright}>{escape(text)}</mi>"


def _sign(sign):
    if sign.role == "connective":
        space = '<mspace width="0.3em"/>'
        return f"{space}<mtext>{sign.text}</mtext>{space}"
    if sign.role == "prefix":
        return _operator(sign.text, ' form="prefix" lspace="0" rspace="0"')
    if sign.role == "slash":
        return _operator(sign.text, ' lspace="0" rspace="0"')
    if sign.role == "separator":
        return _operator(sign.text, ' separator="true"')
    # Browsers give ⊙ less space than +, though it holds its operands no tighter.
    return _operator(sign.text, ' lspace="0.22em" rspace="0.22em"' if sign.text in "⊙·×" else "")


def _script(script):
    base = render(script.base)
    comma = _operator(",", ' separator="true" lspace="0" rspace="0"')
    below = [part for layout in script.words + script.index for part in (comma, render(layout))][1:]
    tight = ' lspace="0" rspace="0" stretchy="false"'
    above = [_operator("(", tight), f"<mn>{script.layer}</mn>", _operator(")", tight)] if script.layer else []
    if script.prime:
        above.append(_operator("′", tight))
    if script.power is not None:
        above.append(render(script.power))
    if below and above:
        return f"<msubsup>{base}{_row_of(below)}{_row_of(above)}</msubsup>"
    if below:
        return f"<msub>{base}{_row_of(below)}</msub>"
    return f"<msup>{base}{_row_of(above)}</msup>" if above else base


def _fence(fence):
    stretchy = "true" if L.is_tall(fence.body) else "false"
    brackets = [
        _operator(bracket, f' form="{form}" fence="true" stretchy="{stretchy}"')
        for bracket, form in ((fence.opening, "prefix"), (fence.closing, "postfix"))
    ]
    return f"<mrow>{brackets[0]}{render(fence.body)}{brackets[1]}</mrow>"


def _big(big):
    sign = _operator(big.sign, ' movablelimits="false"')
    below = f"<mrow>{render(big.variable)}{_operator('=')}{render(big.lower)}</mrow>"
    return f"<mrow><munderover>{sign}{below}{render(big.upper)}</munderover>{render(big.body)}</mrow>"


def _cases(cases):
    conditions = [f'<mtext>if</mtext><mspace width="0.4em"/>{render(condition)}' for _, condition in cases.branches]
    conditions.append("<mtext>otherwise</mtext>")
    values = [value for value, _ in cases.branches] + [cases.otherwise]
    left = ' style="text-align:left"'
    rows = "".join(
        f"<mtr><mtd{left}>{render(value)}</mtd><mtd{left}>{condition}</mtd></mtr>"
        for value, condition in zip(values, conditions)
    )
    brace = _operator("{", ' form="prefix" fence="true" stretchy="true"')
    return f'<mrow>{brace}<mtable displaystyle="true">{rows}</mtable></mrow>'


_RENDER = {
    L.Atom: _atom,
    L.Sign: _sign,
    L.Gap: lambda gap: '<mspace width="0.17em"/>',
    L.Row: lambda row: f"<mrow>{''.join(map(render, row.parts))}</mrow>",
    L.Accent: lambda a: f'<mover accent="true">{render(a.base)}{_operator(_ACCENTS[a.mark])}</mover>',
    L.Script: _script,
    L.Fraction: lambda fraction: f"<mfrac>{render(fraction.numerator)}{render(fraction.denominator)}</mfrac>",
    L.Root: lambda root: f"<msqrt>{render(root.body)}</msqrt>",
    L.Fence: _fence,
    # The invisible operator says that this is a function of what follows, not a product.
    L.Apply: lambda apply: f"<mrow>{render(apply.function)}<mo>\u2061</mo>{render(apply.arguments)}</mrow>",
    L.Big: _big,
    L.Cases: _cases,
}
