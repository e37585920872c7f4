"""Index arithmetic: as numbers, and affine over sizes as symbols, its letters replaced, solved for and bounded."""

import ast
import operator

from refrnn.equation.parse import INTEGER_FUNCTIONS
from refrnn.equation.sizes import POLYNOMIAL, Opaque, Size
from refrnn.errors import cut

DIVISIONS = {ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod}
LARGEST_INTEGER = 10**15  # of index arithmetic
ZERO, ONE = Size.of(0), Size.of(1)


class EquationError(Exception):
    """An equation that means nothing; the caller adds the place. ``end`` is the size beyond which it reads first, where that is known."""

    def __init__(self, text, end=None):
        super().__init__(text)
        self.end = end


def size_of(node):
    """An index expression of Python's tree as a Size over letters, sizes and integer constants."""
    if isinstance(node, ast.Constant):
        return Size.of(node.value)
    if isinstance(node, ast.Name):
        return Size.of(node.id)
    if isinstance(node, ast.UnaryOp):
        inner = size_of(node.operand)
        return ZERO - inner if isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.BinOp) and type(node.op) in POLYNOMIAL:
        return POLYNOMIAL[type(node.op)](size_of(node.left), size_of(node.right))
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} - INTEGER_FUNCTIONS.keys()
    text = ast.unparse(node) if isinstance(node, ast.Call) else f"({ast.unparse(node)})"
    return Size.of(Opaque(text, names, _computed(node)))


def is_polynomial(size):
    """Whether a size is one of names alone, without // % min and max."""
    return not any(isinstance(name, Opaque) for names in size.terms for name in names)


def number_of(node):
    """A function of the indices that computes an index expression of Python's tree."""
    return numbered(size_of(node))


def numbered(size):
    """A function of the indices that computes a size; written out for the common ones, which run most."""
    rest, constant = dict(size.terms), size.terms.get((), 0)
    rest.pop((), None)
    if not rest and abs(constant) <= LARGEST_INTEGER:
        return lambda indices: constant
    name = next(iter(rest))[0] if len(rest) == 1 and list(rest.values()) == [1] and len(next(iter(rest))) == 1 else None
    if isinstance(name, str) and not isinstance(name, Opaque):
        return (lambda indices: indices[name] + constant) if constant else (lambda indices: indices[name])

    def number(indices):
        found = size.number(indices)
        if abs(found) > LARGEST_INTEGER:
            raise EquationError(f"{cut(ast.unparse(index_tree(size)))} is larger than {LARGEST_INTEGER}")
        return found

    return number


def _computed(node):
    """A function of the indices that computes // % min or max."""
    if isinstance(node, ast.Call):
        choose, parts = INTEGER_FUNCTIONS[node.func.id], [number_of(argument) for argument in node.args]
        return lambda indices: choose(part(indices) for part in parts)
    divide, left, right = DIVISIONS[type(node.op)], number_of(node.left), number_of(node.right)

    def divided(indices):
        divisor = right(indices)
        if divisor == 0:
            raise EquationError(f"{cut(ast.unparse(node))} divides by zero")
        return divide(left(indices), divisor)

    return divided


def index_tree(size):
    """Python's tree of a size."""
    return ast.parse(str(size), mode="eval").body


def further(node, by):
    """The tree of an index by so many places further: t-1 by 1 is t."""
    return index_tree(size_of(node) + by)


def chosen(word, first, second):
    """min or max of two sizes."""
    return size_of(index_tree(f"{word}({first}, {second})"))


def replaced(size, new):
    """A size in which letters are replaced by sizes."""
    if not size.names() & new.keys():
        return size
    total = ZERO
    for names, count in size.terms.items():
        term = Size.of(count)
        for name in names:
            term = term * _factor(name, new)
        total = total + term
    return total


def _factor(name, new):
    if not isinstance(name, Opaque):
        return new.get(name, Size.of(name))
    if not name.names & new.keys():
        return Size.of(name)
    return size_of(_Renamed(new).visit(index_tree(name)))


class _Renamed(ast.NodeTransformer):
    def __init__(self, new):
        self.new = new

    def visit_Name(self, node):
        return index_tree(self.new[node.id]) if node.id in self.new else node


def linear_in(size, letter):
    """The integer by which a letter is multiplied, and the rest; (None, size) where it occurs otherwise."""
    count, rest = size.terms.get((letter,), 0), {}
    for names, number in size.terms.items():
        if names == (letter,):
            continue
        if any(letter in name.names if isinstance(name, Opaque) else name == letter for name in names):
            return None, size
        rest[names] = number
    return count, Size(rest)


def plain(size):
    """A size, or, where it is min(a, b), the first of these: what is never below it and can be declared."""
    tree = index_tree(size)
    return plain(size_of(tree.args[0])) if isinstance(tree, ast.Call) and tree.func.id == "min" else size


