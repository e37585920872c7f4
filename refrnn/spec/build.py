"""From a YAML document to a Spec: every key is checked before anything runs."""

import ast
import keyword
import re
from difflib import get_close_matches

from refrnn.equation.evaluate import Program
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.parse import LARGEST, REDUCTIONS, equation_of, parse_equation, parse_expression
from refrnn.equation.sizes import read_size, show_shape
from refrnn.equation.slips import python_word
from refrnn.errors import MOST_REPEATED, SpecError, ValuesError, cut, quoted
from refrnn.spec import binding
from refrnn.spec.check import check_program, check_spec
from refrnn.spec.draw import complete_sizes, drawn_shapes
from refrnn.spec.library import SHOWN
from refrnn.spec.paper import Paper
from refrnn.spec.quotes import Quote
from refrnn.spec.spec import Claim, Misprint, PrintedGradient, Spec
from refrnn.spec.symbol import DRAWS, ROLES, Symbol

_TOP = {
    "id": str, "title": str, "lectures": list, "papers": list, "cites": list, "verify": list, "open": list, "sizes": dict, "time": (str, list),
    "batch": str, "symbols": dict, "equations": list, "outputs": list, "misprints": list, "printed_gradient": list,
    "claims": list, "equivalent": list, "cases": list, "reference": str, "kernel": str, "notes": str,
}
_REQUIRED = ("id", "title", "sizes", "symbols", "equations", "outputs")
_SYMBOL = {
    "role": str, "shape": list, "means": str, "optional": bool, "type": str, "low": (int, float),
    "high": (int, float), "draw": str, "finite": bool, "below": (str, int),
}
_QUOTE = {"from": str, "where": str, "quote": (str, list), "restored": str, "picture": str}
_PAPER = {"authors": str, "year": int, "title": str, "where": str, "equations": str}
_MISPRINT = {**_QUOTE, "reads": (str, list), "says": str, "refused": str, "kind": str}
_PRINTED = {"from": str, "equations": list, "gradients": dict, "upstream": dict, "misprints": list}
_CLAIM = {**_QUOTE, "taken": str, "says": str, "verdict": str, "test": str, "mended": str}
VERDICTS = ("holds", "fails", "misprint", "remark")
_EQUIVALENT = {"mutant": str, "because": str}
_CASE = {"name": str, "sizes": dict, "values": dict}
VERIFY = ("forward", "bptt", "printed-gradient", "clip", "claim", "task")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_RESERVED = FUNCTIONS.keys() | REDUCTIONS.keys() | {"range", "lengths", "saved", "mod"}  # mod, as % is shown: a page could not be read


def _spoken(step):
    """A key, or the place in a list, as errors name it."""
    return f"entry {step + 1}" if isinstance(step, int) else step


class _Reader:
    """The document with a place for every error."""

    def __init__(self, document, source):
        self.document = document
        self.source = source

    def place(self, *path):
        """"lstm.yaml, line 12"."""
        line = self.document.line(tuple(path)) if path else 1
        return f"{self.source}, line {line}"

    def fail(self, path, text):
        raise SpecError(f"{self.place(*path)}: {text}")

    def mapping(self, data, kinds, path, required=()):
        """Check keys and types of a mapping."""
        word = ".".join(map(str, map(_spoken, path))) or "the spec"
        if not isinstance(data, dict):
            self.fail(path, f"{word} must be a mapping with the keys {', '.join(kinds)}; write it as one")
        for key, value in data.items():
            if key not in kinds:
                near = get_close_matches(str(key), kinds, n=1)
                hint = f"; did you mean {near[0]}?" if near else f"; it may have {', '.join(kinds)}"
                self.fail((*path, key), f"{word} has an unknown key {quoted(key)}{hint}")
            self.kind(value, kinds[key], (*path, key))
        for key in required:
            if key not in data:
                self.fail(path, f"{word} lacks the key {key!r}; add it")
        return data

    def kind(self, value, kinds, path):
        kinds = kinds if isinstance(kinds, tuple) else (kinds,)
        if type(value) not in kinds:
            words = {str: "text", list: "a list", dict: "a mapping", bool: "true or false", int: "an integer", float: "a number"}
            wanted = " or ".join(words[kind] for kind in kinds)
            self.fail(path, f"{_spoken(path[-1])} must be {wanted}, not {words.get(type(value), 'empty')}; write it so")

    def texts(self, values, path):
        for number, value in enumerate(values):
            if not isinstance(value, str) or not value.strip():
                self.fail((*path, number), f"entry {number + 1} of {path[-1]} must be text; put it in quotes")
        return values


