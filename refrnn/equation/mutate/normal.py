"""Normal forms: expressions that are equal by algebra are written alike, so that what is equal is proved to be.

An expression becomes a :class:`Sum` of products of :class:`Atom`; what the rules know is only what holds for all
real values and, as identities between functions, for all gradients. stop(a) is an atom of its own beside a.
Rounding and signed zeros are left out. An expression whose shape is not known has no normal form (:class:`Unknown`).
"""

import ast
import copy
from collections import Counter
from fractions import Fraction

from refrnn.equation.comparisons import COMPARISONS, kind_of
from refrnn.equation.functions import FUNCTIONS, ShapeError
from refrnn.equation.indices import index_tree, is_polynomial, size_of
from refrnn.equation.mutate.tree import rewritten
from refrnn.equation.parse import REDUCTIONS, subscripts
from refrnn.equation.sizes import Size

MOST_TERMS = 60  # of a sum: products of sums are not multiplied out beyond
MOST_POWER = 4



class Unknown(Exception):
    """There is no normal form: a shape is not known, or the expression is too large."""


class Atom:
    """What the rules do not look into, or a call, a power, a matrix product; equal where the texts are."""

    __slots__ = ("kind", "parts", "shape", "text")

    def __init__(self, kind, parts, shape):
        self.kind, self.parts, self.shape = kind, tuple(parts), shape
        self.text = f"{kind}({'; '.join(map(str, self.parts))})"

    def __eq__(self, other):
        return isinstance(other, Atom) and self.text == other.text

    def __hash__(self):
        return hash(self.text)

    def __lt__(self, other):
        return self.text < other.text

    def __repr__(self):
        return self.text


class Sum:
    """A sum of products: ``terms`` maps each product (a sorted tuple of atoms) to its coefficient."""

    __slots__ = ("terms", "shape", "text")

    def __init__(self, terms, shape):
        if len(terms) > MOST_TERMS:
            raise Unknown(f"more than {MOST_TERMS} terms")
        self.terms = {product: count for product, count in terms.items() if count}
        self.shape = shape
        written = sorted(f"{count}*{'*'.join(map(str, product))}" for product, count in self.terms.items())
        self.text = f"{'+'.join(written) or '0'}:{list(shape)}"

    def __eq__(self, other):
        return isinstance(other, Sum) and self.text == other.text

    def __hash__(self):
        return hash(self.text)

    def __repr__(self):
        return self.text

    @classmethod
    def of(cls, atom):
        return cls({(atom,): Fraction(1)}, atom.shape)

    @classmethod
    def number(cls, value):
        return cls({(): Fraction(value)}, ())

    def times(self, number):
        return Sum({product: count * number for product, count in self.terms.items()}, self.shape)

    def plus(self, other):
        return Sum(_counted(self, other), _joined(self.shape, other.shape))

    def multiplied(self, other):
        """The element-wise product."""
        terms = Counter()
        for left, count in self.terms.items():
            for right, factor in other.terms.items():
                terms[product_of_atoms(left + right)] += count * factor
        return Sum(terms, _joined(self.shape, other.shape))

    @property
    def constant(self):
        """The number that the sum is, or None."""
        if self.shape == () and not self.terms.keys() - {()}:
            return self.terms.get((), Fraction(0))
        return None

    @property
    def leads_negative(self):
        """Whether the first product has a negative coefficient: of a sum and its negative, one does."""
        return bool(self.terms) and self.terms[min(self.terms, key=str)] < 0


def product_of_atoms(atoms):
    """The sorted tuple of ``atoms``: exp(a) * exp(-a) is 1, a condition, which is 0 or 1, is its own square, and that of a sign is 1."""
    plain, powers, conditions, signs = [], {}, set(), set()
    for atom in atoms:
        if atom.kind == "if":
            conditions.add(atom)
        elif atom.kind == "sign":
            signs ^= {atom}
        elif atom.kind == "exp" and len(atom.parts[0].terms) == 1:
            ((product, count),) = atom.parts[0].terms.items()
            before = powers.get(product, (Fraction(0), None))[0]
            powers[product] = before + count, atom.shape
        else:
            plain.append(atom)
    left = [Atom("exp", [Sum({product: count}, shape)], shape) for product, (count, shape) in powers.items() if count]
    return tuple(sorted([*plain, *conditions, *signs, *left]))


