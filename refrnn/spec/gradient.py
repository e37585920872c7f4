"""The gradient of a spec as a spec: its adjoint equations, with all that they read as inputs."""

import math
import re

import yaml

from refrnn.equation.evaluate import Program
from refrnn.equation.gradient import adjoint
from refrnn.equation.parse import LONGEST, parse_equation
from refrnn.errors import MOST_REPEATED, SpecError
from refrnn.spec.library import load_text


def adjoint_of(spec):
    """The :class:`refrnn.equation.gradient.Adjoint` of a spec; SpecError where it has no gradient, or none that is equations."""
    if not spec.differentiated:
        raise SpecError(f"{spec.id} has no gradient: nothing that is handed in is differentiated; give a symbol the role input, start or parameter")
    lowest = {name: least(spec.symbols[name]) for name in spec.integer_constants}
    return adjoint(spec.program, spec.differentiated, lowest, spec.time)


def least(symbol):
    """The least value of an integer constant; None where there is none."""
    if symbol.below is not None:
        return 0
    return None if symbol.low is None else math.ceil(symbol.low)


def equations_of(spec, made):
    """Its equations, parsed."""
    for line in made.equations:
        if len(line) > LONGEST:
            told = f"the equation of {line.partition('[')[0].partition(' ')[0]} in its gradient would have {len(line):,} characters, more than {LONGEST:,}"
            raise SpecError(f"{spec.source}: {told}; give parts of the equations that it comes from names of their own")
    return [parse_equation(line, f"the gradient of {spec.id}, equation {number + 1}") for number, line in enumerate(made.equations)]


def program_of(spec, made):
    """Its equations ready to run, on the arrays of the spec, its forward values and upstream gradients."""
    arrays = spec.array_shapes | {name: spec.full_shape(name) for name in made.values}
    arrays |= {upstream: spec.full_shape(name) for name, upstream in made.upstream.items()}
    program = Program(equations_of(spec, made), spec.sizes, arrays, spec.integer_constants, made.shapes, tuple(made.gradients.values()))
    program.element_shapes  # noqa: B018  (refused now, were they not to fit)
    return program


def gradient(spec):
    """See :meth:`refrnn.spec.spec.Spec.gradient`."""
    return load_text(text(spec), f"the gradient of {spec.id}")


def text(spec):
    """The gradient of a spec as YAML that loads."""
    made = adjoint_of(spec)
    read = set().union(*(equation.reads for equation in equations_of(spec, made)))
    symbols = {}
    for name, symbol in spec.arrays.items():
        if name in read:
            symbols[name] = _entry({"start": "input"}.get(symbol.role, symbol.role), symbol.shape, symbol.means) | _domain(symbol)
    for name in made.values:
        if name in read:
            means = spec.symbols[name].means if name in spec.symbols else ""
            symbols[name] = _entry(_role(spec, name), spec.full_shape(name), f"{means + ', ' if means else ''}as the forward pass gave it")
    for name, upstream in made.upstream.items():
        symbols[upstream] = _entry(_role(spec, name), spec.full_shape(name), f"gradient of what comes after, by {name}")
    for name, means in made.means.items():
        symbols[name] = _entry("value", made.shapes[name], means)
    used = read | {name for entry in symbols.values() for size in entry["shape"] for name in size.replace("*", " ").replace("+", " ").replace("-", " ").split()}
    document = {
        "id": _id(spec.id),
        "title": f"Gradient of: {spec.title}",
        "sizes": {name: means for name, means in spec.sizes.items() if name in used},
        "time": [name for name in spec.time if name in used],
        **({"batch": spec.batch} if spec.batch else {}),
        "symbols": symbols,
        "equations": made.equations,
        "outputs": list(made.gradients.values()),
        "notes": f"Made by refrnn from the equations of {spec.id}. A gradient of what is no input is that of each sequence: a batch's is their sum.",
    }
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def _id(name):
    """lstm-gradient; a network's name is made an id, and a long one is cut."""
    end = "-gradient"
    return re.sub("[^a-z0-9]+", "-", name.lower())[: MOST_REPEATED - len(end)].strip("-") + end


class _Dumper(yaml.SafeDumper):
    """Symbols on a line each."""


def _mapping(dumper, data):
    flow = "role" in data
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=flow)


def _sequence(dumper, data):
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=all(len(one) < 20 for one in data))


_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _sequence)


def _role(spec, name):
    """A forward value, or its gradient, is an input; one that all sequences share is a parameter, which has a gradient too."""
    return "input" if spec.batch is not None or name in spec.batched else "parameter"


def _entry(role, shape, means):
    entry = {"role": role, "shape": [str(size) for size in shape]}
    return entry | ({"means": means} if means else {})


def _domain(symbol):
    """What is known of the values of a symbol."""
    told = {"optional": symbol.optional, "type": symbol.type, "low": symbol.low, "high": symbol.high, "draw": symbol.draw, "finite": symbol.finite}
    usual = {"optional": False, "type": "real", "low": None, "high": None, "draw": "normal", "finite": False}
    entry = {key: value for key, value in told.items() if value != usual[key]}
    return entry | ({"below": str(symbol.below)} if symbol.below is not None else {})
