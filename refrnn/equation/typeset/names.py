"""Names to symbols: Greek letters, accents, subscripts, layers."""

import re
from dataclasses import replace

from refrnn.equation.typeset.layout import Accent, Atom, Row, Script, Sign

# lambda is a word of Python's own, so its letter is spelled as Unicode does.
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "iota": "ι", "kappa": "κ", "lamda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ",
    "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
ACCENTS = {"hat", "tilde", "bar", "dot"}
NABLA = Sign("∇", "prefix")

_BASE = re.compile(r"([A-Za-z]+)([0-9]*)")
_INFINITY = re.compile(r"([A-Za-z]?)inf")


def symbol(name):
    """The layout of ``name``: W_hh, h_tilde, f_prime, tau, h1_start, grad_W2.

    Digits after a letter are a layer or a version, h⁽¹⁾ and h⁽⁰⁾, never a subscript: h[-1] = h0 must not read as
    if the state at -1 were the state at 0.
    """
    if name.startswith("grad_") and _BASE.fullmatch(name[5:].split("_")[0]):
        gradient = symbol(name[5:])
        if isinstance(gradient, Script):
            return replace(gradient, base=Row((NABLA, gradient.base)))
        return Script(Row((NABLA, gradient)))
    first, *words = name.split("_")
    match = _BASE.fullmatch(first)
    if match is None or not all(words):
        return Atom(name, "word")
    letters, layer = match.groups()
    base = Atom(GREEK.get(letters, letters))
    if len(base.text) > 1:
        base = Atom(letters, "word")
    elif words and words[0] in ACCENTS:
        base = Accent(base, words.pop(0))
    prime = words[-1:] == ["prime"]
    words = words[: len(words) - prime]
    if not words and not layer and not prime:
        return base
    return Script(base, tuple(_word(word) for word in words), layer=layer, prime=prime)


def _word(word):
    match = _INFINITY.fullmatch(word)
    if match is None:
        # Two letters are two: W_xi leads from x to i.
        return Atom(GREEK.get(word, word) if len(word) > 2 else word, "word")
    infinity = Atom("∞", "word")
    return Row((Atom(match[1], "word"), infinity)) if match[1] else infinity
