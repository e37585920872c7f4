"""Numba's compiler, led past what kernels have no use for.

Numba makes machine code of every function, and functions that Python and C may call, even where its callers copy it in
and optimise it again. ``PartCompiler`` leaves a function that is called by kernels alone as it was written down: whoever
calls it optimises it, once, in the place where it is used. And Numba asks ten times a function which of its variables are
still read, by sets of names: a kernel of a thousand lines took a third of its time there, one of ten thousand most of it.
"""

import gc

from numba.core import analysis
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler


class KernelCompiler(Compiler):
    """Numba's own, which nobody looks for garbage meanwhile: there is next to none among the millions of things it makes."""

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


class PartCompiler(KernelCompiler):
    def define_pipelines(self):
        self.state.library = _Part(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        return super().define_pipelines()


class _Part(JITCodeLibrary):
    """Instructions to be linked into callers, never run on their own."""

    def _optimize_functions(self, module):
        module.data_layout = self._codegen._data_layout

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
