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
    """Workers that are left, and then the process that multiprocessing starts beside them: it ends when they have, and would outlive this one by a moment."""
    processes = sys.modules.get("refrnn.commands.processes")
    if processes is not None:
        processes.end_all()
    module = sys.modules.get("multiprocessing.resource_tracker")
    stop = getattr(getattr(module, "_resource_tracker", None), "_stop", None)
    if stop is not None:
        stop()
