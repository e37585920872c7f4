"""Numba's compiler, led past what kernels have no use for.

Numba makes machine code of every function, and functions that Python and C may call, even where its callers copy it in
and optimise it again. ``PartCompiler`` leaves a function that is called by kernels alone as it was written down: whoever
calls it optimises it, once, in the place where it is used. Numba also optimises each function by itself before all that
one kernel is made of is optimised together: that took a fifth of the time, and made no kernel faster. And Numba asks ten
times a function which of its variables are still read, by sets of names: a kernel of a thousand lines took a third of its
time there, one of ten thousand most of it.
"""

import gc

from numba.core import analysis
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.typed_passes import InlineOverloads, NopythonRewrites
from numba.core.untyped_passes import InlineClosureLikes

# What looks for functions within functions, for expressions of whole arrays, and for what an overload has inlined: kernels have none.
USELESS = InlineClosureLikes, NopythonRewrites, InlineOverloads


class _Kernel(JITCodeLibrary):
    """Machine code to be kept on disk; its functions are optimised once, with all that was copied into them, and not each before."""

    def __init__(self, codegen, name):
        super().__init__(codegen, name)
        self.enable_object_caching()

    def _optimize_functions(self, module):
        module.data_layout = self._codegen._data_layout


class KernelCompiler(Compiler):
    """Numba's own, which nobody looks for garbage meanwhile: there is next to none among the millions of things it makes."""

    library_class = _Kernel

    def define_pipelines(self):
        self.state.library = self.library_class(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        pipelines = super().define_pipelines()
        if not self.state.flags.auto_parallel.enabled:
            for pipeline in pipelines:
                pipeline.passes = [(one, text) for one, text in pipeline.passes if one not in USELESS]
        return pipelines

    def compile_extra(self, func):
        collecting, usual = gc.isenabled(), analysis.compute_live_map
        gc.disable()
        analysis.compute_live_map = live_map  # Numba compiles one function at a time, and this one is a kernel
        try:
            return super().compile_extra(func)
        finally:
            analysis.compute_live_map = usual
            if collecting:
                gc.enable()


def live_map(cfg, blocks, used, defined):
    """As Numba's: the variables that are read in each block or behind it, and may have a value before it. Sets are the bits of a number."""
    names = list({name for found in (*used.values(), *defined.values()) for name in found})
    numbers = {name: number for number, name in enumerate(names)}
    order, used, defined = cfg.topo_order(), _bits(used, numbers), _bits(defined, numbers)
    before = {block: [one for one, _ in cfg.predecessors(block)] for block in order}
    reached, live = {block: used[block] | defined[block] for block in blocks}, dict(used)
    is_new = True
    while is_new:
        is_new = False
        for block in order:
            known = reached[block]
            for one in before[block]:
                reached[block] |= reached[one]
            is_new |= reached[block] != known
    is_new = True
    while is_new:
        is_new = False
        for block in reversed(order):
            for one in before[block]:
                known = live[one]
                live[one] |= live[block] & reached[one] & ~defined[one]
                is_new |= live[one] != known
    return {block: {names[number] for number in _ones(live[block])} for block in blocks}


def _bits(names, numbers):
    return {block: sum(1 << numbers[name] for name in found) for block, found in names.items()}


def _ones(bits):
    """Where a number's bits are 1: in a kernel these are few of many."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


class _Part(_Kernel):
    """Instructions to be linked into callers, never run on their own."""

    def _optimize_final_module(self):
        pass

    def _finalize_final_module(self):
        self._finalize_dynamic_globals()
        self._finalized = True

    @property
    def codegen(self):
        return self

    def set_env(self, name, env):
        """It has no place in memory to be told of its objects, and no use for any."""


class PartCompiler(KernelCompiler):
    library_class = _Part
