"""refrnn plot: what the lectures draw, computed."""

import sys
from contextlib import nullcontext
from pathlib import Path

import click

from refrnn.commands.output import OutputFile, Outputs, filled, progress
from refrnn.commands.pictures import check, rendered
from refrnn.errors import RefrnnError

ASKED = "refrnn plot"


@click.command("plot")
@click.argument("name", metavar="[ID]", required=False)
@click.option("-o", "--output", "path", type=OutputFile(), metavar="FILE", help="The picture: .png, .svg or .pdf; ID.png if left out.")
@click.option("--all", "folder", type=click.Path(), metavar="DIR", help="Draw every picture into this folder, as ID.png.")
@click.option("--from", "from_path", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="Draw the training that refrnn train --json wrote into FILE.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Other random draws, where something is random; 0 if left out.")
def command(name, path, folder, from_path, seed):
    """Draw what the lectures draw, computed by the kernels (pip install refrnn[plot]).

    ID is a spec that has a picture; without one, those that have are listed. With --from it is a task that was trained,
    and its losses, tables and scores are drawn, into ID-training.png if no file is named.
    """
    from refrnn.plots import drawn, is_random, module

    outputs = Outputs()
    if from_path is not None:
        if folder is not None or seed is not None:
            raise click.UsageError("--from draws what was trained before, so it goes with an ID and -o alone")
        _draw_training(outputs, from_path, name, path)
        sys.exit(2 if outputs.failed else 0)
    if folder is not None and (name is not None or path is not None):
        raise click.UsageError("--all draws every picture into a folder, so it goes with --seed alone")
    if folder is None and name is None:
        if path is not None or seed is not None:
            raise click.UsageError("name what is to be drawn, or draw all by --all DIR")
        _list(outputs)
        return
    if folder is not None and not folder.strip():
        raise click.UsageError("--all: it names no folder; . is this one")
    wanted = drawn() if name is None else [name]
    pictures = {name: module(name) for name in wanted}
    if name is not None and seed is not None and not is_random(pictures[name]):
        raise RefrnnError(f"nothing in the picture of {name} is random; leave --seed out")
    files = {name: path or _file(folder or ".", name) for name in wanted}
    for file in files.values():
        check(ASKED, file)
    _draw(outputs, pictures, files, seed, with_bar=folder is not None)
    sys.exit(2 if outputs.failed else 0)


def _list(outputs):
    from refrnn.plots import drawn, module

    width = max(map(len, drawn()))
    for name in drawn():
        outputs.say(filled(f"{name:{width}}  {module(name).TITLE}", outputs.width, "  ", " " * (width + 4)))
    outputs.say()
    for text in ("refrnn plot ID draws one, refrnn plot --all DIR all of them.", "refrnn plot --from FILE draws a training that refrnn train --json FILE wrote."):
        outputs.say(filled(text, outputs.width))


def _file(folder, name):
    """The file of a picture, checked as if it had been named."""
    return OutputFile().convert(str(Path(folder) / f"{name}.png"), None, None)


def _draw(outputs, pictures, files, seed, with_bar):
    """One picture after the other, each written as soon as it is drawn."""
    from refrnn.plots import measured

    with progress(len(pictures), "plot") if with_bar else nullcontext() as bar:
        for name, picture in pictures.items():
            if bar is not None:
                bar.update(0, name)
            _write(outputs, picture, measured(picture, seed), files[name])
            if bar is not None:
                bar.update(1, name)
    _say(outputs, files.values())


def _draw_training(outputs, from_path, name, path):
    from refrnn.plots import training

    record = training.read(from_path, name)
    path = path or _file(".", f"{record['id']}-training")
    check(ASKED, path)
    _write(outputs, training.picture(record), record, path)
    _say(outputs, [path])


def _write(outputs, picture, data, path):
    from refrnn.plots.page import figure, look

    with look():
        content = rendered(figure(picture, data), path)
    outputs.write(path, content)


def _say(outputs, files):
    if not outputs.failed:
        outputs.say(filled(f"wrote {', '.join(map(str, files))}", outputs.width))
