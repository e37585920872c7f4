"""Whether a row's kernel reaches the place where a fault is planted: what is there is named by what the kernel names, and so on."""

import ast
from functools import lru_cache

from refrnn.backends.run import compiler
from tests.kernel_copies import COMPILED, is_compiled

PACKAGE = "refrnn.kernels"


def reached(spec, fault, root):
    """Whether the kernel of ``spec`` may run what stands where ``fault`` is planted, a file below ``root``/kernels.

    Names are followed whatever they are of: what is not reached here is reached by no call.
    """
    if fault.file == COMPILED:
        return is_compiled(spec)
    path = f"{spec.group}/{spec.id.replace('-', '_')}.py"
    text = compiler().source(spec) if is_compiled(spec) else (root / "kernels" / path).read_text(encoding="utf-8")
    source = (root / "kernels" / fault.file).read_text(encoding="utf-8")
    line = source[: source.index(fault.old)].count("\n") + 1
    place, *_ = min((one for one in _defined(source) if one[2] <= line <= one[3]), key=lambda one: one[3] - one[2])  # the innermost
    files, named = _all_named(text, path, root)
    return fault.file in files and place <= named


@lru_cache(maxsize=None)
def _all_named(text, path, root):
    """The files that a kernel imports, directly or through others, and all names in what of them it reaches."""
    sources, waiting = {path: text}, [path]
    while waiting:
        file = waiting.pop()
        new = _imports(sources[file], file, root) - sources.keys()
        sources |= {name: (root / "kernels" / name).read_text(encoding="utf-8") for name in new}
        waiting += new
    parts = [part for file, source in sources.items() for part in _parts(source, file == path)]
    named, before = set(), -1
    while len(named) != before:
        before = len(named)
        named.update(*(names for own, names in parts if own <= named))
    return set(sources), named


@lru_cache(maxsize=None)
def _imports(source, file, root):
    """The files below kernels that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ImportFrom):
            continue
        module = (node.module or "").split(".")
        folder = file.split("/")[: -node.level] if node.level else []
        if not node.level:
            if module[:2] != PACKAGE.split("."):
                continue
            module = module[2:]
        for parts in ([*folder, *module], *([*folder, *module, alias.name] for alias in node.names)):
            name = "/".join(filter(None, parts)) + ".py"
            if (root / "kernels" / name).is_file():
                found.add(name)
    return found


def _parts(source, whole):
    """(what must be named for it to run, what it names) for each function, class and assignment; all of a ``whole`` module runs."""
    return [(frozenset() if whole else own, names) for own, names, _, _ in _defined(source)]


@lru_cache(maxsize=None)
def _defined(source):
    """(what must be named for it to run, what it names, its first and last line) for each function, class, assignment and import under another name."""
    body = ast.parse(source).body
    found = [(own, _names(node), node.lineno, node.end_lineno) for own, node in _definitions(body, frozenset())]
    renamed = [alias for node in body if isinstance(node, ast.ImportFrom) for alias in node.names if alias.asname]
    return found + [(frozenset({alias.asname}), {alias.name}, 0, 0) for alias in renamed]


def _definitions(body, within):
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            own = within | _called(node)
            yield own, node
            if isinstance(node, ast.ClassDef):
                yield from _definitions(node.body, own)
        elif isinstance(node, ast.Assign) and not within:
            yield frozenset().union(*(_names(target) for target in node.targets)), node
        elif not isinstance(node, (ast.Import, ast.ImportFrom)):
            yield within, node


def _called(node):
    """The names by which a function or a class is called: that of what it overloads; Python calls what has underscores."""
    overloaded = [one.args[0].id for one in node.decorator_list if isinstance(one, ast.Call) and getattr(one.func, "id", "") == "overload"]
    return frozenset(overloaded or ({node.name} if not node.name.startswith("__") else ()))


def _names(node):
    """All names in a part, without those in the methods of a class."""
    found, waiting = set(), [node]
    while waiting:
        one = waiting.pop()
        found |= {one.id} if isinstance(one, ast.Name) else {one.attr} if isinstance(one, ast.Attribute) else set()
        waiting += [child for child in ast.iter_child_nodes(one) if not (isinstance(one, ast.ClassDef) and isinstance(child, ast.FunctionDef))]
    return found
