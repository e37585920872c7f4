"""What stands between the cells of a network, each a spec of its own with a reference."""

import importlib
from dataclasses import dataclass
from functools import lru_cache

import refrnn
from refrnn.errors import NotFoundError

ACTIVATIONS = ("linear", "relu", "sigmoid", "softmax", "tanh")

_LAYER = """
title: Feed-forward layer
sizes: {{T: time steps, I: input features, O: units}}
symbols:
  x: {{role: input, shape: [T, I], means: input}}
  W: {{role: parameter, shape: [O, I], means: weights}}
  b: {{role: parameter, shape: [O], means: bias}}
equations: ["y[t] = {activation}(W @ x[t] + b)"]
outputs: [y]
"""

_ENDS = """
title: Last state
sizes: {{T: time steps, {sizes}}}
symbols:
  h: {{role: input, shape: [T, {shape}], means: state}}
equations: ["v = {value}"]
outputs: [v]
"""

_TEXTS = {
    "join": """
title: Two sequences side by side
sizes: {T: time steps, N: features of the first, M: features of the second}
symbols:
  a: {role: input, shape: [T, N], means: the first}
  b: {role: input, shape: [T, M], means: the second}
equations: ["h[t] = concat(a[t], b[t])"]
outputs: [h]
""",
    "repeat": """
title: One vector at every step
sizes: {T: time steps, N: features}
symbols:
  v: {role: input, shape: [N], means: vector}
  u: {role: value, shape: [T, N]}
equations: ["u[t] = v"]
outputs: [u]
""",
    "start": """
title: Start computed from a vector
sizes: {N: features of the vector, H: units}
symbols:
  v: {role: input, shape: [N], means: vector}
  W: {role: parameter, shape: [H, N], means: weights from the vector to the start}
equations: ["s = tanh(W @ v)"]
outputs: [s]
""",
}


@dataclass(frozen=True)
class _Module:
    """Where a piece's reference is: a module, or what its class ``made`` makes of ``argument``."""

    module: str
    made: str | None = None
    argument: object = None

    def load(self):
        with refrnn._importing():
            module = importlib.import_module(self.module)
        return module if self.made is None else getattr(module, self.made)(self.argument)


@lru_cache(maxsize=None)
def piece(name):
    """The spec of "join", "repeat" or "start"."""
    return _bound(f"id: {name}{_TEXTS[name]}", name)


@lru_cache(maxsize=None)
def ends(ways):
    """The last state of nets side by side, each at its own end: ``ways`` says of each whether it runs forward."""
    widths = [f"N{number}" for number in range(1, len(ways) + 1)]
    blocks, before = [], "0"
    for width, forward in zip(widths, ways):
        after = width if before == "0" else f"{before}+{width}"
        blocks.append(f"h[{'T-1' if forward else '0'}, {before}:{after}]")
        before = after
    value = f"concat({', '.join(blocks)})" if len(ways) > 1 else f"h[{'T-1' if ways[0] else '0'}]"
    sizes = ", ".join(f"{width}: units of net {number}" for number, width in enumerate(widths, 1))
    return _bound("id: last" + _ENDS.format(sizes=sizes, shape=before, value=value), "last", "Last", ways)


@lru_cache(maxsize=None)
def layer(activation):
    """See :func:`refrnn.compose.feed_forward`."""
    if activation not in ACTIVATIONS:
        raise NotFoundError(f"there is no layer with {activation!r}; choose one of {', '.join(ACTIVATIONS)}")
    function = "" if activation == "linear" else activation
    return _bound(f"id: {activation}-layer{_LAYER.format(activation=function)}", "layer", "Layer", function)


def _bound(text, name, made=None, argument=None):
    spec = refrnn.load_text(text, name)
    spec.bindings["reference"] = _Module(f"refrnn.reference.compose.{name}", made, argument)
    return spec
