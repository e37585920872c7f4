"""The compiled kernel of a spec as a module: written once, made machine code when first called and kept by its content."""

import linecache
import sys
import threading
from hashlib import sha256
from types import ModuleType
from weakref import WeakKeyDictionary

import refrnn
from refrnn.compiler import module as loops, recurrence
from refrnn.compiler.choices import choosing, chosen
from refrnn.compiler.stages import Unfit
from refrnn.equation.clauses import Clauses
from refrnn.errors import SpecError
from refrnn.spec.binding import check_compiler
from refrnn.spec.gradient import least

_making = threading.Lock()
_WRITTEN = WeakKeyDictionary()  # by spec: the text, or why there is none
_KERNELS = WeakKeyDictionary()  # by spec: the names of what chooses, and the modules by their values
_OBSTACLES = WeakKeyDictionary()


def source(spec):
    """The text of the module, for all values of its constants; SpecError, with the place, where the spec can't be compiled."""
    found = _WRITTEN.get(spec)
    if found is None:
        try:
            found = _text(spec)
        except SpecError as error:
            found = error
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            told = f"the compiler fails at it ({type(error).__name__}: {error})"
            found = SpecError(f"{spec.source}: {spec.id} can't be compiled: {told}; run it by the equation, and let its makers know")
        _WRITTEN[spec] = found
    if isinstance(found, SpecError):
        raise SpecError(str(found))
    return found


def _text(spec):
    """By the engine where its recurrences are what that runs, else in loops of its own."""
    try:
        return recurrence.text(spec, Clauses(spec.program, {}))
    except Unfit:
        return loops.text(spec)


def obstacle(spec):
    """Why a spec can't be compiled, in words; None where it can. Of one with whole numbers that choose: where each is the least."""
    if spec not in _OBSTACLES:
        names, _ = _kernels(spec)
        try:
            source(chosen(spec, {name: least(spec.symbols[name]) for name in names}) if names else spec)
            _OBSTACLES[spec] = None
        except SpecError as error:
            _OBSTACLES[spec] = str(error)
    return _OBSTACLES[spec]


def check(spec):
    """Refuse a spec that can't be compiled."""
    told = obstacle(spec)
    if told is not None:
        raise SpecError(told)


def module(spec, values=None):
    """The module: ``forward`` and ``backward`` as those of a hand-written kernel.

    ``values`` hold those of the integer constants: where such numbers choose, there is a module for each choice, which takes no
    other. Without them it is the one for all values, which takes longer to compile.
    """
    names, modules = _kernels(spec)
    key = () if values is None else tuple([values[name] for name in names])
    found = modules.get(key)
    if found is None:
        one = chosen(spec, dict(zip(names, key))) if key else spec
        # What no input reaches any more would be one for all sequences: the module for all values has it for each.
        found = modules[key] = made(source(one if one.batched == spec.batched else spec), spec.id)
    return found


def _kernels(spec):
    found = _KERNELS.get(spec)
    if found is None:
        found = _KERNELS[spec] = choosing(spec), {}
    return found


def made(written, of):
    """The module of a text; ``of``: the id of its spec."""
    name = f"refrnn_compiled_{sha256(written.encode()).hexdigest()[:20]}"
    if name not in sys.modules:
        check_compiler(f"the compiled kernel of {of}")
        with refrnn._importing(), _making:  # a fork in another thread waits: half a module can't be finished in its child
            if name not in sys.modules:
                found, path = ModuleType(name), f"<the compiled kernel of {of}>"
                found.__file__ = path
                linecache.cache[path] = len(written), None, written.splitlines(True), path
                exec(compile(written, path, "exec"), found.__dict__)
                sys.modules[name] = found
    return sys.modules[name]
