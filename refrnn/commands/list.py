"""refrnn list: every spec, its sources and what verify shows of it."""

import json as json_module

import click

from refrnn.errors import NotFoundError


@click.command("list")
@click.option("--group", help="Only the specs of this group.")
@click.option("--lecture", help="Only the specs of this lecture.")
@click.option("--json", "json", is_flag=True, help="Print the table as JSON.")
def command(group, lecture, json):
    """Every spec, its sources and what is shown of it."""
    from refrnn.spec.library import cards

    every = cards()
    _known("group", group, {card.group for card in every})
    _known("lecture", lecture, {key for card in every for key in card.lectures})
    chosen = [card for card in every if group in (None, card.group) and (lecture is None or lecture in card.lectures)]
    if not chosen:
        raise NotFoundError(f"no spec of the group {group!r} is of the lecture {lecture!r}; leave one of the two out")
    if json:
        rows = [{"id": c.id, "group": c.group, "title": c.title, "lectures": c.lectures, "verify": c.verify, "open": c.open} for c in chosen]
        click.echo(json_module.dumps(rows, indent=2, ensure_ascii=False))
        return
    width = max(len(card.id) for card in chosen)
    title_width = max(len(card.title) for card in chosen)
    last = None
    for card in chosen:
        if card.group != last:
            click.echo(("\n" if last else "") + click.style(card.group, bold=True))
            last = card.group
        still_open = click.style(f"; open: {', '.join(card.open)}", fg="yellow") if card.open else ""
        click.echo(f"  {card.id:{width}}  {card.title:{title_width}}  {', '.join(card.lectures)}: {', '.join(card.verify)}{still_open}")
    _print_standing(chosen)


def _print_standing(cards):
    """How many specs each lecture and each group has, and what is still open."""
    by_lecture = {key: sum(key in card.lectures for card in cards) for key in dict.fromkeys(k for card in cards for k in card.lectures)}
    click.echo("\nlectures: " + ", ".join(f"{key} {count}" for key, count in sorted(by_lecture.items())))
    still_open = [card.id for card in cards if card.open]
    if still_open:
        click.echo(f"open: the tasks (training to a score) of {', '.join(still_open)}")
    click.echo(f"{len(cards)} specs; refrnn show ID prints one, refrnn verify ID holds its backends against it.")


def _known(word, given, known):
    if given is not None and given not in known:
        raise NotFoundError(f"there is no {word} {given!r}; there are {', '.join(sorted(known))}")
