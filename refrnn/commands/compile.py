"""refrnn compile: the kernel of a spec, written from its equations, as a module of one's own."""

import sys

import click

from refrnn.commands.output import STANDARD_OUTPUT, OutputFile, Outputs


@click.command("compile")
@click.argument("name", metavar="ID")
@click.option("-o", "--output", "path", type=OutputFile(), default=STANDARD_OUTPUT, help="The file to write; standard output if left out.")
def command(name, path):
    """Compile the equations of a spec to a Numba module with both passes.

    ID is a spec of the library or the path of a YAML file. The module has the functions forward and backward of a kernel,
    which take and give arrays by the names of the spec; a YAML file that stands beside it may name it under kernel. It has
    all sides of choices on whole numbers, such as the number of an activation, where refrnn itself compiles those that run.
    """
    import refrnn
    from refrnn.compiler.load import source

    outputs = Outputs(path)
    outputs.write(path, source(refrnn.load(name)))
    if path != STANDARD_OUTPUT and not outputs.failed:
        outputs.say(f"wrote {path}")
    sys.exit(2 if outputs.failed else 0)
