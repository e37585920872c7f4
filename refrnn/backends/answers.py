"""What a reference, a kernel or a module of one's own answers, taken apart by name."""

import numpy as np

from refrnn.errors import AnswerError


def picked(found, names, what):
    """The arrays ``names`` of an answer; ``what`` says for errors whose answer it is and what is in it.

    Raises AnswerError where one is missing, or where the answer has one that was not asked for.
    """
    if not hasattr(found, "keys"):
        raise AnswerError(f"{what} must be arrays by name, not {type(found).__name__}")
    missing = [name for name in names if name not in found]
    if missing:
        raise AnswerError(f"{what} lack {', '.join(missing)}; they have {', '.join(map(str, found)) or 'nothing'}")
    extra = [str(name) for name in found if name not in names]
    if extra:
        raise AnswerError(f"{what} have {', '.join(extra)}, which the spec does not ask for; it asks for {', '.join(names) or 'nothing'}")
    return {name: found[name] for name in names}


def offered(spec, saved):
    """The defined symbols, other than outputs, that a backend saved under their names."""
    return [name for name in spec.defined if name not in spec.outputs and isinstance(saved.get(name), (np.ndarray, np.floating))]
