"""The text of a compiled kernel: a Numba module with the forward and backward that hand-written ones have."""

import math
import re
from dataclasses import replace

from refrnn.compiler.body import Body
from refrnn.compiler.joined import few_steps
from refrnn.compiler.lines import laid_out
from refrnn.compiler.names import HELPERS, Names, imports
from refrnn.compiler.program import compiled, lookups_of
from refrnn.compiler.statements import CompileError
from refrnn.compiler.storage import Storage
from refrnn.equation.indices import ZERO
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Read, Span
from refrnn.spec.gradient import adjoint_of, least, program_of

_INTEGER = 10**15  # no whole number is below its negative
MOST_VALUES = 3  # of an integer constant on which the order of statements may hang: a kernel has the lines of each
_SIZE = re.compile(r"[\w*+]+")


def text(spec):
    """The source of the kernel of a spec; CompileError where it has none."""
    return _Module(spec).text()


class _Module:
    def __init__(self, spec):
        self.spec = spec
        self.lowest = {name: least(spec.symbols[name]) for name in sorted(spec.integer_constants)}  # a set has another order in every process
        self._check()
        every = ("B", "batch", *(f"batch_{number}" for number in range(2, 100)))
        self.batch = next(name for name in every if name not in spec.names)
        self.arrays = {name: symbol for name, symbol in spec.arrays.items() if not symbol.is_integer_constant}
        given = {name: self._given(name) for name in self.arrays}
        self.forward = compiled(spec.program, self.lowest, given, spec.time, self._batch_of, self.batch, ranges=few_values(spec))
        self.state = self._state()
        self.few = few_steps(self.forward.each, {*spec.outputs}) if self.state is not None else {}
        for name in self.few:
            self.forward.storages[name] = replace(self.forward.storages[name], kept=self._free(f"{name}_kept"))
        self.backward = None
        if spec.differentiated:
            self.adjoint = adjoint_of(spec)
            self.backward = self._adjoint()

    def _free(self, wanted):
        """A name that nothing has in the module, be it of a symbol or of a size."""
        taken = {*self.spec.names, *self.lowest, *self.forward.storages, self.batch, *HELPERS}
        return next(name for name in (wanted, *(f"{wanted}_{number}" for number in range(2, 100))) if name not in taken)

    def _state(self):
        """What continues each sequence, by starts, as :class:`refrnn.spec.chunks.Beginning`; None where passes can't be bound to their weights, as some of it is several steps."""
        spec = self.spec
        if self.lowest or spec.named_sizes or not spec.time:
            return None
        found = spec.continuing({})
        if any(one.delayed or self.forward.storages[one.state].batch != 1 for one in found):
            return None
        return found

    def _check(self):
        spec = self.spec
        if spec.batch is not None:
            raise CompileError(f"{spec.source}: {spec.id} can't be compiled, as its batch is one of its sizes; run it by the equation")
        taken = HELPERS & {*spec.sizes, *spec.integer_constants}
        if taken:
            raise CompileError(f"{spec.source}: {spec.id} can't be compiled with a size called {min(taken)}; rename it, or run it by the equation")
        for name, symbol in spec.arrays.items():
            for size in symbol.shape:
                if not _SIZE.fullmatch(str(size)) or any(count < 0 for count in size.terms.values()) or any(len(factors) > 1 for factors in size.terms):
                    raise CompileError(f"{spec.source}: {name} has the size {size}, which kernels can't be given; run it by the equation")
            if symbol.type == "integer" and symbol.below is None and not symbol.is_integer_constant:
                raise CompileError(f"{spec.source}: {name} is of whole numbers that are no places; run it by the equation")

    def _axes(self, name):
        return axes(self.spec, name, self.batch)

    def _batch_of(self, name):
        """Where the sequences of a defined symbol stand: behind time only where its equations give one step after the other."""
        return min(self.spec.batch_axis(name), self.spec.program.ranks[name]) if self.spec.batch_axis(name) is not None else None

    def _given(self, name):
        shape, batch = self._axes(name)
        return Storage(name, shape, (), batch, self.spec.symbols[name].type != "integer")

    def _adjoint(self):
        spec, made = self.spec, self.adjoint
        program = program_of(spec, made)
        given = {name: self._given(name) for name in self.arrays}
        for name in made.values:
            storage, firsts = self.forward.storages[name], self.forward.first(name)
            low = tuple(below - first for below, first in zip(storage.low, firsts))
            given[name] = Storage(name, storage.extents, low, storage.batch)
        for name, upstream in made.upstream.items():
            shape, batch = self._axes(name)
            if batch is None and spec.batched:
                shape, batch = (Size.of(self.batch), *shape), 0  # it counts once, with one of the sequences
            given[upstream] = Storage(upstream, shape, (), batch)
        each = {own for name, own in made.gradients.items() if spec.batch_axis(name) is not None}  # be they zero
        batched = _batched(program, {name for name, storage in given.items() if storage.batch is not None}) | each
        summed = [own for name, own in made.gradients.items() if spec.batch_axis(name) is None and own in batched]

        def batch(name):
            if name not in batched:
                return None
            shape = made.shapes[name]
            return 1 if program.ranks[name] and shape and str(shape[0]) in spec.time else 0

        self.summed = summed
        for name, own in made.gradients.items():
            if own not in program.ranks:
                raise CompileError(f"{spec.source}: {spec.id} has no equation for the gradient of {name}")
        return compiled(program, self.lowest, given, spec.time, batch, self.batch, summed, lookups_of(self.forward.clauses), is_derived=True, ranges=few_values(spec))

    # ------------------------------------------------------------ text

    def text(self):
        spec = self.spec
        forward = self._pass("forward", self.forward)
        backward = self._pass("backward", self.backward) if self.backward else ([], [])
        batch = f', batch="{self.batch}"' if self.batch != "B" else ""
        lines = [
            *docstring(spec), "",
            "import numpy as _np",
            "",
            "from refrnn.kernels.engine.memory import Bound as _Bound, Memory as _Memory, last as _last",
            *imports(),
            "",
            "INFINITY = _np.inf",
            f'TAKES = Arguments("{takes(spec, self.batch)}"{batch})',
            "", "",
            *forward[0], "", "",
            *self._forward(forward[1]), "", "",
            *backward[0], *(["", ""] if backward[0] else []),
            *self._backward(backward[1]),
            *self._bind(),
        ]  # fmt: skip
        return "\n".join(laid_out(lines)).rstrip() + "\n"

    def _pass(self, word, made):
        """The kernels of a pass, and what calls them."""
        kernels, calls = [], []
        for batched, schedule in ((False, made.shared), (True, made.each)):
            if not schedule:
                continue
            kept = {storage.kept for storage in made.storages.values() if storage.kept}
            names = Names({*self.spec.sizes, *self.lowest, *made.storages, *kept}, self.batch)
            body = Body(names, made.storages, made.shape, made.first, self.spec.time, self.lowest, batched, set(self.arrays))
            name = f"_{word}" if batched else f"_{word}_shared"
            lines = body.lines(schedule)
            made.temporary |= body.temporaries.keys()
            if kernels:
                kernels += ["", ""]
            own, call = self._kernel(name, body, lines, made)
            kernels += own
            calls += call
        return kernels, calls

    def _kernel(self, name, body, lines, made):
        names, text = body.names, "\n".join(lines)
        words = set(re.findall(r"\w+", text))
        numbers = [size for size in (*self.spec.sizes, *sorted(self.lowest)) if size in words or size in self.spec.time]
        arrays = [symbol for symbol in made.storages if symbol not in body.temporaries and names.of(symbol) in words]
        packs = [(pack, node) for pack, node in body.packs.values()]
        head, place = [f"{names.parts}, {names.batch} = {names.table}[0], {names.table}[1]"], 2
        table = []
        numbers += [storage.kept for storage in made.storages.values() if storage.kept in words]
        for number in numbers:
            head.append(f"{number} = {names.table}[{place + len(table)}]")
            table.append(number)
        for time, own in body.lengths.items():
            called = body.ends[time] if body.batched else str(own)
            if called in words:
                head.append(f"{called} = {'integers(' if body.batched else ''}{names.table}[{place + len(table)}]{')' if body.batched else ''}")
                table.append(f'_ends["{time}"]' if body.batched else f'max(_ends["{time}"])')
        for symbol in arrays:
            storage = made.storages[symbol]
            load = f"pointer({names.table}[{place + len(table)}], {names.like})" if storage.is_float else f"integers({names.table}[{place + len(table)}])"
            head.append(f"{names.of(symbol)} = {load}")
            table.append(symbol)
        before = []
        for symbol, shape in body.temporaries.items():
            extents = [names.batch] if body.batched else []
            before.append(self._array(names.of(symbol), [*extents, *shape], False))
            head.append(f"{names.of(symbol)} = pointer({names.table}[{place + len(table)}], {names.like})")
            table.append(names.of(symbol))
        for pack, node in packs:
            is_bound = self.state is not None and made is self.forward and self.spec.symbols[_base(node)].is_kept
            before.append(f'{pack} = _memory.packed("{_view(node)}", {_view(node)})' if is_bound else f"{pack} = _packed({_view(node)})")
            head.append(f"{pack} = pointer({names.table}[{place + len(table)}], {names.like})")
            table.append(pack)
        if names.multiply in words:
            head.append(f"{names.multiply} = {names.table}[{place + len(table)}]")
            table.append("_product")
        if body.batched:
            head.append(f"{names.begin}, {names.end} = {names.batch} * {names.index} // {names.parts}, {names.batch} * ({names.index} + 1) // {names.parts}")
        if names.lanes in words:
            head.append(f"{names.lanes} = lanes({names.like})")
        own = ['@native("iIF")', f"def {name}({names.index}, {names.table}, {names.like}):"] + ["    " + line for line in (*head, *lines)]
        count = self.batch if body.batched else "1"
        call = [*before, f"_share({name}, {count}, _dtype, [{', '.join(table)}], {self._work()})"]
        return own, call

    def _work(self):
        """About how many products and sums there are, as text."""
        sizes = [name for name in self.spec.time] or ["1"]
        areas = [" * ".join(f"({size})" for size in symbol.shape) for symbol in self.spec.parameters.values() if symbol.shape]
        return f"{self.batch} * {' * '.join(sizes)} * ({' + '.join(areas) or '1'})"

    def _sizes(self):
        """Lines that find all sizes by shapes."""
        lines, known = [], set(self.spec.named_sizes)
        for name in self.arrays:
            shape, _ = self._axes(name)
            for axis, size in enumerate(shape):
                if str(size).isidentifier() and str(size) not in known:
                    known.add(str(size))
                    lines.append(f"{size} = {name}.shape[{axis}]")
        if self.batch not in known:
            lines.append(f"{self.batch} = 1")
        floats = next((name for name, symbol in self.arrays.items() if symbol.type != "integer" and symbol.shape), None)
        lines.append(f"_dtype = {floats}.dtype" if floats else "_dtype = _np.dtype(_np.float64)")
        return lines

    def _numbers(self):
        return [f"{name} = _np.array([{name}], _dtype)" for name in self.arrays if not self._axes(name)[0]]

    def _ends(self):
        if not self.spec.time:
            return []
        if len(self.spec.time) == 1:
            (time,) = self.spec.time
            return [f'_ends = {{"{time}": _whole(lengths, {time}, {self.batch})}}']
        given = ", ".join(f'"{time}": _whole((lengths or {{}}).get("{time}"), {time}, {self.batch})' for time in self.spec.time)
        return [f"_ends = {{{given}}}"]

    def _memory(self, more=""):
        """The line for what a pass writes beside what it gives."""
        ends = "_ends" if self.spec.time else "{}"
        return f"_memory = _Memory({ends}, {_tuple(self.spec.time) if self.spec.time else '()'}{more})"

    def _new(self, made, skipped=(), given=()):
        """Lines that make the arrays of a pass, of those that are ``given`` to the caller new ones."""
        lines = []
        for name, storage in made.storages.items():
            if name in self.arrays or name in skipped:
                continue
            if name in given:
                lines.append(_zeros(name, storage.extents))
            elif storage.kept:
                more = ", whole=True" if name in made.whole else ""
                lines.append(f"{name}, {storage.kept} = _memory.steps({_shape(storage.extents)}, {self.few[name]}, _dtype{more})")
            else:
                lines.append(self._array(name, storage.extents, name in made.whole))
        return lines

    def _array(self, name, extents, is_whole):
        return f"{name} = _memory.array({_shape(extents)}, _dtype{', whole=True' if is_whole else ''})"

    def _forward(self, calls):
        spec = self.spec
        lengths = ["lengths=None"] if spec.time else []
        arguments = [*spec.arrays, *spec.named_sizes, *lengths]
        lines = ["@TAKES.forward", f"def forward({', '.join(arguments)}):"]
        inner = [*self._sizes(), *self._numbers(), *self._ends(), self._memory(", keeps=True")]
        inner += [*self._new(self.forward, self.forward.temporary, spec.outputs), *calls]
        shown = [name for name in spec.defined if name in spec.outputs or name in spec.whole]
        for name in spec.outputs:
            inner += self._cleared(name)
        outputs = [f'"{name}": {self._whole(name)}' for name in spec.outputs]
        if self.state is not None:
            inner += ["if not _memory.keeps:", *(f"    {line}" for line in self._ended(outputs))]
        for name in shown:
            inner += self._cleared(name) if name not in spec.outputs else []
        kept = [f'"(sizes)": {_tuple(self._own_sizes())}', f'"(arrays)": {_tuple(self._kept_arrays())}', '"(memory)": _memory']
        offered = [f'"{name}": _memory.offered({self._whole(name)})' for name in shown if name not in spec.outputs]
        inner.append(f"return {{{', '.join(outputs)}}}, {{{', '.join([*offered, *(kept if self.backward else [])])}}}")
        return lines + ["    " + line for line in inner]

    def _ended(self, outputs):
        """Lines at the end of a pass that keeps nothing."""
        found = []
        for one in self.state:
            storage = self.forward.storages[one.state]
            first = self.forward.first(one.state)[0] - storage.low[0]
            time = self.spec.time_size(one.state)
            places = f'_ends["{time}"] + {first - Size.of(1)}'.removesuffix(" + 0").replace("+ -", "- ") if one.forward else f"_np.full({self.batch}, {first})"
            found.append(f'"{one.start}": _last({one.state}, {places}{f", {storage.kept}" if storage.kept else ""})')
        return [f"_state = {{{', '.join(found)}}}", "_memory.give()", f"return {{{', '.join(outputs)}}}, _state"]

    def _bind(self):
        """Lines of the function that binds the pass forward to weights."""
        if self.state is None:
            return []
        spec, fixed = self.spec, [name for name in self.arrays if self.spec.symbols[name].is_kept]
        inputs = [name for name in self.arrays if name not in fixed and spec.time_size(name)]
        starts = [name for name in self.arrays if name not in fixed and name not in inputs]
        numbers = [name for name in (*inputs, *starts) if spec.symbols[name].type == "integer"]
        named = ", ".join(f'"{name}": {name}' for name in fixed)
        whole = f", {numbers}".replace("'", '"') if numbers else ""
        given = f"{inputs}, {starts}".replace("'", '"')
        own = 'globals()["forward"]' if "forward" in fixed else "forward"
        return ["", "", f"def bind({', '.join(fixed)}):", f"    return _Bound({own}, {{{named}}}, {given}{whole})"]

    def _own_sizes(self):
        return [*self.spec.sizes, *sorted(self.lowest), self.batch, "_dtype", *(["_ends"] if self.spec.time else [])]

    def _kept_arrays(self):
        return [*self.arrays, *self.adjoint.values] if self.backward else []

    def _whole(self, name):
        """A defined symbol as the library has it: over its range, without the places of starts, the numbers alone as one."""
        storage, first = self.forward.storages[name], self.forward.first(name)
        spans = self.forward.clauses.spans(name)
        if not storage.extents:
            return f"{name}[0]"
        parts, axes = [], iter(range(len(storage.low)))
        for axis in range(len(storage.extents)):
            if axis == storage.batch:
                parts.append(":")
                continue
            place = next(axes, None)
            if place is None:
                parts.append(":")
                continue
            begin, end = first[place] - storage.low[place], first[place] - storage.low[place] + spans[place]
            whole = begin == ZERO and end == storage.extents[axis]
            parts.append(":" if whole else f"{begin}:{end}" if begin != ZERO else f":{end}")
        text = name if set(parts) == {":"} else f"{name}[{', '.join(parts)}]"
        return self._turned(text, storage, name)

    def _turned(self, text, storage, name):
        """An array as the library has it, where its sequences stand first in the kernel and behind time there."""
        return f"_np.moveaxis({text}, 0, 1)" if storage.batch == 0 and self.spec.batch_axis(name) == 1 else text

    def _cleared(self, name):
        """Lines that set what is past each sequence's end to zero: NaN of a weight, or a start that stands there."""
        shape, batch = self._axes(name)
        if batch != 1:
            return []
        return [f'_clear({self._whole(name)}, _ends["{shape[0]}"])']

    def _backward(self, calls):
        spec = self.spec
        errors = [f"d_{name}" for name in spec.outputs]
        lines = ["@TAKES.backward", f"def backward(saved, {', '.join(errors)}):"]
        if not self.backward:
            return [*lines, "    return {}"]
        made, adjoint = self.backward, self.adjoint
        inner = [f'{_tuple(self._own_sizes())} = saved["(sizes)"]']
        for name, upstream in adjoint.upstream.items():  # first: an array may be called as the error of an output
            inner += self._upstream(name, upstream)
        inner.append(f'{_tuple(self._kept_arrays())} = saved["(arrays)"]')
        skipped = {*made.temporary, *adjoint.values, *adjoint.upstream.values(), *made.summed}
        given = {own for own in adjoint.gradients.values() if own not in self.summed}
        inner += [self._memory(), *self._new(made, skipped, given), *calls]
        found = []
        inner += self._summed()
        for name, own in adjoint.gradients.items():
            if own in made.summed:
                found.append(f'"{name}": {own}')
            elif own in self.summed:
                found.append(f'"{name}": {own}.sum(axis={made.storages[own].batch})')
            else:
                storage = made.storages[own]
                there = self._turned(own, storage, name)
                if spec.batch_axis(name) == 1:
                    inner.append(f'_clear({there}, _ends["{spec.full_shape(name)[0]}"])')
                found.append(f'"{name}": {there if storage.extents else own + "[0]"}')
        inner += [f"_gradients = {{{', '.join(found)}}}", "_memory.give()", "return _gradients"]
        return lines + ["    " + line for line in inner]

    def _upstream(self, name, upstream):
        """The error of an output, which nothing reads past a sequence's end; of one that all sequences share, with the longest of them."""
        shape, batch = self._axes(name)
        if batch is None and self.spec.batched:
            time = self.spec.time_size(name)
            one = f'int(_np.argmax(_ends["{time}"]))' if time else "0"
            return [f"{upstream} = _np.zeros(({self.batch}, *_np.shape(d_{name})), _dtype)", f"{upstream}[{one}] = d_{name}"]
        if not shape:
            return [f"{upstream} = _np.array([d_{name}], _dtype)"]
        return [f"{upstream} = _np.ascontiguousarray(d_{name})"]

    def _summed(self):
        """Lines that sum products over all steps and sequences; past their ends zeros are multiplied by zeros."""
        made, lines = self.backward, []
        for name in dict.fromkeys(name for terms in made.summed.values() for term in terms for rows in term for name in rows):
            if name in self.arrays:
                lines.append(f'{name} = _cut({name}, _ends["{self.spec.full_shape(name)[0]}"])')
            else:
                lines.append(f'_clear({self._steps(name)}, _ends["{self._steps_of(name)}"])')
        lines = ["if not _memory.is_whole:", *(f"    {line}" for line in lines)] if lines else []
        jobs, more = {}, []
        for own, terms in made.summed.items():
            for number, term in enumerate(terms):
                found = own if number == 0 else f"_{own}_{number + 1}"
                jobs[found] = f"({', '.join(map(self._stacked, term))},)" if len(term) == 1 else f"({', '.join(map(self._stacked, term))})"
                more += [f"{own} += {found}"] if number else []
        return [*lines, f"{', '.join(jobs)}, = _sums({', '.join(jobs.values())})", *more] if jobs else []

    def _stacked(self, rows):
        """Arrays (T, B, ...) whose rows stand side by side, as a tuple."""
        return f"({', '.join(name if name in self.arrays else self._steps(name) for name in rows)},)"

    def _steps_of(self, name):
        return self.spec.full_shape(name)[0] if name in self.adjoint.values else self.backward.shape(name)[0]

    def _steps(self, name):
        """The rows of a symbol at each step, without the places of starts."""
        storage, size = self.backward.storages[name], self._steps_of(name)
        low = ZERO - storage.low[0]
        return name if low == ZERO and storage.extents[0] == size else f"{name}[{low}:{low + size}]"


