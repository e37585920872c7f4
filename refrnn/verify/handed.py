"""What the library hands to every backend, and draws, is what was given and what is promised: truth and backends would share what is not."""

from copy import copy
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from refrnn.backends.run import answer, expected_shapes
from refrnn.backends.sequences import Sequences
from refrnn.errors import RefrnnError, ValuesError
from refrnn.spec.draw import complete_sizes, fitting_sizes
from refrnn.spec.values import check_upstream, check_values
from refrnn.verify.backends import poisoned
from refrnn.verify.cases import choices
from refrnn.verify.properties.chunks import part
from refrnn.verify.properties.refusals import refusals_of_the_library
from refrnn.verify.variants import in_a_crowd

BATCHES = 12, 100  # sequences
OTHERS = 37, 36 + 2**8, 36 + 2**16, 36 + 2**32, 36 + 2**64  # seeds
MISSED = 12  # times as many draws as there are numbers miss one of these in e^-12 of all cases
MOST_DRAWS = 500


def handed_on(spec, values, lengths, checked):
    """What is not as it was given, in words."""
    found = [f"{name} is not what was given" for name, array in checked.arrays.items() if name in values and not np.array_equal(array, values[name], equal_nan=array.dtype.kind == "f")]
    found += [f"{name} is not what was given" for name, number in checked.integers.items() if number != values[name]]
    if lengths is None:
        return found + (["lengths are there that were not given"] if checked.lengths else [])
    given = lengths if isinstance(lengths, dict) else {spec.time[0]: lengths}
    return found + [f"the lengths of {name} are not those that were given" for name in spec.time if not np.array_equal(checked.lengths[name], given[name])]


def promises(spec, truth):
    """What does not hold of how the library takes values and draws them, in words."""
    values = (_padding_is_free, _what_is_out_of_a_domain_is_refused)
    in_any_precision = (_numbers_may_be_whole, _upstream_may_be_any_real_numbers, _upstream_that_is_left_out_is_zero)
    lengths = (_times_not_named_are_whole, _lengths_may_be_of_any_whole_type, _lengths_are_copied, _lengths_out_of_range_are_refused, _each_batch_is_taken_apart_by_its_own_lengths)
    asked = (*values, *in_any_precision, *lengths, _what_goes_on_is_handed_on, _what_goes_on_backward_is_handed_on, _a_module_is_the_text_it_was_loaded_with, _refusals_name_the_place, _the_way_back_of_the_equation_is_its_own, _draws, _integers_drawn)
    found = [text for ask in asked for text in ask(spec, truth)]
    return found or [text for ask in in_any_precision for text in ask(spec, _in_float32(spec, truth))]


def _in_float32(spec, truth):
    """The same numbers; without what is right of them."""
    twin = copy(truth)
    arrays = {name: array.astype(np.float32) if array.dtype.kind == "f" else array for name, array in _given(spec, truth.checked).items() if name in truth.checked.arrays}
    twin.checked = check_values(spec, _given(spec, truth.checked) | arrays, truth.lengths)
    return twin


def _given(spec, checked):
    """What was handed in, as it is handed in."""
    values = {name: array for name, array in checked.arrays.items() if name not in checked.omitted} | checked.integers
    return values | {name: checked.sizes[name] for name in spec.named_sizes}


def _padding_is_free(spec, truth):
    """What lies past a sequence's end may be anything, out of its domain too."""
    try:
        check_values(spec, _given(spec, poisoned(spec, truth.checked)), truth.lengths)
    except RefrnnError as error:
        return [f"what lies past an end is refused ({error})"]
    return []


def _what_is_out_of_a_domain_is_refused(spec, truth):
    """The first number of an array, one at a time; by values of a form that is known to fit, and by a mapping, whose form is not looked up."""
    values = _given(spec, truth.checked)
    for name, symbol in spec.symbols.items():
        for number in _outside(symbol, truth.checked.sizes) if symbol.is_bounded and name in values else ():
            wrong = number
            if name in truth.checked.arrays:
                wrong = values[name].copy()
                wrong.flat[0] = number
            for given in (values | {name: wrong}, MappingProxyType(values | {name: wrong})):
                try:
                    check_values(spec, given, truth.lengths)
                except ValuesError:
                    continue
                yield f"{name} is taken though {number} is in it, which is out of its domain"
                break


