"""The text of compiled kernels as people read it: the same program, in lines that are not long, which imports what it calls."""

import ast

import pytest

import refrnn
from refrnn.compiler.lines import WIDEST, laid_out
from refrnn.compiler.load import source

IMPORT = "from somewhere import a, b as c, d, e"
LONG = ", ".join(f"argument_{number}" for number in range(14))


LINES = [
    f"found = call({LONG})", f"found = call(({LONG}), [{LONG}], {{'a, b': ({LONG})}})", f"found = (({LONG}))", f"found = ({LONG},)", f"f(({LONG}) + 1)[0]",
    f"found = call({' + '.join(LONG.split(', '))}, -a - (b - {LONG.replace(', ', ' - ')}))", f'found = call("{LONG}", "a, (b")', f"found = a + ({' - '.join(LONG.split(', '))})",
    f"def function({LONG}):\n    return {LONG}", f"found = [one for one in ({LONG})]", f"found = call(a)[{' + '.join(LONG.split(', '))}]", f"found = values[{LONG}]",
]  # fmt: skip


@pytest.mark.parametrize("line", LINES, ids=map(str, range(len(LINES))))
def test_a_long_line_is_the_same_in_short_ones(line):
    found = "\n".join(laid_out(["import numpy", line]))
    assert ast.dump(ast.parse(found)) == ast.dump(ast.parse(f"import numpy\n{line}"))
    longest = max(map(len, found.splitlines()))
    assert longest <= WIDEST or "return" in line and longest == len(f"    return {LONG}")  # which has no bracket


def test_what_has_nowhere_to_be_broken_stays():
    lines = ["import numpy", f"# {LONG}", f"found = {LONG.replace(', ', ' * ')}", "short = call(a, b)"]
    assert laid_out(lines) == lines


def test_what_is_called_is_imported_and_nothing_else():
    lines = ['"""Of d."""', IMPORT, "from elsewhere import f", "found = c(a)  # e"]
    assert laid_out(lines) == ['"""Of d."""', "from somewhere import a, b as c", "found = c(a)  # e"]
    names = ", ".join(f"name_{number}" for number in range(30))
    found = "\n".join(laid_out([f"from somewhere import {names}", f"found = ({names})"]))
    assert ast.dump(ast.parse(found)) == ast.dump(ast.parse(f"from somewhere import {names}\nfound = ({names})"))
    assert max(map(len, found.splitlines())) <= WIDEST


@pytest.mark.parametrize("name", ["lstm", "bidirectional", "elman", "slstm", "generation"])
def test_kernels_are_read_easily(name):
    """Those of recurrences, of both directions, of numbers that choose, of the gallery, and in loops."""
    text = source(refrnn.load(name))
    assert max(map(len, text.split('"""', 2)[2].splitlines())) <= WIDEST
    tree = ast.parse(text)
    imported = {alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert imported <= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
