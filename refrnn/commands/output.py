"""Files that a command writes: whether they can be written is known before the work is done."""

import os
from pathlib import Path

import click


class OutputFile(click.Path):
    """A path for a file that is to be written, in a folder that is there and can be written to."""

    def __init__(self):
        super().__init__(dir_okay=False, writable=True)

    def convert(self, value, param, ctx):
        folder = Path(value).absolute().parent
        if not folder.is_dir():
            self.fail(f"the folder {folder} is not there; make it first", param, ctx)
        if not os.access(folder, os.W_OK):
            self.fail(f"the folder {folder} can't be written to; name a file elsewhere", param, ctx)
        return super().convert(value, param, ctx)