def few_values(spec, most=MOST_VALUES):
    """The values of integer constants that choose, as the direction of time does: of those that have few, at ``most`` so many."""
    found = {}
    for name in sorted(spec.integer_constants):  # a set has another order in every process
        low, high = least(spec.symbols[name]), spec.symbols[name].high
        if low is not None and high is not None and high - low < most:
            found[name] = range(low, math.floor(high) + 1)
    return found


def takes(spec, batch="B"):
    """What its kernel takes, as Arguments reads it."""
    parts = []
    for name in spec.arrays:
        symbol = spec.symbols[name]
        if symbol.is_integer_constant:
            low, high = least(symbol), None if symbol.high is None else math.floor(symbol.high)
            low = -_INTEGER if low is None else low
            parts.append(f"{name} {low} to {high}" if high is not None else f"{name} from {low}")
            continue
        shape, _ = axes(spec, name, batch)
        below = f" below {symbol.below}" if symbol.below is not None else ""
        parts.append(f"{name} ({', '.join(map(str, shape))}){below}")
    parts += [f"{name} size" for name in spec.named_sizes]
    if spec.time:
        parts.append(f"lengths of {' and '.join(spec.time)}")
    return "; ".join(parts)


def axes(spec, name, batch):
    """The shape of an array of the library, the sequences among it, and where these stand."""
    place = spec.batch_axis(name)
    shape = list(spec.full_shape(name))
    if place is not None:
        shape.insert(place, Size.of(batch))
    return tuple(shape), place


