"""What follows from a spec: shapes, time, batch, gradients and states. Each is found when it is first asked for, and stays."""

from __future__ import annotations

from functools import wraps
from itertools import product

from refrnn.equation.evaluate import Program
from refrnn.kernels.primitives.fork import cached_property
from refrnn.spec.chunks import beginnings, continuing, staying
from refrnn.spec.domain import enlarged
from refrnn.spec.record import Record
from refrnn.spec.symbol import BATCHED_ROLES, Symbol


def _kept(method):
    """Decorator for a method of a symbol's name, which is asked thousands of times: it answers once, as nothing of a spec changes."""
    answers = f"_answers_of_{method.__name__}"

    @wraps(method)
    def asked(self, name):
        known = self.__dict__.get(answers)
        if known is None:
            known = self.__dict__[answers] = {}
        if name not in known:
            known[name] = method(self, name)
        return known[name]

    return asked


class Analysis(Record):
    """All that is found in a record."""

    @cached_property
    def arrays(self) -> dict[str, Symbol]:
        """The symbols that are handed in, by name: all but the defined ones."""
        return {name: symbol for name, symbol in self.symbols.items() if symbol.role != "value"}

    @property
    def parameters(self) -> dict[str, Symbol]:
        """The symbols that are learned, by name."""
        return {name: symbol for name, symbol in self.arrays.items() if symbol.role == "parameter"}

    @property
    def all_misprints(self):
        """The misprints of the equations and of the printed backward ones."""
        return (*self.misprints, *(misprint for block in self.printed_gradients for misprint in block.misprints))

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
    def named_sizes(self):
        """The sizes that no array shows: they are given by name, as integers, beside the arrays."""
        shown = {str(size) for symbol in self.arrays.values() for size in symbol.shape}
        return tuple(name for name in self.sizes if name not in shown)

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
    def names(self):
        """All that its text gives a name: sizes and symbols, those too that only an equation names."""
        return frozenset((*self.sizes, *self.symbols, *self.defined))

    @cached_property
    def element_shapes(self):
        """The shape of one element of each defined symbol, in sizes."""
        return self.program.element_shapes

    @cached_property
    def bounding_shapes(self):
        """The shapes, by name, that must be positive: those declared, and those of the outputs."""
        declared = {name: symbol.shape for name, symbol in self.symbols.items()}
        return declared | {name: self.full_shape(name) for name in self.outputs}

    @cached_property
    def has_least_lengths(self):
        """Whether a shape may have no entry at some length from 1 on, as [T-2] has."""
        sizes = {size for shape in self.bounding_shapes.values() for size in shape}
        return any(size.names() & set(self.time) and str(size) not in self.time for size in sizes)

    @cached_property
    def reached(self):
        """The defined symbols that some output depends on, in some branch of the equations between them."""
        reads = self._reads
        reached, waiting = set(), list(self.outputs)
        while waiting:
            name = waiting.pop()
            if name in reads and name not in reached:
                reached.add(name)
                waiting += reads[name]
        return reached

    @cached_property
    def _reads(self):
        """The names that the equations of each defined symbol read."""
        reads = {}
        for equation in self.equations:
            reads.setdefault(equation.name, set()).update(equation.reads)
        return reads

    def small_sizes(self, time, least=None):
        """Small sizes with ``time`` steps, for checks that need integers: unequal from 2 on, or all ``least``; more where shapes need it."""
        others = [name for name in self.sizes if name not in self.time]
        sizes = {name: time for name in self.time}
        sizes.update({name: 2 + place if least is None else least for place, name in enumerate(others)})
        return enlarged(self, sizes)

    def lowest_constants(self):
        """Every integer constant at the low end of its domain."""
        return {name: self.symbols[name].integers(self.small_sizes(4))[0] for name in self.integer_constants}

    @cached_property
    def whole(self):
        """The defined symbols of which every element reaches an output, so that a backend's can be held against the equation's."""
        indices = {**self.small_sizes(4), **self.lowest_constants()}
        computed = {(name, key) for name, key, *_ in self.program.schedule(indices, self.outputs)}
        spans = {name: self.program.definitions[name].ranges(indices) for name in self.defined}
        return frozenset(name for name in self.defined if all((name, key) in computed for key in product(*spans[name])))

    @_kept
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
        batched, readers = set(), {}
        for name, names in self._reads.items():
            for read in names:
                readers.setdefault(read, []).append(name)
        waiting = [name for name, symbol in self.arrays.items() if symbol.role in BATCHED_ROLES]
        while waiting:
            name = waiting.pop()
            if name not in batched:
                batched.add(name)
                waiting += readers.get(name, ())
        return frozenset(batched)

    @cached_property
    def joined(self):
        """Names that sequences of the spec's own batch have in common though they hang on them, such as a sum over all: it can't be taken apart."""
        if self.batch is None:
            return ()
        depends = {name for name in self.arrays if self.batch_axis(name) is not None}
        while more := {name for name, names in self._reads.items() if depends.intersection(names)} - depends:
            depends |= more
        return tuple(name for name in self._reads if name in depends and self.batch_axis(name) is None)

    @_kept
    def batch_axis(self, name):
        """Where the batch axis of an array stands: 1 behind a time axis, else 0; None without one."""
        shape = self.full_shape(name)
        if self.batch is not None:
            places = [axis for axis, size in enumerate(shape) if str(size) == self.batch]
            return places[0] if places else None
        if name not in self.batched:
            return None
        return 1 if shape and str(shape[0]) in self.time else 0

    @_kept
    def time_size(self, name):
        """The time size of an array's first axis, or None."""
        shape = self.full_shape(name)
        return str(shape[0]) if shape and str(shape[0]) in self.time else None

    @cached_property
    def _beginnings(self):
        return beginnings(self)

    # What was found, by the values of integer constants.

    @cached_property
    def _going_on(self):
        return {}

    @cached_property
    def _needed(self):
        return {}

    def continuing(self, constants):
        """The beginnings of recurrences whose states go on in the next chunk, at these values of integer constants."""
        mark = frozenset(constants.items())
        if mark not in self._going_on:
            kept = continuing(self, self._beginnings, constants)
            self._going_on[mark] = kept, staying(self, self._beginnings, kept, constants)
        return self._going_on[mark][0]

    def needed_to_go_on(self, constants):
        """Of a run, at these values of integer constants: the states, or None where one is not ``whole``, and the starts that hold several steps."""
        mark = frozenset(constants.items())
        if mark not in self._needed:
            kept = self.continuing(constants)
            states = [one.state for one in kept]
            self._needed[mark] = states if self.whole.issuperset(states) else None, [one.start for one in kept if one.delayed]
        return self._needed[mark]

    def staying(self, constants):
        """What does not go on in the next chunk, by name, and what in the equations is in the way."""
        self.continuing(constants)
        return self._going_on[frozenset(constants.items())][1]

    @cached_property
    def begun(self):
        """For each start or parameter that begins a recurrence: the state it begins, and whether it runs forward."""
        return {one.start: (one.state, one.forward) for one in self._beginnings if not one.delayed}

    @cached_property
    def carried(self) -> dict[str, tuple[str, bool]]:
        """Those of ``begun`` whose state, whatever the constants are, may be handed to the next chunk, which then goes on.

        {"h0": ("h", True)} says that h at its last step may be handed on as h0.
        """
        return {one.start: (one.state, one.forward) for one in self.continuing({}) if not one.delayed}

    @cached_property
    def delayed(self) -> dict[str, str]:
        """For each start that holds all states before the first step, in the order of time: the state it begins.

        {"h_start": "h"} says that h[d-D] = h_start[d]: the last states of both together continue the sequence.
        """
        return {one.start: one.state for one in self.continuing({}) if one.delayed}

    @cached_property
    def _shared(self):
        """The starts that all sequences have in common: parameters, and constants of real numbers."""
        return [name for name in self.begun if self.symbols[name].is_kept and not self.symbols[name].is_integer_constant]
