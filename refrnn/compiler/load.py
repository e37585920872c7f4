"""The compiled kernel of a spec as a module: written once, made machine code when first called and kept by its content."""

import linecache
import sys
import threading
from hashlib import sha256
from types import ModuleType
from weakref import WeakKeyDictionary

import refrnn
from refrnn.compiler import module as loops, recurrence
from refrnn.compiler.stages import Unfit
from refrnn.equation.clauses import Clauses
from refrnn.errors import SpecError
from refrnn.spec.binding import check_compiler

_making = threading.Lock()
_WRITTEN = WeakKeyDictionary()  # by spec: the text, or why there is none
_MADE = WeakKeyDictionary()  # by spec: the module


def source(spec):
    """The text of the module; SpecError, with the place, where the spec can't be compiled."""
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
    """Why a spec can't be compiled, in words; None where it can."""
    try:
        source(spec)
    except SpecError as error:
        return str(error)
    return None


def module(spec):
    """The module: ``forward`` and ``backward`` as those of a hand-written kernel."""
    found = _MADE.get(spec)
    if found is None:
        found = _MADE[spec] = made(source(spec), spec.id)
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
