"""The cases on which backends are held against the equation: sizes, lengths, precisions and draws that discriminate."""

import ast
import math
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import wraps
from weakref import WeakKeyDictionary

import numpy as np

from refrnn.backends.equation import EquationPass
from refrnn.equation.evaluate import Pattern
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.operations import MOST, MOST_KEPT
from refrnn.errors import SpecError, cut
from refrnn.spec.domain import empty_shape, enlarged
from refrnn.spec.draw import LARGEST_DRAW, complete_sizes, fitting_sizes, shape_of
from refrnn.spec.values import check_values

MOST_SINGLE, MOST_REPEATED = 15, 66
# One for each sequence of a case about them; the zeros and the large number are for ties, thresholds and exponentials.
SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1000.0)
KINKED = {word for word, entry in FUNCTIONS.items() if not entry.analytic and any(entry.adjoint)}  # two slopes at a place
# In sequences of their own, where what looks for the largest has found one before; the last beside a probability of zero.
SPECIAL_LATE = (np.nan, np.inf, -np.inf)
PRECISIONS = ("float64", "float32")
# Steps and widths: around the widths of vector registers and of the kernels' blocks; two panels and more, one off a multiple,
# sums of more than 128, 256, 512 and 1024 terms, from the input and from the state.
QUICK_WIDTHS = ((2, 16, 17, 15), (2, 257, 32, 49), (1, 20, 259, 64))
MORE_WIDTHS = (
    (2, 7, 8, 9), (2, 24, 48, 25), (2, 31, 33, 32), (2, 47, 100, 24), (2, 64, 65, 63), (2, 66, 130, 48), (2, 130, 67, 50),
    (2, 100, 96, 97), (3, 35, 262, 37), (1, 515, 21, 1027), (1, 18, 517, 30), (1, 1029, 23, 514),
)  # fmt: skip
# As many as vectors hold and nothing over: a kernel may do something else at such a size alone.
VECTORS = (8, 16, 32, 64)
# What the quick level asks in both precisions, and what it leaves to the full one: others lie on both sides, or nearly there.
IN_BOTH = ("plain", "ragged", "one-step", "width", "large")
LEFT = ("width-16-", "ones-", "one-saturated-64-", "one-turned-24-", "one-small-130-")
WIDTHS = {"quick": QUICK_WIDTHS, "full": QUICK_WIDTHS + MORE_WIDTHS}
OVERFLOWING = "overflowing"
SEARCH, FARTHEST = 12, 16.0  # steps, each by no more than this factor
SHORTER = 0.95  # times a size that is too large
FEW = 10_000  # elements, each of which is counted by itself
MOST_ELEMENTS = 100_000  # of the equation in a long case, whose truth takes a minute by then
# A constant with no more whole numbers than this chooses between them, and each choice has its cases.
MOST_CHOICES = 8


def _once(function):
    """Decorator for what every case asks of its spec: nothing of a spec changes."""
    known = WeakKeyDictionary()

    @wraps(function)
    def asked(spec):
        if spec not in known:
            known[spec] = function(spec)
        return known[spec]

    return asked


