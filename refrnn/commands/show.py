"""refrnn show: a spec as people read it."""

import click

from refrnn.commands.output import columns
from refrnn.errors import NotFoundError


@click.command("show")
@click.argument("name", metavar="ID")
@click.option("--latex", "form", flag_value="latex", help="The equations in LaTeX.")
@click.option("--html", "form", flag_value="html", help="A page with MathML.")
@click.option("--code", "form", flag_value="code", help="The reference, as it stands in its file.")
def command(name, form):
    """Equations, symbols, sources, errata and reference code of a spec.

    ID is a spec of the library or the path of a YAML file.
    """
    import refrnn
    from refrnn.spec import show

    spec = refrnn.load(name)
    if form is None:
        click.echo(show.terminal(spec, min(show.WIDTH, columns() or show.WIDTH)))
        return
    if form == "code":
        text = show.code(spec)
        if text is None:
            raise NotFoundError(f"{spec.id} has no reference to show")
        click.echo(text)
        return
    click.echo(show.latex(spec) if form == "latex" else show.html_page(spec))