def quotient_of_atoms(product, divisor):
    """What ``divisor`` is to be multiplied by to become ``product``; None where that is no product."""
    left = list(product)
    for atom in divisor:
        if atom in left:
            left.remove(atom)
        elif atom.kind == "exp":
            left += _inverted(atom)
        else:
            return None
    return product_of_atoms(left)


def _counted(*sums):
    terms = Counter()
    for each in sums:
        for product, count in each.terms.items():
            terms[product] += count
    return terms


def _joined(*shapes):
    return _shaped("multiply", *shapes) if len(shapes) == 2 else _joined(_joined(*shapes[:2]), *shapes[2:])


def _shaped(name, *shapes):
    try:
        return tuple(map(Size.of, FUNCTIONS[name].shape(*shapes)))
    except (ShapeError, TypeError, AttributeError, IndexError) as error:
        raise Unknown(str(error)) from None


def shape_of_product(product):
    shape = ()
    for atom in product:
        shape = _joined(shape, atom.shape)
    return shape


def transposed(value):
    """The transpose of a sum whose shape has two axes."""
    return Sum(
        {tuple(sorted(_turned(atom) for atom in product)): count for product, count in value.terms.items()}, value.shape[::-1]
    )


def _turned(atom):
    """The transpose of a factor; scalars and vectors are their own."""
    if len(atom.shape) < 2:
        return atom
    if atom.kind == "T":
        return atom.parts[0]
    if atom.kind in ("identity", "diag", "symmetric"):
        return atom
    if atom.kind == "outer":
        return Atom("outer", atom.parts[::-1], atom.shape[::-1])
    if atom.kind == "chain":
        return Atom("chain", [_turned(factor) for factor in reversed(atom.parts)], atom.shape[::-1])
    if atom.kind == "hadamard":
        return Atom("hadamard", sorted(_turned(factor) for factor in atom.parts), atom.shape[::-1])
    if atom.kind == "full":
        return Atom("full", atom.shape[::-1], atom.shape[::-1])
    if atom.kind == "stop":
        return Atom("stop", [_turned(atom.parts[0])], atom.shape[::-1])
    function = FUNCTIONS.get(atom.kind)
    if atom.kind == "inverse" or function is not None and function.elementwise and function.arguments == 1:
        return Atom(atom.kind, [transposed(atom.parts[0])], atom.shape[::-1])
    return Atom("T", [atom], atom.shape[::-1])


