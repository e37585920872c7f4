"""How cells are put together: which names and sizes each part gets, and what it is joined to."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import refrnn
from refrnn.compose.network import network
from refrnn.compose.part import Part
from refrnn.compose.pieces import ACTIVATIONS, ends, layer, piece
from refrnn.equation.sizes import Size
from refrnn.errors import SpecError
from refrnn.spec.spec import Spec


def stack(cells: Sequence[str | Spec], between: str | Spec | None = None) -> Spec:
    """Layers one on the other: each reads what the one below it passes on.

    ``between`` is put between every two of ``cells``: a cell, or the name of a feed-forward layer's activation.
    The outputs are those of the last layer. Layer 2's symbols end in _2.
    """
    if isinstance(cells, (str, Spec)) or not cells:
        raise SpecError('stack takes a list of at least one cell, such as ["lstm", "lstm"]; give it one')
    layers = [_spec(cell) for cell in cells]
    if between is not None:
        middle = layer(between) if between in ACTIVATIONS else _spec(between)
        layers = [one for cell in layers for one in (middle, cell)][1:]
    parts, sizes, below = [], {"T": "time steps"}, None
    for number, cell in enumerate(layers, 1):
        part = _part(cell, f"_{number}", f"layer {number}", "x", sizes, below=below)
        parts.append(part)
        below = part
    call = f"stack({', '.join(cell.id for cell in layers)})"
    outputs = [parts[-1].names[name] for name in layers[-1].outputs]
    return network(call, f"{len(layers)} layers, one on the other", parts, outputs, sizes)


def bidirectional(forward: str | Spec, backward: str | Spec | None = None) -> Spec:
    """Two nets over one input, the second in reverse time, their states side by side in h.

    ``backward`` is a cell like ``forward`` where it is left out. Their symbols end in _f and _b.
    """
    forward, sizes = _spec(forward), {"T": "time steps"}
    backward = forward if backward is None else _spec(backward)
    onward = _part(forward, "_f", "forward net", "x", sizes)
    back = _part(backward, "_b", "backward net", "x", sizes, width=_width(onward), backward=True)
    join = piece("join")
    names = {"a": _passed_on(onward), "b": _passed_on(back), "h": "h"}
    joined = Part(join, names, {"T": Size.of("T"), "N": _units(onward), "M": _units(back)})
    call = f"bidirectional({forward.id}, {backward.id})"
    return network(call, "Two nets over one input, the second in reverse time", [onward, back, joined], ["h"], sizes)


def conditioned(cell: str | Spec) -> Spec:
    """A cell whose starts are computed from fixed data v, each by weights of its own: h0 = tanh(W_h0 @ v)."""
    cell, sizes = _spec(cell), {"T": "time steps"}
    part = _part(cell, "", "", "x", sizes)
    _need_free(cell, {"v", "F", *(f"W_{start}" for start in cell.begun)})
    sizes["F"] = "features of the fixed data"
    starts = _starts(part, "v", Size.of("F"), "fixed data")
    return network(f"conditioned({cell.id})", "Started from fixed data", [*starts, part], cell.outputs, sizes)


def encoder_decoder(encoder: str | Spec, decoder: str | Spec) -> Spec:
    """From a sequence x of S steps to one vector v, the encoder's last state, to a sequence of T steps.

    The last state of a bidirectional encoder is that of both its nets, each at its own end. The decoder's starts are
    computed from v, each by weights of its own; its input u is what it is told at each step. The lengths of a batch are
    given as {"S": ..., "T": ...}. Symbols end in _e and _d.
    """
    encoder, decoder = _spec(encoder), _spec(decoder)
    sizes = {"S": "steps that are read", "T": "steps that are written"}
    reading = _part(encoder, "_e", "encoder", "x", sizes, time="S")
    writing = _part(decoder, "_d", "decoder", "u", sizes)
    starts = _starts(writing, "v", _units(reading), "the vector")
    parts = [reading, _vector(reading), *starts, writing]
    outputs = [*(writing.names[name] for name in decoder.outputs), "v"]
    return network(f"encoder_decoder({encoder.id}, {decoder.id})", "From one sequence to another", parts, outputs, sizes)


def autoencoder(encoder: str | Spec, decoder: str | Spec | None = None) -> Spec:
    """From a sequence x to one vector v, the encoder's last state, and back to a sequence y as wide as x.

    v is the decoder's input u at every step, and a linear layer makes y of what the decoder passes on. ``decoder`` is
    a cell like ``encoder`` where it is left out. Symbols end in _e and _d.
    """
    encoder, sizes = _spec(encoder), {"T": "time steps"}
    decoder = encoder if decoder is None else _spec(decoder)
    reading = _part(encoder, "_e", "encoder", "x", sizes)
    N, time = _units(reading), Size.of("T")
    repeat = Part(piece("repeat"), {"v": "v", "u": "u"}, {"T": time, "N": N})
    writing = _part(decoder, "_d", "decoder", "x", sizes, below=repeat)
    names = {"x": _passed_on(writing), "W": "W_y", "b": "b_y", "y": "y"}
    output = Part(layer("linear"), names, {"T": time, "I": _units(writing), "O": _width(reading)}, "output")
    parts = [reading, _vector(reading), repeat, writing, output]
    call = f"autoencoder({encoder.id}, {decoder.id})"
    return network(call, "A sequence through one vector back to itself", parts, ["y", "v"], sizes)


def _spec(cell):
    """The Spec of a cell: a recurrence of one time with one input sequence that passes a sequence on."""
    spec = cell if isinstance(cell, Spec) else refrnn.load(cell)
    if len(spec.time) != 1 or spec.batch is not None:
        raise SpecError(f"{spec.id} is no cell: it must have one time and no batch of its own; choose another")
    _entrance(spec)
    shape = spec.full_shape(spec.outputs[0])
    if len(shape) != 2 or str(shape[0]) not in spec.time:
        raise SpecError(f"{spec.id} is no cell: its first output {spec.outputs[0]} is no sequence of vectors; choose another")
    return spec


def _entrance(spec):
    """The input of a cell that has time."""
    found = [name for name, symbol in spec.arrays.items() if symbol.role == "input" and spec.time_size(name)]
    if len(found) != 1 or len(spec.symbols[found[0]].shape) != 2 or str(spec.symbols[found[0]].shape[1]) not in spec.sizes:
        shown = ", ".join(found) or "none"
        raise SpecError(f"{spec.id} is no cell: it must have one input sequence of vectors of a named size, and it has {shown}; choose another")
    return found[0]


def _part(spec, suffix, word, entrance, sizes, time="T", below=None, width=None, backward=False):
    """A cell as a part: its names end in ``suffix``, its input is ``entrance`` or what the part ``below`` passes on.

    Adds the cell's own sizes to ``sizes``; ``width`` is the Size of its input where another part shares it.
    """
    own = _entrance(spec)
    lengths, features = spec.time[0], str(spec.symbols[own].shape[1])
    names = {name: name + suffix for name in (*spec.arrays, *spec.defined)}
    names[own] = entrance if below is None else _passed_on(below)
    found = {name: Size.of(name + suffix) for name in spec.sizes}
    part = Part(spec, names, found, word, backward, "s" if time == "S" else None, {own: spec.symbols[own].means})
    elsewhere = {lengths: Size.of(time)}
    shared = None
    if below is not None or width is not None:
        elsewhere[features] = _units(below) if width is None else width
    elif entrance == "x" and features not in sizes:
        shared = features  # the network's own input keeps the name of its size
        found[features] = Size.of(features)
    found |= elsewhere
    sizes |= {str(found[name]): means if name == shared else part.about(means) for name, means in spec.sizes.items() if name not in elsewhere}
    return part


def _passed_on(part):
    """The network's name of what a part passes on."""
    return part.names[part.spec.outputs[0]]


