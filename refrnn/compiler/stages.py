"""A recurrence of products and of numbers of one unit each, as stages of the engine: gates of products, then a step.

``stages_of`` finds in the clauses of a spec what :mod:`kernels.engine.recurrence` runs: the parts of the equations that are
sums of products of matrices and vectors become gates, all else becomes steps on the numbers of a unit. What has another
form raises Unfit, and is compiled in loops of its own.
"""

import re
from dataclasses import dataclass, field, replace
from itertools import permutations

from refrnn.equation.conditions import decided
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.indices import ONE, ZERO, Known
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Apply, Choice, Compare, Index, Logical, Number, Power, Read, Span, is_on_indices, rebuilt, replaced_in, shape_of, walk

MOST_GATES = 7  # of a stage whose best order is looked for among all


class Unfit(Exception):
    """What the engine does not run, in words."""


@dataclass(frozen=True)
class View:
    """A parameter or a part of it, as a gate's matrix (units, terms), or as a vector of its units."""

    name: str
    spans: tuple = ()  # of the parameter's own axes; none: all of it
    turned: bool = False

    def __str__(self):
        return f"{self.name}{'[' + ', '.join(map(str, self.spans)) + ']' if self.spans else ''}{'.T' if self.turned else ''}"


@dataclass(frozen=True)
class Term:
    """A product in a gate: ``view`` times an input or a symbol, ``delay`` steps before."""

    operand: str
    delay: int
    stopped: bool
    view: View


@dataclass
class Gate:
    name: str
    of: str  # the symbol in whose equation it stands
    terms: list
    biases: list


@dataclass
class Symbol:
    """``value`` reads gates, other symbols, those of steps before (``c_before``), inputs and weights of a unit, by these names."""

    name: str
    width: Size
    value: object
    gates: list
    deferred: int | None = None  # the stage whose way back is also that of this symbol, which nothing of its own reads


@dataclass
class Stages:
    """All of a recurrence: ``stages`` are lists of symbols; of a group of symbols that reads nothing of others."""

    forward: bool
    stages: list
    symbols: dict
    gates: dict
    rows: list  # symbols that are kept as rows: outputs, what steps before and products read, what a later stage does
    outputs: list
    starts: dict  # by symbol: the array, or None for zeros
    inputs: list
    weights: dict = field(default_factory=dict)  # vectors and numbers that steps take, by the name they have there: Views
    fixed: set = field(default_factory=set)  # those of them that have no gradient
    sets: list = field(default_factory=list)  # by stage: ((operand, delay, stopped), gates, their views) of each product

    def stage_of(self, name):
        return next(k for k, stage in enumerate(self.stages) if name in stage)

    def past(self, name):
        """(symbol, steps back) of a name in a step."""
        return (name.removesuffix("_before"), 1) if name not in self.symbols and name.endswith("_before") else (name, 0)


def stages_of(spec, clauses, constants, free):
    """The :class:`Stages` of each group of symbols of a spec, and the outputs that join others: {name: names}.

    ``constants``: the values of its integer constants, by name; ``free`` gives new names.
    """
    return _Finder(spec, clauses, constants, free).found()


