"""refrnn train: the tasks of the lectures, trained to their score."""

import json as json_module
import os
import sys
import tempfile
import time

import click

from refrnn.commands import interrupts
from refrnn.commands.output import OutputFile, Outputs, columns, filled, progress
from refrnn.errors import RefrnnError, ValuesError

BETWEEN_SAVES = 10  # seconds


class WeightsFile(OutputFile):
    """A path for the weights, which are no text."""

    def convert(self, value, param, ctx):
        if not str(value).endswith(".npz"):
            self.fail(f"{value} is to hold NumPy arrays; name a file that ends in .npz", param, ctx)
        return super().convert(value, param, ctx)


@click.command("train")
@click.argument("id", metavar="[ID]", required=False)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Of all that is random, by default 0.")
@click.option("--save", "path", type=WeightsFile(), metavar="FILE", help="Write the best weights, and all that is needed to go on, into an .npz file.")
@click.option("--resume", "before", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="Go on from what --save wrote, and where --save is left out into that file.")
@click.option("--json", "json_path", type=OutputFile(), metavar="FILE", help="Write losses, scores, tables and samples as JSON; - is standard output.")
def command(id, seed, path, before, json_path):
    """Train the task of a row, and score it on data that training never saw.

    ID is a row with a task; without it they are listed. Each takes at most a minute and a half on two cores. Ctrl-C
    ends the training and keeps the best weights so far: in the FILE of --save, else in one that is named then. In it the best weights
    stand under PART/best/NAME, as numpy.load reads them.

    Status: 0 every bar is met, 1 one is not, 2 refused, 130 stopped by Ctrl-C.
    """
    from refrnn import tasks
    from refrnn.tasks import record

    if id is None:
        if (seed, path, before, json_path) != (None,) * 4:
            raise click.UsageError("name the task that is to be trained; without options they are listed")
        _list(tasks)
        return
    outputs = Outputs(json_path)
    if before is not None:
        saved = record.seed_of(before, id)
        if seed not in (None, saved):
            raise click.UsageError(f"{before} was trained with --seed {saved}; leave --seed out, or train anew")
        seed, path = saved, path or before
    seed = seed or 0
    task = tasks.load(id, seed)
    if before is not None:
        record.restore(before, task)
    try:
        stopped = _train(task, seed, path)
    except ValuesError:  # such as a loss that is not finite any more
        if path is not None:
            _save(path, task, seed)
        raise
    if stopped:
        _told_where(task, _save_somewhere(path, task, seed))
    else:
        for part in task.parts:
            part.use_best()
        if path is not None:
            _save(path, task, seed)
    found = record.record(task, seed, stopped)
    outputs.write(json_path, json_module.dumps(found, indent=1, ensure_ascii=False) + "\n")
    if not stopped:
        for text, lead, hang in record.lines(found):
            outputs.say(filled(text, outputs.width, lead, hang) if len(text) > 100 else lead + text)
    missed = not stopped and not all(score["met"] for score in found["scores"])
    sys.exit(interrupts.STOPPED if stopped else 2 if outputs.failed else int(missed))


def _list(tasks):
    """Every task and what it is of."""
    from refrnn.spec.library import cards

    titles = {card.id: card.title for card in cards()}
    width = max(map(len, tasks.ids()))
    for id in tasks.ids():
        click.echo(filled(f"{id:{width}}  {titles[id]}", columns(), hang=" " * (width + 2)))
    click.echo("\nrefrnn train ID trains one.")


def _train(task, seed, path):
    """Train every part; whether Ctrl-C came before that was done."""
    saved = time.monotonic()
    try:
        with interrupts.told(), progress(sum(part.steps for part in task.parts), f"train {task.id}") as bar:
            for part in task.parts:
                bar.update(part.done, part.name)
                while not part.ended:
                    with interrupts.held_back():
                        loss = part.step()
                    bar.update(1, part.name if loss is None else f"{part.name}, loss {loss:.3g}")
                    if path is not None and time.monotonic() - saved > BETWEEN_SAVES:
                        with interrupts.held_back():
                            _save(path, task, seed)
                        saved = time.monotonic()
                bar.update(part.steps - part.done, part.name)
    except KeyboardInterrupt:
        return True
    return False


def _save(path, task, seed):
    from refrnn.tasks import record

    try:
        record.save(path, task, seed)
    except OSError as error:
        raise RefrnnError(f"{path} can't be written ({error.strerror or error}); free some room, or name a file elsewhere") from None


def _save_somewhere(path, task, seed):
    """The file in which what was trained is: the one that was asked for, or one among temporary files."""
    if path is None:
        handle, path = tempfile.mkstemp(prefix=f"refrnn-{task.id}-", suffix=".npz")
        os.close(handle)
    _save(path, task, seed)
    return path


def _told_where(task, path):
    part = next((part for part in task.parts if not part.ended), task.parts[-1])
    click.echo(f"\nstopped after {part.done:,} of {part.steps:,} steps of {part.name}; the best weights so far are in {path}", err=True)
    click.echo(f"refrnn train {task.id} --resume {path} goes on", err=True)