@dataclass(frozen=True)
class Case:
    """One drawn problem: everything that makes its values, so that it can be drawn again.

    What is drawn is representable in float32 whatever the dtype, so that cases that differ in nothing else share their truth;
    but where rounding a sum counts, and float64 would hold it exactly, it has ``full`` digits.
    """

    name: str
    dtype: str = "float64"
    sizes: dict = field(default_factory=dict)
    batch: int = 3
    seed: int = 0
    ragged: bool = False
    stretch: float = 1.0  # factor on parameters, on inputs where there are none: large ones saturate the activations
    shrink: float = 1.0  # factor on all but what inputs are multiplied with: arguments near 0
    begun: float = 1.0  # factor on starts: beside large ones the other side of a gate that is shut is small
    zero: tuple = ()  # arrays that are zero everywhere
    shut: float = 0.0  # what the first gate's sigmoid takes, by such a factor
    near: bool = False  # what is wanted lies next to what comes out of a step
    at_end: bool = False  # arrays that have an upper end lie at it
    one_word: bool = False  # all words are the last one
    any_numbers: bool = False  # where distributions, masks and one-hot vectors are drawn any numbers stand, as a domain without ends allows
    infinite: str = ""  # a parameter whose first number is infinite
    still: bool = False  # starts, and the inputs of the second step, are zero: what is taken for missing then is not
    sparse: bool = False  # of the numbers that each input of a step has all but one are zero, and that one is not 1
    full: bool = False
    omit: bool = False  # leave the optional symbols out
    values: dict = field(default_factory=dict)  # symbols that are set, not drawn
    extreme: bool = False  # about values so large that rounding may leave some quantities no digit: the others are judged
    numbers: tuple = SPECIAL
    special: bool = False  # about NaN and infinity: they may come out, and must come out in the same places

    def draw(self, spec):
        """The values and the lengths of the case."""
        values = spec.draw(self.sizes, self.batch, self.seed, self.dtype if self.full else "float32")
        shrunk, stretched = _kept_small(spec), _stretched(spec)
        by = _shutting(spec, values, self.shut) if self.shut else self.stretch
        for name, symbol in spec.arrays.items():
            if name in stretched or name in self.zero:
                stretch = 0 if name in self.zero else by
                # Beyond float32 a power of two, which rounds nothing.
                values[name] = (values[name] * np.float64(stretch)).astype(np.float32 if 1e-38 < abs(stretch) < 1e38 and not self.full else self.dtype)
            if symbol.role == "start" and is_free(symbol):
                values[name] = values[name] * np.float32(self.begun)
            if getattr(values[name], "dtype", None) == np.float32:
                values[name] = (values[name] * np.float32(self.shrink if name in shrunk else 1)).astype(self.dtype)
            if self.omit and symbol.optional:
                del values[name]
        if self.still:
            _be_still(spec, values)
        if self.sparse:
            _be_sparse(spec, values)
        _reach_ends(spec, values, complete_sizes(spec, self.sizes, self.batch))
        if self.at_end:
            for name in _with_upper_end(spec):
                values[name][...] = _within(spec.symbols[name], self.dtype)[1]
        for name, symbol in spec.arrays.items() if self.one_word else ():
            if symbol.below is not None:
                values[name] = np.full_like(values[name], np.max(values[name]))
        if self.any_numbers:
            random = np.random.default_rng(self.seed)
            values |= {name: random.standard_normal(values[name].shape).astype(np.float32).astype(self.dtype) for name in _narrowly_drawn(spec)}
        if self.infinite:
            values[self.infinite] = np.array(values[self.infinite])
            values[self.infinite].flat[0] = np.inf
        elif self.numbers and self.special:
            thresholds = [values[name] for name, symbol in spec.arrays.items() if symbol.role == "constant" and symbol.type == "real" and not symbol.shape]
            for name in [name for name in spec.arrays if name in values and _may_be_special(spec, name)]:
                _make_special(values[name], self.numbers, spec.batch_axis(name), [sign * number for number in thresholds for sign in (1, -1)])
            for name in [name for name, symbol in spec.arrays.items() if symbol.draw == "distribution" and spec.batch_axis(name) is not None]:
                np.moveaxis(values[name], spec.batch_axis(name), 0)[len(SPECIAL + SPECIAL_LATE) - 1 :, ..., -1] = 0
            for name in [name for name in spec.arrays if name in values and _is_special_start(spec, name)]:
                for sequence, number in zip(np.moveaxis(values[name], spec.batch_axis(name), 0), np.roll([number for number in SPECIAL if not np.isinf(number) or number in self.numbers], 3)):
                    sequence.flat[-1] = number
        for name, given in self.values.items():
            symbol = spec.symbols[name]
            values[name] = given if symbol.is_integer_constant else np.asarray(given, np.int64 if symbol.type == "integer" else self.dtype)
        if self.near:
            for wanted, reached in _reached(spec, values).items():
                apart = 2.0**-13 * np.random.default_rng(self.seed).standard_normal(reached.shape)
                values[wanted] = (reached + apart).astype(np.float32).astype(self.dtype)
        return values, self._lengths(spec)

    def problem(self):
        """What cases of both precisions have in common."""
        return repr(replace(self, name="", dtype=""))

    def _lengths(self, spec):
        if not self.ragged or spec.joined:  # what sequences have in common can't be cut
            return None
        sizes = complete_sizes(spec, self.sizes, self.batch)
        random = np.random.default_rng(self.seed + 1)
        shortest = enlarged(spec, sizes | {name: 1 for name in spec.time}, fixed=sizes.keys() - set(spec.time))
        lengths = {}
        for name in spec.time:
            drawn = random.integers(shortest[name], sizes[name], self.batch, endpoint=True)
            drawn[0], drawn[-1] = sizes[name], shortest[name]
            lengths[name] = drawn
        for item in range(self.batch):
            if empty_shape(spec, sizes | {name: int(drawn[item]) for name, drawn in lengths.items()}):
                for name, drawn in lengths.items():
                    drawn[item] = sizes[name]
        return lengths if len(lengths) > 1 else lengths[spec.time[0]]


def is_free(symbol):
    """Whether any real numbers may stand for a symbol."""
    return symbol.type == "real" and symbol.draw == "normal" and symbol.low is None and symbol.high is None


@_once
def _stretched(spec):
    """What a stretch is a factor on: parameters without ends, or inputs where there are none."""
    without_ends = {name: symbol.role for name, symbol in spec.arrays.items() if symbol.low is None and symbol.high is None}
    parameters = {name for name, role in without_ends.items() if role == "parameter"}
    return parameters or {name for name, role in without_ends.items() if role == "input" and is_free(spec.symbols[name])}


def _within(symbol, dtype="float32"):
    """The ends of a domain, each as the number of a dtype next to it that lies within; None where there is none."""
    ends, number = [], np.dtype(dtype).type
    for end, other in ((symbol.low, np.inf), (symbol.high, -np.inf)):
        near = None if end is None else number(end)
        outside = near is not None and (float(near) < end if other > 0 else float(near) > end)
        ends.append(np.nextafter(near, number(other)) if outside else near)
    return ends


def _with_upper_end(spec):
    """What has a number for each step or sequence, and none is above this end."""
    return [name for name, symbol in spec.arrays.items() if name in spec.batched and symbol.type == "real" and symbol.high is not None]


def _gates(spec):
    """The symbols that are sigmoids and nothing else, in the order of their equations."""
    return [one.name for one in spec.equations if isinstance(one.value, ast.Call) and one.value.func.id == "sigmoid"]


