"""Shapes over sizes as symbols: every branch of every equation is held to one shape, whatever the sizes and constants are.

A shape is first guessed for the elements of each symbol, then every equation must give it on every path through its
conditions. By induction each element then has it, at all sizes; no run at some sizes could show that.
"""

from heapq import heappop, heappush

from refrnn.equation.algebra import Shapes
from refrnn.equation.compile import tested
from refrnn.equation.functions import FUNCTIONS, ShapeError
from refrnn.equation.indices import EquationError, numbered
from refrnn.equation.operations import CALL, Guard, Loop, Work, of_power, products_of_power
from refrnn.equation.sizes import Size, entries, show_shape
from refrnn.equation.tree import Compare, Logical, Span, is_on_indices, loops_of, names_of, shown
from refrnn.errors import SpecError

MOST_PATHS = 200  # through the conditions of one equation whose branches have different shapes



def element_shapes(program):
    """The shape of one element of each defined symbol, by name; SpecError where an equation has another one or none."""
    guessed = _guessed(program)
    for equation in program.equations:
        _check(program, equation, guessed)
    return guessed


def _guessed(program):
    """A shape for each symbol: by its equation with an index letter, else by any of its equations, else as declared."""
    guesses = _Guesses(program)
    while len(guesses.known) < len(program.definitions):
        if not guesses.find():
            raise SpecError(_no_guess(program, guesses.known))
    return guesses.known


class _Guesses:
    """The shapes that are ``known`` so far; a symbol is looked at again only when one that its equations read became known."""

    def __init__(self, program):
        self.program = program
        self.known = {}
        self.names = list(program.definitions)
        self.readers = {}  # by name: the places in ``names`` of those that read it
        places = {name: place for place, name in enumerate(self.names)}
        for equation in program.equations:
            for name in equation.reads & places.keys():
                self.readers.setdefault(name, set()).add(places[equation.name])
        # Heaps of places in ``names``: to be tried by the equation with an index letter, and by any.
        self.by_general, self.by_any = (list(range(len(self.names))) for _ in range(2))
        self.declared = iter(program.declared.items())

    def find(self):
        """Make the shape of one more symbol known; False where nothing tells one."""
        for untried, most_general in ((self.by_general, True), (self.by_any, False)):
            while untried:
                name = self.names[heappop(untried)]
                shape = None if name in self.known else self._told(name, most_general)
                if shape is not None:
                    return self._learn(name, shape)
        for name, shape in self.declared:
            if name in self.program.ranks and name not in self.known and len(shape) >= self.program.ranks[name]:
                return self._learn(name, tuple(shape[self.program.ranks[name]:]))
        return False

    def _told(self, name, most_general):
        equations = self.program.definitions[name].equations
        for equation, *_ in equations[-1:] if most_general else equations:
            try:
                shape = _Walk(self.program, self.known, equation).shape()
            except (ShapeError, EquationError):
                continue
            if shape is not None:
                return shape
        return None

    def _learn(self, name, shape):
        self.known[name] = shape
        for reader in self.readers.get(name, ()):
            if self.names[reader] not in self.known:
                heappush(self.by_general, reader)
                heappush(self.by_any, reader)
        return True


def _no_guess(program, known):
    """What is wrong with an equation by itself, or that nothing tells the shape of a symbol."""
    unknown = [equation for equation in program.equations if equation.name not in known]
    for equation in unknown:
        try:
            _Walk(program, known, equation).shape()
        except (ShapeError, EquationError) as error:
            return _refusal(equation, error)
    equation = unknown[-1]
    return (
        f"{equation.place}: in {equation.shown()}: the shape of {equation.name} can't be told; "
        f"declare {equation.name} under symbols with role value and a shape"
    )


def _refusal(equation, error):
    if isinstance(error, ShapeError):
        return f"{equation.place}: {equation.shown()} does not fit: {error}"
    return f"{equation.place}: in {equation.shown()}: {error}"