class Former:
    """Brings expressions into normal form.

    ``shapes`` are those of all symbols over all their indices, ``symmetric`` the matrices that equal their transposes;
    ``put`` maps a name to a function of the subscripts that are read and of the atom of what is read: the sum that
    stands for it. With ``ties`` max(a, b) counts as max(b, a), which sends the gradient elsewhere where a equals b.
    ``whole`` are names of whole numbers, which have no gradient.
    """

    def __init__(self, shapes, symmetric=(), put=None, ties=False, whole=()):
        self.shapes = shapes
        self.symmetric = frozenset(symmetric)
        self.put = put or {}
        self.ties, self.whole = ties, whole
        self.bound = []  # the letters of the sums that are open, outermost first
        self.known = {}  # the conditions that hold, or do not, where the expression stands

    def form(self, node):
        """The :class:`Sum` of an expression."""
        return getattr(self, "_" + type(node).__name__.lower(), self._strange)(node)

    def _strange(self, node):
        raise Unknown(ast.unparse(node))

    # ------------------------------------------------------------ leaves

    def _constant(self, node):
        return Sum.number(node.value)

    def _name(self, node):
        return self._symbol(node.id, ())

    def _subscript(self, node):
        if isinstance(node.value, ast.Name):
            return self._symbol(node.value.id, subscripts(node))
        inner = self.form(node.value)
        places, shape = self._places(subscripts(node), inner.shape)
        return Sum.of(Atom("part", [inner, *places], shape))

    def _symbol(self, name, wanted):
        if name in self.bound:
            return Sum.of(Atom("letter", [len(self.bound) - 1 - self.bound[::-1].index(name)], ()))
        if name not in self.shapes:
            return Sum.of(Atom("free", [name], ()))
        places, shape = self._places(wanted, self.shapes[name])
        kind = "symmetric" if name in self.symmetric and not places else "symbol"
        atom = Atom(kind, [name, *places], shape)
        return self.put[name](wanted, atom) if name in self.put else Sum.of(atom)

    def _places(self, wanted, shape):
        """The subscripts in normal form, and the shape that they leave."""
        if len(wanted) > len(shape):
            raise Unknown("more subscripts than axes")
        places, left = [], []
        for place in wanted:
            if isinstance(place, ast.Slice):
                first, last = self.form(place.lower), self.form(place.upper)
                places.append(("slice", first, last))
                left.append(self._extent(size_of(place.upper) - size_of(place.lower)))
            else:
                places.append(self.form(place))
        return places, tuple(left) + tuple(shape[len(wanted):])

    def _extent(self, size):
        """An extent; one that is not made of sizes alone has a name of its own, in which the letters of sums are as good as others."""
        return size if is_polynomial(size) and size.names().isdisjoint(self.bound) else Size.of(f"<{self.form(index_tree(size))}>")

    # ------------------------------------------------------------ operators

    def _attribute(self, node):
        inner = self.form(node.value)
        _shaped("transpose", inner.shape)
        return transposed(inner)

    def _unaryop(self, node):
        if isinstance(node.op, ast.Not):
            raise Unknown("a condition")
        inner = self.form(node.operand)
        return inner.times(-1) if isinstance(node.op, ast.USub) else inner

    def _binop(self, node):
        if isinstance(node.op, ast.Pow):
            return self._power(self.form(node.left), self.form(node.right))
        left, right = self.form(node.left), self.form(node.right)
        if isinstance(node.op, ast.Add):
            return left.plus(right)
        if isinstance(node.op, ast.Sub):
            return left.plus(right.times(-1))
        if isinstance(node.op, ast.Mult):
            return left.multiplied(right)
        if isinstance(node.op, ast.Div):
            return left.multiplied(inverse(right))
        if isinstance(node.op, ast.MatMult):
            return product_of(left, right)
        return Sum.of(Atom(type(node.op).__name__, [left, right], ()))

    def _power(self, base, exponent):
        number = exponent.constant
        if number == 1:
            return base
        whole = number is not None and number.denominator == 1 and 0 < number <= MOST_POWER
        if whole and len(base.shape) < 2:
            power = base
            for _ in range(int(number) - 1):
                power = power.multiplied(base)
            return power
        return Sum.of(Atom("power", [base, exponent], base.shape))

    # ------------------------------------------------------------ conditions

    def _ifexp(self, node):
        """a if c else b is c * a + (1 - c) * b, where c is 1 or 0; a sum over a range that is empty where it is not chosen is chosen anyway."""
        text, shape = self._condition(node.test)
        if text in self.known:
            return self.form(node.body if self.known[text] else node.orelse)
        yes, no = self._under(text, True, node.body), self._under(text, False, node.orelse)
        if yes == no:
            return yes
        if self._is_other_side(node):
            other = self.form(node.orelse if isinstance(node.test.ops[0], ast.Eq) else node.body)
            return Sum(other.terms, _joined(yes.shape, no.shape))
        holds = Sum.of(Atom("if", [text], shape))
        found, told = Sum({}, _joined(yes.shape, no.shape, shape)), self._compared(node.test) if isinstance(node.test, ast.Compare) else None
        for value, wanted, chosen in ((yes, True, holds), (no, False, Sum.number(1).plus(holds.times(-1)))):
            for product, count in value.terms.items():
                where_it_is_any = told and _beside(product, *told)
                term = Sum({product: count}, value.shape)
                if where_it_is_any is None:
                    found = found.plus(term.multiplied(chosen))
                elif where_it_is_any == wanted:
                    found = found.plus(term)
        return found

    def _is_other_side(self, node):
        """Whether a choice by n == c, of a whole number n, is its other side everywhere: c in its place makes one side the other."""
        test = node.test
        if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], (ast.Eq, ast.NotEq)) or not isinstance(test.left, ast.Name):
            return False
        name, value = test.left.id, test.comparators[0]
        if name not in self.whole:
            return False
        put = lambda part: value if isinstance(part, ast.Name) and part.id == name else None  # noqa: E731
        body, orelse = self.form(rewritten(node.body, put)), self.form(rewritten(node.orelse, put))
        return not body.plus(orelse.times(-1)).terms

    def _under(self, condition, holds, node):
        self.known[condition] = holds
        try:
            return self.form(node)
        finally:
            del self.known[condition]

    def _condition(self, node):
        """The text of a condition in normal form, and its shape."""
        if isinstance(node, ast.BoolOp):
            texts, shapes = zip(*sorted(self._condition(part) for part in node.values))
            return f"{type(node.op).__name__}({'; '.join(texts)})", _joined(*shapes)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            text, shape = self._condition(node.operand)
            return f"Not({text})", shape
        if not isinstance(node, ast.Compare):
            raise Unknown(ast.unparse(node))
        kind, left, right = self._compared(node)
        return f"{kind}({left}; {right})", _joined(left.shape, right.shape)

    def _compared(self, node):
        """The kind of a comparison, which is none of what is greater, and its sides in normal form."""
        left, right = self._still(node.left), self._still(node.comparators[0])
        kind = kind_of(node)
        if kind in ("Gt", "GtE"):
            kind, left, right = COMPARISONS[kind].turned, right, left
        if kind in ("Eq", "NotEq"):
            left, right = sorted((left, right), key=str)
        return kind, left, right

    def _still(self, node):
        """The normal form where no gradient flows: stop(a) is a there."""
        return self.form(without_stops(node))

    # ------------------------------------------------------------ functions

    def _call(self, node):
        name = node.func.id
        if isinstance(node.args[0], ast.GeneratorExp):
            return self._reduction(name, node.args[0])
        function = FUNCTIONS[name]
        arguments = list(map(self._still if function.flowless else self.form, node.args))
        if function.algebra:
            return getattr(self, f"_{function.algebra}")(name, *arguments)
        if function.sized:
            return self._sized(name, arguments, node.args)
        return Sum.of(Atom(name, arguments, _shaped(name, *[argument.shape for argument in arguments])))

    def _sized(self, name, arguments, nodes):
        """zeros, identity, one_hot: the last arguments are sizes."""
        count = FUNCTIONS[name].sized
        first = 0 if count < 0 else len(arguments) - count
        sizes = [self._extent(size_of(node)) for node in nodes[first:]]
        shape = _shaped(name, *[argument.shape for argument in arguments[:first]], *sizes)
        return Sum({}, shape) if name == "zeros" else Sum.of(Atom(name, arguments, shape))

    def _elementwise(self, name, argument):
        return Sum.of(Atom(name, [argument], argument.shape))

    def _exp(self, name, argument):
        """exp(a + b) is exp(a) * exp(b)."""
        if any(shape_of_product(product) not in ((), argument.shape) for product in argument.terms):
            return self._elementwise(name, argument)
        result = Sum({(): Fraction(1)}, argument.shape)
        for product, count in argument.terms.items():
            shape = shape_of_product(product)
            result = result.multiplied(Sum.of(Atom(name, [Sum({product: count}, shape)], shape)))
        return result

    def _odd(self, name, argument):
        """tanh(-a) is -tanh(a)."""
        sign = -1 if argument.leads_negative else 1
        return self._elementwise(name, argument.times(sign)).times(sign)

    def _even(self, name, argument):
        return self._elementwise(name, _signless(argument))

    def _sigmoid(self, name, argument):
        """sigmoid(-a) is 1 - sigmoid(a)."""
        if not argument.leads_negative:
            return self._elementwise(name, argument)
        other = self._elementwise(name, argument.times(-1)).times(-1)
        return Sum.number(1).plus(other)

    def _norm(self, name, *arguments):
        """The order of the arguments, and their signs, do not count."""
        parts = sorted(map(_signless, arguments), key=str)
        return Sum.of(Atom(name, parts, ()))

    def _choice(self, name, *arguments):
        if len(arguments) == 2 and arguments[0] == arguments[1]:
            return arguments[0]
        shape = _joined(*[argument.shape for argument in arguments]) if len(arguments) > 1 else arguments[0].shape
        return Sum.of(Atom(name, sorted(arguments, key=str) if self.ties else arguments, shape))

    def _softmax(self, name, argument):
        """What is added to all entries alike does not count."""
        _shaped(name, argument.shape)
        kept = {product: count for product, count in argument.terms.items() if shape_of_product(product) != ()}
        return self._elementwise(name, Sum(kept, argument.shape))

    def _argmax(self, name, argument):
        """Neither what is added to all entries alike nor a positive number that multiplies them counts."""
        shape = _shaped(name, argument.shape)
        kept = {product: count for product, count in argument.terms.items() if shape_of_product(product) != ()}
        size = abs(kept[min(kept, key=str)]) if kept else 1
        return Sum.of(Atom(name, [Sum(kept, argument.shape).times(1 / size)], shape))

    def _entries(self, name, argument):
        """sum and mean of a vector or a matrix: linear; a number that stands in each entry is its own mean."""
        total = Sum({}, ())
        for product, count in argument.terms.items():
            numbers = tuple(atom for atom in product if atom.shape == ())
            others = tuple(atom for atom in product if atom.shape != ())
            if name == "mean" and not others:
                part = Sum({numbers: count}, ())
            else:
                entries = Sum({others: Fraction(1)}, argument.shape)
                part = Sum({product_of_atoms([*numbers, Atom(name, [entries], ())]): count}, ())
            total = total.plus(part)
        return total

    def _stop(self, name, argument):
        """stop is linear, and multiplicative: it comes down to the atoms."""
        terms = Counter()
        for product, count in argument.terms.items():
            terms[tuple(sorted(_stopped(atom) for atom in product))] += count
        return Sum(terms, argument.shape)

    def _diag(self, name, argument):
        return Sum.of(Atom(name, [argument], _shaped(name, argument.shape)))

    def _outer(self, name, left, right):
        """outer is linear in both arguments."""
        shape = _shaped(name, left.shape, right.shape)
        terms = Counter()
        for first, count in left.terms.items():
            for second, factor in right.terms.items():
                numbers = [atom for atom in first + second if atom.shape == ()]
                pair = [_factor(product, value.shape) for product, value in ((first, left), (second, right))]
                terms[product_of_atoms([*numbers, Atom("outer", pair, shape)])] += count * factor
        return Sum(terms, shape)

    # ------------------------------------------------------------ sums over a range

    def _reduction(self, name, generator):
        ends = []
        opened = len(self.bound)
        for loop in generator.generators:
            ends.append(tuple(self.form(argument) for argument in loop.iter.args))
            self.bound.append(loop.target.id)
        try:
            body = self.form(generator.elt)
        finally:
            del self.bound[opened:]
        if REDUCTIONS[name] != "add":
            return Sum.of(Atom(name, [body, *ends], body.shape))
        total = Sum({}, body.shape)
        letters = [f"letter({level})" for level in range(opened, opened + len(ends))]
        for product, count in body.terms.items():
            running = tuple(atom for atom in product if any(letter in atom.text for letter in letters))
            shape = shape_of_product(running)
            term = Atom("total", [Sum({running: Fraction(1)}, shape), *ends, letters], shape)
            total = total.plus(Sum({product_of_atoms([term, *(atom for atom in product if atom not in running)]): count}, body.shape))
        return total


