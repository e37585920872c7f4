"""How the gradient of a spec looks: its adjoint equations, and beside them what lectures print."""

import ast
from html import escape

from refrnn.equation import typeset
from refrnn.spec.gradient import adjoint_of, equations_of
from refrnn.spec.show import EMPTY, ROW, aligned, head, in_lines, page, part, printed_gradient_html, printed_gradient_parts


def equations(spec, made, form):
    """The adjoint equations as texts; ``form`` is "unicode", "latex" or "mathml". d_h is typeset as the gradient that it is."""
    named = _Named(made)
    ranks = {name: len(symbol.shape) for name, symbol in spec.arrays.items()} | {name: len(spec.full_shape(name)) for name in made.values}
    ranks |= {upstream: len(spec.full_shape(name)) for name, upstream in made.upstream.items()}
    ranks |= {named.names.get(name, name): len(shape) for name, shape in made.shapes.items()}
    is_scalar = typeset.scalar_by_rank(ranks)
    return [getattr(typeset, form)(named.visit(one.target), named.visit(one.value), is_scalar) for one in equations_of(spec, made)]


class _Named(ast.NodeTransformer):
    """Gradients by the names that are typeset as such."""

    def __init__(self, made):
        self.names = {name: f"grad_{of}" for name, of in made.of.items()}

    def visit_Name(self, node):
        return ast.Name(self.names.get(node.id, node.id), node.ctx)


def terminal(spec, width):
    """The adjoint equations, what they read, and what lectures print, in lines of ``width`` columns."""
    made = adjoint_of(spec)
    parts = [(f"{spec.id}: gradient of {spec.title}", "", "    "), EMPTY]
    parts += [part(text) for text in equations(spec, made, "unicode")]
    parts += [EMPTY, *(head(text) for text in _read(made, typeset.unicode_name))]
    return in_lines(parts + printed_gradient_parts(spec), width)


def _read(made, name_of):
    """What the equations read besides the arrays of the spec, and how they are typed, in sentences."""
    upstream = ", ".join(f"{name_of(own)} by {name_of(name)}" for name, own in made.upstream.items())
    yield f"gradients of what comes after, handed in: {upstream}"
    if made.values:
        yield "values of the forward pass: " + ", ".join(map(name_of, made.values))
    typed, of = next(iter(made.of.items()))
    yield f"{name_of(f'grad_{of}')} is typed {typed}"


def latex(spec):
    """The adjoint equations as a LaTeX align environment."""
    return aligned(equations(spec, adjoint_of(spec), "latex"))


def html_page(spec):
    """The adjoint equations as a page with MathML, with what lectures print."""
    made = adjoint_of(spec)
    parts = [f"<h3>Gradient of {escape(spec.title)} <small>({escape(spec.id)})</small></h3>"]
    parts += [f"{ROW}{text}</div>" for text in equations(spec, made, "mathml")]
    parts += [f"<p>{sentence[0].upper()}{sentence[1:]}</p>" for sentence in _read(made, typeset.mathml_name)]
    return page(f"Gradient of {spec.title}", "".join(parts + printed_gradient_html(spec)))
