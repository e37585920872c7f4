"""What a reference, a kernel or a module of one's own answers, taken apart by name."""

from collections.abc import Mapping

import numpy as np

from refrnn.errors import AnswerError


def pair(found):
    """The outputs, and what ``backward`` needs, of what ``forward`` answered; an AnswerError where these are not two."""
    if not isinstance(found, tuple) or len(found) != 2:
        raise AnswerError("forward must give a pair, its outputs by name and what backward needs; return both")
    return found


def picked(found, names, what):
    """The arrays ``names`` of an answer; ``what`` says for errors whose answer it is and what is in it.

    Raises AnswerError where one is missing, or where the answer has one that was not asked for.
    """
    if not hasattr(found, "keys"):
        raise AnswerError(f"{what} must be arrays by name, not {type(found).__name__}")
    if found.keys() != {*names}:
        missing = [name for name in names if name not in found]
        if missing:
            raise AnswerError(f"{what} lack {', '.join(missing)}; they have {', '.join(map(str, found)) or 'nothing'}")
        extra = [str(name) for name in found if name not in names]
        if extra:
            raise AnswerError(f"{what} have {', '.join(extra)}, which the spec does not ask for; it asks for {', '.join(names) or 'nothing'}")
    return {name: np.asarray(found[name]) for name in names}


class Intermediates(Mapping):
    """The defined symbols, other than outputs, that a backend saved under their names.

    An array, or a function without arguments that makes one: it is called when the symbol is first asked for. An output is
    among them if a function makes it once more: then the output itself is nothing that the backend still reads. What is
    saved without names, such as a tuple, is the backend's own and offers none.
    """

    def __init__(self, spec, saved):
        saved, outputs = saved if isinstance(saved, (dict, Mapping)) else {}, spec.outputs
        self._saved = {
            name: value
            for name in spec.defined
            if callable(value := saved.get(name)) or (name not in outputs and isinstance(value, (np.ndarray, np.floating)))
        }

    def __getitem__(self, name):
        value = self._saved[name]
        if callable(value):
            value = self._saved[name] = value()
        return np.asarray(value)

    def __contains__(self, name):
        return name in self._saved

    def keys(self):
        return self._saved.keys()

    def __iter__(self):
        return iter(self._saved)

    def __len__(self):
        return len(self._saved)

    def __reduce__(self):
        return dict, (dict(self),)
