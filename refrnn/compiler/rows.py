"""Writes what one sequence does at a statement: loops over the axes of its value, the last one by lanes."""

from contextlib import contextmanager, nullcontext
from dataclasses import replace

from refrnn.compiler.statements import CompileError, plain
from refrnn.compiler.storage import bracketed, written
from refrnn.equation.comparisons import COMPARISONS
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.indices import ONE, ZERO, linear_in, replaced
from refrnn.equation.sizes import Size
from refrnn.equation.tree import (
    Apply, Choice, Compare, Index, Logical, Number, Part, Power, Read, Span, Total, children, is_on_indices, rebuilt, shape_of,
    walk,
)  # fmt: skip

_SUM, _PRODUCT, _SIGN, _TIGHT = 1, 2, 3, 4
NOTHING = Number(0)


class Value:
    """An expression of the kernel: its text, how tight it holds, and whether it is lanes or one number."""

    def __init__(self, text, tight=_TIGHT, lanes=True):
        self.text, self.tight, self.lanes = text, tight, lanes

    def within(self, tight):
        return self.text if self.tight >= tight else f"({self.text})"


class Lines:
    """Lines of Python with their indents."""

    def __init__(self):
        self.lines, self._depth = [], 0

    def write(self, text):
        self.lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head):
        self.write(head)
        before = len(self.lines)
        self._depth += 1
        yield
        if len(self.lines) == before:
            self.write("pass")
        self._depth -= 1


def _is_turned(node):
    return isinstance(node, Apply) and node.name == "transpose"


def _is_whole(node):
    """Whether a function makes numbers of which each hangs on many."""
    return isinstance(node, Apply) and FUNCTIONS[node.name].kernel.how == "whole"


def is_heavy(node):
    """Whether an expression has parts to be computed before its own loops."""
    return any(isinstance(one, Choice) and is_on_indices(one.condition) or isinstance(one, Apply) and FUNCTIONS[one.name].kernel.before for one in walk(node))


def _numbers_within(node, shape):
    """The parts of an expression of many numbers that are one number each and take time: once before its loops is enough."""
    if isinstance(node, (Apply, Power)) and not shape(node):
        return [node] if any(map(_is_slow, walk(node))) else []
    if isinstance(node, Total) or isinstance(node, Choice) and is_on_indices(node.condition):
        return []  # in loops, or under conditions, of its own
    return list(dict.fromkeys(one for child in children(node) for one in _numbers_within(child, shape)))


def _is_slow(node):
    """Whether a number takes longer than to be read: calls, powers and quotients."""
    return isinstance(node, Power) or isinstance(node, Apply) and (node.name == "divide" or FUNCTIONS[node.name].kernel.how == "call")