def _shutting(spec, values, argument):
    """The factor by which the sigmoid of the first gate takes about ``argument``, which is below 0, for its first number; 1 where none is found."""
    gate, free = _gates(spec)[0], _stretched(spec)
    for factor in (1.0, -1.0):
        step, before, power = 1.0, None, 1.0  # about how the argument grows with the factor
        for _ in range(SEARCH):
            scaled = {name: value * factor if name in free else value for name, value in values.items()}
            with np.errstate(all="ignore"):
                value = _found(spec, scaled, [gate])[gate].flat[0]
                taken = float(np.log(value) - np.log1p(-value))
            if not -np.inf < taken < 0:  # it opens, or is past what is told from 0
                break
            if abs(taken / argument - 1) < 0.01:
                return factor
            power = np.log(taken / before) / np.log(step) if before and step != 1 else power
            step = min((argument / taken) ** (1 / max(power, 0.5)), FARTHEST)
            factor, before = float(factor * step), taken
    return 1.0


def _found(spec, values, names):
    """Defined symbols by the equation, in extended precision."""
    return EquationPass(spec, check_values(spec, values, None), np.longdouble, wanted=tuple(names)).gather(names)


def _wanted(spec):
    """Which target is subtracted from another symbol, or the other way: {target: what is to reach it}."""
    differences = [node for one in spec.equations for node in ast.walk(one.value) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)]
    pairs = [pair for node in differences for left, right in [(_symbol_of(node.left), _symbol_of(node.right))] for pair in ((left, right), (right, left))]
    targets = {name for name, symbol in spec.arrays.items() if symbol.role == "target" and is_free(symbol)}
    return {wanted: other for wanted, other in pairs if wanted in targets and other in {*spec.defined, *spec.arrays} - targets}


def _reached(spec, values):
    """What is in the places of what is wanted there; of what has an axis more, time or layers, the last."""
    arrays = {**values, **_found(spec, values, sorted({*_wanted(spec).values()} & {*spec.defined}))}
    found = {name: arrays[other] for name, other in _wanted(spec).items()}
    for name, other in _wanted(spec).items():
        if found[name].ndim > values[name].ndim:
            found[name] = found[name].take(-1, axis=int(not spec.time_size(other) and other in spec.batched))
    return found


@_once
def _narrowly_drawn(spec):
    """The symbols that are drawn as distributions, masks or one-hot vectors, and may be any numbers."""
    return [name for name, symbol in spec.arrays.items() if symbol.draw != "normal" and symbol.low is None and symbol.high is None]


def _is_network(spec):
    """Whether backends are made of those of cells."""
    return any(hasattr(binding, "parts") for binding in spec.bindings.values())


def _is_special_start(spec, name):
    """Whether NaN and infinity may stand in a start of each sequence: where they stand in no input of it."""
    symbol = spec.symbols[name]
    return symbol.role == "start" and is_free(symbol) and not symbol.finite and name in spec.batched


@_once
def _kept_small(spec):
    """What is small where the arguments of all functions are to be: all but the parameters that small inputs are multiplied with."""
    free = {name: symbol.role for name, symbol in spec.arrays.items() if is_free(symbol)}
    factors = _factors(spec) if "input" in free.values() else ()
    return {name for name, role in free.items() if not (role == "parameter" and name in factors)}


def _takes_norm(spec):
    return any(isinstance(node, ast.Call) and node.func.id == "norm" for equation in spec.equations for node in ast.walk(equation.value))


def _has_kinks(spec):
    return any(isinstance(node, ast.Call) and node.func.id in KINKED for equation in spec.equations for node in ast.walk(equation.value))


def _factors(spec):
    """The symbols that are multiplied with another one."""
    products = [node for equation in spec.equations for node in ast.walk(equation.value) if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.MatMult))]
    return {_symbol_of(part) for product in products for part in (product.left, product.right)}


def _symbol_of(node):
    """The name of which a part, or the transpose, is taken; None where there is none."""
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return getattr(node, "id", None)


def _may_be_special(spec, name):
    """Whether NaN and infinity may stand in an array: one of the inputs, or of the parameters where nothing has a batch."""
    symbol = spec.symbols[name]
    return is_free(symbol) and not symbol.finite and bool(symbol.shape) and symbol.role == ("input" if spec.batched or spec.batch else "parameter")


def _reach_ends(spec, values, sizes):
    """The first of several numbers is the least of a domain, the last one the greatest; of three masks one is true and one false everywhere."""
    for name, symbol in spec.arrays.items():
        if symbol.type == "integer" and np.size(values.get(name, 0)) > 1:
            values[name].flat[0], values[name].flat[-1] = symbol.integers(sizes)
        elif symbol.draw == "mask" and spec.batch_axis(name) is not None and values[name].shape[spec.batch_axis(name)] > 2:
            of_each = np.moveaxis(values[name], spec.batch_axis(name), 0)
            of_each[0], of_each[1] = 1, 0
        elif symbol.shape and symbol.type == "real" and np.size(values.get(name, 0)) > 2:
            for place, end in zip((0, -1), _within(symbol)):
                values[name].flat[place] = values[name].flat[place] if end is None else end


def _be_still(spec, values):
    """Starts, and the inputs of the second step, become zero where any numbers may stand, in place."""
    for name, symbol in spec.arrays.items():
        if is_free(symbol) and symbol.role == "start":
            values[name][...] = 0
        elif is_free(symbol) and symbol.role == "input" and spec.time_size(name):
            values[name][1:2] = 0


def _be_sparse(spec, values):
    """All but the last number of each row of an input becomes zero where any numbers may stand, in place."""
    for name, symbol in spec.arrays.items():
        if is_free(symbol) and symbol.role == "input" and symbol.shape:
            values[name][..., :-1] = 0


def _multiplies_in_any_order(spec):
    """Whether three factors meet: A (B x) and (A B) x are the same but for NaN and infinity."""
    products = [node for equation in spec.equations for node in ast.walk(equation.value) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)]
    return any(isinstance(node.left, ast.BinOp) and isinstance(node.left.op, (ast.MatMult, ast.Pow)) for node in products)