def _beside(product, kind, left, right):
    """Whether the comparison holds wherever a sum over a range, a factor of ``product``, is over any place at all; None where that is not told.

    Of such a sum there are n places, 1 at least: right - left is n and a constant, or -n and one.
    """
    apart = right.plus(left.times(-1))
    for atom in product:
        for ends in atom.parts[1:-1] if atom.kind == "total" else ():
            count = ends[-1] if len(ends) == 1 else ends[1].plus(ends[0].times(-1))
            over, under = apart.plus(count.times(-1)).constant, apart.plus(count).constant
            if over is not None and over >= (-1 if kind == "LtE" else 0):
                return kind != "Eq"
            if under is not None and under <= (0 if kind != "Lt" else 1):
                return kind == "NotEq"
    return None


def _signless(argument):
    """What has the same magnitude, whatever the sign of ``argument``."""
    if len(argument.terms) == 1:
        ((product, count),) = argument.terms.items()
        argument = Sum({tuple(atom for atom in product if atom.kind != "sign"): count}, argument.shape)
    return argument.times(-1) if argument.leads_negative else argument


def _stopped(atom):
    without_slope = atom.kind in ("letter", "free", "if", "sign", "identity") or atom.kind in FUNCTIONS and FUNCTIONS[atom.kind].flowless
    return atom if without_slope else Atom("stop", [atom], atom.shape)


