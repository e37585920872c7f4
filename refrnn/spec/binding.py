"""Where a spec's reference and kernel are, and whether their arguments are its symbols.

The source is read, not run: loading a spec imports neither Numba nor a stranger's code.
"""

import ast
import importlib
import importlib.util
import sys
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import refrnn
from refrnn.errors import MachineError, SpecError, quoted


# Where the library keeps its modules of each kind.
FOLDERS = {"reference": "reference", "kernel": "kernels", "peer": "peers"}


@dataclass(frozen=True)
class Binding:
    """A module that answers a spec: its dotted name (the library's), or its file and what stood in it (a user's)."""

    kind: str
    path: Path
    module: str | None
    source: bytes = b""

    def load(self):
        """Import the module; done when the backend is first asked for.

        A user's module is the text that the spec was loaded with: a spec that is loaded after an edit has the new one.
        """
        found = sys.modules.get(self.module)
        if found is not None and not getattr(found.__spec__, "_initializing", True):
            return found
        with refrnn._importing():  # a fork in another thread waits: half an import can't be finished in its child
            return self._imported()

    def check_machine(self):
        """Refuse a machine, or settings of it, on which no kernel of the library runs; of a user's module nothing is known."""
        if self.kind == "kernel" and self.module is not None:
            check_compiler(self.module)

    def _imported(self):
        if self.module is not None:
            self.check_machine()
            return importlib.import_module(self.module)
        name = f"refrnn_user_{self.kind}_{sha256(str(self.path).encode() + self.source).hexdigest()[:20]}"
        if name not in sys.modules:
            found = importlib.util.spec_from_file_location(name, self.path)
            sys.modules[name] = module = importlib.util.module_from_spec(found)
            try:
                exec(compile(self.source, str(self.path), "exec"), module.__dict__)
            except BaseException:
                del sys.modules[name]
                raise
        return sys.modules[name]


@cache
def _compiler():
    """The module that compiles, which imports that of specs."""
    return importlib.import_module("refrnn.compiler.load")


class Compiled:
    """The kernel of a row of the library for which none is written by hand: what the equations of ``spec`` compile to."""

    kind = "kernel"

    def __init__(self, spec):
        self.spec = spec

    @property
    def module(self):
        """What errors call it."""
        return f"the compiled kernel of {self.spec.id}"

    def load(self, constants=None):
        """Compile the equations, at values of the integer constants or for all; done when the backend is first asked for."""
        return _compiler().module(self.spec, constants)

    def check_machine(self):
        """As of a kernel that is written by hand."""
        check_compiler(self.module)


def check_compiler(module):
    """Refuse a machine, or settings of it, on which the kernel that is called so can't be made machine code."""
    try:
        with refrnn._importing():  # a fork in another thread waits
            config = importlib.import_module("numba").config
    except Exception as error:  # such as for no thread at all in NUMBA_NUM_THREADS
        raise MachineError(f"{module}: Numba can't be imported ({error}); mend that, or use the reference or the equation") from error
    if config.DISABLE_JIT:
        raise MachineError(
            f"{module}: kernels exist as machine code only, and NUMBA_DISABLE_JIT forbids to compile them; "
            "unset it, or use the reference or the equation"
        )


def find(kind, spec_path, named, library, place):
    """The binding of ``kind`` ("reference", "kernel" or "peer") or None.

    ``named`` is what a user's YAML says, a file beside it; ``place`` ("cell.yaml, line 3") begins every error.
    """
    if library:
        relative = Path(spec_path.parent.name) / (spec_path.stem.replace("-", "_") + ".py")
        folder = FOLDERS[kind]
        for place in refrnn.__path__:
            path = Path(place) / folder / relative
            if path.is_file():
                return Binding(kind, path, ".".join(("refrnn", folder, *relative.with_suffix("").parts)))
        return None
    if named is None:
        return None
    if spec_path is None:
        raise SpecError(f"{place}: {kind} names a file beside the spec, but this spec is no file; save it as one")
    path = spec_path.parent / named
    beside = {entry.name for entry in spec_path.parent.iterdir() if entry.is_file()}
    if path.suffix != ".py" or named not in beside:
        raise SpecError(f"{place}: there is no Python file {quoted(named)} beside the spec; put the {kind} there")
    try:
        source = path.read_bytes()
    except OSError as error:
        raise SpecError(f"{place}: the {kind} {named} can't be read ({error.strerror}); mend it there") from None
    return Binding(kind, path.resolve(), None, source)


def check(binding, spec):
    """Refuse a module whose forward and backward do not have the spec's symbols and outputs as arguments."""
    arguments = _arguments(binding, spec)
    expected = {symbol.name for symbol in spec.symbols.values() if symbol.role != "value"} | set(spec.named_sizes)
    if binding.kind != "reference" and spec.time:
        expected.add("lengths")
    _compare(binding, spec, "forward", arguments["forward"], expected)
    _compare(binding, spec, "backward", arguments["backward"], {"saved"} | {f"d_{name}" for name in spec.outputs})


def _arguments(binding, spec):
    try:
        tree = ast.parse(binding.path.read_bytes() if binding.module else binding.source)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SpecError(f"{spec.id}: the {binding.kind} {binding.path.name} can't be read ({error}); mend it there") from None
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in found:
            found |= {target.id: found[node.value.id] for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                if alias.name in ("forward", "backward"):
                    raise SpecError(f"{spec.id}: the {binding.kind} {binding.path.name} must define {alias.name} itself")
    for name in ("forward", "backward"):
        if name not in found:
            raise SpecError(f"{spec.id}: the {binding.kind} {binding.path.name} has no function {name}; add it, as a def of the file, which is read and not run")
    return found


def _compare(binding, spec, function, arguments, expected):
    missing, unknown = expected - set(arguments), set(arguments) - expected
    if missing or unknown:
        parts = []
        if missing:
            parts.append("lacks " + ", ".join(sorted(missing)))
        if unknown:
            parts.append("has unknown " + ", ".join(sorted(unknown)))
        raise SpecError(
            f"{spec.id}: {function} of the {binding.kind} {binding.path.name} {' and '.join(parts)}; "
            f"its arguments must be {', '.join(sorted(expected))}"
        )