def docstring(spec):
    """Lines."""
    equations = (f"    {_quoted(equation)}" for equation in spec.equations)
    single = [f"{name} is {values[0]}" for name, values in few_values(spec, 1).items()]
    where = f" where {' and '.join(single)}" if single else ""
    return [f'"""{_quoted(spec.title)}: a kernel that refrnn wrote, from the equations of {_quoted(spec.id)}{where}.', "", *equations, '"""']


def _quoted(text):
    """What somebody wrote, as it may stand in a docstring of a module that is run: no quote of it ends the docstring."""
    return str(text).replace("\\", "\\\\").replace('"', '\\"')


def _tuple(names):
    return f"({', '.join(names)},)"


def _zeros(name, extents):
    """The line that makes an array; a number is an array of one. Past the end of a second time nothing is written."""
    return f"{name} = _np.zeros({_shape(extents)}, _dtype)"


def _shape(extents):
    """As NumPy takes it."""
    shape = ", ".join(map(str, extents or (1,)))
    return f"({shape})" if len(extents) > 1 else shape


def _base(node):
    """The name of the array that a matrix is."""
    return node.name if isinstance(node, Read) else _base(node.arguments[0])


def _batched(program, given):
    batched, changed = set(given), True
    while changed:
        changed = False
        for equation in program.equations:
            if equation.name not in batched and equation.reads & batched:
                batched.add(equation.name)
                changed = True
    return batched - set(given)


def _view(node):
    """A matrix turned round for ``packed``, as NumPy writes it."""
    if isinstance(node, Read):
        places = ", ".join(f"{place.lower}:{place.upper}" if isinstance(place, Span) else str(place) for place in node.places)
        return f"{node.name}{f'[{places}]' if places else ''}.T"
    inner = _view(node.arguments[0])
    return inner.removesuffix(".T")

