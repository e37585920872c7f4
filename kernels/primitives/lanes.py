"""A vector of numbers as one value of Numba's: ``Lanes``, on which a step of a recurrence computes many units at once.

Lanes take + - * / and comparisons with one another and with numbers; ``select`` chooses between two by lane. What is
written for one number with these alone, the activations for instance, holds for lanes as it stands.
"""

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

from .tiles import spread, vector_bytes

_CONTRACT = ("contract",)  # as OPTIONS of compile


class Lanes(types.Type):
    """``count`` numbers of one float type."""

    def __init__(self, dtype, count):
        self.dtype, self.count = dtype, count
        super().__init__(f"Lanes({dtype}, {count})")


class Truths(types.Type):
    """``count`` answers of a comparison."""

    def __init__(self, count):
        self.count = count
        super().__init__(f"Truths({count})")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm, kind):
        super().__init__(dmm, kind, ir.VectorType(dmm.lookup(kind.dtype).get_value_type(), kind.count))


@register_model(Truths)
class _TruthsModel(models.PrimitiveModel):
    def __init__(self, dmm, kind):
        super().__init__(dmm, kind, ir.VectorType(ir.IntType(1), kind.count))


def lanes_of(dtype):
    """Numba's type of the lanes of a vector of this float type."""
    return Lanes(dtype, vector_bytes() * 8 // dtype.bitwidth)


def _is_operand(kind):
    return isinstance(kind, (Lanes, types.Number))


def _lanes_of(*kinds):
    return next((kind for kind in kinds if isinstance(kind, Lanes)), None)


def _as_lanes(context, builder, value, kind, lanes):
    if isinstance(kind, Lanes):
        return value
    return spread(builder, context.cast(builder, value, kind, lanes.dtype), lanes.count)


def _operation(symbol, generate, result=lambda lanes: lanes):
    """Let Numba know what ``symbol`` gives on lanes, alone or with numbers, and how: ``generate(builder, a, b)``."""

    @type_callable(symbol)
    def typer(context):
        def of(a, b):
            lanes = _lanes_of(a, b)
            if lanes is not None and _is_operand(a) and _is_operand(b):
                return result(lanes)

        return of

    def lower(context, builder, signature, values):
        lanes = _lanes_of(*signature.args)
        pair = (_as_lanes(context, builder, value, kind, lanes) for value, kind in zip(values, signature.args))
        return generate(builder, *pair)

    for kinds in ((Lanes, Lanes), (Lanes, types.Any), (types.Any, Lanes)):
        lower_builtin(symbol, *kinds)(lower)


_operation(operator.add, lambda builder, a, b: builder.fadd(a, b, _CONTRACT))
_operation(operator.sub, lambda builder, a, b: builder.fsub(a, b, _CONTRACT))
_operation(operator.mul, lambda builder, a, b: builder.fmul(a, b, _CONTRACT))
_operation(operator.truediv, lambda builder, a, b: builder.fdiv(a, b))
for _symbol, _sign in ((operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">="), (operator.eq, "==")):
    _operation(
        _symbol, lambda builder, a, b, sign=_sign: builder.fcmp_ordered(sign, a, b), lambda lanes: Truths(lanes.count)
    )


def _unary(symbol, generate):
    @type_callable(symbol)
    def typer(context):
        return lambda a: a if isinstance(a, Lanes) else None

    @lower_builtin(symbol, Lanes)
    def lower(context, builder, signature, values):
        return generate(builder, *values)


def float_call(builder, name, *values):
    """IR: LLVM's own function ``name`` of floats or vectors of one type."""
    kind = values[0].type
    if isinstance(kind, ir.VectorType):
        suffix = f"v{kind.count}{kind.element.intrinsic_name}"
    else:
        suffix = kind.intrinsic_name
    function = ir.FunctionType(kind, [kind] * len(values))
    return builder.call(cgutils.get_or_insert_function(builder.module, function, f"{name}.{suffix}"), values)


_unary(operator.neg, lambda builder, a: builder.fneg(a))
_unary(abs, lambda builder, a: float_call(builder, "llvm.fabs", a))


@intrinsic
def select(typingctx, condition, a, b):
    """a where ``condition`` is true, b elsewhere: both are computed. For numbers as for lanes."""
    lanes = _lanes_of(a, b)
    kind = lanes or a
    if not isinstance(condition, types.Boolean if lanes is None else Truths):
        return None

    def generate(context, builder, signature, values):
        if lanes is None:
            chosen, one, other = values[0], values[1], context.cast(builder, values[2], b, a)
            chosen = builder.icmp_unsigned("!=", chosen, ir.Constant(chosen.type, 0))
        else:
            chosen = values[0]
            one, other = (_as_lanes(context, builder, value, k, lanes) for value, k in zip(values[1:], (a, b)))
        return builder.select(chosen, one, other)

    return kind(condition, a, b), generate


@intrinsic
def copy_sign(typingctx, size, sign):
    """A float, or lanes of floats, of the size of ``size`` and the sign of ``sign``."""

    def generate(context, builder, signature, values):
        return float_call(builder, "llvm.copysign", *values)

    return size(size, sign), generate


def has_scaling():
    """Whether there is an instruction for ``scaled`` on the processor that is compiled for, which may be a lesser one than this."""
    features = cpu_target.target_context.codegen().magic_tuple()[-1]
    return vector_bytes() == 64 and "+avx512f" in features.split(",")


@intrinsic
def scaled(typingctx, x, n):
    """x 2^n, rounded once, of lanes whose n are whole."""

    def generate(context, builder, signature, values):
        width, number = vector_bytes() // (x.dtype.bitwidth // 8), context.get_value_type(x.dtype)
        vector, mask, i32 = ir.VectorType(number, width), ir.IntType(width), ir.IntType(32)
        name = f"llvm.x86.avx512.mask.scalef.p{'s' if x.dtype == types.float32 else 'd'}.512"
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3 + [mask, i32]), name)
        found = []
        for first in range(0, x.count, width):
            places = ir.Constant(ir.VectorType(i32, width), list(range(first, first + width)))
            one, power = (builder.shuffle_vector(value, value, places) for value in values)
            as_it_stands = ir.Constant(i32, 4)  # rounding as the processor does now
            found.append(builder.call(function, [one, power, one, ir.Constant(mask, -1), as_it_stands]))
        while len(found) > 1:
            pairs, count = zip(found[::2], found[1::2]), found[0].type.count
            every = ir.Constant(ir.VectorType(i32, 2 * count), list(range(2 * count)))
            found = [builder.shuffle_vector(*pair, every) for pair in pairs]
        return found[0]

    return x(x, n), generate


