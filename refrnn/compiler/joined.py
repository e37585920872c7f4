"""Loops over the same steps as one: what a step gives is read while it is at hand, and need not stay longer than it is read."""

from refrnn.compiler.schedule import Branch, Loop, letter_at
from refrnn.equation.indices import ZERO
from refrnn.equation.tree import Apply, Read

MOST = 8  # steps that a symbol is read back, if few of them are to be kept


def joined(items, needs, storages):
    """A schedule whose loops over all steps that follow one another are one, where none reads what is yet to come.

    Products with one matrix for all sequences stay apart: where one thread has all sequences, they are products of all steps.
    """
    found = []
    for item in items:
        group = _Group.of(item, storages)
        last = found[-1] if found and isinstance(found[-1], _Group) else None
        if last is not None and group is not None and last.takes(group, needs):
            continue
        if last is not None and group is None and not last.gives(list(statements_in([item])), needs):
            found.insert(-1, item)  # so that what follows may join those before it
            continue
        found.append(group or item)
    return [one.made() if isinstance(one, _Group) else one for one in found]


def statements_in(items):
    """All statements of a schedule, within loops and branches too."""
    for item in items:
        if isinstance(item, Loop):
            yield from statements_in(item.body)
        elif isinstance(item, Branch):
            yield from (one for part in item.by_value.values() for one in statements_in(part))
        else:
            yield item


class _Group:
    """Loops over the places ``low`` .. ``high``-1 of all their symbols; ``forward`` is None where any direction will do."""

    def __init__(self, loop, forward):
        self.loop, self.forward = loop, forward
        self.statements = list(statements_in(loop.body))

    @classmethod
    def of(cls, item, storages):
        """An item of a schedule by itself; None for one that runs over no steps of all sequences, or stays apart."""
        if isinstance(item, Branch):
            return None
        if isinstance(item, Loop):
            is_by_steps = not any(item.axes.values()) and all(storages[one.name].batch == 1 for one in statements_in([item]))
            return cls(item, item.forward) if is_by_steps else None
        letter, offset = letter_at(item, 0) if item.places else (None, None)
        if letter is None or storages[item.name].batch != 1 or _is_product(item.value, storages):
            return None
        low, high = item.letters[letter]
        return cls(Loop("p0", low + offset, high + offset, True, (item,), {item.name: 0}), None)

    def takes(self, other, needs):
        """Whether the other loop, which follows, may run within this one; then it does."""
        if (self.loop.low, self.loop.high) != (other.loop.low, other.loop.high):
            return False
        wanted = {one for one in (self.forward, other.forward) if one is not None}
        if len(wanted) > 1:
            return False
        read = [need for need in needs if need.reader in other.statements and need.writer in self.statements]
        apart = [(need.known, need.apart.get((0, 0))) for need in read]
        if any(ends is None for _, ends in apart):
            return False
        for forward in wanted or (True, False):
            if all(known.never_below_zero(ZERO - ends[1] if forward else ends[0]) for known, ends in apart):
                break
        else:
            return False
        if not wanted and all(ends == (ZERO, ZERO) for _, ends in apart):
            forward = None
        self.loop = Loop("p0", self.loop.low, self.loop.high, forward is not False, self.loop.body + other.loop.body, self.loop.axes | other.loop.axes)
        self.forward, self.statements = forward, self.statements + other.statements
        return True

    def gives(self, statements, needs):
        """Whether some of the statements read what is given here."""
        return any(need.reader in statements and need.writer in self.statements for need in needs)

    def made(self):
        """What stands in the schedule: a statement alone as it is."""
        return self.loop if len(self.statements) > 1 or self.forward is not None else self.statements[0]


def _is_product(node, storages):
    """Whether a value is a product with a matrix that all sequences share, and nothing else."""
    if not isinstance(node, Apply) or node.name != "matmul":
        return False
    matrix = node.arguments[0]
    matrix = matrix.arguments[0] if isinstance(matrix, Apply) and matrix.name == "transpose" else matrix
    return isinstance(matrix, Read) and storages[matrix.name].batch is None


def few_steps(items, outputs):
    """The symbols of a schedule of which a loop forward reads a few steps, and nothing else any: by name what their places are
    taken ``&``, one less than the power of two that is as many as these steps are."""
    if any(isinstance(item, Branch) for item in items):
        return {}
    every, found = list(statements_in(items)), {}
    for loop in items:
        if not isinstance(loop, Loop) or not loop.forward:
            continue
        within = list(statements_in(loop.body))
        for name in loop.axes:
            own = [one for one in every if one.name == name]
            if name in outputs or loop.axes[name] != 0 or any(one not in within and letter_at(one, 0)[0] for one in own):
                continue
            backs = [_back(one, read) if one in within else None for one in every for read, _ in one.reads if read.name == name]
            if None not in backs and max(backs, default=0) <= MOST:
                found[name] = (1 << max(backs, default=0).bit_length()) - 1
    return found


def _back(statement, read):
    """How many steps before its own a statement reads a symbol; None where that is not clear, or where it is none."""
    if not read.places or not hasattr(read.places[0], "terms"):
        return None
    apart = statement.places[0] - read.places[0]
    count = apart.terms.get((), 0)
    return None if apart.names() or count < 0 else int(count)
