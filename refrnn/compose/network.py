"""From parts to a network: one Spec whose equations are theirs, and whose reference runs theirs in turn; its kernel is compiled from them."""

from dataclasses import dataclass

import numpy as np

from refrnn.backends.answers import Intermediates
from refrnn.errors import SpecError
from refrnn.spec.check import check_spec
from refrnn.spec.spec import Spec


def network(call, title, parts, outputs, sizes):
    """The Spec of ``parts``, each of which reads only what is given or what an earlier one defines.

    ``call`` becomes its id, ``outputs`` are names of the network, ``sizes`` says what each of its sizes means. What
    reaches no output is left out, with the symbols that only it reads.
    """
    parts = tuple(parts)
    equations = _reaching([equation for part in parts for equation in part.equations], outputs)
    defined = {equation.name for equation in equations}
    read = set().union(*(equation.reads for equation in equations))
    symbols = {}
    for part in parts:
        for name, symbol in part.symbols.items():
            if name in defined and symbol.role == "value":
                symbols[name] = symbol
            elif name in read and name not in symbols and symbol.role != "value":
                symbols[name] = symbol
    used = {name for symbol in symbols.values() for size in symbol.shape for name in size.names()} | (read & sizes.keys())
    spec = Spec(
        id=call, group="", title=title, source=call, lectures=(), verify=("forward", "bptt"), batch=None,
        cites=tuple(dict.fromkeys(key for part in parts for key in part.spec.cites)),
        sizes={name: means for name, means in sizes.items() if name in used},
        time=tuple(dict.fromkeys(part.time for part in parts if part.time)),
        symbols=symbols, equations=equations, outputs=tuple(outputs),
    )  # fmt: skip
    check_spec(_Reader(call), spec)
    if all("reference" in part.spec.bindings for part in parts):
        spec.bindings["reference"] = Composed(parts, spec)
    return spec


def _reaching(equations, outputs):
    """The equations on which some output depends, in their order."""
    reached, grown = set(outputs), True
    while grown:
        fresh = {name for equation in equations if equation.name in reached for name in equation.reads} - reached
        reached |= fresh
        grown = bool(fresh)
    return tuple(equation for equation in equations if equation.name in reached)


class _Reader:
    """What the checks of a spec ask of the text it was read from."""

    def __init__(self, call):
        self.call = call

    def fail(self, path, text):
        raise SpecError(f"{self.call}: {text}")


@dataclass(frozen=True, eq=False)
class Composed:
    """What answers a network: the references of its parts."""

    parts: tuple
    spec: Spec

    def load(self):
        """Import the parts' modules; done when the backend is first asked for."""
        return Chain(self.spec, [(part, part.spec.bindings["reference"].load()) for part in self.parts])


class Chain:
    """A reference made of those of the parts, for one sequence: forward in turn, backward by the chain rule."""

    def __init__(self, spec, steps):
        self.spec = spec
        self.steps = steps

    def forward(self, **values):
        """Outputs by name, and what :meth:`backward` needs; arrays as the parts take them."""
        known, sizes, kept = dict(values), self._sizes(values), []
        for part, module in self.steps:
            outputs, saved = module.forward(**self._arguments(part, known, sizes))
            offered = Intermediates(part.spec, saved)
            made = {name: offered[name] for name in offered if name not in outputs} | outputs
            known |= {part.names[name]: self._turned(part, name, array) for name, array in made.items()}
            kept.append((saved, outputs))
        outputs = {name: known[name] for name in self.spec.outputs}
        return outputs, {**{name: known[name] for name in self.spec.whole & known.keys()}, "_chain": kept}

    def backward(self, saved, **upstream):
        """Gradients by the network's names, given d_<output> for every output."""
        errors = {name[2:]: gradient for name, gradient in upstream.items()}
        for (part, module), (of_part, outputs) in zip(reversed(self.steps), reversed(saved["_chain"])):
            arriving = {}
            for name in part.spec.outputs:
                error = errors.get(part.names[name])
                arriving[f"d_{name}"] = np.zeros_like(outputs[name]) if error is None else self._turned(part, name, error)
            gradients = module.backward(of_part, **arriving)
            for name in part.spec.differentiated:
                gradient, known = self._turned(part, name, gradients[name]), errors.get(part.names[name])
                errors[part.names[name]] = gradient if known is None else known + gradient
        return {name: errors[name] for name in self.spec.differentiated}

    def _arguments(self, part, known, sizes):
        """What a part's module takes: its symbols, the sizes that no array shows, and lengths."""
        arguments = {name: part.sizes[name].number(sizes) for name in part.spec.named_sizes}
        for name in part.spec.arrays:
            given = known.get(part.names[name])
            arguments[name] = self._unread(part, name, sizes) if given is None else self._turned(part, name, given)
        return arguments

    def _unread(self, part, name, sizes):
        """Zeros for a symbol on which no output of the network depends; a size of it alone is 1."""
        symbol = part.spec.symbols[name]
        if symbol.is_integer_constant:
            return symbol.integers(sizes)[0]
        shape = [size.number(sizes) for size in part.symbols[part.names[name]].shape]
        return np.zeros(shape, np.int64 if symbol.type == "integer" else sizes.dtype)[()]

    def _sizes(self, values):
        """The sizes that the given arrays show, and 1 for any other."""
        sizes = _Sizes()
        for name, value in values.items():
            symbol = self.spec.symbols.get(name)
            if symbol is None:
                sizes[name] = int(value)
                continue
            if not symbol.shape or np.ndim(value) == 0:
                continue
            sizes.dtype = value.dtype if value.dtype.kind == "f" else sizes.dtype
            sizes.update((str(size), number) for size, number in zip(symbol.shape, value.shape))
        return sizes

    @staticmethod
    def _turned(part, name, array):
        """An array of a part that runs backward in the network's time, or the other way."""
        return array if not part.backward or part.spec.time_size(name) is None else array[::-1]


class _Sizes(dict):
    """Numbers of sizes, 1 for one that is not known; the float type of the arrays that show them."""

    dtype = np.dtype(np.float64)

    def __missing__(self, name):
        return 1
