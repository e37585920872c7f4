"""The steps of a recurrence's stages as functions of Numba on numbers of one unit: the way forward, and back by the adjoint of its equations."""

from dataclasses import dataclass

from refrnn.compiler.rows import Rows, Value
from refrnn.compiler.stages import Unfit, changed
from refrnn.equation.clauses import Clauses
from refrnn.equation.evaluate import Program
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.gradient import adjoint
from refrnn.equation.parse import LONGEST, parse_equation
from refrnn.equation.simplify import is_zero
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Apply, Read, rebuilt, walk

_CHEAP = {"relu", "abs", "min", "max", "stop"}  # are no slower when they are computed twice


@dataclass
class Step:
    """A function: what it takes, its lines as (name, expression), what it returns, and the names of that in the engine."""

    takes: list
    lines: list
    returns: list
    gives: list


class Steps:
    """The steps of one :class:`Stages`.

    ``names``: by gate, what it holds once its stage has run: the symbol in whose equation it stands, if its sum is not needed
    on the way back, or its sum.
    """

    def __init__(self, made, free):
        self.made, self._free = made, free
        self.names = {gate: self._name(symbol, gate) for symbol in made.symbols.values() for gate in symbol.gates}
        self._programs = [self._program(k) for k in range(len(made.stages))]
        while not self._settled():
            pass
        self.forward = [self._forward(k) for k in range(len(made.stages))]
        self.back = [self._back(k) for k in range(len(made.stages))]
        self._check_sent()

    # ------------------------------------------------------------ what gates hold

    def _name(self, symbol, gate):
        """A symbol that is no row has its value in its first gate."""
        return symbol.name if symbol.name not in self.made.rows and gate == symbol.gates[0] else gate

    def is_sum(self, symbol):
        """Whether a symbol is nothing but the sum of its gate."""
        return symbol.value == Read(symbol.gates[0]) if symbol.gates else False

    def _settled(self):
        """Whether no sum is read on the way back whose gate holds another value; else such gates hold their sums."""
        settled = True
        for k in range(len(self.made.stages)):
            for gate in self._values(k)[1] & self.made.gates.keys():
                symbol = self.made.symbols[self.made.gates[gate].of]
                if self.names[gate] == symbol.name and not self.is_sum(symbol):
                    spare = [other for other in symbol.gates if other != gate and not any(other in self._values(j)[1] for j in range(len(self.made.stages)))]
                    self.names[gate] = gate
                    if spare:
                        self.names[spare[0]] = symbol.name
                    settled = False
        return settled

    def held(self, name):
        """Whether a symbol's value stands somewhere once its stage has run."""
        return name in self.made.rows or name in self.names.values()

    # ------------------------------------------------------------ the program of a stage

    def _own(self, k):
        """The symbols whose way back is that of stage k."""
        made = self.made
        later = [name for name, symbol in made.symbols.items() if symbol.deferred == k]
        return later + [name for name in made.stages[k] if made.symbols[name].deferred is None]

    def _program(self, k):
        """The equations of stage k on numbers of its units, and their adjoint: (assignments, gradients by name, upstream by name)."""
        made, own = self.made, self._own(k)
        width = self._free("units")
        read = {one.name for name in own for one in walk(made.symbols[name].value) if isinstance(one, Read)} - {*own}
        arrays = {name: (Size.of(width),) for name in sorted(read)}
        outputs = [name for name in own if name in made.rows]
        if not read or not outputs:
            raise Unfit(f"nothing of {' and '.join(own)} goes on")
        shapes = {name: (Size.of(width),) for name in own}
        program = _program_of([f"{name} = {made.symbols[name].value}" for name in own], width, arrays, shapes, outputs)
        found = adjoint(program, [name for name in arrays if name not in made.fixed], {})
        given = arrays | {name: (Size.of(width),) for name in (*found.values, *found.upstream.values())}
        back = _program_of(found.equations, width, given, found.shapes, tuple(found.gradients.values()))
        lines = [(clause.name, clause.value) for clause in Clauses(back, {}).all]
        zero = {name for name, value in lines if is_zero(value)}
        gradients = {name: own for name, own in found.gradients.items() if own not in zero}
        read = {one.name for _, value in lines for one in walk(value) if isinstance(one, Read)}
        return [(name, value) for name, value in lines if name not in zero or name in read], gradients, found.upstream

    def _values(self, k):
        """The symbols whose values the way back of stage k computes once more, in their order, and all names that it reads."""
        made = self.made
        lines, _, _ = self._programs[k]
        wanted, again = {one.name for _, value in lines for one in walk(value) if isinstance(one, Read)}, set()
        for name in reversed(list(made.symbols)):
            if name in wanted and not self.held(name):
                again.add(name)
                wanted |= {one.name for one in walk(made.symbols[name].value) if isinstance(one, Read)}
        return [name for name in made.symbols if name in again], wanted

    # ------------------------------------------------------------ functions

    def _forward(self, k):
        made, stage = self.made, self.made.stages[k]
        read = [one.name for name in stage for one in walk(made.symbols[name].value) if isinstance(one, Read)]
        gates = made.sets[k][0]
        others = [name for name in dict.fromkeys(read) if name not in stage and name not in gates]
        takes = [self.names[gate] for gate in gates] + [self._held_as(name, k) for name in others]
        lines = [(name, self._renamed(made.symbols[name].value)) for name in stage if not self._stands(name)]
        gives = [self.names[gate] for gate in gates if self.names[gate] != gate and not self.is_sum(made.symbols[made.gates[gate].of])]
        gives += [name for name in stage if name in made.rows]
        return Step(takes, lines, gives, gives)

    def _stands(self, name):
        """Whether a symbol is the sum in a gate that has its name."""
        symbol = self.made.symbols[name]
        return bool(symbol.gates) and self.names[symbol.gates[0]] == name and self.is_sum(symbol)

    def _held_as(self, name, k):
        if name in self.made.symbols and not self.held(name):
            raise Unfit(f"{name} is read by a later stage, and nothing keeps it")
        return name

    def _renamed(self, node):
        """An expression in which gates have the names of what they hold."""
        return _read_as(node, self.names)

    def _back(self, k):
        made, (lines, gradients, upstream) = self.made, self._programs[k]
        again, _ = self._values(k)
        errors = {own: f"d_{row}" for row, own in upstream.items()}
        lines = [(name, made.symbols[name].value) for name in again if not self._stands(name)] + lines
        lines = [(name, _read_as(self._renamed(value), errors)) for name, value in lines]
        arrived = {name for _, others, _ in self._programs[k + 1 :] for name in others if made.past(name)[1]} & gradients.keys()
        arrived = {gradients[name]: f"d_{name}" for name in arrived}
        lines = [(name, Apply("add", (Read(arrived[name]), value)) if name in arrived else value) for name, value in lines]
        lines = _shared([(name, value) for name, value in lines if value != Read(name)], self._free)
        read = dict.fromkeys(one.name for _, value in lines for one in walk(value) if isinstance(one, Read))
        first = [f"d_{row}" for row in made.stages[k] if row in made.rows]
        values = [name for name in read if name not in first and (name in arrived.values() or name not in {name for name, _ in lines})]
        returns, gives = [], []
        for gate in made.gates:
            owner = made.symbols[made.gates[gate].of]
            if (owner.deferred if owner.deferred is not None else made.stage_of(owner.name)) == k and gate not in gradients:
                raise Unfit(f"nothing flows back into a product of {owner.name}")
        order = [*[gate for gate in made.gates if gate in gradients], *[name for name in gradients if name not in made.gates]]
        for name in order:
            returns.append(gradients[name])
            gives.append(f"d_{self.names.get(name, name)}")
        if set(gives) & set(first):
            raise Unfit("an error has the name of another")
        return Step([name for name in first if name in read] + values, lines, returns, gives)

    def _check_sent(self):
        """Something arrives at each row; errors of an input, or of a row of the same step, come from one stage: the engine adds those of steps before alone."""
        sent = [name for step in self.back for name in step.gives]
        reached = {*self.made.outputs, *(term.operand for gate in self.made.gates.values() for term in gate.terms if not term.stopped)}
        for name in {name for step in self.back for name in step.takes if name.startswith("d_")} - {*sent, *(f"d_{row}" for row in reached)}:
            if f"{name}_before" not in sent:
                raise Unfit(f"nothing flows back to {name[2:]}")
        for name in sent:
            if sent.count(name) > 1 and name[2:] not in self.made.weights and not self.made.past(name[2:])[1]:
                raise Unfit(f"{name[2:]} is read by two stages")