def inverse(value):
    """1 / value; the inverse of a product is the product of the inverses, and but for exp nothing is cancelled: 0 / 0 is not 1."""
    if len(value.terms) == 1:
        ((product, count),) = value.terms.items()
        return Sum({product_of_atoms(other for atom in product for other in _inverted(atom)): 1 / count}, value.shape)
    sign = -1 if value.leads_negative else 1
    return Sum.of(Atom("inverse", [value.times(sign)], value.shape)).times(sign)


def _inverted(atom):
    if atom.kind == "exp":
        return [Atom("exp", [atom.parts[0].times(-1)], atom.shape)]
    if atom.kind == "sign":
        return [atom]
    return [Atom("inverse", [Sum.of(atom)], atom.shape)]


# ---------------------------------------------------------------- matrix products


def product_of(left, right):
    """left @ right: linear in both, associative, not commutative; numbers move out of it."""
    shape = _shaped("matmul", left.shape, right.shape)
    terms = Counter()
    for first, count in left.terms.items():
        for second, factor in right.terms.items():
            numbers = [atom for atom in first + second if atom.shape == ()]
            chain = _row(_links(first, left.shape)) if len(left.shape) == 1 else _links(first, left.shape)
            terms[product_of_atoms([*numbers, *_chained(chain + _links(second, right.shape), shape, left.shape)])] += count * factor
    return Sum(terms, shape)


