"""The micro-kernel of matrix products: a tile of the result is summed in vector registers and stored once.

It is written as LLVM vectors, since the compiler's own vectors are half as wide as some processors have. A product and a
sum are marked to be joined where the processor can do so; where it can't, they stay two operations.
"""

import functools

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

ROWS = (6, 4, 2, 1)


@functools.cache
def vector_bytes():
    """How wide one register of this processor is."""
    features = binding.get_host_cpu_features()
    return 64 if features.get("avx512f") else 32 if features.get("avx") else 16


def _has_many_registers():
    """32 of them and not 16."""
    features = binding.get_host_cpu_features()
    return bool(features.get("avx512f") or "sse2" not in features)


# Columns of the widest tile of many rows in bytes: four registers. Six rows of four registers don't fit into sixteen.
UNROLLED = 4  # terms of one round of a loop
SUMS = 8  # registers of a tile of few rows: so many sums hide the time of an addition
WIDEST = 4 if _has_many_registers() else 2  # registers that a tile of many rows is wide
PANEL_BYTES = vector_bytes() * WIDEST


def shapes(itemsize):
    """(rows, columns) of every tile for floats of this size, the columns halving down to one."""
    found, columns = [], PANEL_BYTES // itemsize
    while columns:
        found += [(rows, columns) for rows in ROWS]
        columns //= 2
    return [(1, 2 * PANEL_BYTES // itemsize), *found]


def tiles_of(shapes):
    """The function ``tile`` for the (rows, columns) that ``shapes(itemsize)`` gives."""

    @intrinsic
    def tile(typingctx, rows, columns, start, c, a, b, terms, c_row, a_row, a_term, b_row, b_panel):
        """One tile of c = a @ b (start 1) or c = c + a @ b (start 0); its (rows, columns) must be one of ``shapes``.

        The columns of b are dense within a panel; a tile of several panels finds the next one ``b_panel`` after each.
        """
        i64 = types.int64

        def generate(context, builder, signature, values):
            def one(tile, start, c, a, b, terms, *distances):
                tile.generate(start, c, a, b, terms, distances)

            _choose(context, builder, c_type.dtype, shapes, values, one)
            return context.get_dummy_value()

        c_type = c
        return types.void(i64, i64, i64, c, a, b, i64, i64, i64, i64, i64, i64), generate

    return tile


def dense_tiles_of(shapes):
    """As ``tiles_of``, where a and b are read from the first number to the last."""

    @intrinsic
    def tile(typingctx, rows, columns, start, c, a, b, terms, c_row, b_panel, next, next_step):
        """Of a the numbers of all rows for one term after the other, of b its row of one panel.

        Each term fetches into the cache what is ``next_step`` after that of the term before, from ``next`` on.
        """
        i64 = types.int64

        def generate(context, builder, signature, values):
            def one(tile, start, c, a, b, terms, c_row, b_panel, next, next_step):
                a_row, a_term, b_row = (ir.Constant(terms.type, count) for count in (1, tile.rows, tile.wide))
                tile.generate(start, c, a, b, terms, (c_row, a_row, a_term, b_row, b_panel), (next, next_step))

            _choose(context, builder, c_type.dtype, shapes, values, one)
            return context.get_dummy_value()

        c_type = c
        return types.void(i64, i64, i64, c, a, b, i64, i64, i64, b, i64), generate

    return tile


tile = tiles_of(shapes)


def _choose(context, builder, dtype, shapes, values, generate):
    """Write the tile of each shape, ``generate(tile, *arguments)``, and the choice among them; ``values``: rows, columns, arguments.

    Each is a function of its own: of all in one, what any of them may need is worked out before the choice, at every call.
    """
    itemsize, (rows, columns, *arguments) = dtype.bitwidth // 8, values
    kind = ir.FunctionType(ir.VoidType(), [value.type for value in arguments])
    done = builder.append_basic_block("done")
    number = builder.add(builder.mul(rows, ir.Constant(rows.type, 4096)), columns)
    switch = builder.switch(number, done)
    for shape in shapes(itemsize):
        block = builder.append_basic_block(f"tile_{shape[0]}_{shape[1]}")
        switch.add_case(ir.Constant(rows.type, shape[0] * 4096 + shape[1]), block)
        function = ir.Function(builder.module, kind, builder.module.get_unique_name(f"tile_{shape[0]}_{shape[1]}"))
        function.linkage = "internal"
        function.attributes.add("noinline")
        inside = ir.IRBuilder(function.append_basic_block())
        generate(_Tile(inside, context.get_value_type(dtype), itemsize, shape), *function.args)
        inside.ret_void()
        builder.position_at_end(block)
        builder.call(function, arguments)
        builder.branch(done)
    builder.position_at_end(done)


class _Tile:
    """Writes the instructions of one tile."""

    def __init__(self, builder, number, itemsize, shape):
        self.builder, self.number, self.itemsize = builder, number, itemsize
        self.rows, columns = shape
        width = min(columns, vector_bytes() // itemsize)
        self.vector, self.places = ir.VectorType(number, width), range(0, columns, width)
        self.wide = min(columns, PANEL_BYTES // itemsize)  # columns in one panel
        self.panels = range(columns // self.wide)

    def generate(self, start, c, a, b, terms, distances, ahead=None):
        builder = self.builder
        c_row = distances[0]
        zero = ir.Constant(terms.type, 0)
        sums = self._sum(a, b, terms, distances[1:], ahead)
        keep = builder.icmp_signed("==", start, zero)
        for i in range(self.rows):
            row = builder.gep(c, [builder.mul(c_row, ir.Constant(terms.type, i))])
            for v, place in enumerate(self.places):
                at = self._vector_at(row, place)
                with builder.if_else(keep) as (kept, cleared):
                    with kept:
                        before = builder.load(at, align=self.itemsize)
                        builder.store(builder.fadd(before, sums[i][v]), at, align=self.itemsize)
                    with cleared:
                        builder.store(sums[i][v], at, align=self.itemsize)

    def _sum(self, a, b, terms, distances, ahead):
        """The loops over the terms, where ``ahead`` is told ``UNROLLED`` of them at a time; the sums live in registers all along."""
        builder, zero = self.builder, ir.Constant(terms.type, 0)
        empty = ir.Constant(self.vector, [0.0] * self.vector.count)
        k, sums = zero, [[empty for _ in self.places] for _ in range(self.rows)]
        if ahead:
            several = builder.and_(terms, ir.Constant(terms.type, -UNROLLED))
            k, sums = self._loop(k, several, UNROLLED, sums, a, b, distances, ahead)
        return self._loop(k, terms, 1, sums, a, b, distances, ahead)[1]

    def _loop(self, first, last, count, sums, a, b, distances, ahead):
        """The terms first .. last-1, ``count`` in each round: the last one, and the sums with them."""
        builder, before = self.builder, self.builder.block
        head, body, after = (builder.append_basic_block(name) for name in ("terms", "term", "summed"))
        builder.branch(head)
        builder.position_at_end(head)
        k = builder.phi(first.type)
        k.add_incoming(first, before)
        held = [[builder.phi(self.vector) for _ in self.places] for _ in range(self.rows)]
        for row, begin in zip(held, sums, strict=True):
            for phi, value in zip(row, begin, strict=True):
                phi.add_incoming(value, before)
        builder.cbranch(builder.icmp_signed("<", k, last), body, after)
        builder.position_at_end(body)
        grown = held
        for term in range(count):
            # Tiles of several panels read so much themselves that the processor sees it coming; high ones are not alone, and share it.
            fetching = ahead and len(self.panels) == 1 and (self.rows <= 4 or term % 2 == 0)
            grown = self._term(k, term, grown, a, b, distances, ahead if fetching else None)
        k.add_incoming(builder.add(k, ir.Constant(first.type, count)), builder.block)
        for row, new in zip(held, grown, strict=True):
            for phi, value in zip(row, new, strict=True):
                phi.add_incoming(value, builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        return k, held

    def _term(self, k, term, sums, a, b, distances, ahead):
        """The sums with those of the term k + ``term``."""
        builder, (a_row, a_term, b_row, b_panel) = self.builder, distances
        line = self._from(builder.gep(b, [builder.mul(k, b_row)]), b_row, term)
        lines = [self._from(line, b_panel, index) for index in self.panels]
        starts = [self._vector_at(lines[place // self.wide], place % self.wide) for place in self.places]
        factors = [builder.load(at, align=self.itemsize) for at in starts]
        if ahead:
            far = self._from(builder.gep(ahead[0], [builder.mul(k, ahead[1])]), ahead[1], term)
            i8, i32 = ir.IntType(8).as_pointer(), ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [i8, i32, i32, i32])
            function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
            builder.call(function, [builder.bitcast(far, i8), ir.Constant(i32, 0), ir.Constant(i32, 2), ir.Constant(i32, 1)])
        column = self._from(builder.gep(a, [builder.mul(k, a_term)]), a_term, term)
        grown, flags = [], ("contract",)
        for i, row in enumerate(sums):
            wide = spread(builder, builder.load(self._from(column, a_row, i)), self.vector.count)
            grown.append([builder.fadd(s, builder.fmul(wide, f, flags), flags) for s, f in zip(row, factors, strict=True)])
        return grown

    def _from(self, start, distance, count):
        """``count`` distances after ``start``; a number where the distance is one, for the processor adds it to an address in passing."""
        if isinstance(distance, ir.Constant):
            return self.builder.gep(start, [ir.Constant(distance.type, distance.constant * count)])
        return self.builder.gep(start, [self.builder.mul(distance, ir.Constant(distance.type, count))]) if count else start

    def _vector_at(self, start, place):
        at = self.builder.gep(start, [ir.Constant(ir.IntType(64), place)])
        return self.builder.bitcast(at, self.vector.as_pointer())


def spread(builder, number, count):
    """IR: a vector with ``number`` in each of its lanes."""
    index = ir.IntType(32)
    single = builder.insert_element(ir.Constant(ir.VectorType(number.type, count), ir.Undefined), number, ir.Constant(index, 0))
    return builder.shuffle_vector(single, single, ir.Constant(ir.VectorType(index, count), [0] * count))
