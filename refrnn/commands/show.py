"""refrnn show: a spec as people read it."""

import click

from refrnn.commands.output import columns
from refrnn.errors import NotFoundError


@click.command("show")
@click.argument("name", metavar="ID")
@click.option("--latex", "form", flag_value="latex", help="The equations in LaTeX.")
@click.option("--html", "form", flag_value="html", help="A page with MathML.")
@click.option("--code", "form", flag_value="code", help="The reference, as it stands in its file.")
@click.option("--kernel", "form", flag_value="kernel", help="The Numba module that the equations compile to, for all values of constants.")
@click.option("--yaml", "form", flag_value="yaml", help="With --gradient: a spec of its own, which loads from a file.")
@click.option("--gradient", is_flag=True, help="The adjoint equations, derived from those of the spec, in the form that is chosen.")
def command(name, form, gradient):
    """Equations, symbols, sources, errata and reference code of a spec.

    ID is a spec of the library or the path of a YAML file.
    """
    import refrnn
    from refrnn.spec import show

    spec = refrnn.load(name)
    width = min(show.WIDTH, columns() or show.WIDTH)
    if gradient:
        click.echo(_gradient(spec, form, width))
    elif form is None:
        click.echo(show.terminal(spec, width))
    elif form == "yaml":
        raise click.UsageError("--yaml writes a gradient; add --gradient, or read the file of the spec itself")
    elif form == "kernel":
        from refrnn.compiler.load import source

        click.echo(source(spec), nl=False)
    elif form == "code":
        text = show.code(spec)
        if text is None:
            raise NotFoundError(f"{spec.id} has no reference to show")
        click.echo(text)
    else:
        click.echo(show.latex(spec) if form == "latex" else show.html_page(spec))


def _gradient(spec, form, width):
    from refrnn.spec import gradient, show_gradient

    if form in ("code", "kernel"):
        raise click.UsageError(f"--gradient shows equations, and no code is derived; leave out --{form}")
    if form == "yaml":
        return gradient.text(spec)
    if form is None:
        return show_gradient.terminal(spec, width)
    return show_gradient.latex(spec) if form == "latex" else show_gradient.html_page(spec)