class _Finder:
    def __init__(self, spec, clauses, constants, free):
        self.spec, self.clauses, self.free = spec, clauses, free
        self.constants = {name: Size.of(value) for name, value in constants.items()}
        if len(spec.time) != 1 or spec.batch is not None or spec.named_sizes:
            raise Unfit("it has not just one time, or a size that no array has")
        self.time = Size.of(spec.time[0])
        for name, symbol in spec.arrays.items():
            if symbol.type == "integer" and name not in constants:
                raise Unfit(f"{name} is of whole numbers")
        for name in (*spec.arrays, *spec.defined):
            if name.startswith("d_") or re.search(r"_before(_\d+)?$", name):
                raise Unfit(f"{name} is called as errors or earlier steps are")

    # ------------------------------------------------------------ clauses

    def found(self):
        values, starts = self._clauses()
        values = self._without_copies(values)
        joined = {name: parts for name in self.spec.outputs if (parts := self._joins(name, values)) is not None}
        for name in joined:
            del values[name]
        groups = self._groups(values)
        made = [self._group(names, values, starts, joined) for names in groups]
        self._check_weights(made)
        return made, joined

    def _clauses(self):
        """The values of symbols at a step, by name, and the arrays that they start with."""
        values, starts, ways = {}, {}, set()
        for clause in self.clauses.all:
            if len(clause.places) != 1 or clause.conditions or clause.bounds:
                raise Unfit(f"{clause.name} has other places than steps")
            (place,) = clause.places
            letter = next(iter(clause.ranges), None)
            if clause.within:
                if letter is None or place != Size.of(letter) or clause.ranges[letter] != (ZERO, self.time) or clause.name in values:
                    raise Unfit(f"{clause.name} is not one equation for all steps")
                values[clause.name] = clause, letter
            elif place in (Size.of(-1), self.time) and clause.name not in starts:
                ways.add((clause.name, place == -1))
                starts[clause.name] = self._start(clause)
            else:
                raise Unfit(f"{clause.name} starts before other steps than the first")
        self.ways = dict(ways)
        return {name: self._local(replaced_in(clause.value, self.constants), letter) for name, (clause, letter) in values.items()}, starts

    def _start(self, clause):
        value = clause.value
        if isinstance(value, Apply) and value.name == "zeros" or value == Number(0):
            return None
        if isinstance(value, Read) and not value.places and value.name in self.spec.arrays:
            return value.name
        raise Unfit(f"{clause.name} starts with more than an array")

    def _local(self, node, letter):
        """An expression without its time: c[t-1] is c_before."""
        if isinstance(node, Choice) and is_on_indices(node.condition):
            holds = decided(node.condition, Known({}, {}))
            if holds is None:
                raise Unfit(f"{node.condition} holds at some steps")
            return self._local(node.yes if holds else node.no, letter)
        if isinstance(node, Read):
            if node.name in self.clauses.program.ranks:
                first, *rest = node.places
                apart = first - Size.of(letter)
                if apart == ZERO:
                    return Read(node.name, tuple(rest))
                if rest or apart not in (ONE, Size.of(-1)):
                    raise Unfit(f"{node} is not of this step or of the one before")
                return Read(f"{node.name}_before")
            if self.spec.time_size(node.name):
                if node.places != (Size.of(letter),):
                    raise Unfit(f"{node} is not all of an input at this step")
                return Read(node.name)
            if any(letter in place.names() for place in node.places if not isinstance(place, Span)):
                raise Unfit(f"{node} is another one at every step")
            return node
        node = rebuilt(node, lambda child: self._local(child, letter), lambda size: self._fixed(size, letter))
        if isinstance(node, Apply) and node.name == "matmul" and self._is_matrix(node.arguments[1]):  # a row times a matrix
            row, matrix = node.arguments
            turned = isinstance(matrix, Apply)
            return replace(node, arguments=(matrix.arguments[0] if turned else Apply("transpose", (matrix,)), row))
        return node

    @staticmethod
    def _fixed(size, letter):
        if letter in size.names():
            raise Unfit(f"{size} is another number at every step")
        return size

    def _without_copies(self, values):
        """Symbols that are another one, or a stopped one, are read as that one."""
        read = {one.name for value in values.values() for one in walk(value) if isinstance(one, Read)}
        for name in list(values):
            value = values[name]  # in which other copies are replaced already
            inner = value.arguments[0] if isinstance(value, Apply) and value.name == "stop" else value
            is_copy = isinstance(inner, Read) and not inner.places and not self._is_parameter(inner.name)
            if is_copy and name not in self.spec.outputs and f"{name}_before" not in read:
                del values[name]
                values = {other: changed(one, lambda node: value if node == Read(name) else None) for other, one in values.items()}
        return values

    def _joins(self, name, values):
        """The symbols that an output puts side by side, where it does nothing else."""
        value = values.get(name)
        if not isinstance(value, Apply) or value.name != "concat" or any(name in (one.name, self._plain(one.name)) for other, node in values.items() for one in walk(node) if isinstance(one, Read)):
            return None
        parts = [part.name for part in value.arguments if isinstance(part, Read) and not part.places and part.name in values]
        return parts if len(parts) == len(value.arguments) and len({*parts}) == len(parts) and not {*parts} & {*self.spec.outputs} else None

    def _plain(self, name):
        return name.removesuffix("_before")

    def _groups(self, values):
        """Symbols that read one another, each group in the order of its equations."""
        group = {name: {name} for name in values}
        for name, value in values.items():
            for one in walk(value):
                other = self._plain(one.name) if isinstance(one, Read) else None
                if other in group and group[other] is not group[name]:
                    together = group[name] | group[other]
                    for member in together:
                        group[member] = together
        return [[name for name in values if name in names] for names in {id(names): names for names in group.values()}.values()]

    # ------------------------------------------------------------ one group

    def _group(self, names, values, starts, joined):
        asked = [part for name in self.spec.outputs for part in joined.get(name, (name,))]
        outputs = [name for name in asked if name in names]
        if not outputs:
            raise Unfit(f"nothing reads {names[0]}")
        ways = {self.ways[name] for name in names if name in self.ways}
        if len(ways) > 1:
            raise Unfit("time runs both ways in one recurrence")
        self.made = Stages(True not in {not way for way in ways}, [], {}, {}, [], outputs, {name: starts[name] for name in names if name in starts}, [])
        self.widths = {}
        for name in names:
            shape = self.clauses.program.element_shapes[name]
            if len(shape) != 1 or name not in self.spec.batched:
                raise Unfit(f"{name} is no vector of each sequence")
            self.widths[name] = shape[0]
        values = self._taken_apart({name: values[name] for name in names})
        self._vectors = [str(one) for value in values.values() for one in walk(value) if self._is_vector(one)]
        for name in self._ordered(values):
            self._symbol(name, values[name])
        self._place()
        return self.made

    def _taken_apart(self, values):
        """Symbols of which others read parts, as symbols for each part."""
        for name in list(values):
            reads = [one for value in values.values() for one in walk(value) if isinstance(one, Read) and one.name == name and one.places]
            if not reads:
                continue
            whole = [one for value in values.values() for one in walk(value) if isinstance(one, Read) and (one.name == name and not one.places or one.name == f"{name}_before")]
            if whole or name in self.made.outputs:
                raise Unfit(f"{name} is read whole and in parts")
            pieces = {}
            for places in dict.fromkeys(read.places for read in reads):
                pieces[places] = self._sliced(values[name], places[0])
            del values[name]
            count = {places: sum(read.places == places for read in reads) for places in pieces}
            named = {}
            for places, piece in pieces.items():
                if count[places] > 1:
                    own = self.free(f"{name}_part")
                    self.widths[own], named[places] = places[0].upper - places[0].lower, Read(own)
                    values[own] = piece
                else:
                    named[places] = piece
            values = {other: changed(value, lambda one: named[one.places] if isinstance(one, Read) and one.name == name else None) for other, value in values.items()}
        return values

    def _shape(self, node):
        """The shape of an expression without its time."""

        def of(name):
            if name not in self.spec.arrays:
                return (self.widths[name if name in self.widths else self._plain(name)],)
            shape = tuple(self.spec.full_shape(name))
            return shape[1:] if self.spec.time_size(name) else shape

        return shape_of(node, of)

    def _sliced(self, node, span):
        """Part of a vector, subscripts taken inside."""
        if not isinstance(span, Span):
            raise Unfit(f"one number of {node} is read")
        if not self._shape(node):
            return node
        if isinstance(node, Read) and self._is_parameter(node.name) and not node.places:
            return Read(node.name, (span,))
        if isinstance(node, Apply) and node.name == "matmul" and len(self._shape(node.arguments[0])) == 2:
            return replace(node, arguments=(self._rows(node.arguments[0], span), node.arguments[1]))
        if isinstance(node, Apply) and FUNCTIONS[node.name].elementwise or isinstance(node, (Power, Choice)):
            return rebuilt(node, lambda child: self._sliced(child, span))
        raise Unfit(f"a part of {node} is read")

    def _rows(self, matrix, span):
        if isinstance(matrix, Apply) and matrix.name == "transpose" and isinstance(matrix.arguments[0], Read) and not matrix.arguments[0].places:
            inner = matrix.arguments[0]
            return replace(matrix, arguments=(Read(inner.name, (Span(ZERO, self._shape(inner)[0]), span)),))
        if isinstance(matrix, Read) and not matrix.places:
            return Read(matrix.name, (span, Span(ZERO, self._shape(matrix)[1])))
        raise Unfit(f"rows of {matrix} are read")

    def _ordered(self, values):
        """Symbols, each after those that it reads at the same step."""
        found = []

        def visit(name, around=()):
            if name in found:
                return
            if name in around:
                raise Unfit(f"{name} reads itself at the same step")
            for one in walk(values[name]):
                if isinstance(one, Read) and one.name in values:
                    visit(one.name, (*around, name))
            found.append(name)

        for name in values:
            visit(name)
        return found

    # ------------------------------------------------------------ gates

    def _symbol(self, name, value):
        made = self.made
        made.symbols[name] = symbol = Symbol(name, self.widths[name], None, [])
        symbol.value = self._parted(value, symbol)
        self._check_numbers(symbol.value, symbol)

    def _parted(self, node, symbol):
        """An expression in which sums of products are gates."""
        terms = _terms(node)
        products = [term for term in terms if self._is_product(term)]
        if not products:
            if isinstance(node, Apply) and node.name == "matmul":
                raise Unfit(f"{node} is no product of a matrix that is given and a vector")
            return rebuilt(node, lambda child: self._parted(child, symbol)) if isinstance(node, (Apply, Power, Choice, Compare, Logical)) else self._leaf(node)
        if self._shape(products[0]) != (symbol.width,):
            raise Unfit(f"a product in {symbol.name} has another width")
        gate = Gate(self.free(f"{symbol.name}_sum"), symbol.name, [], [])
        for product in products:
            gate.terms += self._product(product, symbol)
        rest = []
        for term in terms:
            if self._is_vector(term) and not gate.biases and self._vectors.count(str(term)) == 1:
                gate.biases.append(View(term.name, self._spans(term)))
            elif term not in products:
                rest.append(self._parted(term, symbol))
        self.made.gates[gate.name] = gate
        symbol.gates.append(gate.name)
        value = Read(gate.name)
        for term in rest:
            value = Apply("add", (value, term))
        return value

    def _leaf(self, node):
        if isinstance(node, Read):
            if self._is_parameter(node.name):
                return self._weight(node)
            if node.name in self.spec.arrays:
                self._input(node.name)
            return Read(node.name)
        if isinstance(node, Index):
            if node.size.names():
                raise Unfit(f"{node} is a number that is a size")
            return Number(node.size.number({}))
        return node

    def _input(self, name):
        if not self.spec.time_size(name):
            raise Unfit(f"{name} is the same at every step, and another one for each sequence")
        if name not in self.made.inputs:
            self.made.inputs.append(name)

    def _weight(self, node):
        """A vector, or a number, that a step takes."""
        if len(self._shape(node)) > 1:
            raise Unfit(f"{node} is a matrix, and not in a product")
        view = View(node.name, self._spans(node))
        known = next((name for name, other in self.made.weights.items() if other == view), None)
        if known is None:
            known = node.name if not node.places else self.free(f"{node.name}_part")
            self.made.weights[known] = view
            if node.name not in self.spec.differentiated:
                self.made.fixed.add(known)
        return Read(known)

    def _spans(self, node):
        for place in node.places:
            if not isinstance(place, Span):
                raise Unfit(f"{node} is one of several arrays in one")
        return tuple(node.places)

    def _is_parameter(self, name):
        """Whether it is the same at every step and for all sequences."""
        return name in self.spec.arrays and self.spec.batch_axis(name) is None and not self.spec.time_size(name)

    def _is_vector(self, node):
        return isinstance(node, Read) and self._is_parameter(node.name) and len(self._shape(node)) == 1

    def _is_product(self, node):
        return isinstance(node, Apply) and node.name == "matmul" and self._is_matrix(node.arguments[0]) and len(self._shape(node.arguments[1])) == 1

    def _is_matrix(self, node):
        inner = node.arguments[0] if isinstance(node, Apply) and node.name == "transpose" else node
        return isinstance(inner, Read) and self._is_parameter(inner.name) and len(self._shape(inner)) == 2

    def _product(self, node, symbol):
        """The Terms of a product: one for each part of a joined operand."""
        matrix, operand = node.arguments
        if isinstance(operand, Apply) and operand.name == "concat":
            found, start = [], ZERO
            for part in operand.arguments:
                (width,) = self._shape(part)
                found.append(self._term(self._view(matrix, Span(start, start + width)), part, symbol))
                start = start + width
            return found
        return [self._term(self._view(matrix), operand, symbol)]

    def _view(self, matrix, columns=None):
        turned = isinstance(matrix, Apply)
        inner = matrix.arguments[0] if turned else matrix
        spans = self._spans(inner)
        if columns is not None:
            spans = spans or tuple(Span(ZERO, size) for size in self._shape(Read(inner.name)))
            spans = tuple(spans) + tuple(Span(ZERO, size) for size in self._shape(Read(inner.name))[len(spans):])
            axis = 0 if turned else 1
            first = spans[axis].lower
            spans = tuple(Span(first + columns.lower, first + columns.upper) if place == axis else span for place, span in enumerate(spans))
        return View(inner.name, spans, turned)

    def _term(self, view, operand, symbol):
        stopped = isinstance(operand, Apply) and operand.name == "stop"
        inner = operand.arguments[0] if stopped else operand
        if isinstance(inner, Read) and not inner.places and not self._is_parameter(inner.name):
            name = inner.name
            if name in self.spec.arrays:
                self._input(name)
            elif name not in self.made.symbols:
                return Term(self._plain(name), 1, stopped, view)
            return Term(name, 0, stopped, view)
        if not any(isinstance(one, Read) and not self._is_parameter(one.name) for one in walk(operand)):
            raise Unfit(f"{operand} is the same at every step")
        name = self.free(f"{symbol.name}_operand")
        (self.widths[name],) = self._shape(operand)
        self._symbol(name, operand)
        # It stands before the symbol that reads it.
        self.made.symbols[symbol.name] = self.made.symbols.pop(symbol.name)
        return Term(name, 0, False, view)

    def _check_numbers(self, node, symbol):
        """All is numbers of one unit: vectors as wide as the symbol, and single numbers."""
        width = symbol.width
        for one in walk(node):
            if isinstance(one, Read):
                shape = self._shape(Read(self.made.weights[one.name].name, self.made.weights[one.name].spans)) if one.name in self.made.weights else ((width,) if one.name in self.made.gates else self._shape(one))
                if shape not in ((), (width,)):
                    raise Unfit(f"{one} in {symbol.name} has another width")
                if not shape and one.name not in self.made.weights:
                    raise Unfit(f"{one} in {symbol.name} is one number")
            elif isinstance(one, Apply):
                if not FUNCTIONS[one.name].elementwise and one.name not in ("stop", "zeros"):
                    raise Unfit(f"{one.name} in {symbol.name} is no function of one unit")
            elif isinstance(one, Power):
                if isinstance(one.exponent, Size) and one.exponent.names():
                    raise Unfit(f"a power in {symbol.name} is a size")
            elif isinstance(one, Choice):
                if is_on_indices(one.condition):
                    raise Unfit(f"{symbol.name} is chosen by an index")
            elif not isinstance(one, (Number, Compare, Logical)):
                raise Unfit(f"{one} in {symbol.name} is no number of one unit")
        if not any(isinstance(one, Read) and one.name not in self.made.weights for one in walk(node)):
            raise Unfit(f"{symbol.name} is the same at every step")

    # ------------------------------------------------------------ stages

    def _place(self):
        """Which symbols make a stage, and which of them are rows."""
        made, level = self.made, {}
        for name, symbol in made.symbols.items():
            before = [level[one.name] for one in walk(symbol.value) if isinstance(one, Read) and one.name in level]
            behind = [level[term.operand] + 1 for gate in symbol.gates for term in made.gates[gate].terms if term.operand in level and not term.delay]
            level[name] = max([0, *before, *behind])
        keys = sorted(dict.fromkeys((level[name], str(symbol.width)) for name, symbol in made.symbols.items()), key=lambda key: key[0])
        made.stages = [[name for name, symbol in made.symbols.items() if (level[name], str(symbol.width)) == key] for key in keys]
        readers = {name: set() for name in made.symbols}
        carried, operands = set(), set()
        for k, stage in enumerate(made.stages):
            for name in stage:
                for one in walk(made.symbols[name].value):
                    if isinstance(one, Read) and one.name in readers:
                        readers[one.name].add(k)
                    elif isinstance(one, Read) and self._plain(one.name) in readers and one.name not in made.gates:
                        carried.add(self._plain(one.name))
        for gate in made.gates.values():
            for term in gate.terms:
                (operands if not term.delay else carried).update({term.operand} & readers.keys())
                if term.delay:
                    operands.update({term.operand} & readers.keys())
        missing = carried - made.starts.keys()
        if missing or made.starts.keys() - carried:
            raise Unfit(f"{min(missing or made.starts.keys() - carried)} has no start, or nothing reads it")
        for name, symbol in made.symbols.items():
            own = made.stage_of(name)
            if name in made.outputs or name in carried or name in operands:
                made.rows.append(name)
            elif readers[name] - {own}:
                later = readers[name] - {own}
                gates_before = [one for one in walk(symbol.value) if isinstance(one, Read) and one.name in made.symbols]
                if own in readers[name] or len(later) > 1 or len(symbol.gates) != 1 or gates_before:
                    made.rows.append(name)
                else:
                    symbol.deferred = min(later)
        made.sets = [self._sets(stage) for stage in made.stages]

    def _sets(self, stage):
        """The order of a stage's gates and its products: as few as there can be, each of gates that stand side by side."""
        made = self.made
        gates = [gate for name in stage for gate in made.symbols[name].gates]
        kinds = {}
        for gate in gates:
            seen = {}
            for term in made.gates[gate].terms:
                key = term.operand, term.delay, term.stopped
                seen[key] = seen.get(key, 0) + 1
                kinds.setdefault((*key, seen[key]), {})[gate] = term.view
        orders = permutations(gates) if len(gates) <= MOST_GATES else [gates]
        best = min(orders, key=lambda order: sum(len(_runs(order, views)) for views in kinds.values()))
        found = [(key[:3], run, [views[gate] for gate in run]) for key, views in kinds.items() for run in _runs(best, views)]
        return list(best), found

    # ------------------------------------------------------------ weights

    def _check_weights(self, made):
        """Every parameter is used whole, and each number of it once: its gradient is then one product's."""
        uses = {}
        for one in made:
            views = [view for stage in one.sets for _, _, views in stage[1] for view in views]
            views += [view for gate in one.gates.values() for view in gate.biases] + list(one.weights.values())
            for view in views:
                uses.setdefault(view.name, []).append(view)
            for start in one.starts.values():
                if start is not None:
                    uses.setdefault(start, []).append(View(start))
        taken = {name for one in made for name in one.inputs}
        for name in self.spec.differentiated:
            if name not in taken and not _tile([view.spans for view in uses.get(name, ())], tuple(self.spec.arrays[name].shape)):
                raise Unfit(f"{name} is not used just once, and whole")


