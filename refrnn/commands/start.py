"""How the command begins: before anything slow is imported, Ctrl-C is heard and what is closed is known."""

import os
import sys

from refrnn.commands import interrupts


def start():
    """Run the command that the arguments name."""
    interrupts.listen()
    _open_what_is_closed()
    from refrnn.commands.main import main

    try:
        main(prog_name="refrnn")
    finally:
        _end_helpers()


def _open_what_is_closed():
    """Standard input and errors, where they are closed: else the next file that is opened takes their place.

    Standard output stays None for Python, so that commands can refuse to print to it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)


def _end_helpers():
    """The process that multiprocessing starts beside those it spawns: it would outlive this one by a moment."""
    module = sys.modules.get("multiprocessing.resource_tracker")
    stop = getattr(getattr(module, "_resource_tracker", None), "_stop", None)
    if stop is not None:
        stop()
