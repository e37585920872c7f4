"""refrnn list: every spec, its sources and what verify shows of it."""

import json as json_module

import click

from refrnn.commands.output import columns, filled
from refrnn.errors import NotFoundError


@click.command("list")
@click.option("--group", help="Only the specs of this group.")
@click.option("--lecture", help="Only the specs of this lecture.")
@click.option("--json", "json", is_flag=True, help="Print the table as JSON.")
def command(group, lecture, json):
    """Every spec, its sources and what is shown of it: the lectures' rows, and then the gallery of cells from papers."""
    from refrnn.spec.library import GALLERY, cards

    every = cards()
    _known("group", group, {card.group for card in every})
    _known("lecture", lecture, {key for card in every for key in card.lectures})
    chosen = [card for card in every if group in (None, card.group) and (lecture is None or lecture in card.lectures)]
    if not chosen:
        raise NotFoundError(f"no spec of the group {group!r} is of the lecture {lecture!r}; leave one of the two out")
    if json:
        keys = ("id", "group", "title", "lectures", "papers", "verify", "open")
        click.echo(json_module.dumps([{key: getattr(card, key) for key in keys} for card in chosen], indent=2, ensure_ascii=False))
        return
    terminal = columns()
    of_lectures, cells = ([card for card in chosen if (card.group == GALLERY) is of_papers] for of_papers in (False, True))
    last = None
    for card, row in zip(of_lectures + cells, _rows(of_lectures, terminal) + _rows(cells, terminal)):
        if card.group == GALLERY != last and of_lectures:
            _print_standing(of_lectures, terminal)
        if card.group != last:
            click.echo(("\n" if last else "") + click.style(filled(_heading(card.group, chosen), terminal), bold=True))
            last = card.group
        click.echo(row)
    if last != GALLERY:
        _print_standing(of_lectures, terminal)
    click.echo("\n" + filled(f"{len(chosen)} specs; refrnn show ID prints one, refrnn verify ID holds its backends against it.", terminal))


def _heading(group, cards):
    from refrnn.spec.library import GALLERY

    count = sum(card.group == GALLERY for card in cards)
    return f"{group}: {count} cell{'s' * (count != 1)} of the literature, of which the equations are all that was written" if group == GALLERY else group


def _rows(cards, terminal):
    """A line for each; where a terminal can't hold them, without what verify shows, and broken at words."""
    width = max((len(card.id) for card in cards), default=0)
    title_width = max((len(card.title) for card in cards), default=0)
    sources = [", ".join((*card.lectures, *card.papers)) for card in cards]
    wide = [f"  {card.id:{width}}  {card.title:{title_width}}  {source}: {', '.join(card.verify)}" for card, source in zip(cards, sources)]
    still_open = [f"; open: {', '.join(card.open)}" if card.open else "" for card in cards]
    if terminal is None or max((len(row + more) for row, more in zip(wide, still_open)), default=0) <= terminal:
        return [row + click.style(more, fg="yellow") for row, more in zip(wide, still_open)]
    return [filled(f"{card.id:{width}}  {card.title}; {source}", terminal, "  ", " " * (width + 4)) for card, source in zip(cards, sources)]


def _print_standing(cards, terminal):
    """How many rows each lecture has, and what is still open."""
    by_lecture = {key: sum(key in card.lectures for card in cards) for key in dict.fromkeys(k for card in cards for k in card.lectures)}
    click.echo("\n" + filled("lectures: " + ", ".join(f"{key} {count}" for key, count in sorted(by_lecture.items())), terminal))
    still_open = [card.id for card in cards if card.open]
    if still_open:
        click.echo(filled(f"open: the tasks (training to a score) of {', '.join(still_open)}", terminal))


def _known(word, given, known):
    if given is not None and given not in known:
        raise NotFoundError(f"there is no {word} {given!r}; there are {', '.join(sorted(known))}")
