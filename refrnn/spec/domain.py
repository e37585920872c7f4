"""The sizes that a spec has a meaning at: those at which all its shapes are positive, such as T from 3 on for the shape [T-2]."""

MOST_RAISED = 1000  # times that a size is raised by one


def empty_shape(spec, sizes):
    """The name and shape of a symbol that would have no entry at these sizes (integers by name), or None."""
    for name, shape in spec.bounding_shapes.items():
        if any(size.number(sizes) < 1 for size in shape):
            return name, shape
    return None


def enlarged(spec, sizes, fixed=()):
    """These sizes, all but the ``fixed`` raised as little as it takes for all shapes to be positive; as far as it goes where they can't be."""
    sizes = dict(sizes)
    for _ in range(MOST_RAISED):
        found = empty_shape(spec, sizes)
        name = None if found is None else _raising(spec, next(size for size in found[1] if size.number(sizes) < 1), sizes, fixed)
        if name is None:
            break
        sizes[name] += 1
    return sizes


def _raising(spec, size, sizes, fixed):
    """A size by name that, one larger, makes ``size`` larger, a time before others; or None."""
    names = sorted(size.names() & sizes.keys() - set(fixed), key=lambda name: (name not in spec.time, list(spec.sizes).index(name)))
    return next((name for name in names if size.number({**sizes, name: sizes[name] + 1}) > size.number(sizes)), None)


def trials(spec):
    """Sizes and integer constants at which a spec is tried when it is loaded: each size the smallest and the largest once,
    each constant at both ends of its domain, and all of its values where they are few.
    """
    others = [name for name in spec.sizes if name not in spec.time]
    small = spec.small_sizes(4)
    rising = {name: 2 + place for place, name in enumerate(others)}
    falling = dict(zip(others, reversed(rising.values())))
    chosen = [
        spec.small_sizes(1, least=1),
        {**{name: 1 for name in spec.time}, **{name: 3 + number for name, number in falling.items()}},
        {**{name: 9 - place for place, name in enumerate(spec.time)}, **{name: 1 for name in others}},
        {**{name: 2 + place for place, name in enumerate(spec.time)}, **falling},
    ]
    for values in _values(spec, small, all_few=True):
        yield small, values
    for sizes in (enlarged(spec, sizes) for sizes in chosen):
        for values in _values(spec, sizes, all_few=False):
            yield sizes, values


def _values(spec, sizes, all_few):
    """Integer constants, the lowest first: all together at either end, and each in turn at its few values or its other end."""
    ends = {name: spec.symbols[name].integers(sizes) for name in sorted(spec.integer_constants)}
    lowest = {name: low for name, (low, high) in ends.items()}
    yield lowest
    if len(ends) > 1:
        yield {name: high for name, (low, high) in ends.items()}
    for name, (low, high) in ends.items():
        for value in range(low + 1, min(high, low + 8) + 1) if all_few else {high} - {low}:
            yield {**lowest, name: value}
