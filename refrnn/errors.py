"""What refrnn raises: one sentence that names the place and the mend."""

MOST_REPEATED = 60  # characters of anyone's text, and of a name


def cut(text):
    """Anyone's text as a message repeats it: one line of printable characters, no longer than a message should be."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in _on_a_line(text))


def quoted(text):
    """As :func:`cut`, in quotes."""
    return repr(_on_a_line(text))


def _on_a_line(text):
    text = " ".join(str(text).split())
    return text if len(text) <= MOST_REPEATED else text[: MOST_REPEATED - 3] + "..."


class RefrnnError(Exception):
    """Any error that a person can mend; commands print its text and exit with status 2."""


class SpecError(RefrnnError, ValueError):
    """A spec (its YAML, an equation, a reference or a kernel bound to it) is wrong."""


class ValuesError(RefrnnError, ValueError):
    """Values handed to a spec have a wrong name, shape, dtype or domain."""


class NotFoundError(RefrnnError, LookupError):
    """No spec, backend or symbol has that name."""


class AnswerError(RefrnnError, LookupError):
    """A reference, a kernel or a module of one's own leaves out what it is to answer, or answers what nobody asked for."""


class MachineError(RefrnnError):
    """This machine, or how it is set up, can't do what was asked; nothing is found by that."""
