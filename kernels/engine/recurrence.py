"""A recurrence as a list of stages: products of rows and matrices into gates, then a step, plain Python on numbers.

All that is linear is the engine's: which errors reach which row, through which matrix turned round, and when; gradients
of matrices and biases; sequences that end before others. A family says the rest: ``Stage``.
"""

import hashlib
import inspect
import re
from dataclasses import dataclass, field

from .pointwise import Pointwise

_PAST = re.compile(r"(\w+)_before(?:_(\d+))?")
_STEPS = {}  # compiled, by what tells one from the others


def past(name):
    """(row, steps back) of a name in a step: of c_before (c, 1), of c_before_5 (c, 5), of c itself (c, 0)."""
    found = _PAST.fullmatch(name)
    return (found[1], int(found[2] or 1)) if found else (name, 0)


@dataclass(frozen=True)
class Product:
    """gates <- operand @ matrix: ``operand`` is an input, or a row that a stage gives, ``delay`` steps before.

    ``gates``, separated by blanks, stand side by side in their stage. The matrix is handed over as (units, terms) for
    each of them: what the rows of this operand are multiplied by, turned round. ``stopped``: no error goes back to the operand.
    """

    operand: str
    matrix: str
    gates: str
    delay: int = 0
    stopped: bool = False


@dataclass(frozen=True)
class Stage:
    """``gates`` of one width, or none, the ``products`` in them, and their ``biases``: names, each with the gates side by side it is of.

    ``step`` takes by the names of its arguments: the sums of the gates, gates and rows of earlier stages, rows one step
    before (``c_before``) or more (``c_before_5``), vectors, numbers and inputs. It returns what ``gives`` names: gates,
    which keep that value for the way back, and rows.

    ``back`` takes errors of rows (``d_h``: all that has arrived there), what ``step`` took and what it gave. It returns
    what ``back_gives`` names: errors of the sums of gates (``d_i``), of rows of steps before (``d_c_before``), of rows of
    an earlier stage (``d_c``), of inputs, and of vectors and numbers (their part at this step, of this sequence).

    ``arguments`` and ``back_arguments``: what the two take, where their own arguments have other names.
    """

    gates: str
    products: tuple
    step: object
    gives: str
    back: object
    back_gives: str
    biases: dict = field(default_factory=dict)
    arguments: str = ""
    back_arguments: str = ""

    @property
    def names(self):
        return tuple(self.gates.split())

    @property
    def takes(self):
        return tuple(self.arguments.split()) or _arguments(self.step)

    @property
    def back_takes(self):
        return tuple(self.back_arguments.split()) or _arguments(self.back)


def _arguments(function):
    return tuple(inspect.signature(function).parameters)


def _told(function):
    """What tells a function from others: its code, and what it closes over."""
    code = function.__code__
    within = [cell.cell_contents for cell in function.__closure__ or ()]
    within = [_told(getattr(value, "py_func", value)) if callable(value) else value for value in within]
    return code.co_code, code.co_names, [value for value in code.co_consts if not hasattr(value, "co_code")], within


class Recurrence:
    """``outputs``: the rows that are answered; ``name``: what errors call it."""

    def __init__(self, name, outputs, *stages):
        self.name, self.outputs, self.stages = name, tuple(outputs.split()), stages
        self.gates = {gate: k for k, stage in enumerate(stages) for gate in stage.names}
        self.rows = {row: k for k, stage in enumerate(stages) for row in stage.gives.split() if row not in self.gates}
        self.products = [(k, product) for k, stage in enumerate(stages) for product in stage.products]
        self.matrices = {}  # by name the places of the products that have it
        for q, (_, product) in enumerate(self.products):
            self.matrices.setdefault(product.matrix, []).append(q)
        # The names of matrices and biases; other weights are taken by steps.
        self.linear = {product.matrix for _, product in self.products} | {name for stage in stages for name in stage.biases}
        self.sent = {name for stage in stages for name in stage.back_gives.split()}
        read = {product.operand for _, product in self.products}
        read |= {past(name)[0] for stage in stages for name in (*stage.takes, *stage.back_takes)}
        self.kept = tuple(row for row in self.rows if row in read)
        # How many steps back a row is read: so many starts it has.
        self.depth = dict.fromkeys(self.rows, 0)
        for _, product in self.products:
            if product.operand in self.rows:
                self.depth[product.operand] = max(self.depth[product.operand], product.delay)
        for name, back in (past(name) for stage in stages for name in stage.takes):
            if back:
                self.depth[name] = max(self.depth[name], back)
        # The products that errors pass, with their places; what errors reach, through these or from steps.
        self.passing = [(q, k, product) for q, (k, product) in enumerate(self.products) if not product.stopped]
        self.reached = {product.operand for _, _, product in self.passing} | {name[2:] for name in self.sent}
        # How many steps before a row steps send errors to.
        sent = sorted(past(name[2:]) for name in self.sent)
        self.carried = {row: [back for of, back in sent if of == row and back] for row in self.rows}
        # The rows to which a stage behind their own sends errors of the step before: these must not take the place of what arrives.
        self._crossed = {row for row, own in self.rows.items() for stage in stages[own + 1 :] if f"d_{row}_before" in stage.back_gives.split()}
        self.plans, self.forms = {}, {}

    def is_apart(self, row, back):
        """Whether errors that steps send to a row so many steps before have a place for each step, and not one for all."""
        return back > 1 or row in self._crossed

    def gives_way(self, stage):
        """Whether errors of a stage's gates may take the place of what these were: no stage reads that once they are there."""
        for gate in self.stages[stage].names:
            given = [k for k, other in enumerate(self.stages) if f"d_{gate}" in other.back_gives.split()]
            if not given or any(gate in other.back_takes for other in self.stages[: min(given)]):
                return False
        return True

    def columns(self, stage, product):
        """(the first one's place, how many there are) of a product's gates among those of its stage."""
        gates = product.gates.split()
        return self.stages[stage].names.index(gates[0]), len(gates)

    @property
    def bare(self):
        """(stage, place of the gate) of all that have a bias and are in no product."""
        found = []
        for k, stage in enumerate(self.stages):
            summed = {gate for product in stage.products for gate in product.gates.split()}
            biased = {gate for gates in stage.biases.values() for gate in gates.split()}
            found += [(k, place) for place, gate in enumerate(stage.names) if gate in biased - summed]
        return found

    def targets(self, stage):
        """The rows that a stage gives and whose errors come through matrices."""
        operands = dict.fromkeys(product.operand for _, _, product in self.passing)
        return [row for row in operands if self.rows.get(row) == stage]


def compiled(function, dtype, kinds, reads, writes, adds):
    """The address of a compiled step: one for all recurrences that have the same one, over arrays of the same sorts."""
    text = repr((_told(function), kinds, reads, writes, adds))
    name = f"{function.__module__.rpartition('kernels.')[2]}.{function.__qualname__}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    if name not in _STEPS:
        _STEPS[name] = Pointwise(function, kinds, reads, writes, adds, name)
    return _STEPS[name].address(dtype)