@intrinsic
def transpose(typingctx, source, source_row, target, target_row):
    """Turn a square of numbers round, as many rows as a vector has lanes; rows of the two pointers are so many elements apart."""

    def generate(context, builder, signature, values):
        number = context.get_value_type(source.dtype)
        size, lanes = source.dtype.bitwidth // 8, lanes_of(source.dtype).count
        vector, whole, index = ir.VectorType(number, lanes), ir.IntType(64), ir.IntType(32)

        def row(start, distance, k):
            at = builder.gep(start, [builder.mul(distance, ir.Constant(whole, k))])
            return builder.bitcast(at, vector.as_pointer())

        rows, half = [builder.load(row(values[0], values[1], k), align=size) for k in range(lanes)], lanes // 2
        while half:
            low = [lane if not lane & half else (lane ^ half) + lanes for lane in range(lanes)]
            high = [lane | half if not lane & half else lane + lanes for lane in range(lanes)]
            masks = [ir.Constant(ir.VectorType(index, lanes), mask) for mask in (low, high)]
            for k in range(lanes):
                if not k & half:
                    pair = rows[k], rows[k | half]
                    rows[k], rows[k | half] = (builder.shuffle_vector(*pair, mask) for mask in masks)
            half //= 2
        for k in range(lanes):
            builder.store(rows[k], row(values[2], values[3], k), align=size)
        return context.get_dummy_value()

    return types.void(source, types.int64, target, types.int64), generate


def interleaving(most):
    """The function ``interleave`` for up to ``most`` rows."""

    @intrinsic
    def interleave(typingctx, source, source_row, rows, target):
        """Write of each of so many rows as many numbers as a vector has lanes: the first of every row, then the second of every row."""

        def generate(context, builder, signature, values):
            start, distance, rows, target = values
            lanes, size = lanes_of(source.dtype).count, source.dtype.bitwidth // 8
            vector = ir.VectorType(context.get_value_type(source.dtype), lanes).as_pointer()
            done = builder.append_basic_block("interleaved")
            switch = builder.switch(rows, done)
            for count in range(1, most + 1):
                block = builder.append_basic_block(f"rows_{count}")
                switch.add_case(ir.Constant(rows.type, count), block)
                builder.position_at_end(block)
                places = [builder.gep(start, [builder.mul(distance, ir.Constant(distance.type, row))]) for row in range(count)]
                given = [builder.load(builder.bitcast(place, vector), align=size) for place in places]
                for k in range(count):
                    place = builder.gep(target, [ir.Constant(rows.type, k * lanes)])
                    builder.store(_woven(builder, given, k * lanes, lanes), builder.bitcast(place, vector), align=size)
                builder.branch(done)
            builder.position_at_end(done)
            return context.get_dummy_value()

        return types.void(source, types.int64, types.int64, target), generate

    return interleave


def _woven(builder, rows, first, lanes):
    """The vector of what stands from ``first`` on where the first numbers of all rows are followed by the second of all, and so on."""
    found = rows[0]
    for row, vector in enumerate(rows):
        mask = [lanes + place // len(rows) if place % len(rows) == row else lane for lane, place in enumerate(range(first, first + lanes))]
        found = builder.shuffle_vector(found, vector, ir.Constant(ir.VectorType(ir.IntType(32), lanes), mask))
    return found


@intrinsic
def lanes(typingctx, like):
    """How many of the numbers that ``like`` points to are in a vector."""

    def generate(context, builder, signature, values):
        return ir.Constant(ir.IntType(64), lanes_of(like.dtype).count)

    return types.int64(like), generate


@intrinsic
def load(typingctx, place):
    """The lanes that begin at a pointer."""
    lanes = lanes_of(place.dtype)

    def generate(context, builder, signature, values):
        vector = context.get_value_type(lanes)
        return builder.load(builder.bitcast(values[0], vector.as_pointer()), align=place.dtype.bitwidth // 8)

    return lanes(place), generate


@intrinsic
def store(typingctx, lanes, place):
    """Write lanes to where a pointer points."""

    def generate(context, builder, signature, values):
        builder.store(values[0], builder.bitcast(values[1], values[0].type.as_pointer()), align=place.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(lanes, place), generate