def _outside(symbol, sizes):
    """Numbers next to the ends of a domain, out of it, and what is no number or not finite where none may stand."""
    whole = symbol.type == "integer"
    if symbol.below is not None:
        return [-1, symbol.below.number(sizes)]
    found = [] if symbol.low is None else [int(symbol.low) - 1 if whole else np.nextafter(symbol.low, -np.inf)]
    found += [] if symbol.high is None else [int(symbol.high) + 1 if whole else np.nextafter(symbol.high, np.inf)]
    return found + ([] if whole else [np.nan]) + ([np.inf] if symbol.finite else [])


def _numbers_may_be_whole(spec, truth):
    """A number given as an integer of Python is taken in the precision of the arrays, also where its form is known to fit."""
    values = _given(spec, truth.checked)
    for name, symbol in spec.arrays.items():
        low, high = symbol.integers(truth.checked.sizes) if symbol.type == "real" else (1, 0)
        if symbol.shape or name in spec.batched or name not in values or low > high:
            continue
        for given in 2 * [values | {name: low}]:
            found = check_values(spec, given, truth.lengths).arrays[name]
            if found.dtype != truth.checked.dtype or found != low:
                yield f"{name}, given as the integer {low}, is taken as {found} of {found.dtype}"


def _upstream_may_be_any_real_numbers(spec, truth):
    """Gradients of outputs in any precision, and integers, are taken in that of the values."""
    shapes = expected_shapes(spec, truth.checked)
    for kind in ("int64", "float32", "float64") if spec.differentiated else ():
        given = {name: np.ones(shape, kind) for name, shape in shapes.items()}
        try:
            found = check_upstream(spec, given, truth.checked, shapes)
        except RefrnnError as error:
            yield f"an upstream gradient of {kind} is refused ({error})"
            continue
        for name, array in found.items():
            if array.dtype != truth.checked.dtype or not np.array_equal(array, given[name]):
                yield f"an upstream gradient of {name} in {kind} is not taken as it is, in the precision of the values"


def _upstream_that_is_left_out_is_zero(spec, truth):
    """In the precision of the values."""
    shapes = expected_shapes(spec, truth.checked)
    for given in ({}, dict.fromkeys(shapes)) if spec.differentiated else ():
        for name, array in check_upstream(spec, given, truth.checked, shapes).items():
            if array.dtype != truth.checked.dtype or array.shape != shapes[name] or array.any():
                yield f"an upstream gradient of {name} that is not given is no zero of {truth.checked.dtype}"


def _times_not_named_are_whole(spec, truth):
    for name in spec.time if len(spec.time) > 1 else ():
        checked = check_values(spec, truth.values, {name: truth.lengths[name]})
        for other in set(spec.time) - {name}:
            if np.any(checked.lengths[other] != checked.sizes[other]):
                yield f"{other} is not whole where lengths are given of {name} alone"


def _lengths_may_be_of_any_whole_type(spec, truth):
    lengths = truth.checked.lengths or {}
    for kind in (*np.typecodes["AllInteger"], list) if lengths else ():
        given = {name: array.tolist() if kind is list else array.astype(kind) for name, array in lengths.items()}
        try:
            found = check_values(spec, truth.values, given if len(given) > 1 else given[spec.time[0]]).lengths
        except RefrnnError as error:
            yield f"lengths of {np.dtype(kind) if kind is not list else 'a list'} are refused ({error})"
            return
        for name, array in lengths.items():
            if not np.array_equal(found[name], array):
                yield f"the lengths of {name} are other ones when they are given as {kind}"
                return


def _lengths_are_copied(spec, truth):
    given = {name: np.array(lengths) for name, lengths in (truth.checked.lengths or {}).items()}
    checked = check_values(spec, truth.values, given) if given else None
    return [f"lengths of {name} are not copied: they change when the caller's are written into" for name in given if np.shares_memory(checked.lengths[name], given[name])]


def _lengths_out_of_range_are_refused(spec, truth):
    for name, lengths in (truth.checked.lengths or {}).items():
        for number in (0, truth.checked.sizes[name] + 1):
            wrong = lengths.copy()
            wrong[-1] = number
            try:
                check_values(spec, truth.values, truth.checked.lengths | {name: wrong})
            except ValuesError:
                continue
            yield f"a length {number} of {name} is taken, where {truth.checked.sizes[name]} is the longest"


