"""How much work equations ask for, counted from their shapes before any of it is done, so that nothing runs without a bound."""

from typing import NamedTuple

from refrnn.equation.algebra import LOW_POWER
from refrnn.equation.indices import EquationError
from refrnn.equation.sizes import Size, entries
from refrnn.errors import SpecError

CALL = 10_000  # operations that take as long as one call with its way back: 5,000 in extended precision, 48,000 in float64
NODE = 100  # numbers that take as much memory as one call, or one element, besides those it holds
MOST = 10**11  # operations of one run
MOST_KEPT = 2**28  # numbers in the results of one run, which the way back needs
MOST_AT_LOADING = 10**9
MOST_KEPT_AT_LOADING = 2**26
_COUNTED = 30  # places of a sum that are looked at one by one


class Loop(NamedTuple):
    """A sum's letter, and the functions of its ends, in which ``names`` occur."""

    letter: str
    ends: tuple
    names: frozenset

    def places(self, indices):
        start, stop = ([0] + [end(indices) for end in self.ends])[-2:]
        return range(start, max(start, stop))


class Guard(NamedTuple):
    """A branch that is taken where ``test`` of the indices, in which ``names`` occur, is ``true``."""

    test: object
    true: bool
    names: frozenset


class Work(NamedTuple):
    """Floating-point operations, and numbers kept, inside loops and guards (outermost first)."""

    context: tuple
    operations: Size
    kept: Size


def products_of_power(exponent):
    """How many products of matrices a power takes: one by one, or two for each squaring; two where it is not known, as powers that follow one another cost one each."""
    if not isinstance(exponent, int):
        return 2
    return max(1, exponent - 1 if exponent <= LOW_POWER else 2 * exponent.bit_length())


def of_power(shape, products):
    return entries(shape) * shape[0] * 2 * products if len(shape) == 2 else entries(shape)


class Tally:
    """Adds up what the elements of a run ask for, each as if it were one call more, and refuses when it is too much, by the equation that asks for most.

    ``program.works`` holds, for each equation, the :class:`Work` on each way through its conditions; without ``guarded`` conditions on
    letters are as dear as both their branches, wherever that is.
    """

    def __init__(self, program, indices, at_loading=False, guarded=True):
        program.element_shapes  # noqa: B018  (finding them finds the works)
        self.program = program
        self.indices = indices
        self.at_loading = at_loading
        self.guarded = guarded
        self.most = (MOST_AT_LOADING, MOST_KEPT_AT_LOADING) if at_loading else (MOST, MOST_KEPT)
        self.spent = {}
        self.total = [0, 0]
        self.constant = {}  # by equation, where no letter changes its amounts

    def add(self, equation, bound):
        """Count one element of an equation whose letters are ``bound``."""
        spent = self.spent.setdefault(id(equation), [equation, 0, 0])
        for place, amount in enumerate(self.of_element(equation, bound)):
            spent[place + 1] += amount
            self.total[place] += amount
        if self.total[0] > self.most[0] or self.total[1] > self.most[1]:
            raise SpecError(self._refusal())

    def of_element(self, equation, bound):
        """The operations of one element of an equation whose letters are ``bound``, and the numbers that it keeps."""
        try:
            operations, kept = self.constant.get(id(equation)) or self._amounts(equation, bound)
        except EquationError as error:
            raise SpecError(f"{equation.place}: in {equation.shown()}: {error}") from None
        return operations + CALL, kept + NODE * (operations // CALL + 1)

    def _amounts(self, equation, bound):
        ways = self.program.works[id(equation)]
        letters = bound.keys() - self.indices.keys()
        amounts = [0, 0]
        for way in ways:
            sums = [0, 0]
            for work in way:
                for place, size in enumerate(work[1:]):
                    context = work.context if self.guarded else tuple(one for one in work.context if isinstance(one, Loop))
                    sums[place] += _number(context, size, bound)
            amounts = [max(pair) for pair in zip(amounts, sums)]
        if not letters or all(not work.context and not (work.operations.names() | work.kept.names()) & letters for way in ways for work in way):
            self.constant[id(equation)] = amounts
        return amounts

    def _refusal(self):
        many = self.total[0] > self.most[0]
        place = 1 if many else 2
        equation = max(self.spent.values(), key=lambda spent: spent[place])[0]
        what = "operations" if many else "numbers to keep"
        where = "even at small sizes" if self.at_loading else "at these sizes"
        mend = "make it shorter" if self.at_loading else "choose smaller sizes"
        return f"{equation.place}: {equation.shown()} asks for too much {where}, more than {self.most[not many]:,} {what}; {mend}"


def _number(context, size, indices):
    """``size`` times the places of the loops whose guards let it be done; where they are many, as at the dearer end of them."""
    if not context:
        return max(0, size.number(indices))
    first, rest = context[0], context[1:]
    if isinstance(first, Guard):
        return _number(rest, size, indices) if bool(first.test(indices)) == first.true else 0
    places = first.places(indices)
    if not places:
        return 0
    if first.letter not in size.names().union(*(inner.names for inner in rest)):
        return len(places) * _number(rest, size, {**indices, first.letter: places[0]})
    looked_at = places if len(places) <= _COUNTED else (places[0], places[len(places) // 2], places[-1])
    found = [_number(rest, size, {**indices, first.letter: place}) for place in looked_at]
    return sum(found) if len(places) <= _COUNTED else len(places) * max(found)
