"""Proves that a mutant is no fault: that its equations say the same as the right ones, by algebra and for all values.

A proof holds for the values and for all gradients. What it can't prove may still be equivalent.
"""

import ast
from dataclasses import dataclass
from typing import Callable

from refrnn.equation.mutate.normal import (
    Atom, Former, Sum, Unknown, has_no_slope, quotient_of_atoms, shape_of_product, transposed, without_stops,
)  # fmt: skip
from refrnn.equation.mutate.tree import DIFFERENTIABLE, names, occurrences, rewritten
from refrnn.equation.parse import subscripts

MOST_EXCHANGED = 3  # pairs of symbols

BY_ALGEBRA = "both sides have one normal form"
BUT_FOR_TIES = "both sides have one normal form, but for the gradient where the arguments of min or max are equal"
TURNED = "all that reads {name} is the same for -{name}"
MOVED = "all that reads {name} is the same for {name} with this added"
SCALED = "all that reads {name} is the same for {name} times this"
NO_GRADIENT = "no gradient flows through {name}"
NO_SLOPE = "its slope by what is stopped is zero"
EXCHANGED = "all else is the same with {names} exchanged"


class Prover:
    """Proves mutants of ``equations`` equivalent; ``symbols`` is a :class:`refrnn.equation.mutate.Symbols`.

    ``shapes`` are those of all symbols over all their indices, ``outputs`` what is looked at.
    """

    def __init__(self, equations, symbols, shapes, outputs):
        self.equations = tuple(equations)
        self.symbols = symbols
        self.shapes = dict(shapes)
        self.outputs = frozenset(outputs)
        self.symmetric = self._symmetric()
        self.plain = self._former()
        self.flowing = self._flowing()

    def prove(self, mutant):
        """Why the mutant is equivalent, in words, or None."""
        changed = [place for place, (old, new) in enumerate(zip(self.equations, mutant.equations)) if old is not new]
        proofs = (
            self._equal, self._equal_but_for_ties, self._without_gradient, self._without_slope, self._turned, self._turned_somewhere,
            self._moved, self._scaled, self._exchanged,
        )  # fmt: skip
        for proof in proofs:
            try:
                reason = proof(mutant.equations, changed)
            except Unknown:
                continue
            if reason is not None:
                return reason
        return None

    def _former(self, **chosen):
        return Former(self.shapes, self.symmetric, whole=self.symbols.whole, **chosen)

    # ------------------------------------------------------------ equation by equation

    def _equal(self, equations, changed, ties=False, read=lambda node: node):
        former = self._former(ties=ties)
        same = all(former.form(read(equations[place].value)) == former.form(read(self.equations[place].value)) for place in changed)
        return (BUT_FOR_TIES if ties else BY_ALGEBRA) if same else None

    def _equal_but_for_ties(self, equations, changed):
        return self._equal(equations, changed, ties=True)

    def _without_gradient(self, equations, changed):
        """The values are the same, and nothing that is looked at passes a gradient on to what is changed."""
        name = self._only_name(changed)
        if name is None or name in self.flowing:
            return None
        return NO_GRADIENT.format(name=name) if self._equal(equations, changed, read=without_stops) else None

    def _without_slope(self, equations, changed):
        """What is stopped passes no gradient on where it is not: the slope by a mean, of the squares around it, is zero."""
        old, new = self.equations[changed[0]], equations[changed[0]]
        if len(changed) > 1 or "stop" in names(old.value) or "stop" not in names(new.value):
            return None
        same = self.plain.form(without_stops(new.value)) == self.plain.form(old.value)
        return NO_SLOPE if same and has_no_slope(self.plain.form(new.value)) else None

    # ------------------------------------------------------------ another symbol, and all that reads it the same

    def _turned(self, equations, changed):
        """What is changed has become its negative, and nothing that is looked at minds."""
        name = self._only_name(changed)
        if name is None or not self._nobody_minds(equations, {name: _Turned()}):
            return None
        return TURNED.format(name=name)

    def _turned_somewhere(self, equations, changed):
        """The same where several equations define what is changed, and one of them its negative."""
        name = self._only_name(changed)
        depths = {len(_left(equation.target)) for equation in self.equations if equation.name == name}
        if len(depths) != 1 or not self._nobody_minds(equations, {name: _TurnedSomewhere(*depths)}):
            return None
        return TURNED.format(name=name)

    def _moved(self, equations, changed):
        """Something is added to what is changed, and nothing that is looked at minds, as softmax and a number."""
        name = self._only_name(changed)
        if name is None or not self._is_alone(name):
            return None
        old, new = self.equations[changed[0]], equations[changed[0]]
        move = self.plain.form(new.value).plus(self.plain.form(old.value).times(-1))
        added = ast.BinOp(left=new.value, op=ast.Sub(), right=old.value)
        if _mentions(move, name) or not self._nobody_minds(equations, {name: _Moved(move, old.target, self._at(added, move, old.target))}):
            return None
        return MOVED.format(name=name)

    def _scaled(self, equations, changed):
        """What is changed is multiplied by a number, and nothing that is looked at minds, as a quotient of two sums."""
        name = self._only_name(changed)
        if name is None or not self._is_alone(name):
            return None
        old, new = self.equations[changed[0]], equations[changed[0]]
        factor = _ratio(self.plain.form(new.value), self.plain.form(old.value))
        if factor is None or _mentions(factor, name) or not self._nobody_minds(equations, {name: _Scaled(factor, old.target)}):
            return None
        return SCALED.format(name=name)

    def _at(self, added, move, target):
        """A function that gives what is added to a symbol at the place that is read."""
        letters = [node.id for node in _left(target)]
        inner = {node.target.id for node in ast.walk(added) if isinstance(node, ast.comprehension)}

        def at(wanted, reader):
            given = {letter: node for letter, node in zip(letters, wanted) if not isinstance(node, ast.Slice)}
            if _uses(move, [letter for letter in letters if letter not in given]) or (move.shape and len(wanted) > len(letters)):
                raise Unknown("what is added is not the same for all that is read")
            if inner & {word for node in given.values() for word in names(node)}:
                raise Unknown("two indices have one letter")
            plain = self._former()
            plain.bound, plain.known = list(reader.bound), dict(reader.known)
            return plain.form(rewritten(added, lambda node: given.get(node.id) if isinstance(node, ast.Name) else None))

        return at

    def _nobody_minds(self, equations, changes):
        """Whether the outputs are what they were when some symbols change: each passes on what it can't take up.

        ``changes`` says how symbols differ, by name; whatever reads one and differs by it is added, until every
        equation, read with the changed symbols in the place of the right ones, gives its own symbol as it has changed.
        """
        while True:
            if not self.outputs.isdisjoint(changes):
                return False
            reader = self._former()
            reader.put = {name: _put(change, reader) for name, change in changes.items()}
            found = self._first_that_differs(equations, changes, reader)
            if found is None:
                return True
            name, pairs = found
            change = None if name in changes else self._change_of(name, pairs)
            if change is None:
                return False
            changes = {**changes, name: change}

    def _first_that_differs(self, equations, changes, reader):
        """The first symbol that is not what ``changes`` say, with pairs of its new and its right side; or None."""
        for name in dict.fromkeys(equation.name for equation in equations):
            sides = [(old, new) for old, new in zip(self.equations, equations) if new.name == name]
            if name not in changes and not any(names(new.value) & changes.keys() for _, new in sides):
                continue
            pairs = [(reader.form(new.value), self.plain.form(old.value)) for old, new in sides]
            change = changes.get(name)
            if any(not (new == old if change is None else change.explains(new, old)) for new, old in pairs):
                return name, pairs
        return None

    def _change_of(self, name, pairs):
        """How a symbol has changed, from its new and its right sides; None where that is not simple."""
        if all(new == old.times(-1) for new, old in pairs):
            return _Turned()
        if not self._is_alone(name):
            return None
        ((new, old),) = pairs
        target = next(equation.target for equation in self.equations if equation.name == name)
        factor = _ratio(new, old)
        if factor is not None and not _mentions(factor, name):
            return _Scaled(factor, target)
        move = new.plus(old.times(-1))
        return None if _mentions(move, name) else _Moved(move, target)

    def _is_alone(self, name):
        """Whether one equation defines the symbol, for all places that have letters of their own."""
        found = [equation for equation in self.equations if equation.name == name]
        return len(found) == 1 and all(isinstance(node, ast.Name) for node in _left(found[0].target))

    # ------------------------------------------------------------ what stands for one another

    def _exchanged(self, equations, changed, partners=None):
        """What is changed has become another symbol, and that one it, and nothing that is looked at minds: a + b is b + a."""
        partners = partners or {}
        reader = self._former()
        reader.put = {name: _put_other(other, self.symmetric) for name, other in partners.items()}
        of_all = dict.fromkeys(equation.name for equation in equations)
        for name in of_all:
            if self._sides(equations, name, reader) == self._sides(self.equations, partners.get(name, name), self.plain):
                continue
            if name in partners or name in self.outputs or len(partners) >= 2 * MOST_EXCHANGED:
                return None
            for other in of_all:
                if other != name and other not in partners and other not in self.outputs and self.shapes[other] == self.shapes[name]:
                    found = self._exchanged(equations, changed, {**partners, name: other, other: name})
                    if found is not None:
                        return found
            return None
        return EXCHANGED.format(names=", ".join(partners)) if partners else None

    @staticmethod
    def _sides(equations, name, former):
        """The normal forms of the right sides of a symbol, by its subscripts on the left."""
        return {tuple(map(ast.unparse, _left(equation.target))): former.form(equation.value) for equation in equations if equation.name == name}

    # ------------------------------------------------------------ what the equations tell

    def _only_name(self, changed):
        found = {self.equations[place].name for place in changed}
        return found.pop() if len(found) == 1 else None

    def _symmetric(self):
        """The matrices without an index whose one equation makes them their own transposes."""
        symmetric = set()
        for equation in self.equations:
            if isinstance(equation.target, ast.Name) and len(self.shapes.get(equation.name, ())) == 2:
                try:
                    form = Former(self.shapes, symmetric).form(equation.value)
                    if form == transposed(form):
                        symmetric.add(equation.name)
                except Unknown:
                    continue
        return symmetric

    def _flowing(self):
        """The names through which a gradient flows from what is looked at."""
        flowing, before = set(self.outputs), None
        while flowing != before:
            before = set(flowing)
            for equation in self.equations:
                if equation.name in flowing:
                    found = occurrences(equation.value, self.symbols, DIFFERENTIABLE)
                    flowing |= {name for place, name in found if not place.inside & {"stop", "test"}}
        return frozenset(flowing)