def _make_special(array, special, axis, thresholds):
    """The first number of each sequence, and the last of the first step of further ones, or the first numbers of the array, which
    has the thresholds too, become special ones, in place."""
    if axis is None:
        numbers = (*thresholds, *special)
        array.flat[: len(numbers)] = numbers[: array.size]
        return
    sequences = np.moveaxis(array, axis, 0)
    for sequence, number in zip(sequences, special):
        sequence.flat[0] = number
    for sequence, number in zip(sequences[len(SPECIAL) :], SPECIAL_LATE):
        (sequence[0] if sequence.ndim > 1 else sequence).flat[-1] = number


def _times(spec, steps):
    return {name: steps + place for place, name in enumerate(spec.time)}


def _widths(spec, widths):
    """Unequal sizes for the axes that are not time, around a width; each of ``widths`` above MOST_REPEATED for one of them alone.

    What an equation runs over place by place is dear to interpret, and stays small in wide cases; what it is multiplied
    with there is no wider than MOST_REPEATED.
    """
    others = [name for name in spec.sizes if name not in spec.time and name != spec.batch]
    single = _run_over(spec)
    sizes = {}
    for place, name in enumerate(others):
        width, again = widths[place % len(widths)], place // len(widths)
        most = MOST_SINGLE + place if name in single else MOST_REPEATED + place if again or single & set(others) else width
        sizes[name] = min(width + again, most)
    return sizes


def _wide(spec, steps_and_widths, known):
    """A case of these widths, if there is none of the same yet."""
    steps, *widths = steps_and_widths
    sizes = _widths(spec, widths)
    if any(case.name.startswith("width") and sizes.items() <= case.sizes.items() for case in known):
        return []
    return _both(f"width-{widths[0]}", sizes=_times(spec, steps) | sizes, batch=1 if max(widths) > 100 else 2, seed=9)


@_once
def _run_over(spec):
    """The sizes over which index letters run, on the left or in a sum."""
    found = set()
    for name, definition in spec.program.definitions.items():
        for _, patterns, _ in definition.equations:
            found.update(*(pattern.size.names() for pattern in patterns if isinstance(pattern, Pattern)))
    for equation in spec.equations:
        for node in ast.walk(equation.value):
            if isinstance(node, ast.comprehension):
                found |= {part.id for part in ast.walk(node.iter) if isinstance(part, ast.Name)}
    return found - set(spec.time)


