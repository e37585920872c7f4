"""The group of commands; each is imported only when it is called, so that --help starts fast."""

import importlib
import os
import sys
from contextlib import contextmanager

import click

from refrnn import RefrnnError, __version__
from refrnn.commands.interrupts import STOPPED
from refrnn.commands.letters import spell
from refrnn.commands.output import silence

READER_GONE = 141  # as a shell counts a program that SIGPIPE ended

COMMANDS = {
    "list": "Every spec, its sources and what is shown of it.",
    "show": "Equations, symbols, sources and reference code of a spec.",
    "compile": "The Numba module of a spec, written from its equations.",
    "verify": "Hold the backends against the equations.",
    "train": "The tasks of the lectures, trained to their score.",
    "errata": "Misprints and false statements of the lectures, and how they were shown.",
    "plot": "What the lectures draw, computed.",
    "bench": "Measure the kernels against the references.",
}


class _Commands(click.Group):
    def list_commands(self, context):
        return list(COMMANDS)

    def get_command(self, context, name):
        if name not in COMMANDS:
            return None
        return importlib.import_module(f"refrnn.commands.{name}").command

    def format_commands(self, context, formatter):
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, *arguments, **settings):
        try:
            return super().main(*arguments, **settings)
        except OSError:  # standard error can't be written
            silence(sys.stderr)
            sys.exit(_Refused.exit_code)

    def make_context(self, *arguments, **settings):
        if sys.stdout is None:
            raise _Refused("standard output is closed; open it, or send it to a file or to /dev/null")
        spell(sys.stdout)
        spell(sys.stderr)
        with _ended_in_words():  # --help and --version print
            return super().make_context(*arguments, **settings)

    def invoke(self, context):
        if os.environ.get("NO_COLOR"):
            context.color = False
        with _ended_in_words():
            return super().invoke(context)


@contextmanager
def _ended_in_words():
    """What ends a command, as one sentence and a status."""
    try:
        yield
    except RefrnnError as error:
        raise _Refused(str(error)) from None
    except KeyboardInterrupt:
        click.echo("\nstopped", err=True)
        sys.exit(STOPPED)
    except BrokenPipeError:
        silence(sys.stdout)
        sys.exit(READER_GONE)
    except OSError as error:
        if error.filename is not None:
            raise
        silence(sys.stdout)
        raise _Refused(f"standard output can't be written: {error.strerror}") from None


class _Refused(click.ClickException):
    exit_code = 2


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="refrnn")
def main():
    """The executable lecture on recurrent networks: equations that are run, differentiated and verified."""


if __name__ == "__main__":
    main()