def _check(program, equation, known):
    """One equation on every path: it gives the shape that is known, on sizes alone."""
    found, kept, ways, waiting, paths = [], {}, [], [[]], 0
    while waiting:
        walk = _Walk(program, known, equation, waiting.pop(), kept)
        paths += 1
        try:
            found.append(walk.shape())
        except (ShapeError, EquationError) as error:
            raise SpecError(_refusal(equation, error)) from None
        ways.append(walk.work())
        if paths > MOST_PATHS:
            raise SpecError(f"{equation.place}: {equation.shown()} has too many conditions whose branches differ in shape; split it")
        waiting += [walk.decisions[:place] + [False] for place in range(len(walk.given), len(walk.decisions))]
    program.kept_shapes.update(kept)
    program.works[id(equation)] = ways
    wanted = known[equation.name]
    for shape in found:
        names = {name for size in shape for name in size.names()} - program.sizes
        if names:
            raise SpecError(
                f"{equation.place}: {equation.shown()} gives {show_shape(shape)}, which changes with {min(names)}; "
                f"the shape of a symbol is made of sizes alone"
            )
    wrong = next((shape for shape in found if shape != wanted), None)
    if wrong is not None:
        raise SpecError(f"{equation.place}: {_disagreement(program, equation, found, wrong, wanted)}")


def _disagreement(program, equation, found, wrong, wanted):
    if any(shape == wanted for shape in found):
        return f"{equation.shown()} gives {_spoken(wanted)} or {_spoken(wrong)}, as its conditions turn out; make its branches agree"
    mend = ""
    if not wrong:
        mend = ", such as zeros(" + ", ".join(map(str, wanted)) + ")"
    other = program.definitions[equation.name].equations[-1][0]
    if other is equation:
        return f"{equation.shown()} reads {equation.name} as {_spoken(wanted)} and gives {_spoken(wrong)}; make them agree{mend}"
    return f"{equation.shown()} gives {_spoken(wrong)}, but {other.shown()} gives {_spoken(wanted)}; make them agree{mend}"


def _spoken(shape):
    return f"the shape {show_shape(shape)}" if shape else "a single number"


