"""The equations of a spec, or those of its gradient, as statements on storages, in an order that works."""

from dataclasses import dataclass, field, replace

from refrnn.compiler.joined import joined, statements_in
from refrnn.compiler.schedule import Branch, Loop, needs_of, schedule
from refrnn.compiler.statements import CompileError, Statement, check_places, guard_places, note_reads, statements_of
from refrnn.compiler.storage import Storage, is_given_whole, symbol_storage
from refrnn.equation.clauses import Clauses
from refrnn.equation.conditions import decided, one_sided
from refrnn.equation.indices import ZERO, Known, replaced
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Apply, Choice, Read, Span, Total, is_on_indices, names_of, rebuilt, replaced_in, shape_of, walk


@dataclass
class Compiled:
    """What a kernel is made of: ``shared`` and ``each`` are schedules, ``summed`` the gradients that are sums over all sequences."""

    clauses: object
    storages: dict
    batch_size: Size
    shapes: dict = field(default_factory=dict)
    shared: list = field(default_factory=list)
    each: list = field(default_factory=list)
    summed: dict = field(default_factory=dict)
    temporary: set = field(default_factory=set)
    whole: set = field(default_factory=set)  # the symbols that are given wherever something is stored of them

    def shape(self, name):
        return self.shapes[name] if name in self.shapes else self.clauses.shape(name)

    def first(self, name):
        return () if name in self.shapes or name not in self.clauses.program.ranks else self.clauses.first(name)


def compiled(program, lowest, given, times, batch, batch_size, outputs=(), lookups=None, is_derived=False, ranges=None):
    """The :class:`Compiled` of a program.

    ``given``: the storages of its arrays; ``batch(name)``: where the sequences stand of a symbol that it defines, None where
    all share it; ``batch_size``: how many they are, by name; ``outputs``: those of its symbols that are to be summed over all
    sequences; ``lookups``: those of its arrays that are nothing but one_hot, as ``lookups_of`` gives them; ``is_derived``: its equations were made from those
    of another program, and may speak of places that nobody needs; ``ranges``:
    the values of integer constants that have few of them.
    """
    clauses = Clauses(program, lowest)
    made = Compiled(clauses, dict(given), Size.of(batch_size))
    known = Known({}, clauses.lowest)
    for name in program.ranks:
        made.storages[name] = symbol_storage(clauses, name, batch(name), made.batch_size, known)
    statements = statements_of(clauses)
    lookups = {**(lookups or {}), **lookups_of(clauses)}
    for statement in statements:
        statement.value = _looked_up(statement.value, lookups)
        if is_derived:
            guard_places(statement, made.storages, clauses.lowest)
        note_reads(statement, clauses.lowest)
        check_places(statement, made.storages)
        statement.value = _parted(statement.value, made.shape)
        note_reads(statement, clauses.lowest)
    statements = _Sums(made, times, outputs).taken(statements)
    each = [statement for statement in statements if made.storages[statement.name].batch is not None]
    made.shared = schedule([statement for statement in statements if statement not in each], made.storages)
    made.each = _ordered(each, made, times, dict(ranges or {}))
    for name in made.storages.keys() - given.keys():
        own = [statement for statement in statements_in([*made.shared, *made.each]) if statement.name == name]
        if own and is_given_whole(own, made.storages[name]):
            made.whole.add(name)
    return made


def _ordered(statements, made, times, ranges):
    """The schedule of statements; where their order hangs on an integer constant of a few values, one for each of these."""
    before = [(statement, statement.value) for statement in statements]
    try:
        return _hoisted(statements, made, times)
    except CompileError:
        constant = next((name for name in ranges if any(name in _names_of(value) for _, value in before)), None)
        if constant is None:
            raise
    left = {name: ends for name, ends in ranges.items() if name != constant}
    found = {}
    for number in ranges[constant]:
        fixed = [_at_value(statement, value, {constant: Size.of(number)}, made) for statement, value in before]
        found[number] = _ordered([statement for statement in fixed if statement is not None], made, times, left)
    return [Branch(constant, found)]


def _names_of(node):
    """The names in the conditions on indices of an expression."""
    return {name for one in walk(node) if isinstance(one, Choice) and is_on_indices(one.condition) for name in names_of(one.condition)}


