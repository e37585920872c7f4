"""More cases from one truth: the same sequences in larger batches, other orders and longer arrays, explicitly whole or not.

A truth is dear and a kernel is cheap. Sequences that stand in the batch many times over, in any order and beside others, in
arrays of more steps than the longest has, still have the outputs and gradients of the few whose truth is known.
"""

from dataclasses import dataclass, replace

import numpy as np

from refrnn.backends.run import answer
from refrnn.kernels.primitives.fork import cached_property
from refrnn.spec.draw import shape_of
from refrnn.verify.backends import Finding, describe, name_of, poison, poisoned
from refrnn.verify.cases import OVERFLOWING
from refrnn.verify.world import FLOOR


@dataclass(frozen=True)
class Variant:
    """``places``: which sequence of the truth stands at each place of the batch; ``steps``: how many more the arrays have.

    The first ``times`` copies of each sequence have an upstream gradient; ``times`` is a power of two, so that the
    parameters' gradients can be divided by it without rounding. The other places are there to take room.
    """

    name: str
    places: np.ndarray
    times: int
    steps: int

    @cached_property
    def counted(self):
        """The places that have an upstream gradient."""
        seen, counted = {}, []
        for place, item in enumerate(self.places.tolist()):
            seen[item] = seen.get(item, 0) + 1
            if seen[item] <= self.times:
                counted.append(place)
        return np.array(counted)


# (batch, order, more steps). The batches lie across the edges of blocks of 4, 8, 16 and 128 rows, and of what chooses between
# them, or are whole blocks and no more. In seven steps 183 sequences are one row more than ten times 128, and 1207 of them one
# more than 66 times, and more than 8192.
WIDE = (
    (2, "as drawn", 0), (8, "shuffled", 0), (16, "as drawn", 0), (17, "shuffled", 0), (20, "longest first", 2), (32, "as drawn", 0), (64, "as drawn", 0),
    (65, "shortest first", 0), (67, "shuffled", 1),
)  # fmt: skip
MANY, CROWD = (183, "shuffled", 0), (1207, "shuffled", 0)
FEW = (128, "shuffled", 0)
# Of so many sequences three steps are a block of sums: segments of two steps are no whole blocks, and fewer than a row is read back.
KEPT = (80, "shuffled", 0)
# Seven steps of so many sequences are one chunk of a layer's, or four of which the last one is shorter.
HELD, STREAMED = (30, "shuffled", 0), (1700, "shuffled", 0)
OF_WIDTHS = ((2, "as drawn", 0), (20, "longest first", 2), (64, "shuffled", 1))
OF_ONE_STEP = ((32, "as drawn", 0), (128, "shuffled", 0), (1025, "shuffled", 0))
OF_OVERFLOWING = ((None, "as drawn", 8),)
NARROW = ((None, "as drawn", 0), (None, "as drawn", 2), (None, "longest first", 0))


def variants(spec, truth, wide=True, level="full"):
    """The variants of a case that a level asks; without ``wide`` those whose batch is as it was."""
    if not (spec.batched or spec.batch):
        return []
    batch = _batch(spec, truth)
    chosen = OF_OVERFLOWING if truth.case.name == OVERFLOWING else NARROW + (_wide(truth.case) if wide else ())
    if level == "quick" and spec.time and truth.case.name != OVERFLOWING:
        chosen = [made for made in chosen if _is_telling(truth.case, *made)]
    return [_variant(spec, truth, *one) for one in chosen if (spec.time or not one[2]) and (one[0] or batch) >= batch]


def _is_telling(case, number, order, steps):
    """Whether a variant shows what others do not: orders and longer arrays where lengths differ, blocks of rows where they do not."""
    if case.name.startswith("width"):
        return number is not None and order != "longest first"
    if (number, order, steps) in (MANY, CROWD):
        return True
    of_blocks = number is not None and order in ("as drawn", "shuffled") and not steps
    return of_blocks is not case.ragged


def _batch(spec, truth):
    return truth.checked.sizes[spec.batch] if spec.batch else truth.checked.batch