class _Walk:
    """One way through an equation; a shape that is not known yet is None.

    ``given`` are the first decisions on conditions over integers whose branches differ in shape; further ones are taken
    as true and noted in ``decisions``. ``kept`` takes shapes that running the equation needs, by their trees.
    """

    def __init__(self, program, known, equation, given=(), kept=None):
        self.program = program
        self.known = known
        self.equation = equation
        self.given = given
        self.decisions = []
        self.kept = {} if kept is None else kept
        self.assumed = {}  # what conditions are taken to be, by their normal form and the sums whose letters they name
        self.sums = {}  # the sum of each letter of a sum
        self.context = ()  # the loops and guards around what is visited
        self.spent = {}  # (operations, numbers kept) by context
        self.algebra = Shapes()

    def shape(self):
        return self.visit(self.program.trees[id(self.equation)])

    # ------------------------------------------------------------ work

    def spend(self, operations, kept):
        """Note operations, and numbers that are kept."""
        before = self.spent.get(self.context, (Size.of(0), Size.of(0)))
        self.spent[self.context] = (before[0] + operations, before[1] + kept)

    def work(self):
        """What the equation asks for on this way, as :class:`refrnn.equation.operations.Work`."""
        return [Work(context, *amounts) for context, amounts in self.spent.items()]

    # ------------------------------------------------------------ values

    def visit(self, node):
        return getattr(self, "_" + type(node).__name__.lower())(node)

    def apply(self, name, shapes, sized=()):
        if None not in shapes:
            result = self.algebra.apply(name, *shapes, sized=sized)
            self.spend(FUNCTIONS[name].operations(shapes, result) + CALL, entries(result))
            return result
        if FUNCTIONS[name].scalar:
            return ()
        joined = self.algebra.apply(name, *[shape or () for shape in shapes]) if FUNCTIONS[name].elementwise else ()
        return joined or None

    def _number(self, node):
        return ()

    _index = _number

    def _apply(self, node):
        shapes = [self.visit(argument) for argument in node.arguments]
        for size in node.sized:
            _check_extent(size, node, "has a size below 0")
        return self.apply(node.name, shapes, node.sized)

    def _power(self, node):
        base, exponent = self.visit(node.base), node.exponent
        if base is None:
            return None
        if isinstance(exponent, Size):
            exponent = None if exponent.names() or exponent.number({}) < 0 else exponent.number({})
        result = self.algebra.power(base, 1)
        made = products_of_power(exponent) if len(result) == 2 and isinstance(exponent, int) else 1
        self.spend(of_power(result, products_of_power(exponent)) + CALL * made, entries(result) * made)
        return result

    def _compare(self, node):
        return self._joined("the comparison", [self.visit(part) for part in (node.left, node.right)])

    def _logical(self, node):
        return self._joined("the condition", [self.visit(part) for part in node.parts])

    def _joined(self, word, shapes):
        return self.algebra.join(word, [shape for shape in shapes if shape is not None])

    def _choice(self, node):
        if not is_on_indices(node.condition):
            parts = [self.visit(part) for part in (node.condition, node.yes, node.no)]
            joined = self._joined("the conditional", parts)
            return joined if joined or None not in parts else None
        (*mark, true), names = _normal(node.condition), frozenset(names_of(node.condition))
        mark = (*mark, *(self.sums[name] for name in sorted(names) if name in self.sums))
        if mark in self.assumed:
            return self.visit(node.yes if self.assumed[mark] == true else node.no)
        test = tested(node.condition)
        yes = self._under(mark, true, Guard(test, True, names), node.yes)
        no = self._under(mark, not true, Guard(test, False, names), node.no)
        if yes is None or no is None or yes == no:
            return no if yes is None else yes
        if not yes or not no:
            return self._keep(node, yes or no)
        place = len(self.decisions)
        decision = self.given[place] if place < len(self.given) else True
        self.decisions.append(decision)
        self.assumed[mark] = decision == true
        return yes if decision else no

    def _under(self, mark, truth, guard, branch):
        """The shape of a branch, in which a condition is taken to be so."""
        self.assumed[mark] = truth
        outer, self.context = self.context, (*self.context, guard)
        shape = self.visit(branch)
        self.context = outer
        del self.assumed[mark]
        return shape

    def _total(self, node):
        loops, body = loops_of(node)
        inner, outer, around = {letter for letter, *_ in loops}, self.sums, self.context
        self.sums = {**self.sums, **dict.fromkeys(inner, id(node))}
        for letter, lower, upper in loops:
            self.context = (*self.context, Loop(letter, (numbered(lower), numbered(upper)), frozenset(lower.names() | upper.names())))
        shape = self.visit(body)
        self.spend(entries(shape or ()) + CALL, Size.of(0))
        self.sums, self.context = outer, around
        self.spend(Size.of(0), entries(shape or ()))
        changing = {name for size in shape or () for name in size.names()} & inner
        if changing:
            raise ShapeError(f"the terms of a sum have the shape {show_shape(shape)}, which changes with {min(changing)}")
        return None if shape is None else self._keep(node, shape)

    def _keep(self, tree, shape):
        """Note the shape of a sum's terms, or of a conditional whose other branch is a single number."""
        if self.kept.setdefault(id(tree), shape) != shape:
            raise ShapeError(f"its parts come out as {_spoken(self.kept[id(tree)])} or as {_spoken(shape)}, as conditions turn out")
        return shape

    def _part(self, node):
        return self._taken(self.visit(node.base), self._places(node), node)

    def _places(self, node):
        places = []
        for place in node.places:
            if isinstance(place, Span):
                _check_extent(place.upper - place.lower, node, "ends before it begins")
            places.append((place.lower, place.upper) if isinstance(place, Span) else place)
        return places

    def _taken(self, shape, places, node):
        if shape is not None and len(places) > len(shape):
            raise EquationError(f"{shown(node)} has more subscripts than axes")
        return None if shape is None else self.algebra.index(shape, places)

    def _read(self, node):
        name, places = node.name, self._places(node)
        if name in self.program.arrays:
            return self._taken(self.program.arrays[name], places, node)
        rank, element = self.program.ranks[name], self.known.get(name)
        whole_from = next((axis for axis, place in enumerate(places) if isinstance(place, tuple)), len(places))
        if element is None or whole_from >= rank:
            return self._taken(element, places[rank:], node)
        patterns = self.program.definitions[name].equations[-1][1]
        leading = tuple(pattern.size if isinstance(pattern, tuple) else Size.of(1) for pattern in patterns[whole_from:])
        return self._taken(leading + element, places[whole_from:], node)


def _check_extent(size, node, wrong):
    """Refuse a size that is a number below 0, whatever the sizes are."""
    if not size.names() and size.number({}) < 0:
        raise EquationError(f"{shown(node)} {wrong}")


def _normal(test):
    """A condition as a mark that is the same for a < b, b > a and, with the other truth, for a >= b; and that truth."""
    true = True
    while isinstance(test, Logical) and test.kind == "Not":
        test, true = test.parts[0], not true
    if not isinstance(test, Compare):
        return test, true
    sides = (test.right, test.left) if test.kind in ("Gt", "LtE") else (test.left, test.right)
    kind = "equal" if test.kind in ("Eq", "NotEq") else "less"
    return kind, *sides, true == (test.kind in ("Lt", "Gt", "Eq"))
