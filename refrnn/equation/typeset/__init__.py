"""Typeset: from the tree of an equation to Unicode, LaTeX and MathML. What is shown is what is run.

``is_scalar(node)`` tells which operands of * are scalars: a product with a scalar needs no ⊙. Without it only numbers
and what is made of them count; ``scalar_by_rank`` makes one from the shapes of a spec's symbols.
"""

from refrnn.equation.typeset import as_latex, as_mathml, as_unicode
from refrnn.equation.typeset.names import symbol
from refrnn.equation.typeset.tree import equation_layout, expression_layout, scalar_by_rank

__all__ = [
    "unicode", "latex", "mathml", "unicode_expression", "latex_expression", "mathml_expression",
    "unicode_name", "latex_name", "mathml_name", "scalar_by_rank",
]  # fmt: skip


def unicode(target, value, is_scalar=None):
    """The equation ``target`` = ``value`` on one line of Unicode."""
    return as_unicode.render(equation_layout(target, value, is_scalar, slash=True))


def latex(target, value, is_scalar=None):
    """The equation in LaTeX, without dollar signs."""
    return as_latex.render(equation_layout(target, value, is_scalar))


def mathml(target, value, is_scalar=None):
    """The equation as a math element that stands on a line of its own."""
    return as_mathml.document(equation_layout(target, value, is_scalar), "block")


def unicode_expression(node, is_scalar=None):
    """One expression on one line of Unicode."""
    return as_unicode.render(expression_layout(node, is_scalar, slash=True))


def latex_expression(node, is_scalar=None):
    """One expression in LaTeX, without dollar signs."""
    return as_latex.render(expression_layout(node, is_scalar))


def mathml_expression(node, is_scalar=None):
    """One expression as a math element that stands within a line."""
    return as_mathml.document(expression_layout(node, is_scalar), "inline")


def unicode_name(name):
    """The symbol called ``name`` in Unicode."""
    return as_unicode.render(symbol(name))


def latex_name(name):
    """The symbol called ``name`` in LaTeX."""
    return as_latex.render(symbol(name))


def mathml_name(name):
    """The symbol called ``name`` as a math element that stands within a line."""
    return as_mathml.document(symbol(name), "inline")