def _program_of(equations, width, arrays, shapes, outputs):
    parsed = []
    for line in equations:
        if len(line) > LONGEST:
            raise Unfit("an equation of its gradient is too long")
        parsed.append(parse_equation(line, "a step of its recurrence"))
    return Program(parsed, {width: ""}, arrays, set(), shapes, tuple(outputs))


def _read_as(node, names):
    """An expression in which what is read has the names that ``names`` gives for it."""
    return changed(node, lambda one: Read(names.get(one.name, one.name)) if isinstance(one, Read) else None)


def _shared(lines, free):
    """Lines in which what takes long and is read twice is computed once."""
    counts = {}
    for _, value in lines:
        for one in walk(value):
            if _is_long(one):
                counts[one] = counts.get(one, 0) + 1
    found, known, given = [], {}, {name for name, _ in lines}

    def change(node):
        if counts.get(node, 0) > 1 and all(isinstance(one, Read) for one in node.arguments):
            if node not in known:
                wanted = "_".join((node.name, *(one.name for one in node.arguments)))
                known[node] = Read(free(wanted if wanted not in given else f"{wanted}_shared"))
                found.append((known[node].name, node))
            return known[node]
        return rebuilt(node, change)

    for name, value in lines:
        value = change(value)
        found.append((name, value))
    return found


def _is_long(node):
    return isinstance(node, Apply) and FUNCTIONS[node.name].elementwise and not FUNCTIONS[node.name].operator and node.name not in _CHEAP


class Text(Rows):
    """Writes expressions of a step: every symbol is an argument or a variable by its name."""

    def __init__(self, names, like):
        """``like``: the name of an argument, in whose form numbers are where they stand alone."""
        super().__init__(None, None, {}, ())
        self._names, self._like = names, like

    def expression(self, node):
        return self.lanes_of(self.value(node, ())).text

    def own(self, size):
        return size

    def shape(self, node):
        return ()

    def lanes_of(self, value):
        return value if value.lanes else Value(f"fill({value.text}, {self._like})")

    def _read(self, node, index):
        return Value(self._names(node.name))

    def _power(self, node, index):
        return super()._power(node, index) if node.exponent in (0.5, 2) else Value(f"raised({self.lanes_of(self.value(node.base, index)).text}, fill({node.exponent}, {self._like}))")
