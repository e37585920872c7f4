"""Layout to Unicode on one line, for a terminal."""

from refrnn.equation.typeset import layout as L

_ACCENTS = {"hat": "\u0302", "tilde": "\u0303", "bar": "\u0304", "dot": "\u0307"}
_SUBSCRIPTS = dict(zip("0123456789+−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ"))
_SUPERSCRIPTS = dict(
    zip("0123456789+−()abcdefghijklmnoprstuvwxyzβγδθφχ", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵝᵞᵟᶿᵠᵡ")
)
# Capitals stand only over a sum: as a power, ᵀ is the transpose.
_BOUNDS = _SUPERSCRIPTS | dict(zip("ABDEGHIJKLMNOPRTUVW", "ᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ"))


def render(layout, tight=False):
    """``layout`` as text; ``tight`` leaves out the spaces around + and =, as in an index."""
    return _RENDER[type(layout)](layout, tight)


def _changed(text, table):
    return "".join(table[character] for character in text) if all(c in table for c in text) else None


def _sign(sign, tight):
    if sign.role == "connective":
        return f" {sign.text} "
    if sign.role == "separator":
        return f"{sign.text} "
    return f" {sign.text} " if sign.role in ("infix", "relation") and not tight else sign.text


def _row(row, tight):
    return "".join(render(part, tight) for part in row.parts).lstrip()


def _script(script, tight):
    base = render(script.base)
    if script.layer:
        base += _changed(f"({script.layer})", _SUPERSCRIPTS)
    if script.prime:
        base += "′"
    return base + _subscripts(script) + _power(script.power)


def _subscripts(script):
    words = [render(word, True) for word in script.words]
    index = [render(part, True) for part in script.index]
    low_index = [_low_index(part, text) for part, text in zip(script.index, index)]
    if words or None in low_index:
        # A name's words stay on the line, as they are typed: not all letters exist below it, and b_i is not b at i.
        on_line = "".join("_" + (word if _is_simple(word) else f"({word})") for word in words)
        return on_line + (f"[{', '.join(index)}]" if index else "")
    letters = all(len(text) == 1 and text.isalpha() for text in index)
    return "".join(low_index) if letters else ",".join(low_index)


def _low_index(layout, text):
    # Two letters below the line are two indices.
    return None if _holds_word(layout) else _changed(text, _SUBSCRIPTS)


def _holds_word(layout):
    if isinstance(layout, L.Row):
        return any(_holds_word(part) for part in layout.parts)
    return isinstance(layout, L.Atom) and layout.style not in ("letter", "number")


def _is_simple(text):
    return all(character.isalnum() or character == "∞" for character in text)


def _power(power):
    if power is None:
        return ""
    if power is L.TRANSPOSE:
        return "ᵀ"
    text = render(power, True)
    if not _holds_word(power) and _changed(text, _SUPERSCRIPTS) is not None:
        return _changed(text, _SUPERSCRIPTS)
    alone = isinstance(power, L.Atom) or (isinstance(power, L.Script) and power.power is None)
    return f"^{text}" if alone else f"^({text})"


def _big(big, tight):
    start = f"{render(big.variable)}={render(big.lower, True)}"
    end = render(big.upper, True)
    low, high = _changed(start, _SUBSCRIPTS), _changed(end, _BOUNDS)
    words = any(_holds_word(part) for part in (big.variable, big.lower, big.upper))
    bounds = f"[{start}..{end}]" if words or low is None or high is None else low + high
    return f"{big.sign}{bounds} {render(big.body, tight)}"


def _cases(cases, tight):
    branches = "".join(f"{render(value, tight)} if {render(condition)}, " for value, condition in cases.branches)
    return f"{branches}else {render(cases.otherwise, tight)}"


_RENDER = {
    L.Atom: lambda atom, tight: atom.text,
    L.Sign: _sign,
    L.Gap: lambda gap, tight: " ",
    L.Row: _row,
    L.Accent: lambda accent, tight: render(accent.base) + _ACCENTS[accent.mark],
    L.Script: _script,
    L.Root: lambda root, tight: f"√({render(root.body, tight)})",
    L.Fence: lambda fence, tight: fence.opening + render(fence.body, tight) + fence.closing,
    L.Apply: lambda apply, tight: render(apply.function) + render(apply.arguments, tight),
    L.Big: _big,
    L.Cases: _cases,
}