class Known:
    """What is known of names: the ranges of letters, and the least value of every other name."""

    def __init__(self, ranges, lowest, wide=None):
        """``ranges``: {letter: (lower, upper)}, each in letters before it; ``lowest``: {integer constant: number or None}."""
        self.ranges = dict(ranges)
        self.lowest = lowest
        self._proved = {}  # by size: whether it is never below zero
        self.wide = {} if wide is None else wide  # by letter: a size without letters that it never reaches
        for letter, (_, upper) in self.ranges.items():
            if letter not in self.wide:
                self.wide = {**self.wide, letter: self._widest(plain(upper))}

    def _widest(self, size):
        """A size at its largest, wherever the letters in it are."""
        for letter in reversed(self.ranges):
            count, rest = linear_in(size, letter)
            if count:
                size = rest + Size.of(count) * (self.wide[letter] - ONE if count > 0 else self.ranges[letter][0])
        return size

    def with_range(self, letter, lower, upper):
        return Known({**self.ranges, letter: (lower, upper)}, self.lowest, self.wide)

    def never_below_zero(self, size):
        """Whether a size is proved to be 0 or more wherever the letters are within their ranges."""
        found = self._proved.get(size)
        if found is None:
            found = self._proved[size] = self._prove(size)
        return found

    def _prove(self, size):
        for letter in reversed(self.ranges):
            count, rest = linear_in(size, letter)
            if count is None:
                return False
            lower, upper = self.ranges[letter]
            size = rest + Size.of(count) * (lower if count > 0 else upper - ONE)
        low = {}
        for name in size.names():
            least = self.lowest.get(name, 1)
            if least is None or any(isinstance(factor, Opaque) for names in size.terms for factor in names):
                return False
            low[name] = Size.of(least) + Size.of(name)
        return all(count >= 0 for count in replaced(size, low).terms.values())

    def always_below_zero(self, size):
        return self.never_below_zero(ZERO - size - ONE)

    def larger(self, word, first, second):
        """The larger (max) or smaller (min) of two sizes, as one of them where that is proved."""
        above = self.never_below_zero(first - second)
        if above or self.never_below_zero(second - first):
            return first if above == (word == "max") else second
        return chosen(word, first, second)

    def narrowed(self, size):
        """What is known where ``size`` is 0 or more besides."""
        narrower, letters = self, list(self.ranges)
        for letter in letters:
            count, rest = linear_in(size, letter)
            if count not in (1, -1) or rest.names() & set(letters[letters.index(letter):]):
                continue
            lower, upper = narrower.ranges[letter]
            if count == 1:
                lower = narrower.larger("max", lower, ZERO - rest)
            else:
                upper = narrower.larger("min", upper, rest + ONE)
            narrower = narrower.with_range(letter, lower, upper)
        return narrower



class Solution:
    """Where ``equal`` sizes are 0 and ``bounds`` are 0 or more, solved for the letters of ``free``, {letter: (lower, upper)}.

    ``worth`` gives the letters that are determined, by all that ``known`` knows; ``ranges`` those that are left, which
    ``bounds`` narrow. ``guards`` are sizes that must be 0 or more, ``nonzero`` those that must be 0; ``possible`` is
    False where that can't be.
    """

    def __init__(self, free, equal, bounds, known):
        self.worth = {}
        self.possible = True
        equal = self._eliminated(list(equal), list(free))
        bounds = [replaced(bound, self.worth) for bound in bounds]
        for letter, worth in self.worth.items():
            lower, upper = (replaced(bound, self.worth) for bound in free[letter])
            bounds += [worth - lower, upper - ONE - worth]
        self.ranges = {letter: tuple(replaced(bound, self.worth) for bound in free[letter]) for letter in free if letter not in self.worth}
        self.zero = [size for size in equal if size.names()]
        self.possible = all(size == 0 for size in equal if not size.names())
        bounds = self._narrow(bounds, known)
        for letter in [letter for letter, (lower, upper) in self.ranges.items() if upper - lower == 1]:
            found = {letter: replaced(self.ranges.pop(letter)[0], self.worth)}
            self.worth = {name: replaced(worth, found) for name, worth in self.worth.items()} | found
            self.ranges = {name: tuple(replaced(end, found) for end in ends) for name, ends in self.ranges.items()}
            self.zero, bounds = ([replaced(size, found) for size in sizes] for sizes in (self.zero, bounds))
        for letter, ends in self.ranges.items():
            known = known.with_range(letter, *ends)
        self.guards = tuple(dict.fromkeys(bound for bound in bounds if not known.never_below_zero(bound)))
        empty = any(lower - upper == 0 for lower, upper in self.ranges.values())
        self.possible = self.possible and not empty and not any(known.always_below_zero(bound) for bound in self.guards)

    def _eliminated(self, equal, letters):
        """What is left of the equalities when every letter that one determines is replaced."""
        left = []
        while equal:
            size = replaced(equal.pop(0), self.worth)
            for letter in reversed(letters):
                count, rest = linear_in(size, letter)
                if count in (1, -1) and letter not in self.worth:
                    found = {letter: rest * Size.of(-count)}
                    self.worth = {name: replaced(worth, found) for name, worth in self.worth.items()} | found
                    left = [replaced(one, found) for one in left]
                    break
            else:
                left.append(size)
        return left

    def _narrow(self, bounds, known):
        """Narrow the range of each letter that is left by the bounds on it, the last letter of each; returns the other bounds."""
        letters = list(self.ranges)
        for place, letter in enumerate(letters):
            lower, upper = self.ranges[letter]
            for bound in [bound for bound in bounds if letter in bound.names() and not bound.names() & set(letters[place + 1:])]:
                count, rest = linear_in(bound, letter)
                if count == 1:
                    lower = known.larger("max", lower, ZERO - rest)
                elif count == -1:
                    upper = known.larger("min", upper, rest + ONE)
                else:
                    continue
                bounds.remove(bound)
            self.ranges[letter] = lower, upper
            known = known.with_range(letter, lower, upper)
        return bounds
