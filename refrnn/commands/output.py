"""Files that a command writes: whether they can be written is known before the work is done, and none of the work is lost."""

import os
import re
import shutil
import sys
import tempfile
import textwrap
from pathlib import Path

import click

from refrnn.commands.interrupts import told
from refrnn.files import write_whole

STANDARD_OUTPUT = "-"
KEPT = (".json", ".html", ".xml", ".png", ".svg", ".pdf")  # endings that what is kept elsewhere has, too


BAR = 24  # columns of a progress bar; what stands around it, with the time that is left, takes 26 more


def progress(length, label):
    """A progress bar on standard error that says what is worked on, on one line of the terminal."""
    room = max(0, shutil.get_terminal_size().columns - BAR - 26 - len(label))
    return click.progressbar(length=length, label=label, width=BAR, file=sys.stderr, item_show_func=lambda item: _cut(item or "", room))


_BEFORE_A_UNIT = re.compile(r"(?<=\d) (?=[a-z])")  # or before what is counted


def filled(text, width, lead="", hang="    "):
    """Broken at words where a terminal of ``width`` columns would break it anywhere, but never between a number and its unit."""
    if width is None:
        return lead + text
    together = _BEFORE_A_UNIT.sub("\xa0", text)
    return textwrap.fill(together, width, initial_indent=lead, subsequent_indent=hang, break_on_hyphens=False).replace("\xa0", " ")


def columns():
    """The columns of the terminal that standard output is, or None where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _cut(text, room):
    return text if len(text) <= room else f"{text[: max(0, room - 3)]}..."[:room]


class OutputFile(click.Path):
    """A path for a file that is to be written, in a folder that is there and can be written to; "-" is standard output."""

    def __init__(self):
        super().__init__(dir_okay=False, writable=True, allow_dash=True)

    def convert(self, value, param, ctx):
        if value == STANDARD_OUTPUT:
            return value
        if not value.strip():
            self.fail("it names no file; give a path, or - for standard output", param, ctx)
        if Path(value).suffix.lower() in (".yaml", ".yml"):  # such as the one that the command reads
            self.fail(f"{value} is named as a spec is, which would be lost; name a file that ends otherwise", param, ctx)
        folder = Path(value).absolute().parent
        if not folder.is_dir():
            self.fail(f"the folder {folder} is not there; make it first", param, ctx)
        if not os.access(folder, os.W_OK) and not Path(value).exists():
            self.fail(f"the folder {folder} can't be written to; name a file elsewhere", param, ctx)
        return super().convert(value, param, ctx)


class Outputs:
    """What one command writes: tables for people go to standard error where a file goes to standard output."""

    def __init__(self, *paths):
        if sum(path == STANDARD_OUTPUT for path in paths) > 1:
            raise click.UsageError("two options name standard output (-); give one of them a file")
        self.people_read_errors = STANDARD_OUTPUT in paths
        self.failed = False

    @property
    def width(self):
        """The columns of the terminal that people read, or None where they read no terminal."""
        stream = sys.stderr if self.people_read_errors else sys.stdout
        return shutil.get_terminal_size().columns if stream.isatty() else None

    def say(self, text=""):
        """A line for people; where standard output can't take it, standard error does."""
        try:
            click.echo(text, err=self.people_read_errors)
        except BrokenPipeError:
            raise
        except OSError as error:
            if self.people_read_errors:
                raise
            self.failed = self.people_read_errors = True
            silence(sys.stdout)
            click.echo(f"standard output can't be written ({error.strerror}); what was to be printed follows here\n{text}", err=True)

    def write(self, path, content):
        """Write a file whole or not at all, text or bytes; where that fails, say so and keep it elsewhere, or print the text."""
        if path is None:
            return
        text = content if isinstance(content, str) else None
        data = content if text is None else text.encode("utf-8")  # as it is in a file, whatever the terminal's encoding
        try:
            _print(data) if path == STANDARD_OUTPUT else _write(Path(path), data)
        except BrokenPipeError:
            raise
        except OSError as error:
            self.failed = True
            kept = _keep(Path(path), data)
            where = f"it is kept in {kept}" if kept else "it is lost" if text is None else "it is printed here"
            name = "standard output" if path == STANDARD_OUTPUT else path
            click.echo(f"{name} can't be written ({error.strerror or error}); {where}", err=True)
            if not kept and text is not None:
                self.say(text)


def silence(stream):
    """Nothing more is written to a stream that failed, and nothing is said about it when the program ends."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass


def _print(data):
    sys.stdout.flush()
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError:
        silence(sys.stdout)
        raise


def _write(path, data):
    with told():
        write_whole(path, data)


def _keep(path, data):
    """The file in which it is, after all: in the folder for temporary files, or None."""
    try:
        handle, kept = tempfile.mkstemp(prefix="refrnn-", suffix=path.suffix if path.suffix in KEPT else ".txt")
    except OSError:
        return None
    try:
        with open(handle, "wb") as file:
            file.write(data)
    except OSError:
        os.unlink(kept)
        return None
    return kept