def build(document, path, library):
    """The Spec of a document read from ``path`` (None: from text), with its reference and kernel found and checked."""
    source = document.source if path is None else path.name
    reader = _Reader(document, source)
    data = reader.mapping(document.data, _TOP, (), _REQUIRED)
    if not re.fullmatch(r"[a-z][a-z0-9-]*", data["id"]):
        reader.fail(("id",), f"the id {quoted(data['id'])} must be lower-case letters, digits and hyphens")
    if len(data["id"]) > MOST_REPEATED:
        reader.fail(("id",), f"the id {cut(data['id'])} has more than {MOST_REPEATED} characters; choose a shorter one")
    sizes = _sizes(reader, data["sizes"])
    time = _time(reader, data, sizes)
    if data.get("batch", None) is not None and data["batch"] not in sizes:
        reader.fail(("batch",), f"batch: {cut(data['batch'])} is not declared under sizes; declare it there")
    symbols = _symbols(reader, data["symbols"], sizes)
    equations = _equations(reader, data["equations"], symbols, sizes, ("equations",))
    outputs = _outputs(reader, data["outputs"], equations)
    spec = Spec(
        id=data["id"],
        group=path.parent.name if library else "",
        title=data["title"],
        source=source,
        lectures=_lectures(reader, data),
        papers=tuple(Paper(**entry) for entry in _entries(reader, data, "papers", _PAPER, tuple(_PAPER))),
        cites=tuple(reader.texts(data.get("cites", []), ("cites",))),
        verify=_verify(reader, data, "verify", SHOWN),
        open=_verify(reader, data, "open", ()),
        sizes=sizes,
        time=time,
        batch=data.get("batch"),
        symbols=symbols,
        equations=equations,
        outputs=outputs,
        misprints=_misprints(reader, data.get("misprints", []), ("misprints",)),
        printed_gradients=_printed_gradients(reader, data.get("printed_gradient", []), symbols, sizes),
        claims=_claims(reader, data),
        equivalent=_entries(reader, data, "equivalent", _EQUIVALENT, ("mutant", "because")),
        cases=_entries(reader, data, "cases", _CASE, ("name",)),
        notes=data.get("notes", ""),
    )
    check_spec(reader, spec)
    _check_misprints(reader, spec)
    _check_printed_gradients(reader, spec)
    _check_cases(reader, spec)
    for kind in binding.FOLDERS:
        found = binding.find(kind, path, data.get(kind), library, reader.place(kind))
        if found is not None:
            binding.check(found, spec)
            spec.bindings[kind] = found
    if library and spec.lectures and "kernel" not in spec.bindings:
        spec.bindings["kernel"] = binding.Compiled(spec)
    return spec


def _good_name(reader, name, path, what):
    if keyword.iskeyword(name):
        reader.fail(path, python_word(name).replace("a symbol", f"a {what}"))
    if not isinstance(name, str) or not _NAME.match(name):
        reader.fail(path, f"{quoted(name)} can't name a {what}; a name is letters, digits and _, beginning with a letter")
    if len(name) > MOST_REPEATED:
        reader.fail(path, f"the {what} {cut(name)} has more than {MOST_REPEATED} characters; choose a shorter name")
    if name in _RESERVED:
        reader.fail(path, f"{name} is a word of the language and can't name a {what}; choose another name")


def _sizes(reader, data):
    for name, means in data.items():
        _good_name(reader, name, ("sizes", name), "size")
        reader.kind(means, str, ("sizes", name))
    return dict(data)


def _time(reader, data, sizes):
    time = data.get("time", ["T"] if "T" in sizes else [])
    time = [time] if isinstance(time, str) else time
    for name in reader.texts(time, ("time",)):
        if name not in sizes:
            reader.fail(("time",), f"time: {cut(name)} is not declared under sizes; declare it there")
    if len(set(time)) != len(time):
        reader.fail(("time",), "time names a size twice; name it once")
    return tuple(time)