def cases(spec, level="quick"):
    """The cases for a spec, the most telling first."""
    found = _both("plain")
    if spec.time:
        found += _both("ragged", sizes=_times(spec, 7), batch=5, seed=2, ragged=True)
        found += _both("one-step", sizes=_times(spec, 1), batch=2, seed=4)
        found += _both("still", sizes=_times(spec, 5), batch=1, seed=5, still=True)
    found += _edges(spec)
    found += _both("ones", sizes=_ones(spec), batch=1, seed=6)
    found += _both("saturated", sizes=_alike(spec, 4), batch=4, seed=7, stretch=8.0)
    # Scores whose exponential a precision does not hold, beyond 89 and beyond 710; the largest of some is further below 0 than any is above.
    for dtype, stretch, seed in (("float32", 512.0, 29), ("float64", 4096.0, 42)):
        found.append(Case(f"far-{dtype}", dtype, sizes=_times(spec, 2), batch=1, seed=seed, stretch=stretch, extreme=True, full=True))
    # One unit shows what is small beside nothing larger: gates that are shut to 1e-7, 1e-20 and 1e-40, and open where they were shut,
    for stretch, steps in ((24, 2), (-24, 2), (64, 1), (-128, 2)):
        word = "saturated" if stretch > 0 else "turned"
        found += _both(f"one-{word}-{abs(stretch)}", sizes=_ones(spec) | _times(spec, steps), batch=1, seed=8, stretch=float(stretch), extreme=True)
    found += _both("one-huge", sizes=_ones(spec) | _times(spec, 1), batch=1, seed=8, stretch=2.0**40, extreme=True)  # beyond what int32 holds,
    # and what a difference of numbers near 1 loses of tanh(z), at z of 1e-5, 1e-20 and where float32 has few digits left.
    for power in (-17, -66, -130):
        found += _both(f"one-small{power}", sizes=_ones(spec), batch=1, seed=21, shrink=2.0**power, extreme=True)
    # A norm below the normal numbers by one digit: the power of two that scales it to 1 overflows.
    if _takes_norm(spec):
        found.append(Case("subnormal-float64", "float64", batch=1, seed=48, stretch=2.0**-1024, extreme=True))
    # A gate so far shut that it is no normal number, or would be none of the precision if its exponential overflowed.
    for dtype, argument in (("float32", -95.0), ("float64", -720.0)) if _gates(spec) else ():
        found.append(Case(f"one-shut-{dtype}", dtype, sizes=_ones(spec) | _times(spec, 1), batch=1, seed=1, shut=argument, extreme=True, full=True))
    # A target that is nearly reached; numbers at their upper ends.
    if _wanted(spec):
        found.append(Case("nearly-reached", "float32", sizes=_times(spec, 1), batch=2, seed=40, near=True, extreme=True))
    if _with_upper_end(spec):
        found.append(Case("at-end-float32", "float32", sizes=_times(spec, 3), batch=8, seed=41, at_end=True))
        found.append(Case("at-end-float64", "float64", sizes=_times(spec, 3), batch=8, seed=43, at_end=True))
    # What is kept of a state, or takes its place, where that is a billion times as large, by gates that are open and by the same ones shut.
    if _moves_states(spec):
        far = {"sizes": _ones(spec), "batch": 1, "seed": 8, "begun": 2.0**30, "extreme": True}
        found.append(Case("one-far", "float32", stretch=64.0, values=_at_end(spec, "low"), **far))
        found.append(Case("one-far-turned", "float64", stretch=-64.0, values=_at_end(spec, "high"), **far))
    free = tuple(name for name, symbol in spec.arrays.items() if is_free(symbol))
    if free:  # ties of all that is compared, lengths of zero, and slopes there
        found.append(Case("all-zero", "float32", sizes=_alike(spec, 2) | _times(spec, 1), batch=1, seed=26, zero=free, extreme=True))
    # Slopes where there are two: what a kink is given is 0, and the weights that multiply it are not.
    given = tuple(name for name in free if spec.symbols[name].role in ("input", "start") or len(spec.symbols[name].shape) == 1 or name not in _factors(spec))
    for name, value in (choices(spec) or [(None, None)]) if given and _has_kinks(spec) else ():
        at_kinks = {"sizes": _alike(spec, 2) | _times(spec, 1), "batch": 1, "seed": 26, "zero": given, "extreme": True}
        found.append(Case(f"at-kinks-{name}-{value}" if name else "at-kinks", "float32", values={name: value} if name else {}, **at_kinks))
    if _narrowly_drawn(spec):
        found += _both("any-numbers", seed=27, any_numbers=True)
    found += _of_words(spec, 33001)
    for name, value in choices(spec) if len(choices(spec)) > 2 else ():
        chosen = {"values": {name: value}, "batch": 1, "extreme": True}
        found += _both(f"far-{name}-{value}", sizes=_alike(spec, 2), seed=25, stretch=128.0, **chosen)
        found += _both(f"small-17-{name}-{value}", sizes=_alike(spec, 2) | _times(spec, 1), seed=21, shrink=2.0**-17, **chosen)
    of_inputs = any(_may_be_special(spec, name) for name in spec.arrays)
    # What is cut off is zero between the cells of a network, and zero times NaN is NaN there: cells are asked by themselves.
    if not _is_network(spec) and (of_inputs or any(_is_special_start(spec, name) for name in spec.arrays)) and not _multiplies_in_any_order(spec):
        # Starts alone go through every weight, those too that rounding alone tells from 0.
        found += _both("special", extreme=not of_inputs, sizes=_times(spec, 2) | _many(spec), values=dict(choices(spec)[:1]), batch=len(SPECIAL + SPECIAL_LATE), seed=10, special=True)
        if _many(spec):
            found += _both("special-infinite", sizes=_many(spec), numbers=SPECIAL[1:], seed=10, special=True)
        for name, value in choices(spec)[1:]:
            found += _both(f"special-{name}-{value}", sizes=_times(spec, 2), values={name: value}, batch=len(SPECIAL + SPECIAL_LATE), seed=10, special=True)
    found += _of_infinite_weights(spec)
    if not spec.time and not spec.batched and not spec.batch:
        found += _of_sizes(spec)
    for widths in WIDTHS[level]:
        found += _wide(spec, widths, found)
    if any(symbol.optional for symbol in spec.arrays.values()):
        found += _both("left-out", seed=11, omit=True)
    for entry in spec.cases:
        found += _own_cases(spec, entry)
    found = found if level == "quick" else found + _more(spec)
    return [_fitted(spec, case) for case in found]


def _fitted(spec, case):
    """The case with sizes that have a meaning, and none larger than the equation takes: symbols over time and time again are the square of it."""
    sizes = fitting_sizes(spec, case.sizes, case.batch)
    while not any(map(np.ndim, case.values.values())) and not _is_taken(spec, case, sizes):
        whole = complete_sizes(spec, sizes, case.batch)
        longest = max(whole.keys() - {spec.batch}, key=whole.get)
        if whole[longest] == 1:
            break
        sizes = sizes | {longest: int(whole[longest] * SHORTER)}
    return replace(case, sizes=sizes)


def _is_taken(spec, case, sizes):
    """Whether the equation takes a case of these sizes, counted before anything is drawn."""
    sizes, sequences = complete_sizes(spec, sizes, case.batch), case.batch if spec.batched else 1
    if sum(math.prod(shape_of(spec, name, sizes, case.batch)) for name in spec.arrays) > LARGEST_DRAW:
        return False
    ends = zip(*(spec.symbols[name].integers(sizes) for name in spec.integer_constants))
    chosen = [dict(zip(spec.integer_constants, end)) | {name: case.values[name] for name in spec.integer_constants & case.values.keys()} for end in ends]
    return all(_is_in_reach(spec, sizes, constants, sequences) for constants in chosen or [{}])


def _is_in_reach(spec, sizes, constants, sequences):
    """Whether so many sequences are no more than the equation takes: as if all elements were the dearest, or, where they are few, by what each is."""
    known, asked = _reached_before(spec), repr((sorted(sizes.items()), sorted(constants.items()), sequences))
    if asked not in known:
        counts, operations, kept = zip(*spec.program.priced(sizes, constants))
        amounts = [sum(count * amount for count, amount in zip(counts, of_each)) for of_each in (operations, kept)]
        if not _fits(amounts, sequences) and sum(counts) <= FEW:
            try:
                amounts = spec.program.amounts(sizes, constants)
            except SpecError:
                pass
        known[asked] = _fits(amounts, sequences)
    return known[asked]


def _fits(amounts, sequences):
    return sequences * amounts[0] <= MOST and sequences * amounts[1] <= MOST_KEPT


