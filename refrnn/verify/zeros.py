"""Which zeros have a sign that is promised: those that come of no sum, so that no order of summing decides."""

import ast

_KEEP = ("tanh", "min", "max")


def keeps_signs(spec, name):
    """Whether a defined symbol is made of what is handed in by nothing but products, quotients, signs, bounds and tanh."""
    return _kept_by(spec, name, ())


def _kept_by(spec, name, above):
    if name in spec.arrays:
        return True
    equations = [equation for equation in spec.equations if equation.name == name]
    return name not in above and bool(equations) and all(_keeps(spec, equation.value, (*above, name)) for equation in equations)


def _keeps(spec, node, above):
    match node:
        case ast.Constant():
            return True
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)):
            return name in (*spec.arrays, *spec.defined) and _kept_by(spec, name, above)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _keeps(spec, operand, above)
        case ast.BinOp(op=ast.Mult() | ast.Div(), left=left, right=right):
            # A norm is no sum that could be -0: what is divided by it has its own sign.
            return _keeps(spec, left, above) and (isinstance(node.op, ast.Div) or _keeps(spec, right, above))
        case ast.IfExp(body=body, orelse=other):
            return _keeps(spec, body, above) and _keeps(spec, other, above)
        case ast.Call(func=ast.Name(id=function), args=parts):
            return function in _KEEP and all(_keeps(spec, part, above) for part in parts)
    return False
