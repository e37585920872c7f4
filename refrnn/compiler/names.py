"""Names in a compiled kernel: the spec's own letters, as far as the kernel has no other use for them."""

import itertools
import keyword

from refrnn.equation.clauses import plain_letter

# What a kernel calls, and Python's own that it uses.
HELPERS = (
    "abs", "across", "added", "cos", "sin", "softplus", "apart", "both", "counted", "decided", "differs", "either", "elu", "every", "exp", "fill", "first", "highest", "int",
    "integers", "keep", "lanes", "larger", "logarithm", "min", "max", "only", "opposite", "pointer", "raised", "range", "relu", "root", "select",
    "shift", "sigmoid", "smaller", "some", "squared", "tanh", "times", "INFINITY",
)  # fmt: skip


class Names:
    """Free names; ``taken`` are those of symbols, sizes and integer constants."""

    def __init__(self, taken, batch):
        self._known = {name: f"{name}_" if name in HELPERS or keyword.iskeyword(name) else name for name in taken}
        self._used = {*self._known.values(), *HELPERS}
        self.table, self.index, self.like, self.multiply, self.parts = map(self.variable, ("table", "index", "like", "multiply", "parts"))
        self.sequence, self.begin, self.end, self.batch = map(self.variable, ("n", "begin", "end", batch))
        self.count, self.lanes = self.variable("count"), self.variable("width")

    def of(self, name):
        """The name of a symbol or a size in the kernel."""
        return self._known[name]

    def add(self, wanted):
        """A name for something new, known by it from now on."""
        name = self.variable(wanted)
        self._known[name] = name
        return name

    def variable(self, wanted):
        """A name that nothing else has."""
        every = itertools.chain([wanted], (f"{wanted}_{number}" for number in itertools.count(2)))
        name = next(name for name in every if name not in self._used)
        self._used.add(name)
        return name

    def letter(self, letter, around):
        """The name of a loop's variable, free within the loops ``around``."""
        plain = plain_letter(letter)
        every = itertools.chain([plain], (f"{plain}_{number}" for number in itertools.count(2)))
        around = set(around)
        return next(name for name in every if name not in self._used and name not in around)