def _units(part):
    """The Size of what a part passes on."""
    return part.symbols[_passed_on(part)].shape[1]


def _width(part):
    """The Size of a part's input."""
    return part.symbols[part.names[_entrance(part.spec)]].shape[1]


def _starts(part, vector, features, word):
    """A part for each start of ``part``, which computes it from the network's ``vector``."""
    spec, found = piece("start"), []
    if not part.spec.begun:
        raise SpecError(f"{part.spec.id} has no start that could be computed; choose a recurrent cell")
    for name in part.spec.begun:
        start = part.names[name]
        shape = part.symbols[start].shape
        if len(shape) != 1:
            raise SpecError(f"{part.spec.id}: the start {name} is no vector, so it can't be computed from one; choose another cell")
        names = {"v": vector, "W": f"W_{start}", "s": start}
        means = {"v": word, "W": f"weights from {word} to {start}"}
        found.append(Part(spec, names, {"N": features, "H": shape[0]}, means=means))
    return found


def _vector(part):
    """The part that makes v of an encoder: its last state, or the last states of both nets of a bidirectional one."""
    states = _ends(part.spec, part.spec.outputs[0])
    spec = ends(tuple(forward for _, forward in states))
    places = {f"N{number}": part.symbols[part.names[state]].shape[1] for number, (state, _) in enumerate(states, 1)}
    return Part(spec, {"h": _passed_on(part), "v": "v"}, {"T": part.sizes[part.spec.time[0]], **places})


def _ends(spec, name):
    """The states that make up what a cell passes on, and whether each runs forward."""
    value = spec.program.definitions[name].equations[-1][0].value
    if isinstance(value, ast.Call) and value.func.id == "concat":
        names = [part.value.id for part in value.args if isinstance(part, ast.Subscript) and isinstance(part.value, ast.Name)]
        if len(names) == len(value.args) and set(names) <= set(spec.defined):
            return [end for part in names for end in _ends(spec, part)]
    ways = {state: forward for state, forward in spec.begun.values()}
    return [(name, ways.get(name, True))]


def _need_free(spec, names):
    taken = names & {*spec.symbols, *spec.defined, *spec.sizes}
    if taken:
        raise SpecError(f"{spec.id} has names that the network needs, {', '.join(sorted(taken))}; stack([...]) gives it others")
