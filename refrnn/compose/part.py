"""A spec in its place in a network: under which names, at which sizes, in which direction of time."""

from dataclasses import dataclass, field, replace

from refrnn.compose.trees import mirrored, renamed
from refrnn.equation.indices import index_tree, replaced
from refrnn.equation.parse import equation_of
from refrnn.kernels.primitives.fork import cached_property
from refrnn.spec.spec import Spec
from refrnn.spec.symbol import Symbol


@dataclass(frozen=True, eq=False)
class Part:
    """``spec`` as one part of a network.

    ``names`` gives the network's name for each of its symbols, ``sizes`` the network's Size for each of its sizes;
    ``letter`` is the network's index letter for its time (None: its own), ``word`` says which part it is, ``means`` what
    some of its own symbols are in the network, and a ``backward`` part runs from the end of each sequence to its beginning.
    """

    spec: Spec
    names: dict
    sizes: dict
    word: str = ""
    backward: bool = False
    letter: str | None = None
    means: dict = field(default_factory=dict)

    @cached_property
    def equations(self):
        """The equations in the network's names."""
        return tuple(self._equation(equation) for equation in self.spec.equations)

    def _equation(self, equation):
        target, value = mirrored(self.spec, equation) if self.backward else (equation.target, equation.value)
        names = dict(self.names)
        names |= {name: index_tree(size) for name, size in self.sizes.items()}
        if self.letter is not None:
            names |= {"t": self.letter}
        return equation_of(renamed(target, names), renamed(value, names), equation.place)

    @cached_property
    def symbols(self):
        """All its symbols, the defined ones too, by the network's names."""
        found = {}
        for name in (*self.spec.arrays, *self.spec.defined):
            symbol = self.spec.symbols.get(name) or Symbol(name, "value", ())
            shape = tuple(replaced(size, self.sizes) for size in self.spec.full_shape(name))
            below = None if symbol.below is None else replaced(symbol.below, self.sizes)
            means = self.means.get(name) or self.about(symbol.means)
            found[self.names[name]] = replace(symbol, name=self.names[name], shape=shape, below=below, means=means)
        return found

    def about(self, means):
        """What a symbol or size means, with the part it belongs to."""
        if not means or not self.word:
            return means
        return f"{means[:-1]}, {self.word})" if means.endswith(")") else f"{means} ({self.word})"

    @property
    def time(self):
        """The network's name of its time, or None."""
        return str(self.sizes[self.spec.time[0]]) if self.spec.time else None
