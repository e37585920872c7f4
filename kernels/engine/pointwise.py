"""A step of a recurrence, plain Python on numbers, made into a function over the units of a panel and over its rows."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ..primitives.compile import Native, part
from ..primitives.lanes import Lanes, lanes, lanes_of
from ..primitives.tiles import spread
from .rows import ARRAY, GATES, GIVEN, NUMBER

I64, I32 = ir.IntType(64), ir.IntType(32)


class Pointwise:
    """``function(a, b, ...) -> (c, d, ...)`` over lanes.

    ``kinds``: for each array GATES, OWN, GIVEN or NUMBER. ``reads``: for each argument the (array, gate) pairs that are
    summed; ``writes``: for each result the (array, gate) pairs that it is written to, or added to for those in ``adds``.
    """

    def __init__(self, function, kinds, reads, writes, adds, name):
        self.native = Native(_driver(function, kinds, reads, writes, adds, name), "IIiiiiiF", name=name)

    def address(self, dtype):
        return self.native.address(dtype)


def _driver(function, kinds, reads, writes, adds, name):
    body = part(function)
    origin, row_of = _origins(kinds), _rows(kinds)
    load, store = _loads(kinds, reads, 1), _stores(kinds, writes, adds, 1)
    load_two, store_two = _loads(kinds, reads, 2), _stores(kinds, writes, adds, 2)

    def driver(arrays, order, t, first, last, start, end, like):
        """Units start .. end-1 of the rows first .. last-1 at step t."""
        origins = origin(arrays, t, like)
        for row in range(first, last):
            starts = row_of(origins, row, order[row], like)
            unit = start
            # Two vectors at a time: one waits for nothing while the other does.
            while unit + lanes(like) < end:
                store_two(origins, starts, unit, end, body(*load_two(origins, starts, unit, end, like)), like)
                unit += 2 * lanes(like)
            if unit < end:
                store(origins, starts, unit, end, body(*load(origins, starts, unit, end, like)), like)

    return driver


_KEPT = ("origin", "row", "panel", "shift")


def _origins(kinds):
    """For each array where step t begins, and its distances."""

    @intrinsic
    def origins(typingctx, arrays, t, like):
        kind = types.UniTuple(types.int64, len(kinds) * len(_KEPT))

        def generate(context, builder, signature, values):
            def field(array, name):
                place = array * len(ARRAY.names) + ARRAY.names.index(name)
                return builder.load(builder.gep(values[0], [ir.Constant(I64, place)]))

            found = []
            for array in range(len(kinds)):
                begin = builder.mul(builder.add(values[1], field(array, "offset")), field(array, "step"))
                begin = builder.mul(begin, ir.Constant(I64, like.dtype.bitwidth // 8))
                found += [builder.add(field(array, "base"), begin), field(array, "row"), field(array, "panel"), field(array, "shift")]
            return context.make_tuple(builder, kind, found)

        return kind(arrays, t, like), generate

    return origins


def _rows(kinds):
    """For each array the address of a row."""

    @intrinsic
    def rows(typingctx, origins, row, there, like):
        kind = types.UniTuple(types.int64, len(kinds))

        def generate(context, builder, signature, values):
            parts, found = cgutils.unpack_tuple(builder, values[0]), []
            for array, sort in enumerate(kinds):
                begin, distance = parts[array * len(_KEPT)], parts[array * len(_KEPT) + 1]
                size = ir.Constant(I64, like.dtype.bitwidth // 8)
                found.append(builder.add(begin, builder.mul(builder.mul(values[2 if sort == GIVEN else 1], distance), size)))
            return context.make_tuple(builder, kind, found)

        return kind(origins, row, there, like), generate

    return rows


class _Vectors:
    """Writes the instructions that load and store the lanes of one unit and those after it, of the vector ``ahead`` of ``wide``."""

    def __init__(self, context, builder, values, like, kinds, ahead, wide):
        self.builder, self.kinds, self.lanes, self.size = builder, kinds, lanes_of(like.dtype).count, like.dtype.bitwidth // 8
        self.number = context.get_value_type(like.dtype)
        self.vector = ir.VectorType(self.number, self.lanes)
        origins, starts, unit, end = values[:4]
        self.unit = builder.add(unit, ir.Constant(I64, ahead * self.lanes))
        self.origins, self.starts = cgutils.unpack_tuple(builder, origins), cgutils.unpack_tuple(builder, starts)
        left = builder.trunc(builder.sub(end, self.unit), I32)
        counts = ir.Constant(ir.VectorType(I32, self.lanes), list(range(self.lanes)))
        self.mask = builder.icmp_signed("<", counts, spread(builder, left, self.lanes))
        self.zeros = ir.Constant(self.vector, [0.0] * self.lanes)
        self.places = {}
        self.is_whole = ahead + 1 < wide  # else it may be the last one, and not

    def _address(self, array, gate):
        b = self.builder
        if array not in self.places:
            place = self.unit
            if self.kinds[array] == GATES:
                _, _, panel, shift = self.origins[array * len(_KEPT) : (array + 1) * len(_KEPT)]
                units = b.shl(ir.Constant(I64, 1), shift)
                inside = b.and_(self.unit, b.sub(units, ir.Constant(I64, 1)))
                place = b.add(b.mul(b.ashr(self.unit, shift), panel), inside)
                self.places[array] = b.gep(b.inttoptr(self.starts[array], self.number.as_pointer()), [place]), units
            else:
                self.places[array] = b.gep(b.inttoptr(self.starts[array], self.number.as_pointer()), [place]), None
        start, units = self.places[array]
        if gate:
            start = b.gep(start, [b.mul(units, ir.Constant(I64, gate))])
        return b.bitcast(start, self.vector.as_pointer())

    def load(self, array, gate):
        if self.kinds[array] == NUMBER:
            number = self.builder.load(self.builder.inttoptr(self.starts[array], self.number.as_pointer()))
            return spread(self.builder, number, self.lanes)
        address = self._address(array, gate)
        if self.kinds[array] != GIVEN:
            return self.builder.load(address, align=self.size)
        kind = ir.FunctionType(self.vector, [address.type, I32, self.mask.type, self.vector])
        name = f"llvm.masked.load.v{self.lanes}{self.number.intrinsic_name}.p0"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, [address, ir.Constant(I32, self.size), self.mask, self.zeros])

    def store(self, array, gate, value):
        address = self._address(array, gate)
        if self.kinds[array] != GIVEN:
            self.builder.store(value if self.is_whole else self.builder.select(self.mask, value, self.zeros), address, align=self.size)
            return
        if self.is_whole:
            self.builder.store(value, address, align=self.size)
            return
        kind = ir.FunctionType(ir.VoidType(), [self.vector, address.type, I32, self.mask.type])
        name = f"llvm.masked.store.v{self.lanes}{self.number.intrinsic_name}.p0"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        # Some processors take ten times as long over a masked store, even where nothing is masked.
        whole = self.builder.extract_element(self.mask, ir.Constant(I32, self.lanes - 1))
        with self.builder.if_else(whole) as (all_of_it, some):
            with all_of_it:
                self.builder.store(value, address, align=self.size)
            with some:
                self.builder.call(function, [value, address, ir.Constant(I32, self.size), self.mask])


def _part(builder, vector, first, count):
    """So many lanes of a vector, or of two, one after the other, from the lane ``first`` on."""
    one, other = vector if isinstance(vector, list) else (vector, vector)
    return builder.shuffle_vector(one, other, ir.Constant(ir.VectorType(I32, count), list(range(first, first + count))))


def _loads(kinds, reads, wide):
    """What loads the arguments of a step, each as two vectors side by side: the second one is zero where ``wide`` is one.

    The step is the same function all the same; of what nobody stores, LLVM leaves nothing.
    """

    @intrinsic
    def load(typingctx, origins, starts, unit, end, like):
        count = lanes_of(like.dtype).count
        kind = types.UniTuple(Lanes(like.dtype, 2 * count), len(reads))

        def generate(context, builder, signature, values):
            found = []
            vectors = [_Vectors(context, builder, values, like, kinds, ahead, wide) for ahead in range(wide)]
            for first, *rest in reads:
                totals = [one.load(*first) for one in vectors]
                for part in rest:
                    totals = [builder.fadd(total, one.load(*part)) for total, one in zip(totals, vectors)]
                found.append(_part(builder, totals if wide == 2 else [*totals, vectors[0].zeros], 0, 2 * count))
            return context.make_tuple(builder, kind, found)

        return kind(origins, starts, unit, end, like), generate

    return load


def _stores(kinds, writes, adds, wide):
    """What stores the results of a step, each two vectors side by side, of which ``wide`` count."""

    @intrinsic
    def store(typingctx, origins, starts, unit, end, results, like):
        def generate(context, builder, signature, values):
            count = lanes_of(like.dtype).count
            given = cgutils.unpack_tuple(builder, values[4]) if len(writes) > 1 else [values[4]]
            for ahead in range(wide):
                vectors = _Vectors(context, builder, values, like, kinds, ahead, wide)
                for result, places in zip(given, writes, strict=True):
                    part = _part(builder, result, ahead * count, count)
                    for array, gate in places:
                        total = builder.fadd(vectors.load(array, gate), part) if array in adds else part
                        vectors.store(array, gate, total)
            return context.get_dummy_value()

        return types.void(origins, starts, unit, end, results, like), generate

    return store
