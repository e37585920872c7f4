"""The Spec object: what a YAML file says, ready to be shown, drawn from and run."""

from dataclasses import dataclass, field
from functools import cached_property

from refrnn.equation.evaluate import Program
from refrnn.spec.symbol import BATCHED_ROLES


@dataclass(frozen=True)
class Misprint:
    """A printed line that is wrong: ``reads`` is what it says in the language, ``says`` what is wrong with it."""

    lecture: str
    printed: str
    reads: object
    says: str


@dataclass(frozen=True)
class PrintedGradient:
    """A lecture's own backward equations; ``gradients`` says which true gradient each of them is."""

    lecture: str
    equations: tuple
    gradients: dict
    upstream: dict
    misprints: tuple


@dataclass(frozen=True)
class Claim:
    """A statement of a lecture and its verdict; ``test`` names the function that shows it."""

    says: str
    lecture: str
    verdict: str
    test: str
    mended: str


@dataclass(eq=False)
class Spec:
    """One lecture equation: text, symbols and everything that answers it.

    Made by :func:`refrnn.load`. ``print(spec)`` shows it in a terminal, a notebook typesets it.
    """

    id: str
    group: str
    title: str
    source: str
    lectures: tuple
    cites: tuple
    verify: tuple
    sizes: dict
    time: tuple
    batch: str | None
    symbols: dict
    equations: tuple
    outputs: tuple
    misprints: tuple = ()
    printed_gradients: tuple = ()
    claims: tuple = ()
    equivalent: tuple = ()
    cases: tuple = ()
    notes: str = ""
    bindings: dict = field(default_factory=dict)

    # ------------------------------------------------------------ what it is made of

    @cached_property
    def arrays(self):
        """The symbols that are handed in, by name: all but the defined ones."""
        return {name: symbol for name, symbol in self.symbols.items() if symbol.role != "value"}

    @cached_property
    def array_shapes(self):
        return {name: symbol.shape for name, symbol in self.arrays.items()}

    @cached_property
    def value_shapes(self):
        return {name: symbol.shape for name, symbol in self.symbols.items() if symbol.role == "value"}

    @cached_property
    def integer_constants(self):
        return {name for name, symbol in self.arrays.items() if symbol.is_integer_constant}

    @cached_property
    def differentiated(self):
        """The names whose gradient is asked for: inputs, starts and parameters."""
        return tuple(name for name, symbol in self.arrays.items() if symbol.is_differentiated)

    @cached_property
    def program(self):
        """The equations, ready to run."""
        return Program(self.equations, self.sizes, self.array_shapes, self.integer_constants, self.value_shapes, self.outputs)

    @cached_property
    def defined(self):
        """The defined symbols in the order of their equations."""
        return tuple(dict.fromkeys(equation.name for equation in self.equations))

    @cached_property
    def element_shapes(self):
        """The shape of one element of each defined symbol, in sizes."""
        return self.program.check(self.small_sizes(4), self.lowest_constants())

    @property
    def reached(self):
        """The defined symbols that some output depends on."""
        return self.element_shapes

    def small_sizes(self, time):
        """Small unequal sizes with ``time`` steps, for checks that need integers."""
        others = [name for name in self.sizes if name not in self.time]
        return {**{name: time for name in self.time}, **{name: 2 + place for place, name in enumerate(others)}}

    def lowest_constants(self):
        return {name: int(self.symbols[name].low if self.symbols[name].low is not None else 1) for name in self.integer_constants}

    def check_shapes(self):
        """Refuse cycles, missing starts, indices out of range and shapes that do not fit."""
        shapes = self.element_shapes
        self.program.check({name: 1 for name in self.sizes}, self.lowest_constants())
        for name, declared in self.value_shapes.items():
            if name in shapes and self.full_shape(name) != declared:
                from refrnn.equation.sizes import show_shape
                from refrnn.errors import SpecError

                raise SpecError(
                    f"{self.source}: {name} is declared as {show_shape(declared)}, "
                    f"but its equations give {show_shape(self.full_shape(name))}"
                )

    def full_shape(self, name):
        """The shape of a symbol over all its indices, without the library's batch axis."""
        if name in self.arrays:
            return self.symbols[name].shape
        patterns = self.program.definitions[name].equations[-1][1]
        leading = tuple(pattern[2] for pattern in patterns if isinstance(pattern, tuple))
        return leading + self.element_shapes[name]

    @cached_property
    def batched(self):
        """The names that carry the library's batch axis: what is given per sequence and all that depends on it."""
        if self.batch is not None:
            return frozenset()
        import ast

        batched = {name for name, symbol in self.arrays.items() if symbol.role in BATCHED_ROLES}
        reads = {}
        for equation in self.equations:
            names = {node.id for node in ast.walk(equation.value) if isinstance(node, ast.Name)}
            reads.setdefault(equation.name, set()).update(names)
        grown = True
        while grown:
            fresh = {name for name, names in reads.items() if name not in batched and names & batched}
            batched |= fresh
            grown = bool(fresh)
        return frozenset(batched)

    def batch_axis(self, name):
        """Where the batch axis of an array stands: 1 behind a time axis, else 0; None without one."""
        shape = self.full_shape(name)
        if self.batch is not None:
            places = [axis for axis, size in enumerate(shape) if str(size) == self.batch]
            return places[0] if places else None
        if name not in self.batched:
            return None
        return 1 if shape and str(shape[0]) in self.time else 0

    def time_size(self, name):
        """The time size of an array's first axis, or None."""
        shape = self.full_shape(name)
        return str(shape[0]) if shape and str(shape[0]) in self.time else None

    @cached_property
    def carried(self):
        """For each start or parameter that begins a recurrence: the state it begins, and whether it runs forward.

        {"h0": ("h", True)} says that h at its last step may be handed to the next chunk as h0.
        """
        import ast

        found = {}
        for equation in self.equations:
            value, places = equation.value, equation.subscripts
            if len(places) == 1 and isinstance(value, ast.Name) and value.id in self.arrays:
                patterns = self.program.definitions[equation.name].equations[-1][1]
                if isinstance(patterns[0], tuple) and str(patterns[0][2]) in self.time:
                    forward = not any(isinstance(node, ast.Name) for node in ast.walk(places[0]))
                    found[value.id] = (equation.name, forward)
        return found

    @cached_property
    def backends(self):
        """The backends that can answer this spec, by name."""
        return ("equation", *(kind for kind in ("reference", "kernel") if kind in self.bindings))

    # ------------------------------------------------------------ using it

    def draw(self, sizes=None, batch=3, seed=0, dtype="float32"):
        """Random values for every symbol, by name: unequal, non-zero, with pre-activations mostly in [-2, 2].

        ``sizes`` maps size names to integers (those left out are small and unequal). Arrays are (T, batch, ...)
        where the first axis is time, (batch, ...) for other inputs and starts, and without batch for parameters.
        """
        from refrnn.spec.draw import draw

        return draw(self, sizes or {}, batch, seed, dtype)

    def forward(self, values, backend="kernel", lengths=None):
        """Run the spec on ``values`` with "kernel", "reference", "equation" or the module of an own backend.

        ``lengths`` (batch,) are the steps of each sequence where they differ. Returns a
        :class:`refrnn.backends.run.Run`. Raises ValuesError for wrong names, shapes, dtypes or lengths.
        """
        from refrnn.backends.run import forward

        return forward(self, values, backend, lengths)

    def __str__(self):
        from refrnn.spec.show import terminal

        return terminal(self)

    def __repr__(self):
        return f"<refrnn spec {self.id}: {self.title}>"

    def _repr_html_(self):
        from refrnn.spec.show import html

        return html(self)
