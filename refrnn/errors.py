"""What refrnn raises: one sentence that names the place and the mend."""


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
