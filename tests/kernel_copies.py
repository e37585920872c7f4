"""The kernel of a spec from a copy of all kernels, be it written there or compiled."""

import importlib
from types import ModuleType

from refrnn.backends.run import compiler
from refrnn.spec.binding import Compiled

COMPILED = "compiled"  # stands for the file of a fault in what is compiled


def is_compiled(spec):
    return isinstance(spec.bindings["kernel"], Compiled)


def kernel_of(spec, package, change=lambda text: text):
    """Its module, above the kernels that are imported as ``package``; ``change`` rewrites the text of a compiled one."""
    if not is_compiled(spec):
        return importlib.import_module(f"{package}.{spec.group}.{spec.id.replace('-', '_')}")
    text, module = change(compiler().source(spec)), ModuleType(f"{package}.compiled")
    exec(compile(text.replace("from refrnn.kernels.", f"from {package}."), f"<the compiled kernel of {spec.id}>", "exec"), module.__dict__)
    return module


class Instead(Compiled):
    """Stands where the kernel of a row stands that is compiled, and gives another module; of starts that come from elsewhere the right one."""

    def __init__(self, spec, module):
        super().__init__(spec)
        self._module = module

    def load(self, constants=None):
        return self._module