@_once
def _reached_before(spec):
    return {}


def asked(spec, level="quick"):
    """The cases that a level asks: all of the full one; of the quick one each problem in one precision, but for those IN_BOTH.

    It is float32 where numbers are near the ends of its range, the narrower one. Else they take turns; where these begin
    hangs on the spec, so that what many of them share is tried in both.
    """
    if level != "quick":
        return cases(spec, level)
    problems = {}
    for case in cases(spec):
        if not case.name.startswith(LEFT):
            problems.setdefault(case.problem(), []).append(case)
    chosen = []
    for number, both in enumerate(problems.values(), start=len(spec.equations)):
        narrow = [case for case in both if case.dtype == "float32" and _is_near_range(case)]
        chosen += both if both[0].name.startswith(IN_BOTH) else narrow or [both[number % len(both)]]
    return chosen


def _is_near_range(case):
    return case.shrink < 2.0**-60 or not 2.0**-60 < abs(case.stretch) < 2.0**30


def shapes(spec, interpreted=False, level="full"):
    """Cases about shapes alone, for backends that are held against each other: in float64, which tells best what is wrong, where vectors are no other ones.

    ``interpreted``: one of them is the equation, which may go from word to word. At the quick level sizes are one together
    alone, as in other cases.
    """
    words = _words(spec) - (_run_over(spec) if interpreted else set())
    sizes = [name for name in spec.sizes if name not in spec.time and name != spec.batch]
    found = [Case(f"{name} of one", sizes=dict.fromkeys(sizes, 3) | {name: 1} | _times(spec, 3), seed=31) for name in sizes if len(sizes) > 1 and level == "full"]
    found.append(Case("plain, drawn anew", sizes=complete_sizes(spec, {}, Case.batch), seed=53))  # a kernel was called with other numbers of these sizes first
    found.append(Case("rows of one number", sizes=dict.fromkeys(sizes, 3) | _times(spec, 2), seed=32, sparse=True))
    for name in sorted(_output_widths(spec) - words):  # three times 2731 is one more than 2**13
        found.append(Case(f"{name} of 2731", sizes=dict.fromkeys(sizes, 2) | {name: 2731} | _times(spec, 1), batch=3, seed=67))
    found += _of_vectors(spec)
    if spec.time:
        # Past 64, 128 and 256 steps, and past what integers of eight bits hold, of steps, of one length of three, and of words.
        found.append(Case("258 steps", sizes=_alike(spec, 2) | dict.fromkeys(words, 301) | _times(spec, 258), seed=38, ragged=True, full=True))
        found.append(Case("ragged and wide", sizes=_widths(spec, (40, 34, 37)) | _times(spec, 3), batch=9, seed=33, ragged=True))
        # One less than whole vectors of any processor: a lane too many, which is the next row's, stays where the next row came first.
        found += _both("ragged, a lane short", sizes=_widths(spec, (31, 15, 47)) | _times(spec, 3), batch=9, seed=57, ragged=True)
        # Enough sequences for two threads, of unequal lengths, by all that whole numbers choose.
        for values in _whole_numbers(spec):
            word = " and ".join(f"{name} of {value}" for name, value in values.items())
            found.append(Case(f"many and ragged, {word}", sizes=_alike(spec, 3) | _times(spec, 7), batch=8, seed=45, ragged=True, values=values))
        # Inputs more than sixteen times as long as there are sequences: products are made before the loop. Units are more than a panel,
        # and at the full level so many that threads share the packing of matrices.
        for name in sorted(_input_widths(spec) - words):
            long = dict.fromkeys(sizes, 3 if interpreted else 48) | {other: 3 for other in sizes if other in _run_over(spec)} | _times(spec, 3)
            for width, ragged in ((131, False), (5501, True)) if level == "full" else ((131, False),):
                found.append(Case(f"{name} of {width}", sizes=long | {name: width}, batch=8, seed=46, ragged=ragged))
    if _many_words(spec, 300):
        found.append(Case("one word 300 times", sizes=_alike(spec, 2) | _many_words(spec, 300), batch=1, seed=44, one_word=True, values=_open_ends(spec)))
    return [_fitted(spec, case) if interpreted else replace(case, sizes=fitting_sizes(spec, case.sizes, case.batch)) for case in found]