def _symbols(reader, data, sizes):
    symbols = {}
    for name, entry in data.items():
        path = ("symbols", name)
        _good_name(reader, name, path, "symbol")
        if name in sizes:
            reader.fail(path, f"{name} is a size and a symbol; rename one")
        reader.mapping(entry, _SYMBOL, path, ("role", "shape"))
        if entry["role"] not in ROLES:
            reader.fail((*path, "role"), f"the role {quoted(entry['role'])} of {name} is not one of {', '.join(ROLES)}")
        if entry.get("type", "real") not in ("real", "integer"):
            reader.fail((*path, "type"), f"the type of {name} must be real or integer")
        if entry.get("draw", "normal") not in DRAWS:
            reader.fail((*path, "draw"), f"{name} can't be drawn as {quoted(entry['draw'])}, only as {', '.join(DRAWS)}")
        low, high = entry.get("low"), entry.get("high")
        for end in ("low", "high"):
            if entry.get(end) is not None and abs(entry[end]) > LARGEST:
                reader.fail((*path, end), f"{name} has {end} {entry[end]}, which is beyond {LARGEST:g}; leave it out")
        if low is not None and high is not None and not low <= high:
            reader.fail((*path, "low"), f"{name} has low {low} above high {high}; swap them")
        place = reader.place(*path, "shape")
        shape = tuple(read_size(size, sizes, f"{place}: {name}") for size in entry["shape"])
        if any(not size.names() and size.number({}) < 1 for size in shape):
            reader.fail((*path, "shape"), f"the shape {show_shape(shape)} of {name} is not positive; mend it")
        if "below" in entry:
            if entry.get("type") != "integer" or low is not None or high is not None:
                reader.fail((*path, "below"), f"below is for integers from 0; {name} needs type integer, and neither low nor high")
            entry = {**entry, "below": read_size(entry["below"], sizes, f"{reader.place(*path, 'below')}: {name}")}
        symbols[name] = symbol = Symbol(name=name, **{**entry, "shape": shape})
        if symbol.type == "integer" and symbol.below is None and symbol.integers()[0] > symbol.integers()[1]:
            reader.fail((*path, "low"), f"no integer lies between low {low} and high {high} of {name}; move one")
    return symbols


def _equations(reader, data, symbols, sizes, path):
    reader.texts(data, path)
    if not data:
        reader.fail(path, "there is no equation; add one")
    equations = tuple(
        parse_equation(text, f"{reader.place(*path, number)}, equation {number + 1}") for number, text in enumerate(data)
    )
    for number, equation in enumerate(equations):
        _good_name(reader, equation.name, (*path, number), "symbol")
        if equation.name in sizes:
            reader.fail((*path, number), f"{equation.name} is a size, yet an equation defines it; rename one")
        declared = symbols.get(equation.name)
        if declared is not None and declared.role != "value":
            reader.fail((*path, number), f"{equation.name} is declared as {declared.role}, yet an equation defines it; drop one")
    return equations


def _outputs(reader, data, equations):
    reader.texts(data, ("outputs",))
    if not data:
        reader.fail(("outputs",), "there is no output; name at least one defined symbol")
    defined = {equation.name for equation in equations}
    for number, name in enumerate(data):
        if name not in defined:
            reader.fail(("outputs", number), f"the output {cut(name)} is defined by no equation; define it or delete it")
        if name in data[:number]:
            reader.fail(("outputs", number), f"the output {name} is named twice; name it once")
    return tuple(data)


def _entries(reader, data, key, kinds, required):
    entries = data.get(key, [])
    for number, entry in enumerate(entries):
        reader.mapping(entry, kinds, (key, number), required)
    return tuple(entries)


def _verify(reader, data, key, default):
    """What is shown of the spec (verify), or is still to be shown (open)."""
    for number, word in enumerate(data.get(key, [])):
        if word not in VERIFY:
            reader.fail((key, number), f"{key} knows {', '.join(VERIFY)}, not {quoted(word)}")
    return tuple(data.get(key, default))


def _lectures(reader, data):
    entries = _entries(reader, data, "lectures", _QUOTE, ("from",))
    return tuple(_quote(reader, entry, ("lectures", number)) for number, entry in enumerate(entries))