def _terms(node):
    return [one for part in node.arguments for one in _terms(part)] if isinstance(node, Apply) and node.name == "add" else [node]


def changed(node, change):
    """An expression in which ``change`` gives another one for parts of it, or None for those that stay."""
    new = change(node)
    return new if new is not None else rebuilt(node, lambda child: changed(child, change))


def _runs(order, wanted):
    """Those of a set that stand side by side in an order, as lists."""
    found = [[]]
    for one in order:
        if one in wanted:
            found[-1].append(one)
        elif found[-1]:
            found.append([])
    return [run for run in found if run]


def _tile(uses, shape):
    """Whether parts of an array are all of it, and none is used twice."""
    if not uses or () in uses or not shape:
        return len(uses) == 1 and uses[0] == ()
    groups = {}
    for spans in uses:
        groups.setdefault(spans[0], []).append(spans[1:])
    if len(shape) > 1 and not all(_tile([spans or (Span(ZERO, shape[1]),) for spans in rest], shape[1:]) for rest in groups.values()):
        return False
    if len(shape) == 1 and any(len(rest) > 1 for rest in groups.values()):
        return False
    place, ends = ZERO, {span.lower: span.upper for span in groups}
    while place in ends and ends[place] != place:
        place = ends.pop(place)
    return place == shape[0] and not ends