class _Change:
    """How a symbol differs: ``of`` gives its new side from its right one, ``read`` what stands for it where it is read."""

    def explains(self, new, old):
        return new == self.of(old)


@dataclass(frozen=True)
class _Turned(_Change):
    """A symbol that has become its negative."""

    def of(self, value):
        return value.times(-1)

    def read(self, wanted, value, reader):
        return value.times(-1)


@dataclass(frozen=True)
class _TurnedSomewhere(_Change):
    """A symbol that has become its negative at some of the places which its first subscripts, so many, tell."""

    subscripts: int

    def explains(self, new, old):
        return new in (old, old.times(-1))

    def read(self, wanted, value, reader):
        if len(wanted) < self.subscripts or any(isinstance(node, ast.Slice) for node in wanted):
            raise Unknown("several places are read at once")
        return value.multiplied(Sum.of(Atom("sign", [value], ())))


@dataclass(frozen=True)
class _Moved(_Change):
    """A symbol to which ``move`` is added, a sum in the letters of ``target``; ``at`` gives it at other places."""

    move: Sum
    target: ast.expr
    at: Callable | None = None

    def of(self, value):
        return value.plus(self.move)

    def read(self, wanted, value, reader):
        if self.at is not None:
            return value.plus(self.at(wanted, reader))
        _check_place(self.move, self.target, wanted, reader)
        return value.plus(self.move)