def _of_vectors(spec):
    """Cases of which every size, of steps too, is as many as some vectors hold: in turn each of VECTORS, and no two sizes the same in all.

    What letters run over is dear, and stays among the smaller ones. Batches of these sizes are :mod:`variants`.
    """
    names = [*spec.time, *(name for name in spec.sizes if name not in spec.time and name != spec.batch)]
    found = []
    for turn, least in enumerate(VECTORS):
        places = [(place + (-1) ** (place // len(VECTORS)) * turn) % len(VECTORS) for place in range(len(names))]
        sizes = {name: VECTORS[place] for name, place in zip(names, places)}
        sizes |= {name: min(sizes[name], VECTORS[1]) for name in _run_over(spec) & sizes.keys()}
        found += _both(f"vectors-{least}", sizes=sizes, batch=2 if least < 32 else 1, seed=68, full=True)
    if spec.time:
        found.append(Case("vectors-128-float64", sizes=_alike(spec, 2) | _times(spec, 128), batch=1, seed=69, full=True))
    return found


def _input_widths(spec):
    """The sizes that inputs have as their last axis, and that no place is run over."""
    last = {str(symbol.shape[-1]) for symbol in spec.arrays.values() if symbol.role == "input" and len(symbol.shape) > 1}
    return (last & {*spec.sizes}) - {*spec.time, spec.batch} - _run_over(spec)


def _output_widths(spec):
    """The sizes that outputs have as their last axis, of which no array has two, and that no place is run over."""
    last = {str(spec.full_shape(name)[-1]) for name in spec.outputs if spec.full_shape(name)}
    shapes = [Counter(name for size in spec.full_shape(array) for name in size.names()) for array in (*spec.arrays, *spec.defined)]
    twice = {name for shape in shapes for name, count in shape.items() if count > 1}
    return (last & {*spec.sizes}) - {*spec.time, spec.batch} - _run_over(spec) - twice


def in_whole_vectors(spec):
    """A case whose sizes are whole vectors of any processor, of so many sequences that they are worth segments."""
    return _of_many(spec, "whole vectors", 16, steps=8, batch=128, seed=47)


def of_much_work(spec):
    """A case of more rows than a block, and of more units than a panel."""
    return _of_many(spec, "much work", 70, steps=20, batch=64, seed=49)


def of_one_sequence(spec):
    """A case of one sequence, and of more units than two panels, which threads share."""
    return _of_many(spec, "one sequence", 130, steps=4, batch=1, seed=58)


def of_few_sequences(spec):
    """A case of as many sequences as make no poor products, and as threads share the units of; of more units than a panel, and few enough inputs."""
    return _of_many(spec, "few sequences", 100, steps=4, batch=7, seed=61)


def _of_many(spec, name, width, steps, batch, seed):
    sizes = _alike(spec, width) | {size: 3 for size in spec.sizes if size in _run_over(spec)} | _times(spec, steps)
    return Case(name, sizes=fitting_sizes(spec, sizes, batch), batch=batch, seed=seed)


def _words(spec):
    """The sizes that integers are below: how many words there are."""
    return {name for symbol in spec.arrays.values() if symbol.below is not None for name in symbol.below.names()}


def _many_words(spec, number):
    """The sizes of what holds words as this many: but for time, where there are others."""
    sizes = {str(size) for symbol in spec.arrays.values() if symbol.below is not None for size in symbol.shape}
    return dict.fromkeys(sizes - set(spec.time) or sizes, number)


def _open_ends(spec):
    """The integer constants that have a least number and no greatest, at it."""
    return {name: int(symbol.low) for name, symbol in spec.arrays.items() if symbol.is_integer_constant and symbol.low is not None and symbol.high is None}


def _of_words(spec, number):
    """As many words as a small integer does not count, and little else, where the equation does not go from word to word; and more than
    a block of them, of which one behind the first block has by far the largest score."""
    words = _words(spec) - _run_over(spec)
    sizes = _alike(spec, 2) | _times(spec, 1)
    plain = Case(f"words-{number}", "float32", sizes=sizes | dict.fromkeys(words, number), batch=2, seed=28)
    far = Case("far-words", "float32", sizes=sizes | dict.fromkeys(words, 1201), batch=2, seed=65, stretch=4096.0, extreme=True)
    return [plain, far] if words else []


def _moves_states(spec):
    """Whether a state of the step before is multiplied by what was computed: by a gate, or a part that is kept."""
    states = {state for state, _ in spec.begun.values()}
    products = [node for equation in spec.equations for node in ast.walk(equation.value) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)]
    return any(_symbol_of(part) in states and not isinstance(other, ast.Constant) for node in products for part, other in ((node.left, node.right), (node.right, node.left)))


def _at_end(spec, end):
    """The real constants that have this end, at it."""
    ends = {name: getattr(symbol, end) for name, symbol in spec.arrays.items() if symbol.role == "constant" and symbol.type == "real" and not symbol.shape}
    return {name: float(number) for name, number in ends.items() if number is not None}


def _of_infinite_weights(spec):
    """Ragged batches by a weight that is infinite, and by weights whose ninth power is: past the ends, zeros beside them make no number."""
    ragged = {"sizes": _alike(spec, 2) | _times(spec, 3), "batch": 3, "ragged": True, "numbers": (), "special": True}
    found = []
    for weight in _fed_back(spec) if spec.time else ():
        for name, value in choices(spec) or [("", "")]:
            chosen = {name: value} if name else {}
            found.append(Case(f"infinite-{weight}{f'-{name}-{value}' * bool(name)}", "float32", seed=32, infinite=weight, values=chosen, **ragged))
    if spec.time and spec.begun and not _is_bounded(spec):
        sizes = _alike(spec, 3) | _times(spec, 2)
        found.append(Case(OVERFLOWING, "float64", sizes=sizes, batch=3, seed=35, ragged=True, stretch=2.0**120, extreme=True))
    return found


def _is_bounded(spec):
    """Whether there is a function whose values have a bound."""
    nodes = [node for equation in spec.equations for node in ast.walk(equation.value)]
    return any(isinstance(node, ast.Call) and node.func.id in ("sigmoid", "tanh", "softmax") for node in nodes)


def _fed_back(spec):
    """The parameters that multiply a state of the step before: matrices from units to the same units, and numbers."""
    square = [name for name, symbol in spec.arrays.items() if symbol.role == "parameter" and is_free(symbol) and (not symbol.shape or symbol.shape[0] == symbol.shape[-1] and len(symbol.shape) == 2)]
    return square[:1]


def _many(spec):
    """Room for all special numbers in an array without a batch."""
    return {} if spec.batched or spec.batch else {name: 12 + place for place, name in enumerate(spec.sizes) if name not in spec.time}


def _of_sizes(spec):
    """What is not about sequences: more numbers than a block of them has, so large and so small that squares leave the range, and none."""
    axes = max(len(symbol.shape) for symbol in spec.arrays.values())
    found = _both("large", sizes=_widths(spec, (191, 183, 187) if axes > 1 else (33001, 33003)), seed=15)
    # One number more than whole blocks, of the first of the arrays.
    found.append(Case("one-more", "float32", sizes=_alike(spec, 2) | {next(iter(spec.sizes)): 2**15 + 1}, seed=59))
    for power in (100, -100):
        found += _both(f"power-{power}", seed=16, stretch=2.0**power, extreme=True)
    found += [Case(f"power-{power}-float64", "float64", seed=16, stretch=2.0**power, extreme=True) for power in (600, -600)]
    zeroed = [name for name, symbol in spec.arrays.items() if symbol.role == "parameter" and symbol.shape and symbol.low is None]
    for place, name in enumerate(zeroed if len(zeroed) > 1 else ()):
        found += _both(f"{name}-zero", seed=17, zero=(name,))
        # And beside numbers whose squares leave the range.
        sign = (-1) ** place
        found.append(Case(f"{name}-zero-far-float32", "float32", seed=17, zero=(name,), stretch=2.0 ** (100 * sign), extreme=True))
        found.append(Case(f"{name}-zero-far-float64", "float64", seed=17, zero=(name,), stretch=2.0 ** (-600 * sign), extreme=True))
    return found


def _both(name, **made):
    """A case in each precision; the two share their truth."""
    return [Case(f"{name}-{dtype}", dtype, **made) for dtype in PRECISIONS]


def _ones(spec):
    return {name: 1 for name in spec.sizes if name != spec.batch}


def _alike(spec, number):
    """The same for all sizes, so that no shape tells them apart; one step more for each further time."""
    return {name: number for name in spec.sizes if name != spec.batch} | _times(spec, number)


def _edges(spec):
    """Every constant at both ends of its domain, and between them where it chooses: then in ragged batches, where there is time."""
    found, known = [], choices(spec)
    for name, symbol in spec.arrays.items():
        if symbol.role != "constant" or symbol.shape:
            continue
        chosen = [value for chooser, value in known if chooser == name]
        between = [(str(value), value) for value in chosen[1:-1]]
        for end, value in (("low", symbol.low), *between, ("high", symbol.high)):
            if value is not None:
                value = int(value) if symbol.type == "integer" else float(value)
                ragged = {"ragged": True, "sizes": _times(spec, 5)} if symbol.type == "integer" and spec.time else {}
                found += _with_values(f"{name}-{end}", {name: value}, seed=12 if end == "low" else 13, **ragged)
    return found


@_once
def choices(spec):
    """(name, value) for all that the constants choose between."""
    ends = {name: symbol.integers() for name, symbol in spec.arrays.items() if symbol.is_integer_constant and None not in (symbol.low, symbol.high)}
    return [(name, value) for name, (low, high) in ends.items() if high - low < MOST_CHOICES for value in range(low, high + 1)]


def _whole_numbers(spec):
    """What constants choose, and what the spec's own cases set where they set whole numbers and nothing else."""
    found = [{name: value} for name, value in choices(spec)]
    return found + [entry["values"] for entry in spec.cases if entry.get("values") and entry["values"].keys() <= spec.integer_constants]


def _own_cases(spec, entry):
    values = dict(entry.get("values", {}))
    for name in values:
        if name not in spec.arrays:
            raise SpecError(f"{spec.source}: the case {cut(entry['name'])} sets {name}, which is no symbol")
    return _with_values(entry["name"], values, sizes=dict(entry.get("sizes", {})), seed=14)


def _with_values(name, values, **made):
    """A case in each precision, where float32 holds the values; else they are two problems, and float64 is enough."""
    exact = all(np.all(np.asarray(value, np.float32) == np.asarray(value, np.float64)) for value in values.values())
    return _both(name, values=values, **made) if exact else [Case(name, "float64", values=values, **made)]


def _elements(spec, steps):
    """How many elements the equation has in so many steps, each of which is interpreted by itself: over all steps before each, the square of them."""
    sizes = complete_sizes(spec, fitting_sizes(spec, _times(spec, steps), 1), 1)
    return sum(count for count, _, _ in spec.program.priced(sizes, {name: spec.symbols[name].integers(sizes)[1] for name in spec.integer_constants}))


def _more(spec):
    """The full level: long sequences, wide ragged batches, and twenty drawn at random."""
    found = []
    if spec.time:
        found += _both("long", sizes=_times(spec, 33), batch=1, seed=5, still=True)
        for steps in (32, 64, 128):
            found += _both(f"long-{steps}", sizes=_times(spec, steps), batch=1, seed=24)
        found += _both("long-200", sizes=_times(spec, 200), batch=2, seed=16)
        for steps, seed in ((513, 17), (1030, 23)):
            if _elements(spec, steps) <= MOST_ELEMENTS:
                found += _both(f"long-{steps}", sizes=_times(spec, steps), batch=1, seed=seed)
        found += _both("ragged-wide", sizes=_times(spec, 12) | _widths(spec, (33, 34)), batch=17, seed=18, ragged=True)
    random = np.random.default_rng(19)
    for number in range(20):
        sizes = {name: int(random.integers(1, 24)) for name in spec.sizes if name != spec.batch}
        ragged = bool(spec.time) and bool(random.integers(0, 2))
        batch, stretch = int(random.integers(1, 12)), float(random.choice([0.5, 1.0, 3.0]))
        found += _both(f"drawn-{number}", sizes=sizes, batch=batch, seed=100 + number, ragged=ragged, stretch=stretch)
    return found
