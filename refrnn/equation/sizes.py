"""Sizes as symbols: the dimensions of a shape, such as 4*H or H + I, added and compared without numbers."""

import ast
import math
import warnings

from refrnn.errors import SpecError, quoted

LONGEST = 60  # characters of one size
MOST_TERMS = 1000  # of one polynomial


class Opaque(str):
    """An integer that is no polynomial in sizes, such as T // 2: equal to what is written in the same way, and to nothing else."""

    def __new__(cls, text, names, number):
        """``names`` are those that occur in it, ``number`` computes it from a mapping of them to integers."""
        made = super().__new__(cls, text)
        made.names, made.number = frozenset(names), number
        return made


class ShapeError(Exception):
    """Shapes that do not fit, or a size beyond all use; the text says which, the caller adds the place."""


class Size:
    """A polynomial in named sizes with integer coefficients; equal when the polynomials are."""

    __slots__ = ("terms", "_text", "_hash", "_name")

    def __init__(self, terms):
        """``terms``: integers by the sorted names whose product each is of."""
        self.terms = {names: count for names, count in terms.items() if count} if 0 in terms.values() else terms
        self._text = self._hash = self._name = None

    def __reduce__(self):
        """Its terms alone: another process has other hashes of names."""
        return Size, (self.terms,)

    @classmethod
    def of(cls, value):
        """A size from an integer or from a name."""
        if isinstance(value, Size):
            return value
        return cls({(): int(value)}) if isinstance(value, int) else cls({(value,): 1})

    def __add__(self, other):
        return self._and(Size.of(other), 1)

    def __sub__(self, other):
        return self._and(Size.of(other), -1)

    def _and(self, other, sign):
        """This size and the other, or less the other where ``sign`` is -1."""
        terms = dict(self.terms)
        for names, count in other.terms.items():
            terms[names] = terms.get(names, 0) + sign * count
        return Size(terms)

    def __mul__(self, other):
        terms, others = {}, Size.of(other).terms
        for left, count in self.terms.items():
            for right, factor in others.items():
                names = tuple(sorted(left + right)) if left and right else left or right
                terms[names] = terms.get(names, 0) + count * factor
            if len(terms) > MOST_TERMS:
                raise ShapeError(f"a size is a sum of more than {MOST_TERMS:,} products; make it shorter")
        return Size(terms)

    def __eq__(self, other):
        return isinstance(other, (Size, int)) and self.terms == Size.of(other).terms

    def __hash__(self):
        if self._hash is None:
            self._hash = hash(frozenset(self.terms.items()))
        return self._hash

    def __str__(self):
        if self._text is None:
            self._text = self._written()
        return self._text

    def _written(self):
        texts = []
        for names, count in sorted(self.terms.items(), key=lambda term: (term[1] < 0, not term[0], term[0])):
            factors = ([] if abs(count) == 1 and names else [str(abs(count))]) + list(names)
            texts.append(("-" if count < 0 else "+") + "*".join(factors))
        return "".join(texts).removeprefix("+") or "0"

    __repr__ = __str__

    def number(self, sizes):
        """The integer this size is when the named sizes are the given integers."""
        if self._name is None:
            self._name = self._find_name()
        if self._name:
            return sizes[self._name]
        total = 0
        for names, count in self.terms.items():
            for name in names:
                count *= name.number(sizes) if isinstance(name, Opaque) else sizes[name]
            total += count
        return total

    def _find_name(self):
        """The named size that this one is, as most are; else an empty text."""
        if len(self.terms) == 1:
            (names, count), = self.terms.items()
            if count == 1 and len(names) == 1 and not isinstance(names[0], Opaque):
                return names[0]
        return ""

    def names(self):
        """The named sizes that occur."""
        factors = {name for names in self.terms for name in names}
        return {name for factor in factors for name in (factor.names if isinstance(factor, Opaque) else (factor,))}


POLYNOMIAL = {ast.Add: Size.__add__, ast.Sub: Size.__sub__, ast.Mult: Size.__mul__}


def read_size(text, known, place):
    """The size written in ``text`` ("4*H", "H+I", 3, "B"), over the names in ``known``."""
    text = str(text)
    try:
        if len(text) > LONGEST or not text.isascii():
            raise _NotASize(f"it has other than plain letters or more than {LONGEST} characters")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = ast.parse(text.strip(), mode="eval").body
        return _from_tree(tree, known)
    except (SyntaxError, RecursionError, MemoryError, ValueError, Warning, _NotASize) as error:
        reason = str(error) if isinstance(error, _NotASize) else "a size is made of declared sizes, positive integers, + - and *"
        raise SpecError(f"{place}: the size {quoted(text)} can't be read: {reason}") from None


class _NotASize(Exception):
    pass


def _from_tree(node, known):
    if isinstance(node, ast.Constant) and type(node.value) is int and 0 < node.value < 10**6:
        return Size.of(node.value)
    if isinstance(node, ast.Name):
        if node.id not in known:
            raise _NotASize(f"{node.id} is not declared under sizes")
        return Size.of(node.id)
    if isinstance(node, ast.BinOp) and type(node.op) in POLYNOMIAL:
        return POLYNOMIAL[type(node.op)](_from_tree(node.left, known), _from_tree(node.right, known))
    raise _NotASize("a size is made of declared sizes, positive integers, + - and *")


def entries(shape):
    """How many numbers an array of a shape has."""
    return math.prod(shape, start=Size.of(1))


def show_shape(shape):
    """A shape as people write it: [H, I]."""
    return "[" + ", ".join(str(size) for size in shape) + "]"
