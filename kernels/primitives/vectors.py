"""Lanes as compiled equations use them: of which a few count, read from anywhere, summed, compared and chosen among.

``count`` says how many of the lanes there are, from the first one on: others are read as zero and are not written. Every
number of a compiled equation is lanes, one alone the first of them.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .activations import exp
from .compile import part
from .lanes import Lanes, Truths, float_call, lanes_of, select
from .tiles import spread

I1, I32, I64 = ir.IntType(1), ir.IntType(32), ir.IntType(64)


def _mask(builder, count, lanes):
    """Which of so many lanes are below ``count``."""
    places = ir.Constant(ir.VectorType(I32, lanes), list(range(lanes)))
    return builder.icmp_signed("<", places, spread(builder, builder.trunc(count, I32), lanes))


def _zeros(vector):
    return ir.Constant(vector, [0.0] * vector.count)


def _declared(builder, name, result, arguments):
    return cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, arguments), name)


@intrinsic
def some(typingctx, array, place, count):
    """The ``count`` numbers of an array that begin at a place, zeros after them."""
    lanes = lanes_of(array.dtype)

    def generate(context, builder, signature, values):
        vector, size = context.get_value_type(lanes), array.dtype.bitwidth // 8
        at = builder.bitcast(builder.gep(values[0], [values[1]]), vector.as_pointer())
        mask = _mask(builder, values[2], lanes.count)
        name = f"llvm.masked.load.v{lanes.count}{vector.element.intrinsic_name}.p0"
        function = _declared(builder, name, vector, [at.type, I32, mask.type, vector])
        return builder.call(function, [at, ir.Constant(I32, size), mask, _zeros(vector)])

    return lanes(array, types.int64, types.int64), generate


@intrinsic
def every(typingctx, array, place):
    """The number at a place of an array, in all lanes."""
    lanes = lanes_of(array.dtype)

    def generate(context, builder, signature, values):
        return spread(builder, builder.load(builder.gep(values[0], [values[1]])), lanes.count)

    return lanes(array, types.int64, types.int64), generate


@intrinsic
def apart(typingctx, array, place, distance, count):
    """The ``count`` numbers of an array that begin at a place and stand so far apart, zeros after them."""
    lanes = lanes_of(array.dtype)

    def generate(context, builder, signature, values):
        vector, size = context.get_value_type(lanes), array.dtype.bitwidth // 8
        far = ir.Constant(ir.VectorType(I64, lanes.count), list(range(lanes.count)))
        places = builder.add(spread(builder, values[1], lanes.count), builder.mul(far, spread(builder, values[2], lanes.count)))
        mask, ends = _mask(builder, values[3], lanes.count), ir.Constant(places.type, None)
        places = builder.select(mask, places, ends)
        found = _zeros(vector)
        # One after the other: gathering takes as long on most processors, and on some longer.
        for lane in range(lanes.count):
            where = ir.Constant(I32, lane)
            number = builder.load(builder.gep(values[0], [builder.extract_element(places, where)]))
            found = builder.insert_element(found, number, where)
        return builder.select(mask, found, _zeros(vector))

    return lanes(array, types.int64, types.int64, types.int64), generate


@intrinsic
def keep(typingctx, value, array, place, count):
    """Write ``count`` of the lanes to where they begin in an array."""

    def generate(context, builder, signature, values):
        vector, size = values[0].type, array.dtype.bitwidth // 8
        at = builder.bitcast(builder.gep(values[1], [values[2]]), vector.as_pointer())
        mask = _mask(builder, values[3], vector.count)
        name = f"llvm.masked.store.v{vector.count}{vector.element.intrinsic_name}.p0"
        function = _declared(builder, name, ir.VoidType(), [vector, at.type, I32, mask.type])
        # Some processors take ten times as long over a masked store, even where nothing is masked.
        with builder.if_else(builder.extract_element(mask, ir.Constant(I32, vector.count - 1))) as (whole, part_of_it):
            with whole:
                builder.store(values[0], at, align=size)
            with part_of_it:
                builder.call(function, [values[0], at, ir.Constant(I32, size), mask])
        return context.get_dummy_value()

    return types.void(value, array, types.int64, types.int64), generate


@intrinsic
def fill(typingctx, number, like):
    """A number in all lanes: of the type that ``like`` points to, or as many as ``like`` has."""
    lanes = like if isinstance(like, Lanes) else lanes_of(like.dtype)

    def generate(context, builder, signature, values):
        return spread(builder, context.cast(builder, values[0], number, lanes.dtype), lanes.count)

    return lanes(number, like), generate


@intrinsic
def only(typingctx, value, count, other):
    """The first ``count`` lanes of one, those after them of another."""

    def generate(context, builder, signature, values):
        return builder.select(_mask(builder, values[1], value.count), values[0], values[2])

    return value(value, types.int64, value), generate


@intrinsic
def counted(typingctx, first, like):
    """The whole numbers from ``first`` on, one in each lane."""
    lanes = lanes_of(like.dtype)

    def generate(context, builder, signature, values):
        vector = context.get_value_type(lanes)
        start = spread(builder, context.cast(builder, values[0], types.int64, like.dtype), lanes.count)
        return builder.fadd(start, ir.Constant(vector, [float(lane) for lane in range(lanes.count)]))

    return lanes(types.int64, like), generate


def _folding(join):
    """A function that joins all lanes, the two halves at a time, and gives the result in each of them."""

    @intrinsic
    def folded(typingctx, value):
        def generate(context, builder, signature, values):
            found, half = values[0], value.count // 2
            while half:
                order = ir.Constant(ir.VectorType(I32, value.count), [lane ^ half for lane in range(value.count)])
                found = join(builder, found, builder.shuffle_vector(found, found, order))
                half //= 2
            return found

        return value(value), generate

    return folded


def _higher(builder, a, b):
    """The larger one, or what is no number."""
    chosen = builder.or_(builder.fcmp_unordered("uno", a, a), builder.fcmp_ordered(">=", a, b))
    return builder.select(chosen, a, b)


across = _folding(lambda builder, a, b: builder.fadd(a, b))
highest = _folding(_higher)


def _of_floats(name, count=1):
    @intrinsic
    def one(typingctx, a):
        return a(a), lambda context, builder, signature, values: float_call(builder, name, *values)

    @intrinsic
    def two(typingctx, a, b):
        return a(a, a), lambda context, builder, signature, values: float_call(builder, name, *values)

    return one if count == 1 else two


root, logarithm = _of_floats("llvm.sqrt"), _of_floats("llvm.log")
sin, cos = _of_floats("llvm.sin"), _of_floats("llvm.cos")
raised = _of_floats("llvm.pow", 2)


def _of_truths(join):
    @intrinsic
    def joined(typingctx, a, b):
        return a(a, b), lambda context, builder, signature, values: join(builder, *values)

    return joined


both = _of_truths(lambda builder, a, b: builder.and_(a, b))
either = _of_truths(lambda builder, a, b: builder.or_(a, b))


@intrinsic
def opposite(typingctx, a):
    """Where a comparison does not hold."""
    return a(a), lambda context, builder, signature, values: builder.not_(values[0])


@intrinsic
def differs(typingctx, a, b):
    """a != b, true where one of them is no number."""

    def generate(context, builder, signature, values):
        return builder.fcmp_unordered("!=", *values)

    return Truths(a.count)(a, a), generate


@intrinsic
def decided(typingctx, condition, like):
    """A condition on indices, in all lanes."""
    lanes = lanes_of(like.dtype)

    def generate(context, builder, signature, values):
        return spread(builder, builder.icmp_unsigned("!=", values[0], ir.Constant(values[0].type, 0)), lanes.count)

    return Truths(lanes.count)(types.boolean, like), generate


@part
def smaller(a, b):
    """The smaller one, the first where they are equal, what is no number where there is one."""
    return select(either(a <= b, differs(a, a)), a, b)


@part
def larger(a, b):
    """The larger one, the first where they are equal, what is no number where there is one."""
    return select(either(a >= b, differs(a, a)), a, b)


@part
def added(total, lost, term):
    """A sum and what rounding took from its terms so far, after one more: ``total + lost`` loses no more where there are many.

    What is lost is found as of Knuth (1969), beside the sum and not within it: the next term waits for one addition alone.
    """
    found = total + term
    taken = found - total
    missed = (total - (found - taken)) + (term - taken)
    return found, lost + select(missed == missed, missed, 0)  # an infinite sum has lost no number


@part
def softplus(x):
    """log(1 + exp(x)), with all its digits wherever x is."""
    e = exp(-abs(x))
    near = 1 + e
    return select(x > 0, x, 0) + (logarithm(near) + (e - (near - 1)) / near)


@part
def squared(value):
    return value * value


@intrinsic
def first(typingctx, value):
    """The number in the first lane."""

    def generate(context, builder, signature, values):
        return builder.extract_element(values[0], ir.Constant(I32, 0))

    return value.dtype(value), generate

