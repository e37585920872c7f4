"""In which order statements run, and in which loops: loop distribution as of Allen and Kennedy (1987).

Statements that need one another stand in a loop over places of one axis, upwards or downwards, such that what each reads was
given in an earlier round, or earlier in this one; all others stand by themselves, after what they read.
"""

from dataclasses import dataclass

from refrnn.compiler.statements import CompileError, ends_of
from refrnn.compiler.storage import ends, larger, smaller
from refrnn.equation.indices import ONE, ZERO, linear_in
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Span


@dataclass(frozen=True)
class Loop:
    """``letter`` runs over the places ``low`` .. ``high``-1, downwards if not ``forward``; in ``body`` are loops and statements.

    ``axes``: of each symbol within, the axis whose places these are.
    """

    letter: str
    low: Size
    high: Size
    forward: bool
    body: tuple
    axes: dict


@dataclass(frozen=True)
class Branch:
    """What runs at each of the values of an integer constant, on which the order hangs."""

    constant: str
    by_value: dict


@dataclass(frozen=True)
class Need:
    """``reader`` reads what ``writer`` gives; ``apart``: by axis how far before the place of the reader, as (first, last) sizes, or None."""

    reader: object
    writer: object
    apart: tuple
    known: object


def schedule(statements, storages):
    """Loops and statements in an order that works."""
    return _Scheduler(storages).order(statements, needs_of(statements), 0)


def needs_of(statements):
    """Every Need among statements."""
    writers = {}
    for statement in statements:
        writers.setdefault(statement.name, []).append(statement)
    needs = []
    for reader in statements:
        for read, known in reader.reads:
            for writer in writers.get(read.name, ()):
                if not _never_meet(read, writer, known):
                    needs.append(Need(reader, writer, _apart(reader, read, writer), known))
    return needs


def _never_meet(read, writer, known):
    """Whether a read is proved to miss the places of a fixed left side."""
    for place, given in zip(read.places, writer.places):
        if given.names() & writer.letters.keys() or isinstance(place, Span):
            continue
        if known.always_below_zero(place - given) or known.always_below_zero(given - place):
            return True
    return False


def _apart(reader, read, writer):
    """For each axis of the writer and each of the reader: what is read, minus the reader's own place."""
    found = {}
    for axis in range(len(writer.places)):
        if axis < len(read.places):
            first, last = ends_of(read.places[axis])
            for own, place in enumerate(reader.places):
                found[axis, own] = first - place, last - place
    return found


class _Scheduler:
    def __init__(self, storages):
        self.storages = storages

    def order(self, statements, needs, level):
        """The schedule of these statements, ``level`` loops around them."""
        inside = [need for need in needs if need.reader in statements and need.writer in statements]
        found = []
        for group in components(statements, inside):
            own = [need for need in inside if need.reader in group and need.writer in group]
            if own:
                found.append(self._loop(group, own, level))
            else:
                found.extend(group)
        return found

    def _loop(self, group, needs, level):
        names = list(dict.fromkeys(statement.name for statement in group))
        for axes in self._choices(group, names):
            for forward in (True, False):
                left = self._left(needs, axes, forward)
                if left is not None and len(left) < len(needs):
                    low, high = self._range(group, axes)
                    return Loop(f"p{level}", low, high, forward, tuple(self.order(group, left, level + 1)), axes)
        told = " and ".join(dict.fromkeys(names))
        raise CompileError(f"{group[0].shown()} can't be compiled: no loop over one index gives {told} one after the other; run it by the equation")

    def _choices(self, group, names):
        """For each symbol an axis, in the order in which to try: that of time first."""
        ranks = {statement.name: len(statement.places) for statement in group}
        most = max(ranks.values())
        for axis in range(most):
            if all(rank > axis for rank in ranks.values()):
                yield dict.fromkeys(names, axis)
        sizes = dict.fromkeys(str(self.storages[name].extents[0]) for name in names)
        for size in sizes:  # axes with the same size, wherever they stand
            axes = {name: self._axis(name, size) for name in names}
            if all(axis is not None and axis < ranks[name] for name, axis in axes.items()):
                yield axes

    def _axis(self, name, size):
        storage = self.storages[name]
        extents = [extent for axis, extent in enumerate(storage.extents) if axis != storage.batch]
        return next((axis for axis, extent in enumerate(extents) if str(extent) == size), None)

    @staticmethod
    def _left(needs, axes, forward):
        """The needs that a loop leaves to what is within it; None where it runs the wrong way for one."""
        left = []
        for need in needs:
            found = need.apart.get((axes[need.writer.name], axes[need.reader.name]))
            if found is None:
                return None
            first, last = found
            apart = last if forward else ZERO - first
            if need.known.never_below_zero(ZERO - ONE - apart):
                continue
            if not need.known.never_below_zero(ZERO - apart):
                return None
            left.append(need)
        return left

    def _range(self, group, axes):
        low = high = None
        for statement in group:
            begin, end = ends(statement.places[axes[statement.name]], statement.letters)
            known = statement.reads[0][1] if statement.reads else None
            low = begin if low is None else smaller(low, begin, known)
            high = end if high is None else larger(high, end, known)
        return low, high


def letter_at(statement, axis):
    """The letter of a statement's place along an axis, and what is added to it; (None, place) for a fixed one."""
    place = statement.places[axis]
    letter = next((letter for letter in statement.letters if letter in place.names()), None)
    return (None, place) if letter is None else (letter, linear_in(place, letter)[1])


def components(nodes, needs):
    """Tarjan's strongly connected components, each after those that it needs; in each the order of the nodes is kept."""
    reads = {node: [] for node in nodes}
    for need in needs:
        reads[need.reader].append(need.writer)
    index, low, on, stack, found = {}, {}, set(), [], []

    def visit(start):
        work = [(start, iter(reads[start]))]
        index[start] = low[start] = len(index)
        stack.append(start)
        on.add(start)
        while work:
            node, others = work[-1]
            for other in others:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    on.add(other)
                    work.append((other, iter(reads[other])))
                    break
                if other in on:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group = []
                    while True:
                        member = stack.pop()
                        on.discard(member)
                        group.append(member)
                        if member is node:
                            break
                    found.append(sorted(group, key=nodes.index))

    for node in nodes:
        if node not in index:
            visit(node)
    return found
