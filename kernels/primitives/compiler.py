"""Numba's compiler, led past what kernels have no use for.

Numba makes machine code of every function, and functions that Python and C may call, even where its callers copy it in
and optimise it again. ``PartCompiler`` leaves a function that is called by kernels alone as it was written down: whoever
calls it optimises it, once, in the place where it is used.
"""

import gc

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler


class KernelCompiler(Compiler):
    """Numba's own, which nobody looks for garbage meanwhile: there is next to none among the millions of things it makes."""

    def compile_extra(self, func):
        collecting = gc.isenabled()
        gc.disable()
        try:
            return super().compile_extra(func)
        finally:
            if collecting:
                gc.enable()


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