def _at_value(statement, value, new, made):
    """A statement where an integer constant has one value; None where it never runs."""
    bounds = [replaced(bound, new) for bound in statement.bounds]
    conditions = [replaced_in(condition, new) for condition in statement.conditions]
    known = Known(statement.letters, made.clauses.lowest)
    if any(known.always_below_zero(bound) for bound in bounds) or any(decided(condition, known) is False for condition in conditions):
        return None
    bounds = tuple(bound for bound in bounds if not known.never_below_zero(bound))
    conditions = tuple(condition for condition in conditions if decided(condition, known) is None)
    fixed = replace(statement, value=one_sided(replaced_in(value, new), known), bounds=bounds, conditions=conditions)
    note_reads(fixed, made.clauses.lowest)
    return fixed


def lookups_of(clauses):
    """The symbols that are nothing but one_hot, each with its letters and its value: products with them are read, not multiplied."""
    found = {}
    for clause in clauses.all:
        single = all(str(place) in clause.ranges for place in clause.places)
        if single and isinstance(clause.value, Apply) and clause.value.name == "one_hot" and len(clauses.program.by_name[clause.name]) == 1:
            found[clause.name] = [str(place) for place in clause.places], clause.value
    return found


def _looked_up(node, lookups):
    """The expression with such symbols as what they are, where one element of them is read."""
    if isinstance(node, Read) and node.name in lookups:
        letters, value = lookups[node.name]
        if len(node.places) == len(letters) and not any(isinstance(place, Span) for place in node.places):
            return replaced_in(value, dict(zip(letters, node.places)))
    return rebuilt(node, lambda child: _looked_up(child, lookups))


def _parted(node, shape):
    """Products with joined vectors as sums of products with each."""
    node = rebuilt(node, lambda child: _parted(child, shape))
    if isinstance(node, Apply) and node.name == "matmul":
        left, right = node.arguments
        if isinstance(left, Read) and isinstance(right, Apply) and right.name == "concat" and len(shape_of(left, shape)) == 2:
            parts, start = [], ZERO
            rows, _ = shape_of(left, shape)
            for argument in right.arguments:
                end = start + shape_of(argument, shape)[0]
                parts.append(Apply("matmul", (_columns(left, rows, start, end), argument)))
                start = end
            total = parts[0]
            for part in parts[1:]:
                total = Apply("add", (total, part))
            return total
    return node


def _columns(matrix, rows, start, end):
    """Some columns of a matrix as it is read."""
    spans = [place for place in matrix.places if isinstance(place, Span)]
    single = tuple(place for place in matrix.places if not isinstance(place, Span))
    row = spans[0] if spans else Span(ZERO, rows)
    first = spans[1].lower if len(spans) > 1 else ZERO
    return Read(matrix.name, (*single, row, Span(first + start, first + end)))


# ---------------------------------------------------------------- out of the loop


def _hoisted(statements, made, times):
    """The schedule in which products that a loop does not change are computed before it, at all steps, and loops over steps are one."""
    found = schedule(statements, made.storages)
    more = []
    for loop in found:
        if isinstance(loop, Loop):
            within = set(_names(loop))
            for statement in _all(loop):
                _take_out(statement, within, made, times, more)
    if more:
        for statement in (*statements, *more):
            note_reads(statement, made.clauses.lowest)
        found = schedule([*statements, *more], made.storages)
    return joined(found, needs_of([*statements, *more]), made.storages)


def _all(loop):
    for item in loop.body:
        if isinstance(item, Loop):
            yield from _all(item)
        else:
            yield item


def _names(loop):
    return [statement.name for statement in _all(loop)]


