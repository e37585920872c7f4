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


def tiles_of(shapes, prefetching=False):
    """The function ``tile`` for the (rows, columns) that ``shapes(itemsize)`` gives."""

    @intrinsic
    def tile(typingctx, rows, columns, start, c, a, b, terms, c_row, a_row, a_term, b_row, b_panel, next, next_step):
        """One tile of c = a @ b (start 1) or c = c + a @ b (start 0); its (rows, columns) must be one of ``shapes``.

        The columns of b are dense within a panel; a tile of several panels finds the next one ``b_panel`` after each. If
        ``prefetching``, each term fetches into the cache what is ``next_step`` after that of the term before, from ``next`` on.
        """
        i64 = types.int64
        signature = types.void(i64, i64, i64, c, a, b, i64, i64, i64, i64, i64, i64, b, i64)
        itemsize = c.dtype.bitwidth // 8

        def generate(context, builder, signature, values):
            rows, columns, *rest, next, next_step = values
            ahead = (next, next_step) if prefetching else None
            done = builder.append_basic_block("done")
            number = builder.add(builder.mul(rows, ir.Constant(rows.type, 4096)), columns)
            switch = builder.switch(number, done)
            for shape in shapes(itemsize):
                block = builder.append_basic_block(f"tile_{shape[0]}_{shape[1]}")
                switch.add_case(ir.Constant(rows.type, shape[0] * 4096 + shape[1]), block)
                builder.position_at_end(block)
                _Tile(builder, context.get_value_type(c.dtype), itemsize, shape).generate(*rest, ahead=ahead)
                builder.branch(done)
            builder.position_at_end(done)
            return context.get_dummy_value()

        return signature, generate

    return tile


tile = tiles_of(shapes)


class _Tile:
    """Writes the instructions of one tile."""

    def __init__(self, builder, number, itemsize, shape):
        self.builder, self.number, self.itemsize = builder, number, itemsize
        self.rows, columns = shape
        width = min(columns, vector_bytes() // itemsize)
        self.vector, self.places = ir.VectorType(number, width), range(0, columns, width)

    def generate(self, start, c, a, b, terms, c_row, a_row, a_term, b_row, b_panel, ahead=None):
        builder = self.builder
        self.ahead = ahead
        zero = ir.Constant(terms.type, 0)
        sums = self._sum(a, b, terms, a_row, a_term, b_row, b_panel)
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

    def _sum(self, a, b, terms, a_row, a_term, b_row, b_panel):
        """The loop over the terms; the sums live in registers all along."""
        builder, integer = self.builder, terms.type
        before = builder.block
        body, after = builder.append_basic_block("terms"), builder.append_basic_block("summed")
        builder.branch(body)
        builder.position_at_end(body)
        k = builder.phi(integer)
        k.add_incoming(ir.Constant(integer, 0), before)
        sums = [[builder.phi(self.vector) for _ in self.places] for _ in range(self.rows)]
        panel = PANEL_BYTES // self.itemsize
        panels = range(len(self.places) * self.vector.count // panel or 1)
        lines = [builder.gep(b, [self._from(builder.mul(k, b_row), b_panel, index)]) for index in panels]
        starts = [self._vector_at(lines[place // panel], place % panel) for place in self.places]
        factors = [builder.load(at, align=self.itemsize) for at in starts]
        if self.ahead and len(panels) == 1:  # tiles of several read so much themselves that the processor sees it coming
            i8 = ir.IntType(8).as_pointer()
            far = builder.bitcast(builder.gep(self.ahead[0], [builder.mul(k, self.ahead[1])]), i8)
            i32 = ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [i8, i32, i32, i32])
            function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
            builder.call(function, [far, ir.Constant(i32, 0), ir.Constant(i32, 2), ir.Constant(i32, 1)])
        column = builder.gep(a, [builder.mul(k, a_term)])
        grown = []
        for i, row in enumerate(sums):
            factor = builder.load(builder.gep(column, [builder.mul(a_row, ir.Constant(integer, i))]))
            wide = spread(builder, factor, self.vector.count)
            flags = ("contract",)
            grown.append([builder.fadd(s, builder.fmul(wide, f, flags), flags) for s, f in zip(row, factors, strict=True)])
        following = builder.add(k, ir.Constant(integer, 1))
        k.add_incoming(following, builder.block)
        empty = ir.Constant(self.vector, [0.0] * self.vector.count)
        for row, new in zip(sums, grown, strict=True):
            for phi, value in zip(row, new, strict=True):
                phi.add_incoming(empty, before)
                phi.add_incoming(value, builder.block)
        builder.cbranch(builder.icmp_signed("<", following, terms), body, after)
        builder.position_at_end(after)
        return grown

    def _from(self, place, distance, count):
        return self.builder.add(place, self.builder.mul(distance, ir.Constant(place.type, count))) if count else place

    def _vector_at(self, start, place):
        at = self.builder.gep(start, [ir.Constant(ir.IntType(64), place)])
        return self.builder.bitcast(at, self.vector.as_pointer())


def spread(builder, number, count):
    """IR: a vector with ``number`` in each of its lanes."""
    index = ir.IntType(32)
    single = builder.insert_element(ir.Constant(ir.VectorType(number.type, count), ir.Undefined), number, ir.Constant(index, 0))
    return builder.shuffle_vector(single, single, ir.Constant(ir.VectorType(index, count), [0] * count))
