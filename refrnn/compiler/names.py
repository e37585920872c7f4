"""Names in a compiled kernel: the spec's own letters, as far as the kernel has no other use for them."""

import itertools
import keyword

from refrnn.equation.clauses import plain_letter
from refrnn.equation.functions import FUNCTIONS

# What a kernel calls, by modules of the primitives: the lines that the compiler writes itself, and the functions of the language.
PRIMITIVES = {
    "activations": {"exp", "finer_tanh"},
    "compile": {"integers", "native", "pointer", "shift"},
    "lanes": {"lanes", "select"},
    "products": {"times"},
    "vectors": {
        "across", "added", "apart", "both", "counted", "decided", "differs", "either", "every", "fill", "first", "highest", "keep", "larger",
        "logarithm", "only", "opposite", "raised", "root", "some", "squared",
    },
}  # fmt: skip
for _kernel in (function.kernel for function in FUNCTIONS.values()):
    if _kernel.how == "call" and _kernel.module:
        PRIMITIVES.setdefault(_kernel.module, set()).add(_kernel.name)
# These, and Python's own that a kernel uses.
HELPERS = {"abs", "int", "min", "max", "range", "INFINITY"}.union(*PRIMITIVES.values())


# Of which a module calls more than the kernels in it do, each by a name that no symbol has.
_ASIDE = {
    "arguments": ("Arguments",),
    "arrays": ("clear as _clear", "cut as _cut", "whole as _whole"),
    "products": ("packed as _packed", "product as _product"),
    "shares": ("share as _share", "sums as _sums"),
}


def imports(modules=tuple(PRIMITIVES), aside=_ASIDE):
    """The lines that import all that a module may call of these primitives, and what is ``aside``."""
    return [
        f"from refrnn.kernels.primitives.{module} import {', '.join((*aside.get(module, ()), *(sorted(PRIMITIVES[module]) if module in modules else ())))}"
        for module in sorted({*modules, *aside})
    ]


class Names:
    """Free names; ``taken`` are those of symbols, sizes and integer constants."""

    def __init__(self, taken, batch):
        plain = {name for name in taken if name not in HELPERS and not keyword.iskeyword(name)}
        self._used = {*plain, *HELPERS}
        self._known = {name: name if name in plain else self.variable(f"{name}_") for name in sorted(taken)}
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