def _each_batch_is_taken_apart_by_its_own_lengths(spec, truth):
    """Small ones and large ones, one after the other, each of them twice."""
    for number in BATCHES if truth.lengths is not None else ():
        for order in 2 * ("as drawn", "longest first"):
            checked, _ = in_a_crowd(spec, truth, (number, order, 0))
            sequences = Sequences(spec, checked)
            for place, item in enumerate(sequences.items):
                sizes = sequences.sizes(item)
                wrong = [name for name, lengths in checked.lengths.items() if sizes[name] != lengths[place]]
                if wrong:
                    yield f"of {len(sequences.items)} sequences one has the {wrong[0]} of another batch when they are taken apart"
                    return


def _the_way_back_of_the_equation_is_its_own(spec, truth):
    """It answers for the pass that was run, as often as it is asked, and only reads what it is given; other backends have properties."""
    if not spec.differentiated:
        return
    checked, upstream = _shortest(spec)
    arrays = {name: array.copy() for name, array in checked.arrays.items()}
    plain, written = (answer(spec, replace(checked, arrays=one), "equation")[2] for one in (checked.arrays, arrays))
    for array in arrays.values():
        array[...] = 3
    right, given = plain({name: array.copy() for name, array in upstream.items()}), {name: array.copy() for name, array in upstream.items()}
    for word in ("when the arguments are written into before backward", "when backward is called again"):
        for name, gradient in written(given).items():
            if not np.array_equal(gradient, right[name], equal_nan=True):
                yield f"d_{name} by the equation changes {word}"
        for name, array in given.items():
            if not np.array_equal(array, upstream[name]):
                yield f"the upstream gradient of {name} is written into by the equation"
                return


def _what_goes_on_is_handed_on(spec, truth):
    """Whatever whole numbers choose: where the equation, begun anew with its states at a step, is the rest of the whole.

    Of the library's specs alone: of others it may be said, in a sentence, that they do not go on though they would.
    """
    starts = {name for name, symbol in spec.arrays.items() if symbol.role == "start"}
    if not spec.group or len(spec.time) != 1 or spec.batch is not None or not starts or starts != {start for start, (_, forward) in spec.begun.items() if forward}:
        return
    sizes = fitting_sizes(spec, {name: 4 for name in spec.sizes}, 2)
    drawn, cut = spec.draw(sizes, batch=2, seed=38, dtype="float64"), slice(2, None)
    for chosen in ({}, *({name: value} for name, value in choices(spec))):
        whole = check_values(spec, drawn | chosen, None)
        found = _by_equation(spec, whole)
        if any(state not in found for state, _ in spec.begun.values()):
            continue
        begun = {start: found[state][1] for start, (state, _) in spec.begun.items()}
        rest = _by_equation(spec, check_values(spec, part(spec, drawn | chosen, cut, slice(None)) | begun, None))
        timed = [name for name in spec.outputs if spec.time_size(name)]
        joins, stays = all([np.array_equal(rest[name][:2], found[name][cut]) for name in timed]), spec.staying(whole.integers)
        if joins and stays and len(timed) == len(spec.outputs):
            yield f"the state {min(begun)} is not handed on though what it begins is the rest of the whole{_where(chosen)}"
        if not joins and not stays:
            yield f"the state {min(begun)} is handed on though what it begins is not the rest of the whole{_where(chosen)}"


def _what_goes_on_backward_is_handed_on(spec, truth):
    """So are states that run backward, where the equation that ends anew with them at a step is what the whole is before it.

    Of starts of these alone, and of states that hang on none that runs forward.
    """
    begun = {start: state for start, (state, forward) in spec.begun.items() if not forward}
    is_twice = any(sum(start in equation.reads for equation in spec.equations) > 1 for start in begun)
    if not spec.group or len(spec.time) != 1 or spec.batch is not None or not begun or is_twice:
        return
    drawn, cut = spec.draw(fitting_sizes(spec, {name: 4 for name in spec.sizes}, 2), batch=2, seed=38, dtype="float64"), slice(2)
    whole, moved = (check_values(spec, drawn | others, None) for others in ({}, {start: drawn[start] + 1 for start in spec.begun.keys() - begun}))
    found, other = _by_equation(spec, whole), _by_equation(spec, moved)
    if any(state not in found or not np.array_equal(found[state], other[state]) for state in begun.values()):
        return
    ends = {start: found[state][cut.stop] for start, state in begun.items()}
    rest = _by_equation(spec, check_values(spec, part(spec, drawn, cut, slice(None)) | ends, None))
    joins, stays = all([np.array_equal(rest[state], found[state][cut]) for state in begun.values()]), begun.keys() & spec.staying(whole.integers).keys()
    if joins and stays:
        yield f"the state {min(stays)}, which runs backward, is not handed on though what it begins is the rest of the whole"
    if not joins and not stays:
        yield f"the state {min(begun)}, which runs backward, is handed on though what it begins is not the rest of the whole"