def _variant(spec, truth, number, order, steps):
    checked, batch = truth.checked, _batch(spec, truth)
    places = np.resize(np.arange(batch), number or batch)
    if order == "shuffled":
        places = np.random.default_rng(number).permutation(places)
    elif order != "as drawn" and checked.lengths:
        longest = sum(checked.lengths.values())[places]
        places = places[np.argsort(longest if order == "shortest first" else -longest, kind="stable")]
    times = 2 ** int(np.log2(len(places) // batch))
    name = f"{truth.case.name} ({len(places)} sequences, {order}{f', arrays {steps} steps longer' if steps else ''})"
    return Variant(name, places, times, steps)


def _wide(case):
    if case.name.startswith("width"):
        return OF_WIDTHS
    return OF_ONE_STEP if case.name.startswith("one-step") else (*WIDE, MANY if case.ragged else CROWD)


def in_a_crowd(spec, truth, of):
    """The values of a case, and its upstream gradients, with the sequences in a batch of many where there is a batch."""
    if not (spec.batched or spec.batch):
        return truth.checked, truth.upstream
    crowd = _variant(spec, truth, *of)
    checked = _arranged(spec, truth, crowd)
    return checked, _upstream(spec, truth, crowd, checked)


def compare_crowd(spec, truth, backend, of):
    """The findings of one backend on the sequences in a batch of many."""
    return compare_variant(spec, truth, backend, _variant(spec, truth, *of))


def compare_variant(spec, truth, backend, variant):
    """The findings of one backend on one variant."""
    checked = poisoned(spec, _arranged(spec, truth, variant))
    upstream = _upstream(spec, truth, variant, checked)
    outputs, intermediates, backward = answer(spec, checked, backend)
    found = {(truth.kind_of(name), name): array for name, array in {**intermediates, **outputs}.items()}
    if spec.differentiated:
        found |= {("gradient", f"d_{name}"): array for name, array in backward(upstream).items()}
    texts, parts = [], {}
    for key, array in found.items():
        if key in truth.quantities:
            text, *parts[key] = _parts(spec, truth, variant, key, np.asarray(array), checked)
            texts += [text] * bool(text)
    return [Finding(name_of(backend), truth.case.name, text) for text in texts + _judged(truth, variant, parts)]


def _arranged(spec, truth, variant):
    checked = truth.checked
    sizes = checked.sizes | {name: checked.sizes[name] + variant.steps for name in spec.time}
    if spec.batch:
        sizes[spec.batch] = len(variant.places)
    batch = checked.batch if spec.batch else len(variant.places)
    lengths = None
    if spec.time:
        whole = {name: np.full(variant.places.max() + 1, checked.sizes[name]) for name in spec.time}
        lengths = {name: ends[variant.places] for name, ends in (whole | (checked.lengths or {})).items()}
    other = replace(checked, sizes=sizes, batch=batch, lengths=lengths)
    return replace(other, arrays={name: _spread(spec, name, array, variant, other) for name, array in checked.arrays.items()})


def _spread(spec, name, array, variant, checked):
    """A library array of the truth at all places of the variant, zero at the steps that are more."""
    axis = spec.batch_axis(name)
    if axis is not None:
        array = array.take(variant.places, axis)
    larger = np.zeros(shape_of(spec, name, checked.sizes, checked.batch), array.dtype)
    larger[tuple(slice(0, size) for size in array.shape)] = array
    return larger


def _upstream(spec, truth, variant, checked):
    """Of what has no batch axis once for all copies; it must count as often as they do."""
    idle = np.setdiff1d(np.arange(len(variant.places)), variant.counted)
    found = {}
    for name, array in truth.upstream.items():
        axis = spec.batch_axis(name)
        spread = _spread(spec, name, array, variant, checked)
        if axis is None:
            spread = spread * spread.dtype.type(variant.times)
        else:
            np.moveaxis(spread, axis, 0)[idle] = 0
        found[name] = spread
    return {name: poison(spec, name, array, checked) for name, array in found.items()}


def _parts(spec, truth, variant, key, array, checked):
    """What is wrong with the form of one quantity, in words, or ""; else its copies, each of the truth's shape, and how many bounds they may be off."""
    name = key[1].removeprefix("d_") if key[0] == "gradient" else key[1]
    wanted = shape_of(spec, name, checked.sizes, checked.batch)
    if array.shape != wanted:
        return f"{key[1]} has the shape {list(array.shape)}, expected {list(wanted)} in case {variant.name}", [], 1
    shape = list(truth.quantities[key].shape)
    axis = spec.batch_axis(name)
    if axis is not None:
        shape[axis] = len(variant.places)
    kept = array[tuple(slice(0, size) for size in shape)]
    if np.count_nonzero(array) != np.count_nonzero(kept):
        return f"{key[1]} is not zero past the end of every sequence in case {variant.name}", [], 1
    if axis is None:
        copies = [kept / kept.dtype.type(variant.times) if key[0] == "gradient" else kept]
    else:
        copies = _copies(kept, axis, variant, key[0] == "gradient")
    # A sum of n equal terms may round by half an ulp of its n / 2 at each addition, always to the same side: n / 4 ulp where
    # nothing cancels, which the least of bounds stands for, and else as many times more as the bound is larger.
    more = 1 + variant.times / (4 * FLOOR) if axis is None and key[0] == "gradient" else 1
    return "", copies, more


def _judged(truth, variant, parts):
    """What is wrong with the copies of quantities, in words: where they hold all together, nothing is with any by itself."""
    together = {}
    for key, (copies, more) in parts.items():
        for number, copy in enumerate(copies):
            together.setdefault((number, more), {})[key] = copy
    if all(worst.ok for (_, more), found in together.items() for worst in truth.judge(found, more)):
        return []
    texts = [_wrong(truth, variant, key, copies, more) for key, (copies, more) in parts.items()]
    return [text for text in texts if text]


def _wrong(truth, variant, key, copies, more):
    for copy in copies:
        wrong = [worst for worst in truth.judge({key: copy}, more) if not worst.ok]
        if wrong:
            return describe(wrong[0], variant.name)
    return None


def _copies(array, axis, variant, gradient):
    """The copies of the truth's batch that are in ``array``, each as an array of the truth's shape, without those that repeat."""
    places = variant.counted if gradient else np.arange(len(variant.places))
    items = variant.places[places]
    order = places[np.argsort(items, kind="stable")]
    each = [order[variant.places[order] == item] for item in range(items.max() + 1)]
    first = array.take([own[0] for own in each], axis)
    if np.array_equal(array.take(places, axis), first.take(items, axis), equal_nan=True):
        return [first]
    return [array.take([own[number % len(own)] for own in each], axis) for number in range(max(map(len, each)))]
