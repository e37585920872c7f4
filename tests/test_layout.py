"""The same path finds the spec, the reference, the kernel and the test of every equation."""

import ast
from pathlib import Path

import pytest

import refrnn
from refrnn.backends.run import compiler
from refrnn.spec.library import GALLERY, cards, gallery, rows

ROOT = Path(__file__).resolve().parent.parent


# The rows whose kernel is the compiled one, which no kernel by hand outruns. What the engine runs is asked elsewhere.
COMPILED = {
    "activation-jacobian", "bidirectional", "binary-adder", "constant-error-carousel", "deep-recurrent", "elman", "gru-minimal",
    "gru-reset-after", "gru-reset-before", "jordan", "leaky-units", "lstm", "lstm-peephole", "lstm-peephole-diagonal", "lstm-separate-matrices",
    "memory-network", "multi-tap-recursion", "parity", "pattern-memory", "power-of-a-scalar", "reservoir", "scalar-recursion", "state-space",
    "unfolding", "vector-recursion",
}  # fmt: skip

ROWS = [card for card in cards() if not card.papers]


@pytest.mark.parametrize("card", ROWS, ids=lambda card: card.id)
def test_one_path_finds_all(card):
    path = Path(card.group) / (card.id.replace("-", "_") + ".py")
    assert (ROOT / "specs" / card.group / f"{card.id}.yaml").is_file()
    assert (ROOT / "refrnn/reference" / path).is_file()
    assert (ROOT / "kernels" / path).is_file() is not (card.id in COMPILED)
    assert (ROOT / "tests" / path.parent / f"test_{path.name}").is_file()
    assert "claim" not in card.verify or (ROOT / "refrnn/claims" / path).is_file()
    assert ("task" in card.verify) is (ROOT / "refrnn/tasks" / path).is_file()


@pytest.mark.parametrize("card", ROWS, ids=lambda card: card.id)
def test_every_row_has_three_backends(card):
    assert refrnn.load(card.id).backends[:3] == ("equation", "reference", "kernel")


@pytest.mark.parametrize("card", [card for card in ROWS if card.id not in COMPILED], ids=lambda card: card.id)
def test_a_kernel_by_hand_says_why(card):
    """How much slower the compiled one is, as ``python -m tests.compiler.race`` measures, or that there is none."""
    text = (ROOT / "kernels" / card.group / (card.id.replace("-", "_") + ".py")).read_text()
    reasons = [line for line in ast.get_docstring(ast.parse(text)).splitlines() if line.startswith("By hand")]
    assert len(reasons) == 1 and len(reasons[0]) <= 120
    assert ("can't be compiled" in reasons[0]) is (compiler().obstacle(refrnn.load(card.id)) is not None)


def test_a_spec_is_a_row_of_a_lecture_or_a_cell_of_the_gallery():
    """And of a cell of the gallery there is nothing but its equations, so that no other answer of it can differ."""
    assert [card.id for card in ROWS] == rows() and [card.id for card in cards()] == rows() + gallery() == refrnn.ids()
    for card in cards():
        assert bool(card.papers) is not bool(card.lectures) and bool(card.papers) is (card.group == GALLERY), card.id
    for room in ("refrnn/reference", "refrnn/claims", "refrnn/peers", "kernels"):
        assert not (ROOT / room / GALLERY).exists()


def imports(path):
    """The rooms of refrnn that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module


BELOW = ("refrnn.backends", "refrnn.spec", "refrnn.equation", "refrnn.errors")


@pytest.mark.parametrize(
    "room, allowed",
    [
        ("kernels", ()),
        ("refrnn/reference", ()),
        ("refrnn/equation", ("refrnn.equation", "refrnn.errors", "refrnn.kernels.primitives.fork")),
        ("refrnn/spec", ("refrnn", "refrnn.spec", "refrnn.equation", "refrnn.errors", "refrnn.backends", "refrnn.kernels.primitives.fork")),
        ("refrnn/compiler", ("refrnn", "refrnn.compiler", "refrnn.spec", "refrnn.equation", "refrnn.errors")),
        ("refrnn/backends", ("refrnn.backends", "refrnn.spec", "refrnn.equation", "refrnn.errors", "refrnn.kernels.engine.segments", "refrnn.kernels.primitives.fork")),
        ("refrnn/peers", ("refrnn.peers", "refrnn.errors")),
        ("refrnn/learning", ("refrnn", "refrnn.learning", "refrnn.files", *BELOW)),
        ("refrnn/tasks", ("refrnn", "refrnn.tasks", "refrnn.learning", "refrnn.compose", "refrnn.peers", *BELOW)),
        ("refrnn/claims", ("refrnn", "refrnn.claims", "refrnn.learning", *BELOW)),
        ("refrnn/plots", ("refrnn", "refrnn.plots", "refrnn.learning", "refrnn.tasks", "refrnn.claims", "refrnn.errors")),
        ("refrnn/compose", ("refrnn", "refrnn.compose", "refrnn.kernels", *BELOW)),
        ("refrnn/verify", ("refrnn", "refrnn.verify", "refrnn.kernels", *BELOW)),
        ("refrnn/bench", ("refrnn", "refrnn.bench", "refrnn.peers", "refrnn.kernels", *BELOW)),
    ],
)
def test_arrows_run_one_way(room, allowed):
    """kernels and references know nothing of the other rooms; the lower rooms nothing of verify, bench and commands."""
    for path in (ROOT / room).rglob("*.py"):
        for name in imports(path):
            if name.split(".")[0] == "refrnn":
                assert name in allowed or any(name.startswith(f"{prefix}.") for prefix in allowed if prefix != "refrnn"), f"{path}: {name}"


def test_the_picture_is_one_page():
    """And names every room there is."""
    lines = (ROOT / "ARCHITECTURE.md").read_text().splitlines()
    assert len(lines) <= 70 and max(map(len, lines)) <= 120
    rooms = {f"refrnn/{place.parent.name}" for place in (ROOT / "refrnn").glob("*/__init__.py")}
    assert [room for room in sorted(rooms) if room not in "\n".join(lines)] == []