def _quote(reader, entry, path, lecture=""):
    """The Quote of an entry; ``lecture`` is whose it is where the entry does not say."""
    lecture = entry.get("from", lecture)
    pieces = entry.get("quote", [])
    pieces = reader.texts([pieces] if isinstance(pieces, str) else pieces, (*path, "quote"))
    if not pieces and "picture" not in entry:
        reader.fail(path, "no words of the lecture are quoted; write them under quote, or what is shown without words under picture")
    if not lecture or "where" not in entry:
        reader.fail(path, "a quote needs its lecture under from and its slide under where; add both")
    return Quote(lecture, entry["where"], tuple(pieces), entry.get("restored", ""), entry.get("picture", ""))


def _misprints(reader, data, path, lecture=""):
    misprints = []
    for number, entry in enumerate(data):
        where = (*path, number)
        reader.mapping(entry, _MISPRINT, where, ("reads", "says"))
        lines = [entry["reads"]] if isinstance(entry["reads"], str) else reader.texts(entry["reads"], (*where, "reads"))
        if not lines:
            reader.fail((*where, "reads"), "reads is empty; write the printed line in the language")
        equations = tuple(parse_equation(line, f"{reader.place(*where)}, misprint {number + 1}") for line in lines)
        if "refused" in entry:
            reader.texts([entry["refused"]], (*where, "refused"))
        kind = entry.get("kind", "misprint")
        if kind not in ("misprint", "remark"):
            reader.fail((*where, "kind"), f"the kind of a printed line is misprint or remark, not {quoted(kind)}")
        quote = _quote(reader, entry, where, lecture)
        misprints.append(Misprint(quote, equations, entry["says"], entry.get("refused", ""), kind))
    return tuple(misprints)


def _printed_gradients(reader, data, symbols, sizes):
    blocks = []
    for number, entry in enumerate(data):
        path = ("printed_gradient", number)
        reader.mapping(entry, _PRINTED, path, ("from", "equations", "gradients"))
        equations = _equations(reader, entry["equations"], symbols, sizes, (*path, "equations"))
        gradients = {
            name: parse_expression(text, f"{reader.place(*path, 'gradients', name)}, gradient of {name}")
            for name, text in entry["gradients"].items()
        }
        misprints = _misprints(reader, entry.get("misprints", []), (*path, "misprints"), entry["from"])
        blocks.append(PrintedGradient(entry["from"], equations, gradients, entry.get("upstream", {}), misprints))
    return tuple(blocks)


def _claims(reader, data):
    claims = []
    for number, entry in enumerate(data.get("claims", [])):
        path = ("claims", number)
        reader.mapping(entry, _CLAIM, path, ("verdict", "test"))
        if entry["verdict"] not in VERDICTS:
            reader.fail((*path, "verdict"), f"a verdict is {' or '.join(VERDICTS)}, not {quoted(entry['verdict'])}")
        if (entry["verdict"] != "holds") != ("mended" in entry):
            reader.fail(path, "a claim that does not hold needs what holds instead under mended, and one that holds has none")
        if ("says" in entry) == ("quote" in entry):
            reader.fail(path, "a claim has a lecture's words under quote, or our own under says; write one of the two")
        borrowed = [key for key in (*_QUOTE, "taken") if key in entry and "says" in entry]
        if borrowed:
            reader.fail((*path, borrowed[0]), f"{borrowed[0]} belongs to a quote, and says is our own; quote the lecture, or delete it")
        quote = _quote(reader, entry, path) if "quote" in entry else None
        if quote is None and entry["verdict"] != "holds":
            reader.fail(path, "a claim that does not hold is a lecture's; quote it")
        said = "" if quote else entry["says"]
        claims.append(Claim(quote, entry.get("taken", ""), said, entry["verdict"], entry["test"], entry.get("mended", "")))
    return tuple(claims)


def _check_misprints(reader, spec):
    for number, misprint in enumerate(spec.misprints):
        _check_place(reader, ("misprints", number), spec.equations, misprint)


def _check_place(reader, path, equations, misprint):
    """A misprint may mean nothing (that is what is wrong with it), but it stands in the place of an equation."""
    for equation in misprint.reads:
        try:
            place_of(equations, equation)
        except SpecError:
            reader.fail((*path, "reads"), f"{equation.shown()} replaces no equation; give it the left side of the one it is printed for")