def _take_out(statement, within, made, times, more):
    """Replace products of a statement that read nothing of the loop by symbols of their own, one for a whole sum of them."""
    if not statement.letters or any(len(place.names() & statement.letters.keys()) != 1 for place in statement.places):
        return

    def is_free(node):
        names = {one.name for one in walk(node) if isinstance(one, Read)}
        batched = any(made.storages[name].batch is not None for name in names)
        return batched and not names & within

    def is_taken(node):
        return isinstance(node, Apply) and node.name == "matmul" and is_free(node)

    def change(node):
        if is_taken(node):
            return symbol_of(node)
        if isinstance(node, Apply) and node.name == "add" and is_free(node) and all(is_taken(one) for one in _terms(node)):
            return symbol_of(node)
        if isinstance(node, Apply):
            return rebuilt(node, change)
        return node

    def symbol_of(node):
        shape = shape_of(node, made.shape)
        ranges = dict(statement.letters)
        name = _free(f"{statement.name}_in", made)
        batch = 1 if next(iter(ranges.values()))[1].names() & set(times) else 0
        extents = [upper for _, upper in ranges.values()] + list(shape)
        extents.insert(batch, made.batch_size)
        made.shapes[name] = (*(upper for _, upper in ranges.values()), *shape)
        made.storages[name] = Storage(name, tuple(extents), (ZERO,) * len(ranges), batch)
        places = tuple(map(Size.of, ranges))
        more.append(Statement(name, places, ranges, node, statement.bounds, statement.conditions, statement.equation))
        return Read(name, places)

    statement.value = change(statement.value)


def _terms(node):
    return [one for part in node.arguments for one in (_terms(part) if isinstance(part, Apply) and part.name == "add" else [part])]


def _free(wanted, made):
    name, number = wanted, 1
    while name in made.storages or name in made.clauses.program.sizes or name in made.clauses.program.integers:
        number += 1
        name = f"{wanted}_{number}"
    return name


# ---------------------------------------------------------------- sums over all sequences


class _Sums:
    """Gradients of what all sequences share: products over all steps and sequences, where an equation is a sum of outer products."""

    def __init__(self, made, times, outputs):
        self.made, self.times, self.outputs = made, set(times), outputs

    def taken(self, statements):
        found = []
        for statement in statements:
            if statement.name in self.outputs and self._is_whole(statement, statements):
                terms = [self._sum(term, statement) for term in _summands(statement.value)]
                if all(terms):
                    self.made.summed[statement.name] = [([self._rows(one, statement, found) for one in parts]) for parts in terms]
                    continue
            found.append(statement)
        return found

    def _is_whole(self, statement, statements):
        """Whether the equation is all there is of the symbol, and no other reads it."""
        own = [one for one in statements if one.name == statement.name]
        return len(own) == 1 and not statement.places and not any(read.name == statement.name for one in statements for read, _ in one.reads)

    def _sum(self, node, statement):
        """The factors of a sum over all steps: (u, v) of outer products, (u,) of vectors; None where it is another thing."""
        if not isinstance(node, Total) or node.operation != "add" or node.lower != 0 or str(node.upper) not in self.times:
            return None
        body = node.body
        if isinstance(body, Apply) and body.name == "outer":
            parts = body.arguments
        elif len(shape_of(body, self.made.shape)) == 1:
            parts = (body,)
        else:
            return None
        if any(isinstance(one, Total) or isinstance(one, Apply) and one.name == "one_hot" for part in parts for one in walk(part)):
            return None
        return [(node.letter, node.upper, part) for part in parts]

    def _rows(self, factor, statement, found):
        """The symbols whose rows are a factor at each step, side by side; expressions become symbols of their own."""
        letter, size, node = factor
        parts = node.arguments if isinstance(node, Apply) and node.name == "concat" else (node,)
        return [self._symbol(letter, size, part, statement, found) for part in parts]

    def _symbol(self, letter, size, node, statement, found):
        here = Size.of(letter)
        if isinstance(node, Read) and node.places == (here,) and self.made.storages[node.name].batch == 1 and len(self.made.shape(node.name)) == 2:
            return node.name
        made = self.made
        name = _free(f"{statement.name}_rows", made)
        shape = shape_of(node, made.shape)
        made.shapes[name] = (size, *shape)
        made.storages[name] = Storage(name, (size, made.batch_size, *shape), (ZERO,), 1)
        piece = Statement(name, (here,), {letter: (ZERO, size)}, node, (), (), statement.equation)
        note_reads(piece, made.clauses.lowest)
        found.append(piece)
        return name


def _summands(node):
    if isinstance(node, Apply) and node.name == "add":
        left, right = node.arguments
        if isinstance(left, Apply) and left.name == "zeros":  # only tells the shape
            return _summands(right)
        return _summands(left) + _summands(right)
    return [node]