class Rows(Lines):
    """The lines of one statement for one sequence; ``body`` is the kernel that they stand in: its storages, names and products."""

    def __init__(self, body, statement, letters, scope):
        """``letters``: what those of the statement are in the kernel, as Sizes; ``scope``: the names of loops around."""
        super().__init__()
        self.body, self.statement = body, statement
        self.letters, self._scope = letters, list(scope)
        self._cuts = self._vector = self._count = self._piece = None
        self._steady = {}  # by expression: the variable that has its value

    # ------------------------------------------------------------ names, sizes, shapes

    def own(self, size):
        """A size in the sequence's own lengths and the kernel's letters."""
        return replaced(replaced(size, self.letters), self.body.lengths)

    def shape(self, node):
        return shape_of(node, self.body.shape)

    def text(self, size):
        return str(self.own(size))

    def refuse(self, what):
        raise CompileError(f"{self.statement.shown()} can't be compiled: {what}; run it by the equation")

    @contextmanager
    def loop(self, letter, lower, upper, step=""):
        """A loop over a range; its variable."""
        name = self.body.names.letter(letter, self._scope)
        first, last = self.text(lower), self.text(upper)
        ends = last if first == "0" and not step else f"{first}, {last}{step}"
        with self.block(f"for {name} in range({ends}):"):
            self._scope.append(name)
            yield Size.of(name)
            self._scope.pop()

    @contextmanager
    def summing(self, total):
        """A loop over the letter of a sum, or of a product."""
        before = self.letters
        with self.loop(total.letter, total.lower, total.upper) as place:
            self.letters = {**before, total.letter: place}
            yield
            self.letters = before

    @contextmanager
    def lanes(self, lower, upper):
        """A loop over an axis by lanes: the place of the first one, and how many there are."""
        step = self.body.names.lanes
        with self.loop("k", lower, upper, f", {step}") as k:
            count = self.body.names.count
            self.write(f"{count} = min({step}, {self.text(upper)} - {k})")
            yield k, count

    # ------------------------------------------------------------ statements

    def assign(self, target, places, node, how="="):
        """Write the elements of a symbol at ``places``: ``how`` says whether the value takes their place, or is added or multiplied."""
        if isinstance(node, Choice) and is_on_indices(node.condition):
            with self.block(f"if {self.condition(node.condition)}:"):
                self.assign(target, places, node.yes, how)
            with self.block("else:"):
                self.assign(target, places, node.no, how)
            return
        if isinstance(node, Total) and (is_heavy(node.body) or not self.shape(node) and how == "="):
            sign = "+" if node.operation == "add" else "*"
            if how == "=":
                self._nest(target, places, Number(0 if sign == "+" else 1), how)
            elif how != f"{sign}=":
                node = self.kept(node)
                return self._nest(target, places, node, how)
            with self.summing(node):
                self.assign(target, places, node.body, f"{sign}=")
            return
        if _is_whole(node) and how == "=" and node.name != "argmax" and self.shape(node) == self._wanted(target, places):
            return self._whole(target, places, node)
        if how in ("=", "+=") and self._scattered(target, places, node, how):
            return
        self._cuts = None
        node = self.prepared(node, at_root=True)
        self._nest(target, places, node, how, self._cuts)

    def _scattered(self, target, places, node, how):
        """Add what is multiplied by a one_hot to the one place that it is about; False where there is no one_hot."""
        sign = 1
        while isinstance(node, Apply) and node.name == "negative":
            node, sign = node.arguments[0], -sign
        if not isinstance(node, Apply) or node.name not in ("multiply", "outer") or self.shape(node) != self._wanted(target, places):
            return False
        for axis, (one, other) in enumerate((node.arguments, node.arguments[::-1])):
            if isinstance(one, Apply) and one.name == "one_hot":
                if how == "=":
                    self._nest(target, places, NOTHING, how)
                place = Size.of(self._place_of(one.arguments[0]))
                other = self.prepared(other)
                if node.name == "multiply":
                    rest, value, where = (), other if not self.shape(other) else Part(other, (place,)), lambda index: (place,)
                else:
                    rest, value = self.shape(other), other
                    where = (lambda index: (place, *index)) if axis == 0 else (lambda index: (*index, place))
                self._add_at(target, places, value if sign > 0 else Apply("negative", (value,)), rest, where)
                return True
        return False

    def _add_at(self, target, places, node, shape, where):
        """Add the numbers of a vector, or one number, to the elements of a symbol ``where(their place)``."""
        with self._axes(shape) as index:
            self._piece, self._vector, self._count = None, None, "1"
            value, there = self.lanes_of(self.value(node, index)), self.offset(target, (*places, *where(index)))
            name = self.body.names.of(target)
            self.write(f"keep(every({name}, {there}) + {value.within(_SUM)}, {name}, {there}, 1)")

    def _wanted(self, target, places):
        return self.body.shape(target)[len(places):]

    def _nest(self, target, places, node, how, cuts=None):
        """Loops over all axes of the target: the last one by lanes, piece by piece where vectors are joined."""
        shape = self._wanted(target, places)
        if not shape:
            return self._put(target, places, (), node, how, "1")
        before, self._steady = self._steady, {}
        self._vector, self._count, self._piece = None, "1", None
        for one in _numbers_within(node, self.shape):
            name, value = self.body.names.variable("one"), self.lanes_of(self.value(one, ()))
            self.write(f"{name} = {value.text}")
            self._steady[one] = name
        with self._axes(shape[:-1]) as index:
            ends = [ZERO, *cuts] if cuts else [ZERO, shape[-1]]
            for place, (lower, upper) in enumerate(zip(ends, ends[1:])):
                with self.lanes(ZERO, upper - lower) as (k, count):
                    self._put(target, places, (*index, lower + k), node, how, count, place if cuts else None, k)
        self._steady = before

    @contextmanager
    def _axes(self, shape):
        """Loops over leading axes; their places."""
        if not shape:
            yield ()
            return
        with self.loop("i", ZERO, shape[0]) as i, self._axes(shape[1:]) as rest:
            yield (i, *rest)

    def _put(self, target, places, index, node, how, count, piece=None, vector=None):
        self._piece, self._vector, self._count = piece, vector, count
        value = self.lanes_of(self.value(node, self._spread(index, self.shape(node))))
        there = self.offset(target, (*places, *index))
        if how != "=":
            before = f"some({self.body.names.of(target)}, {there}, {count})"
            value = f"{before} {how[0]} {value.within(_SUM if how == '+=' else _SIGN)}"
        else:
            value = value.text
        self.write(f"keep({value}, {self.body.names.of(target)}, {there}, {count})")

    @staticmethod
    def _spread(index, shape):
        """The places along the axes of a part that is repeated: as many as it has, 0 where there is one."""
        index = index[len(index) - len(shape):] if shape else ()
        return tuple(ZERO if size == ONE else place for place, size in zip(index, shape))

    # ------------------------------------------------------------ what is computed before

    def kept(self, node):
        """The expression computed into memory of its own, and read from there."""
        name, cuts = self.body.temporary(self.shape(node)), self._cuts
        self.assign(name, (), node)
        self._cuts = cuts
        return Read(name)

    def prepared(self, node, at_root=False):
        """The expression, with all in it that has loops of its own computed before."""
        if _is_whole(node):
            looked_up = self._looked_up(node) if node.name == "matmul" else None
            return self.prepared(looked_up, at_root) if looked_up is not None else self._kept_whole(node)
        if isinstance(node, Choice) and is_on_indices(node.condition):
            return self.kept(node)
        if isinstance(node, Total):
            return node if at_root and not is_heavy(node.body) or self.shape(node) and not is_heavy(node.body) else self.kept(node)
        if isinstance(node, Power) and self.shape(node) and len(self.shape(node)) == 2:
            self.refuse(f"{plain(node)} is a power of a matrix")
        if isinstance(node, Apply) and node.name == "concat":
            return self._joined(node, at_root)
        at_root = at_root and (isinstance(node, (Choice, Power, Compare, Logical)) or isinstance(node, Apply) and FUNCTIONS[node.name].elementwise)
        return rebuilt(node, lambda child: self.prepared(child, at_root))

    def _joined(self, node, at_root):
        """Joined vectors are written piece by piece where the whole is; elsewhere they are made before."""
        ends, total = [], ZERO
        for argument in node.arguments:
            total = total + self.shape(argument)[0]
            ends.append(total)
        if at_root and self._cuts in (None, ends):
            self._cuts = ends
            return replace(node, arguments=tuple(self.prepared(argument) for argument in node.arguments))
        name, start = self.body.temporary((total,)), ZERO
        for argument, end in zip(node.arguments, ends):
            argument = self.prepared(argument)
            with self.lanes(ZERO, end - start) as (k, count):
                self._vector, self._count, self._piece = k, count, None
                value = self.lanes_of(self.value(argument, self._spread((k,), self.shape(argument))))
                self.write(f"keep({value.text}, {self.body.names.of(name)}, {self.offset(name, (start + k,))}, {count})")
            start = end
        return Read(name)

    def _kept_whole(self, node):
        shape = self.shape(node)
        name = self.body.temporary(shape)
        self._whole(name, (), node)
        return Read(name)

    def _whole(self, target, places, node):
        """A function of which one number hangs on many, into a symbol's elements."""
        arguments = node.arguments if node.name == "matmul" else [self.prepared(argument) for argument in node.arguments]
        getattr(self, f"_{FUNCTIONS[node.name].kernel.name}")(target, places, *arguments)

    # ------------------------------------------------------------ sums over all

    def _lanes_of_all(self, nodes):
        """Lanes of all numbers, and how many they are: what is written then is within the loops over them."""
        for node in nodes:
            shape = self.shape(node)
            with self._axes(shape[:-1]) as index, self.lanes(ZERO, shape[-1]) if shape else nullcontext((None, "1")) as (k, count):
                self._vector, self._count, self._piece = k, count, None
                yield self.lanes_of(self.value(node, (*index, k) if shape else ())), count

    def _add(self, name, term, count, start, join):
        chosen = f"only({term}, {count}, fill({start}, like))"
        self.write(f"{name} = {name} + {chosen}" if join == "+" else f"{name} = {join}({name}, {chosen})")

    def _single(self, target, places, text):
        self.write(f"keep({text}, {self.body.names.of(target)}, {self.offset(target, places)}, 1)")

    def _sum(self, target, places, node):
        self._single(target, places, f"across({self._added_up(node)})")

    def _mean(self, target, places, node):
        count = " * ".join(written(self.own(size)) for size in self.shape(node)) or "1"
        self._single(target, places, f"across({self._added_up(node)}) / ({count})")

    def _added_up(self, *nodes, term=lambda value: value.text):
        """Lanes with the sums of ``term(value)`` of all numbers."""
        total, lost = self.body.names.variable("total"), self.body.names.variable("lost")
        self.write(f"{total}, {lost} = fill(0, like), fill(0, like)")
        for value, count in self._lanes_of_all(nodes):
            self.write(f"{total}, {lost} = added({total}, {lost}, only({term(value)}, {count}, fill(0, like)))")
        return f"{total} + {lost}"

    def _norm(self, target, places, *nodes):
        largest, scale = self.body.names.variable("largest"), self.body.names.variable("scale")
        self.write(f"{largest} = fill(0, like)")
        for value, count in self._lanes_of_all(nodes):
            self._add(largest, f"abs({value.text})", count, 0, "larger")
        self.write(f"{scale} = highest({largest})")
        self.write(f"{scale} = select(both({scale} > 0, {scale} < INFINITY), {scale}, fill(1, like))")
        total = self._added_up(*nodes, term=lambda value: f"squared({value.within(_PRODUCT)} / {scale})")
        self._single(target, places, f"{scale} * root(across({total}))")

    def _softmax(self, target, places, node):
        self._normalised(target, places, node, lambda there, top, total: f"{there} / {total}", True)

    def _log_softmax(self, target, places, node):
        self._normalised(target, places, node, lambda there, top, total: f"({there} - {top}) - logarithm({total})", False)

    def _normalised(self, target, places, node, result, keeps_powers):
        shape, name, names = self.shape(node), self.body.names.of(target), self.body.names
        top, total = names.variable("top"), names.variable("total")
        with self._axes(shape[:-1]) as index:
            self.write(f"{top} = fill(-INFINITY, like)")
            with self.lanes(ZERO, shape[-1]) as (k, count):
                self._vector, self._count, self._piece = k, count, None
                there, power = self.offset(target, (*places, *index, k)), names.variable("one")
                self.write(f"{power} = {self.lanes_of(self.value(node, (*index, k))).text}")
                self.write(f"keep({power}, {name}, {there}, {count})")
                self._add(top, power, count, "-INFINITY", "larger")
            self.write(f"{top} = highest({top})")
            self.write(f"{total} = fill(0, like)")
            with self.lanes(ZERO, shape[-1]) as (k, count):
                there = self.offset(target, (*places, *index, k))
                self.write(f"{power} = exp(some({name}, {there}, {count}) - {top})")
                if keeps_powers:
                    self.write(f"keep({power}, {name}, {there}, {count})")
                self._add(total, power, count, 0, "+")
            self.write(f"{total} = across({total})")
            with self.lanes(ZERO, shape[-1]) as (k, count):
                there = self.offset(target, (*places, *index, k))
                self.write(f"keep({result(f'some({name}, {there}, {count})', top, total)}, {name}, {there}, {count})")

    def _argmax(self, target, places, node):
        names = self.body.names
        best, at, one = names.variable("best"), names.variable("at"), names.variable("one")
        self._vector, self._count, self._piece = None, "1", None
        self.write(f"{best} = first({self.lanes_of(self.value(node, (ZERO,))).text})")
        self.write(f"{at} = 0")
        with self.loop("j", ONE, self.shape(node)[0]) as j:
            self._vector, self._count, self._piece = None, "1", None
            self.write(f"{one} = first({self.lanes_of(self.value(node, (j,))).text})")
            with self.block(f"if {one} > {best} or ({one} != {one} and {best} == {best}):"):
                self.write(f"{best}, {at} = {one}, {j}")
        self._single(target, places, f"fill({at}, like)")

    # ------------------------------------------------------------ products

    def _looked_up(self, node):
        """A product with one_hot as what it reads: an entry, row or column; None where there is none."""
        left, right = node.arguments
        sign = 1
        for one, other, is_right in ((right, left, True), (left, right, False)):
            while isinstance(one, Apply) and one.name == "negative":
                one, sign = one.arguments[0], -sign
            if isinstance(one, Apply) and one.name == "one_hot":
                place = Size.of(self._place_of(one.arguments[0]))
                matrix = self.prepared(other)
                if len(self.shape(matrix)) == 2 and is_right:
                    found = Part(matrix, (Span(ZERO, self.shape(matrix)[0]), place))
                else:
                    found = Part(matrix, (place,))
                return found if sign > 0 else Apply("negative", (found,))
            sign = 1
        return None

    def _place_of(self, node):
        """A variable with the whole number that one_hot takes."""
        name = self.body.names.variable("place")
        node = self.prepared(node)
        around = self._vector, self._count, self._piece
        self._vector, self._count, self._piece = None, "1", None
        value = self.value(node, ())
        self.write(f"{name} = {f'int(first({value.text}))' if value.lanes else value.text}")
        self._vector, self._count, self._piece = around
        return name

    def _matmul(self, target, places, left, right):
        node = Apply("matmul", (left, right))
        looked_up = self._looked_up(node)
        if looked_up is not None:
            return self._nest(target, places, looked_up, "=")
        if self.body.multiplied(self, target, places, left, right):
            return
        left, right = self._factor(left), self._factor(right)
        if len(self.shape(left)) == 1 and _is_turned(right):
            left, right = right.arguments[0], left
        elif len(self.shape(right)) == 1 and _is_turned(left):
            left, right = right, left.arguments[0]
        rows, columns, terms = self.shape(left)[:-1], self.shape(right)[1:], self.shape(right)[0]
        if columns and _is_turned(right) or not columns:
            with self._axes((*rows, *columns)) as index:
                total = self._folded_terms(left, right, index[: len(rows)], index[len(rows):], terms)
                self.write(f"keep(across({total}), {self.body.names.of(target)}, {self.offset(target, (*places, *index))}, 1)")
            return
        with self._axes(rows) as row:
            with self.lanes(ZERO, columns[0]) as (k, count):
                total = self.body.names.variable("total")
                self.write(f"{total} = fill(0, like)")
                with self.loop("j", ZERO, terms) as j:
                    self._vector, self._count, self._piece = k, count, None
                    one, other = self.value(left, (*row, j)), self.value(right, (j, k))
                    self.write(f"{total} = {total} + {self.lanes_of(one).within(_PRODUCT)} * {self.lanes_of(other).within(_SIGN)}")
                self.write(f"keep({total}, {self.body.names.of(target)}, {self.offset(target, (*places, *row, k))}, {count})")

    def _folded_terms(self, left, right, row, column, terms):
        total = self.body.names.variable("total")
        self.write(f"{total} = fill(0, like)")
        with self.lanes(ZERO, terms) as (k, count):
            self._vector, self._count, self._piece = k, count, None
            one, other = (self.lanes_of(value) for value in (self.value(left, (*row, k)), self.value(right, (k, *column))))
            self._add(total, f"{one.within(_PRODUCT)} * {other.within(_SIGN)}", count, 0, "+")
        return total

    def _factor(self, node):
        """A factor of a product: what stands somewhere as it is read, else it is computed before."""
        return node if isinstance(node.arguments[0] if _is_turned(node) else node, Read) else self.kept(node)

    # ------------------------------------------------------------ values

    def lanes_of(self, value):
        return value if value.lanes else Value(f"fill({value.text}, like)")

    def value(self, node, index):
        """The value of an element of an expression; ``index``: Sizes, one an axis."""
        if node in self._steady:
            return Value(self._steady[node])
        return getattr(self, f"_{type(node).__name__.lower()}")(node, index)

    def _number(self, node, index):
        return Value(repr(node.value), _SIGN if node.value < 0 else _TIGHT, lanes=False)

    def _index(self, node, index):
        text = self.text(node.size)
        return Value(bracketed(text), lanes=False)

    def offset(self, name, places):
        """Where an element of a symbol stands, as text."""
        storage = self.body.storages[name]
        own = [self.own(place) for place in places]
        return storage.offset(own, Size.of(self.body.names.sequence))

    def _read(self, node, index):
        name, storage = self.body.names.of(node.name), self.body.storages[node.name]
        places, left = [], list(index)
        firsts = self.body.first(node.name)
        for axis, size in enumerate(self.body.shape(node.name)):
            first = firsts[axis] if axis < len(firsts) else ZERO
            if axis < len(node.places) and not isinstance(node.places[axis], Span):
                places.append(node.places[axis])
            elif axis < len(node.places):
                places.append(first + node.places[axis].lower + left.pop(0))
            else:
                places.append((first if axis < len(firsts) else ZERO) + left.pop(0))
        places = [self.own(place) for place in places]
        there = self.offset(node.name, places)
        if not storage.is_float:
            return Value(f"{name}[{there}]", lanes=False)
        return Value(self._reading(name, storage, places, there))

    def _reading(self, name, storage, places, there):
        vector = None if self._vector is None else str(self._vector)
        steps = []
        for axis, place in enumerate(places):
            count, _ = linear_in(place, vector) if vector else (0, place)
            if count is None:
                self.refuse("a subscript is no sum of its letters")
            if count:
                far = storage.distance(axis)
                steps.append(far if count == 1 else f"{count} * {bracketed(far)}")
        if not steps:
            return f"every({name}, {there})"
        if steps == ["1"]:
            return f"some({name}, {there}, {self._count})"
        return f"apart({name}, {there}, {' + '.join(steps)}, {self._count})"

    def _part(self, node, index):
        places, left = [], list(index)
        for place in node.places:
            places.append(place.lower + left.pop(0) if isinstance(place, Span) else place)
        return self.value(node.base, tuple(self.own(place) for place in places) + tuple(left))

    def _power(self, node, index):
        base = self.lanes_of(self.value(node.base, index))
        exponent = node.exponent
        if isinstance(exponent, Size) and not exponent.names():
            exponent = exponent.number({})
        if exponent == 1:
            return base
        if exponent == 2:
            return Value(f"squared({base.text})")
        if exponent == 0.5:
            return Value(f"root({base.text})")
        text = self.text(exponent) if isinstance(exponent, Size) else repr(exponent)
        return Value(f"raised({base.text}, fill({text}, like))")

    def _total(self, node, index):
        name = self.body.names.variable("total")
        vector = self._vector, self._count, self._piece
        self.write(f"{name} = fill({0 if node.operation == 'add' else 1}, like)")
        with self.summing(node):
            value = self.lanes_of(self.value(node.body, index))
            sign = "+" if node.operation == "add" else "*"
            self.write(f"{name} = {name} {sign} {value.within(_PRODUCT if sign == '+' else _SIGN)}")
        self._vector, self._count, self._piece = vector
        return Value(name)

    def _choice(self, node, index):
        yes, no = (self.value(part, self._spread(index, self.shape(part))) for part in (node.yes, node.no))
        yes = self.lanes_of(yes)
        condition = self.truth(node.condition, index)
        return Value(f"select({condition}, {yes.text}, {self.lanes_of(no).text})")

    def truth(self, node, index):
        """A condition in all lanes."""
        if is_on_indices(node):
            return f"decided({self.condition(node)}, like)"
        if isinstance(node, Logical):
            parts = [self.truth(part, index) for part in node.parts]
            if node.kind == "Not":
                return f"opposite({parts[0]})"
            text = parts[0]
            for part in parts[1:]:
                text = f"{'both' if node.kind == 'And' else 'either'}({text}, {part})"
            return text
        sides = [self.lanes_of(self.value(side, self._spread(index, self.shape(side)))) for side in (node.left, node.right)]
        if node.kind == "NotEq":
            return f"differs({sides[0].text}, {sides[1].text})"
        return f"{sides[0].within(_SUM)} {COMPARISONS[node.kind].typed} {sides[1].within(_SUM)}"

    def condition(self, node):
        """A condition on indices as Python writes it."""
        if isinstance(node, Logical):
            if node.kind == "Not":
                return f"not ({self.condition(node.parts[0])})"
            return f" {node.kind.lower()} ".join(f"({self.condition(part)})" for part in node.parts)
        sides = (self.text(side.size) if isinstance(side, Index) else repr(side.value) for side in (node.left, node.right))
        return f" {COMPARISONS[node.kind].typed} ".join(sides)

    def _apply(self, node, index):
        function = FUNCTIONS[node.name]
        if function.kernel.how == "refused":
            self.refuse(function.kernel.name)
        if function.kernel.how == "sign":
            return self._operated(function.operator, node.arguments, index)
        if function.kernel.how == "call":
            return Value(f"{function.kernel.name}({', '.join(value.text for value in self._each(node, index))})")
        return getattr(self, f"_make_{function.kernel.name}")(node, index)

    def _each(self, node, index):
        """The arguments of a function of single numbers, as lanes."""
        return [self.lanes_of(self.value(one, self._spread(index, self.shape(one)))) for one in node.arguments]

    def _operated(self, sign, arguments, index):
        tight = _SUM if sign in "+-" else _PRODUCT
        left, right = (self.value(one, self._spread(index, self.shape(one))) for one in arguments)
        if not left.lanes and not right.lanes:
            left = self.lanes_of(left)
        return Value(f"{left.within(tight)} {sign} {right.within(tight + 1)}", tight)

    def _make_stop(self, node, index):
        return self._each(node, index)[0]

    def _make_negative(self, node, index):
        return Value(f"-{self._each(node, index)[0].within(_SIGN)}", _SIGN)

    def _make_transpose(self, node, index):
        return self.value(node.arguments[0], index[::-1])

    def _make_concat(self, node, index):
        start = ZERO
        for argument in node.arguments[: self._piece]:
            start = start + self.shape(argument)[0]
        return self.value(node.arguments[self._piece], (index[0] - start,))

    def _make_outer(self, node, index):
        left, right = (self.value(one, (place,)) for one, place in zip(node.arguments, index))
        return Value(f"{self.lanes_of(left).within(_PRODUCT)} * {right.within(_SIGN)}", _PRODUCT)

    def _where(self, place):
        """A place of the axis that runs in lanes, or of another one, as lanes."""
        vector = None if self._vector is None else str(self._vector)
        count = linear_in(place, vector)[0] if vector else 0
        return f"counted({place}, like)" if count else f"fill({place}, like)"

    def _make_diag(self, node, index):
        value = self.lanes_of(self.value(node.arguments[0], (index[1],)))
        return Value(f"select({self._where(index[0])} == {self._where(index[1])}, {value.text}, fill(0, like))")

    def _make_identity(self, node, index):
        return Value(f"select({self._where(index[0])} == {self._where(index[1])}, fill(1, like), fill(0, like))")

    def _make_zeros(self, node, index):
        return Value("0", lanes=False)

    def _make_one_hot(self, node, index):
        place = self._place_of(node.arguments[0])
        return Value(f"select({self._where(index[0])} == fill({place}, like), fill(1, like), fill(0, like))")
