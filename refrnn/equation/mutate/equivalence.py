"""Proves that a mutant is no fault: that its equations say the same as the right ones, by algebra and for all values.

A proof holds for the values and for all gradients. What it can't prove may still be equivalent.
"""

import ast

from refrnn.equation.mutate.normal import Former, Sum, Unknown, transposed, without_stops
from refrnn.equation.mutate.tree import DIFFERENTIABLE, names, occurrences, rewritten
from refrnn.equation.parse import subscripts

BY_ALGEBRA = "both sides have one normal form"
BUT_FOR_TIES = "both sides have one normal form, but for the gradient where the arguments of min or max are equal"
TURNED = "all that reads {name} is the same for -{name}"
MOVED = "all that reads {name} is the same for {name} with this added"
NO_GRADIENT = "no gradient flows through {name}"


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
        self.flowing = self._flowing()

    def prove(self, mutant):
        """Why the mutant is equivalent, in words, or None."""
        changed = [place for place, (old, new) in enumerate(zip(self.equations, mutant.equations)) if old is not new]
        for proof in (self._equal, self._equal_but_for_ties, self._without_gradient, self._turned, self._moved):
            try:
                reason = proof(mutant.equations, changed)
            except Unknown:
                continue
            if reason is not None:
                return reason
        return None

    # ------------------------------------------------------------ equation by equation

    def _equal(self, equations, changed, ties=False, read=lambda node: node):
        former = Former(self.shapes, self.symmetric, ties=ties)
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

    # ------------------------------------------------------------ another symbol, and all that reads it the same

    def _turned(self, equations, changed):
        """What is changed has become its negative, and all that reads it does not mind."""
        name = self._only_name(changed)
        if name is None or name in self.outputs:
            return None
        same = self._stands(equations, name, lambda wanted, atom: Sum.of(atom).times(-1), lambda new, equation: new.times(-1))
        return TURNED.format(name=name) if same else None

    def _moved(self, equations, changed):
        """Something is added to what is changed, and all that reads it does not mind, as softmax and a number."""
        name = self._only_name(changed)
        if name is None or name in self.outputs or sum(equation.name == name for equation in equations) > 1:
            return None
        target = self.equations[changed[0]].target
        added = ast.BinOp(left=equations[changed[0]].value, op=ast.Sub(), right=self.equations[changed[0]].value)
        former = Former(self.shapes, self.symmetric)
        move = former.form(added)
        if f"symbol({name};" in move.text or f"symbol({name})" in move.text or not all(isinstance(s, ast.Name) for s in _left(target)):
            return None

        def moved(wanted, atom):
            return Sum.of(atom).plus(self._at(added, move, target, wanted, reader))

        reader = Former(self.shapes, self.symmetric, {name: moved})
        same = self._stands(equations, name, None, lambda new, equation: new.plus(move.times(-1)), reader)
        return MOVED.format(name=name) if same else None

    def _at(self, added, move, target, wanted, reader):
        """What is added to the symbol at the place that is read."""
        letters = [node.id for node in _left(target)]
        given = {letter: node for letter, node in zip(letters, wanted) if not isinstance(node, ast.Slice)}
        missing = [letter for letter in letters if letter not in given]
        if any(f"free({letter})" in move.text for letter in missing) or (move.shape and len(wanted) > len(letters)):
            raise Unknown("what is added is not the same for all that is read")
        inner = {node.target.id for node in ast.walk(added) if isinstance(node, ast.comprehension)}
        if inner & {word for node in given.values() for word in names(node)}:
            raise Unknown("two indices have one letter")
        plain = Former(self.shapes, self.symmetric)
        plain.bound = list(reader.bound)
        return plain.form(rewritten(added, lambda node: given.get(node.id) if isinstance(node, ast.Name) else None))

    def _stands(self, equations, name, put, back, reader=None):
        """Whether each mutated equation, read with another symbol in the place of ``name``, is the right one."""
        reader = reader or Former(self.shapes, self.symmetric, {name: put})
        plain = Former(self.shapes, self.symmetric)
        for old, new in zip(self.equations, equations):
            if new.name != name and name not in names(new.value):
                continue
            found = reader.form(new.value)
            if new.name == name:
                found = back(found, new)
            if found != plain.form(old.value):
                return False
        return True

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


def _left(target):
    return subscripts(target) if isinstance(target, ast.Subscript) else ()
