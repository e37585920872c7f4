"""What a spec must fulfil before anything is run: every name used, every output reached, every shape fitting."""

import ast

from refrnn.equation.sizes import show_shape
from refrnn.spec.domain import empty_shape, trials


def check_spec(reader, spec):
    """Refuse what is wrong with the spec as a whole; ``reader`` knows the lines."""
    _check_lettering(reader, spec)
    _check_batch(reader, spec)
    _check_shapes(reader, spec)
    _check_use(reader, spec)
    _check_reach(reader, spec)
    _check_promises(reader, spec)


def check_program(spec, program):
    """Refuse cycles, missing starts and places out of range in equations over the symbols of a spec."""
    for sizes, constants in trials(spec):
        program.check(sizes, constants)


def _names_in(trees):
    return {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _check_use(reader, spec):
    read = {name for equation in spec.equations for name in equation.reads}
    subscripted = _names_in(subscript for equation in spec.equations for subscript in equation.subscripts)
    defined = {equation.name for equation in spec.equations}
    for name, symbol in spec.symbols.items():
        if symbol.role == "value" and name not in defined:
            reader.fail(("symbols", name), f"{name} is declared as a value, but no equation defines it; define it or delete it")
        if symbol.role != "value" and name not in read | subscripted:
            reader.fail(("symbols", name), f"{name} is declared but used in no equation; delete it or use it")
    used = read | subscripted | {n for symbol in spec.symbols.values() for size in symbol.shape for n in size.names()}
    used |= {letter.upper() for letter in subscripted}
    for name in spec.sizes:
        if name not in used:
            reader.fail(("sizes", name), f"the size {name} is used nowhere; delete it")


def _check_lettering(reader, spec):
    """A time axis comes first, so that the batch axis has its place behind it."""
    if spec.batch in spec.time:
        reader.fail(("batch",), f"batch is {spec.batch}, which is a time; name the size of the batch")
    for name, symbol in spec.symbols.items():
        first = str(symbol.shape[0]) if symbol.shape else None
        later = [str(size) for size in symbol.shape[1:] if str(size) in spec.time]
        if later and first not in spec.time:
            reader.fail(("symbols", name, "shape"), f"the time {later[0]} is a later axis of {name}; put it first")
        for word, role, taken in (("time", "start", spec.time), ("batch", "parameter", (spec.batch,))):
            wrong = [str(size) for size in symbol.shape if str(size) in taken and symbol.role == role]
            if wrong:
                reader.fail((word,), f"the {word} {wrong[0]} is an axis of the {symbol.role} {name}; name the size that sequences have")


def _check_batch(reader, spec):
    """A batch of the spec's own is one axis, by itself, of some array: its sequences are taken apart there."""
    if spec.batch is None:
        return
    for name, symbol in spec.symbols.items():
        axes = [size for size in symbol.shape if spec.batch in size.names()]
        mixed = [str(size) for size in axes if str(size) != spec.batch]
        if mixed:
            reader.fail(("symbols", name, "shape"), f"the batch {spec.batch} is a part of the size {mixed[0]} of {name}; let it be an axis by itself")
        if len(axes) > 1:
            reader.fail(("symbols", name, "shape"), f"the batch {spec.batch} is {len(axes)} axes of {name}; a sequence has one place, name the other axis otherwise")
    if not any(spec.batch_axis(name) is not None for name in spec.arrays):
        reader.fail(("batch",), f"the batch {spec.batch} is an axis of no input and no start; name the size that they have for each sequence")


def _check_shapes(reader, spec):
    """Shapes that do not fit at some sizes or in some branch; cycles, missing starts and places out of range at some of them."""
    shapes = spec.element_shapes
    wrong = empty_shape(spec, spec.small_sizes(4))
    if wrong is not None:
        name = wrong[0]
        reader.fail(("symbols", name, "shape"), f"the shape {show_shape(wrong[1])} of {name} is not positive, however large the sizes are; mend it")
    check_program(spec, spec.program)
    for name, declared in spec.value_shapes.items():
        if name in shapes and spec.full_shape(name) != declared:
            found = show_shape(spec.full_shape(name))
            reader.fail(
                ("symbols", name, "shape"), f"{name} is declared as {show_shape(declared)}, but its equations give {found}; make them agree"
            )


def _check_reach(reader, spec):
    for number, equation in enumerate(spec.equations):
        if equation.name not in spec.reached:
            reader.fail(("equations", number), f"{equation.name} reaches no output; name it under outputs or delete it")


def _check_promises(reader, spec):
    promises = {
        "printed-gradient": (spec.printed_gradients, "printed_gradient"),
        "claim": (spec.claims, "claims"),
    }
    for word, (kept, key) in promises.items():
        if word in spec.verify and not kept:
            reader.fail(("verify",), f"verify names {word}, but the spec has no {key}; add it or delete the word")
