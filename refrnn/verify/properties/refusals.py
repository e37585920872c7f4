"""What is refused is said of the sequence, and of the place, where it stands."""

import numpy as np

from refrnn.backends.run import module_of
from refrnn.spec.domain import empty_shape
from refrnn.spec.draw import complete_sizes, fitting_sizes
from refrnn.spec.values import check_values

BATCHES = range(2, 6)  # sequences


def refusals_name_the_place(spec, truth, backend):
    """By a kernel of the library used alone; of the library itself :mod:`refrnn.verify.handed` asks it, and modules of others promise nothing."""
    if not hasattr(module_of(spec, backend, spec.lowest_constants()).forward, "uncopied") or bool(spec.time) != truth.case.ragged:
        return None

    def ask(values, lengths):
        return module_of(spec, backend, values).forward(**values, **({"lengths": lengths} if spec.time else {}))

    return next(_unsaid(spec, ask, "item", wrong_words), None)


def refusals_of_the_library(spec):
    """What the library says of no place, or of another one."""
    return _unsaid(spec, lambda values, lengths: check_values(spec, values, lengths), "sequence", wrong_numbers)


def _unsaid(spec, ask, word, wrong):
    for batch in BATCHES:
        sizes = fitting_sizes(spec, {name: 2 for name in spec.sizes if name != spec.batch}, batch)
        values = spec.draw(sizes, batch=batch, seed=52, dtype="float64")
        for changed, lengths, told in (*wrong_lengths(spec, values, sizes, batch, word), *wrong(spec, values, sizes, batch)):
            try:
                ask(changed, lengths)
            except (ValueError, TypeError) as error:
                if told in str(error):
                    continue
                yield f"what is refused is not said where it stands: {told!r} is not in {str(error)!r}"
            else:
                yield f"what is to be refused is taken: {told}"
            return


def wrong_lengths(spec, values, sizes, batch, word):
    """For each time and sequence a length out of range, or at which a shape would have no entry: (values, lengths, what is to be said)."""
    whole = complete_sizes(spec, sizes, batch)
    for name in spec.time if not spec.joined else ():  # what sequences have in common can't be cut: any lengths are refused
        for item in range(batch):
            for length in (0, whole[name] + 1 + item):
                yield values, _lengths(spec, whole, batch, name, item, length), f"{word} {item} is {length}"
            if word == "sequence" and empty_shape(spec, whole | {name: 1}):
                yield values, _lengths(spec, whole, batch, name, item, 1), f"sequence {item}, whose length is "


def _lengths(spec, whole, batch, name, item, length):
    lengths = {time: np.full(batch, whole[time]) for time in spec.time}
    lengths[name][item] = length
    return lengths if len(lengths) > 1 else lengths[name]


def wrong_words(spec, values, sizes, batch):
    """For each array of words and sequence one that there is not."""
    return _wrong(spec, values, batch, lambda symbol: symbol.below is not None and -1)


def wrong_numbers(spec, values, sizes, batch):
    """For each array that has a domain and sequence a number out of it."""
    return _wrong(spec, values, batch, _out_of_domain)


def _out_of_domain(symbol):
    if symbol.below is not None:
        return -1
    if symbol.low is None and symbol.high is None:
        return np.inf if symbol.finite else False
    return symbol.low - 1 if symbol.low is not None else symbol.high + 1


def _wrong(spec, values, batch, number_for):
    for name, symbol in spec.arrays.items():
        axis, number = spec.batch_axis(name), number_for(symbol)
        for item in range(batch) if axis is not None and number is not False else ():
            changed = values[name].copy()
            place = tuple(item if where == axis else length - 1 for where, length in enumerate(changed.shape))
            changed[place] = number
            yield values | {name: changed}, None, f"{name} at [{', '.join(map(str, place))}] is {changed[place]}"