def _factor(product, shape):
    """The one factor of vectors or matrices that a product is, its numbers left out."""
    arrays = [atom for atom in product if atom.shape != ()]
    if shape_of_product(arrays) != shape:
        arrays.append(Atom("full", shape, shape))
    return arrays[0] if len(arrays) == 1 else Atom("hadamard", sorted(arrays), shape)


def _links(product, shape):
    factor = _factor(product, shape)
    return factor.parts if factor.kind == "chain" else (factor,)


def _row(links):
    """A chain that ends in a vector, written from the left: (W @ v) is v @ W.T."""
    return tuple(_turned(link) for link in reversed(links))


def _chained(links, shape, first_shape):
    """The factors that a chain of products leaves in a product."""
    kept = tuple(link for link in links if link.kind != "identity") or links[:1]
    if len(kept) == 1 and kept[0].shape == shape:
        return kept
    if shape == ():
        kept = min(kept, _row(kept), key=str)
    elif len(shape) == 1 and len(first_shape) == 1:
        kept = _row(kept)  # a vector from the left: vectors stand at the right end
    if len(kept) == 1:
        return kept
    return (Atom("chain", kept, shape),)


class _Stopless(ast.NodeTransformer):
    """Reads stop(a) as a."""

    def visit_Call(self, node):
        node = self.generic_visit(node)
        return node.args[0] if isinstance(node.func, ast.Name) and node.func.id == "stop" else node


def without_stops(node):
    """A copy of the tree in which no gradient is stopped."""
    return _Stopless().visit(copy.deepcopy(node))


# ---------------------------------------------------------------- slopes by what is stopped


def has_no_slope(form):
    """Whether no gradient is lost to the stop() in a sum: where its slope by each factor with one in it is zero, or that factor's own is."""
    stopped = {atom for product in form.terms for atom in product if _has_stop(atom)}
    return all(not _slope(form, atom).terms or _inner_has_no_slope(atom) for atom in stopped)


def _has_stop(part):
    return "stop(" in str(part)


def _inner_has_no_slope(atom):
    inner = [part for part in atom.parts if _has_stop(part)]
    return atom.kind != "stop" and all(isinstance(part, Sum) and has_no_slope(part) for part in inner)


def _slope(form, atom):
    """The derivative by one of the factors, where nothing is stopped."""
    terms = Counter()
    for product, count in form.terms.items():
        power = product.count(atom)
        if power:
            rest = list(product)
            rest.remove(atom)
            terms[product_of_atoms(map(_unstopped, rest))] += power * count
    return Sum(terms, form.shape)


def _unstopped(part):
    if isinstance(part, Sum):
        terms = Counter()
        for product, count in part.terms.items():
            terms[product_of_atoms(map(_unstopped, product))] += count
        return Sum(terms, part.shape)
    if isinstance(part, tuple):
        return tuple(map(_unstopped, part))
    if not isinstance(part, Atom):
        return part
    return part.parts[0] if part.kind == "stop" else Atom(part.kind, map(_unstopped, part.parts), part.shape)