def _check_printed_gradients(reader, spec):
    for number, block in enumerate(spec.printed_gradients):
        path = ("printed_gradient", number)
        if not block.gradients:
            reader.fail((*path, "gradients"), "gradients is empty; name a symbol and its printed gradient")
        for name in block.gradients:
            if name not in spec.differentiated and name not in spec.defined:
                reader.fail((*path, "gradients", name), f"{cut(name)} is no symbol that has a gradient; name one of the spec's")
        for name, value in block.upstream.items():
            if name not in spec.outputs:
                reader.fail((*path, "upstream", name), f"{cut(name)} is not an output; upstream has {', '.join(spec.outputs)}")
            reader.kind(value, (int, float), (*path, "upstream", name))
        program, printed = printed_program(spec, block, block.equations)
        shapes = program.element_shapes
        check_program(spec, program)
        for name, shape in ((name, spec.full_shape(name)) for name in block.gradients):
            if shapes[printed[name]] != shape:
                found = show_shape(shapes[printed[name]])
                text = f"the gradient of {name} is printed as {found}, but {name} is {show_shape(shape)}; transpose or mend it"
                reader.fail((*path, "gradients", name), text)
        for place, misprint in enumerate(block.misprints):
            _check_place(reader, (*path, "misprints", place), block.equations, misprint)


def _check_cases(reader, spec):
    for number, entry in enumerate(spec.cases):
        path = ("cases", number)
        for name, value in entry.get("sizes", {}).items():
            if name not in spec.sizes:
                reader.fail((*path, "sizes", name), f"{cut(name)} is no size; there are {', '.join(spec.sizes)}")
            reader.kind(value, int, (*path, "sizes", name))
            if value < 1:
                reader.fail((*path, "sizes", name), f"{name} is {value}; a size is at least 1")
        try:
            sizes = entry.get("sizes", {})
            drawn_shapes(spec, complete_sizes(spec, sizes, sizes.get(spec.batch, 1)), 1)
        except ValuesError as error:
            reader.fail((*path, "sizes"), f"the case {cut(entry['name'])} can't be drawn: {str(error).partition(': ')[2]}")
        for name, value in entry.get("values", {}).items():
            if name not in spec.arrays:
                reader.fail((*path, "values", name), f"{cut(name)} is no symbol that is handed in; there are {', '.join(spec.arrays)}")
            if name in spec.integer_constants:
                reader.kind(value, int, (*path, "values", name))
            elif not _is_numbers(value):
                reader.fail((*path, "values", name), f"{name} must be a number or lists of numbers; write it so")


def _is_numbers(value):
    return all(map(_is_numbers, value)) if isinstance(value, list) else type(value) in (int, float)


def printed_program(spec, block, equations):
    """The equations of a spec and those of a printed block together, and the name of what each gradient is printed as."""
    wanted = {name: f"printed_{name}" for name in block.gradients}
    checks = [
        equation_of(ast.Name(wanted[name], ast.Store()), expression, f"{spec.source}, the printed gradient of {name}")
        for name, expression in block.gradients.items()
    ]
    arrays = {**spec.array_shapes, **{f"d_{name}": spec.full_shape(name) for name in spec.outputs}}
    equations = (*spec.equations, *equations, *checks)
    program = Program(equations, spec.sizes, arrays, spec.integer_constants, spec.value_shapes, tuple(wanted.values()))
    return program, wanted


def variant(spec, replace=(), outputs=None):
    """The program of ``spec`` with each equation of ``replace`` in the place of the one with the same left side."""
    equations = list(spec.equations)
    for equation in replace:
        equations[place_of(equations, equation)] = equation
    return Program(equations, spec.sizes, spec.array_shapes, spec.integer_constants, spec.value_shapes, outputs or spec.outputs)


def place_of(equations, equation):
    """The number of the equation with the same left side."""
    wanted = ast.dump(equation.target)
    for number, other in enumerate(equations):
        if ast.dump(other.target) == wanted:
            return number
    raise SpecError(f"{equation.place}: no equation has the left side of {equation.shown()}, so it replaces none")
