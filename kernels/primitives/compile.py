"""The one way kernels are compiled.

``kernel`` makes a function that Python calls, ``part`` one that is copied into the kernels that call it. ``Native`` makes a
function that is called through its address: it is compiled once for float32 and once for float64, and its callers neither
copy nor optimise it again.
"""

import ctypes

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.ccallback import CFunc
from numba.extending import intrinsic

from . import fork
from .cache import KernelCache
from .compiler import KernelCompiler, PartCompiler

# "contract" joins a product and a sum into one fused operation; nothing else of fast mathematics is wanted:
# NaN and infinity keep their meaning and sums keep their order.
OPTIONS = {"error_model": "numpy", "nogil": True, "fastmath": {"contract"}}

INTEGERS = types.CPointer(types.int64)
DOUBLES = types.CPointer(types.float64)


def kernel(function=None, *, parallel=False):
    """Compile ``function`` on its first call; the result is kept on disk. The only use of ``njit`` in the kernels but ``part``."""
    if function is None:
        return lambda function: kernel(function, parallel=parallel)
    dispatcher = numba.njit(parallel=parallel, pipeline_class=KernelCompiler, no_cfunc_wrapper=True, **OPTIONS)(function)
    dispatcher._cache = KernelCache(function)
    return dispatcher


def part(function):
    """Compile ``function`` into each kernel that calls it; it is not kept for itself, and not to be called from Python."""
    return numba.njit(pipeline_class=PartCompiler, no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True, **OPTIONS)(function)


class Native:
    """A function of integers and pointers with an address per float type.

    ``arguments`` spells the types: "i" an int64, "I" a pointer to int64, "F" a pointer to the float type.
    """

    def __init__(self, function, arguments, name=None):
        self.function, self.name = function, name
        self.arguments = arguments
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self._compiled = {}

    def address(self, dtype):
        """Where the machine code for ``dtype`` (float32 or float64) is; compiles or loads it when first asked."""
        dtype = np.dtype(dtype)
        found = self._compiled.get(dtype)
        if found is None:
            with fork.compiling():
                found = self._compiled.get(dtype) or self._compile(dtype)
                self._compiled[dtype] = found
        return found.address

    def _compile(self, dtype):
        if dtype not in (np.float32, np.float64):
            raise TypeError(f"kernels work in float32 and float64, not {dtype}")
        if numba.config.DISABLE_JIT:
            raise RuntimeError("kernels exist as machine code only; unset NUMBA_DISABLE_JIT to run them")
        spelled = {"i": types.int64, "I": INTEGERS, "F": types.CPointer(numba.from_dtype(dtype))}
        signature = tuple(spelled[letter] for letter in self.arguments), types.void
        compiled = CFunc(self.function, signature, locals={}, options=dict(OPTIONS), pipeline_class=KernelCompiler)
        compiled._cache = KernelCache(self.function, self.name)
        compiled.compile()
        return compiled


def native(arguments):
    """Decorator: a ``Native`` with these arguments."""
    return lambda function: Native(function, arguments)


@intrinsic
def pointer(typingctx, address, like):
    """The integer ``address`` as a pointer of the type of the pointer ``like``."""

    def generate(context, builder, signature, values):
        return builder.inttoptr(values[0], context.get_value_type(signature.return_type))

    return like(types.int64, like), generate


@intrinsic
def data_of(typingctx, array):
    """A pointer to the first number of an array."""

    def generate(context, builder, signature, values):
        return context.make_array(signature.args[0])(context, builder, values[0]).data

    return types.CPointer(array.dtype)(array), generate


# By NumPy's C interface the pointer to an array's numbers is what follows the head that all objects have.
_HEAD, _word = object.__basicsize__, ctypes.c_size_t.from_address


def address(array):
    """Where the numbers of an array begin; a fifth of the time that ``array.ctypes.data`` takes."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"an array has an address, {type(array).__name__} has none")
    return _word(id(array) + _HEAD).value


@intrinsic
def address_of(typingctx, array):
    """``address`` within a kernel."""

    def generate(context, builder, signature, values):
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        return builder.ptrtoint(data, context.get_value_type(types.int64))

    return types.int64(array), generate


@intrinsic
def integers(typingctx, address):
    """The integer ``address`` as a pointer to int64."""

    def generate(context, builder, signature, values):
        return builder.inttoptr(values[0], context.get_value_type(INTEGERS))

    return INTEGERS(types.int64), generate


@intrinsic
def doubles(typingctx, address):
    """The integer ``address`` as a pointer to float64."""

    def generate(context, builder, signature, values):
        return builder.inttoptr(values[0], context.get_value_type(DOUBLES))

    return DOUBLES(types.int64), generate


@intrinsic
def shift(typingctx, start, count):
    """The pointer ``count`` elements after the pointer ``start``."""

    def generate(context, builder, signature, values):
        return builder.gep(values[0], [values[1]])

    return start(start, types.int64), generate


@intrinsic
def call(typingctx, address, arguments):
    """Call the function at the integer ``address`` with the tuple ``arguments`` of integers and pointers."""
    signature = types.void(types.int64, arguments)

    def generate(context, builder, signature, values):
        kinds = [context.get_value_type(kind) for kind in signature.args[1].types]
        function = ir.FunctionType(ir.VoidType(), kinds)
        parts = cgutils.unpack_tuple(builder, values[1], len(kinds))
        builder.call(builder.inttoptr(values[0], function.as_pointer()), parts)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def record(typingctx, place, kind):
    """The record of NumPy's type ``kind`` that begins at a pointer."""

    def generate(context, builder, signature, values):
        return builder.bitcast(values[0], context.get_value_type(signature.return_type))

    return kind.dtype(place, kind), generate


@intrinsic
def one(typingctx, like):
    """The number 1 in the float type that ``like`` points to; with the integer 1 float32 would become float64."""

    def generate(context, builder, signature, values):
        return ir.Constant(context.get_value_type(signature.return_type), 1.0)

    return like.dtype(like), generate


@intrinsic
def size_of(typingctx, like):
    """How many bytes one number takes of those that ``like`` points to."""

    def generate(context, builder, signature, values):
        return ir.Constant(ir.IntType(64), signature.args[0].dtype.bitwidth // 8)

    return types.int64(like), generate


@intrinsic
def fetch_add(typingctx, counter):
    """Add one to the integer at the pointer ``counter`` and return what was there, as one atomic step.

    Who sees it sees all that was written before it.
    """

    def generate(context, builder, signature, values):
        return builder.atomic_rmw("add", values[0], ir.Constant(ir.IntType(64), 1), "acq_rel")

    return types.int64(INTEGERS), generate


@intrinsic
def power_of_two(typingctx, shifted):
    """2^n from a float, or lanes of floats, whose lowest bits hold n plus the bias of the exponents."""
    width, mantissa = {types.float32: (32, 23), types.float64: (64, 52)}[getattr(shifted, "dtype", shifted)]

    def generate(context, builder, signature, values):
        whole, places = ir.IntType(width), ir.Constant(ir.IntType(width), mantissa)
        if hasattr(shifted, "dtype"):
            whole = ir.VectorType(whole, shifted.count)
            places = ir.Constant(whole, [mantissa] * shifted.count)
        pattern = builder.shl(builder.bitcast(values[0], whole), places)
        return builder.bitcast(pattern, values[0].type)

    return shifted(shifted), generate