@dataclass(frozen=True)
class _Scaled(_Change):
    """A symbol that is multiplied by a number, a sum in the letters of ``target``."""

    factor: Sum
    target: ast.expr

    def of(self, value):
        return value.multiplied(self.factor)

    def read(self, wanted, value, reader):
        _check_place(self.factor, self.target, wanted, reader)
        return value.multiplied(self.factor)


def _put(change, reader):
    return lambda wanted, atom: change.read(wanted, Sum.of(atom), reader)


def _put_other(other, symmetric):
    """Another symbol at the places that are read."""

    def put(wanted, atom):
        kind = "symmetric" if other in symmetric and not wanted else "symbol"
        return Sum.of(Atom(kind, [other, *atom.parts[1:]], atom.shape))

    return put


def _check_place(form, target, wanted, reader):
    """What changes a symbol is known where the place that is read has the letters of the left side."""
    left = _left(target)
    for axis, node in enumerate(left):
        same = axis < len(wanted) and isinstance(wanted[axis], ast.Name) and wanted[axis].id == node.id and node.id not in reader.bound
        if not same and _uses(form, [node.id]):
            raise Unknown("it is read at another place")
    if form.shape and len(wanted) > len(left):
        raise Unknown("a part of it is read")


def _ratio(new, old):
    """The number that ``old`` is multiplied by to become ``new``, or None."""
    if not old.terms:
        return None
    first = min(old.terms, key=str)
    for product, count in new.terms.items():
        extra = quotient_of_atoms(product, first)
        if extra is not None and shape_of_product(extra) == ():
            factor = Sum({extra: count / old.terms[first]}, ())
            if old.multiplied(factor) == new:
                return factor
    return None


def _mentions(form, name):
    return any(f"{kind}({name}{end}" in form.text for kind in ("symbol", "symmetric") for end in (";", ")"))


def _uses(form, letters):
    return any(f"free({letter})" in form.text for letter in letters)


def _left(target):
    return subscripts(target) if isinstance(target, ast.Subscript) else ()