def _a_module_is_the_text_it_was_loaded_with(spec, truth):
    """A user's, where it is loaded once more with another text."""
    for kind, binding in spec.bindings.items():
        if getattr(binding, "source", b""):
            binding.load()
            if not hasattr(replace(binding, source=binding.source + b"\nis_edited = True\n").load(), "is_edited"):
                yield f"the {kind} is not the text that the spec was loaded with"


def _refusals_name_the_place(spec, truth):
    return refusals_of_the_library(spec)


def _by_equation(spec, checked):
    outputs, intermediates, _ = answer(spec, checked, "equation")
    return intermediates | outputs


def _where(chosen):
    return "".join(f", where {name} is {value}" for name, value in chosen.items())


def _shortest(spec):
    """Checked values of small sizes, and upstream gradients of one."""
    sizes = fitting_sizes(spec, {name: 2 for name in spec.sizes if name != spec.batch}, 1)
    checked = check_values(spec, spec.draw(sizes, batch=1, seed=37, dtype="float64"), None)
    return checked, {name: np.ones(shape) for name, shape in expected_shapes(spec, checked).items()}


def _integers_drawn(spec, truth):
    """Whole numbers are drawn from the least to the greatest, of very many as near to both as chance comes."""
    sizes = fitting_sizes(spec, {name: 3 for name in spec.sizes if name != spec.batch}, 3)
    whole = {name: symbol.integers(complete_sizes(spec, sizes, 3)) for name, symbol in spec.arrays.items() if symbol.type == "integer"}
    draws = min(MOST_DRAWS, max((MISSED * (high - low + 1) for low, high in whole.values()), default=0))
    drawn = [spec.draw(sizes, batch=3, seed=seed, dtype="float64") for seed in range(draws)]
    for name, ends in whole.items():
        found = [int(number) for values in drawn for number in np.ravel(values[name])]
        near = (ends[1] - ends[0] + 1) * MISSED // (len(found) + 1)
        if not (ends[0] <= min(found) <= ends[0] + near and ends[1] - near <= max(found) <= ends[1]):
            yield f"draw gives {name} whole numbers from {min(found)} to {max(found)}, not from {ends[0]} to {ends[1]}"


def _draws(spec, truth):
    """By the rules of :mod:`refrnn.spec.draw`, in a draw large enough for chance."""
    sizes = fitting_sizes(spec, {name: 9 for name in spec.sizes if name != spec.batch}, 9)
    values, again, *others = (spec.draw(sizes, batch=9, seed=seed, dtype="float64") for seed in (36, 36, *OTHERS))
    seen = {}
    for name, symbol in spec.arrays.items():
        array = np.asarray(values[name])
        if symbol.type == "integer" or not array.size > 1:
            continue
        low, high = (-np.inf if symbol.low is None else symbol.low), (np.inf if symbol.high is None else symbol.high)
        kinds = {
            "mask": np.isin(array, (0, 1)).all() and 0.2 < array.mean() < 0.8,
            "distribution": (array > 0).all() and np.allclose(array.sum(axis=-1), 1),
            "one-hot": np.isin(array, (0, 1)).all() and (array.sum(axis=-1) == 1).all(),
            "normal": (array != 0).all() and len(np.unique(array)) == array.size and (low > -np.inf or high < np.inf or 0.05 < np.abs(array).max() < 10),
        }
        if not ((array >= low) & (array <= high)).all() or not kinds[symbol.draw]:
            yield f"draw gives {name} other numbers than it promises"
        elif not np.array_equal(array, again[name]):
            yield f"draw gives {name} other numbers by the same seed"
        elif any(np.array_equal(array, other[name]) for other in others):
            yield f"draw gives {name} the same numbers by another seed"
        elif symbol.draw == "normal" and seen.setdefault(array.flat[0], name) != name:
            yield f"draw gives {name} the numbers of {seen[array.flat[0]]}"
