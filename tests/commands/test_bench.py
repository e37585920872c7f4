"""refrnn bench: what it prints and writes, and what it refuses; never how fast anything is."""

import json
import re

import pytest
from click.testing import CliRunner

from refrnn.bench import contenders
from refrnn.commands import pictures
from refrnn.commands.main import main

TINY = ["--steps", "3", "--batch", "2", "--hidden", "4", "--input", "5", "--repeats", "2"]


def bench(*arguments):
    return CliRunner().invoke(main, ["bench", *map(str, arguments)])


def lacking(monkeypatch, *packages):
    """As where these are not installed."""
    found = contenders.find_spec
    monkeypatch.setattr(contenders, "find_spec", lambda name: None if name in packages else found(name))


def test_prints_ratios_with_their_spread():
    done = bench("unfolding", *TINY)
    assert done.exit_code == 0, done.output
    assert re.search(r"\d cores?, \d+ threads?, Python .*, NumPy .*, Numba .*; float32, 2 turns", done.stdout)
    for other in ("the reference", "batched NumPy"):
        pattern = rf"kernel is [\d.e+-]+ times as fast as {other} \([\d.e+-]+ to [\d.e+-]+\)"
        assert len(re.findall(pattern, done.stdout)) == 2
    assert "unfolding: T 3, I 5, H 4, batch 2" in done.stdout
    assert re.search(r"forward: .*GFLOP/s, \d+% of the peak, bound by (latency|memory|compute)", done.stdout)
    assert re.search(r"won \d, tied \d, lost \d of 2; geometric mean .* \(tanh, forward\)", done.stdout)


def test_progress_is_on_standard_error_only():
    done = bench("unfolding", *TINY, "--forward")
    assert "bench" in done.stderr and "\r" not in done.stdout


def test_json_and_what_is_made_of_it_later(tmp_path):
    path, page, again = (tmp_path / name for name in ("bench.json", "page.md", "again.md"))
    done = bench("gru-reset-before", "two-layer-rnn", *TINY, "--dtype", "float64", "--json", path, "--markdown", page)
    assert done.exit_code == 0, done.output
    data = json.loads(path.read_text())
    assert {"processor", "caches", "cores", "threads", "python", "numpy", "numba", "peak", "bandwidth", "load"} <= data["machine"].keys()
    assert [(cell["id"], cell["pass"], [one["name"] for one in cell["contenders"]]) for cell in data["cells"]] == [
        ("gru-reset-before", "forward", ["reference", "batched NumPy", "kernel, bound", "kernel"]),
        ("gru-reset-before", "forward + backward", ["reference", "batched NumPy", "kernel, bound", "kernel"]),
        ("two-layer-rnn", "forward", ["reference", "kernel, bound", "kernel"]),
        ("two-layer-rnn", "forward + backward", ["reference", "kernel, bound", "kernel"]),
    ]
    for cell in data["cells"]:
        assert cell["dtype"] == "float64" and not cell["out"] and not cell["ragged"]
        assert {"operations", "bytes", "roofline", "sizes", "steps"} <= cell.keys()
        assert cell["roofline"].keys() == {"bound", "compute_seconds", "memory_seconds", "roof_share"}
        for one in cell["contenders"]:
            assert {"name", "kind", "seconds", "low", "high", "gflops", "peak_share"} <= one.keys()
            assert ({"ratio", "ratio_low", "ratio_high"} <= one.keys()) == (one["kind"] not in ("kernel", "bound"))
    assert [("fastest" in cell) for cell in data["cells"]] == [True, True, False, False]
    shown = bench("--from", path, "--markdown", again)
    assert shown.exit_code == 0 and page.read_text() == again.read_text()
    assert shown.stdout.splitlines() == done.stdout.splitlines()[1:]  # but the line of the machine


def test_one_pass_alone_and_a_ragged_batch(tmp_path):
    path = tmp_path / "bench.json"
    assert bench("unfolding", *TINY, "--backward", "--ragged", "--json", path).exit_code == 0
    (cell,) = json.loads(path.read_text())["cells"]
    assert cell["pass"] == "forward + backward" and cell["ragged"] and 3 < cell["steps"] <= 6
    assert cell["out"] == {"batched NumPy": "batched NumPy runs whole sequences only; leave lengths out"}


def test_the_grid_has_its_cells():
    from refrnn.bench.grid import IDS, SIZES
    from refrnn.commands.bench import _cells, _specs

    free = dict.fromkeys(("steps", "batch", "hidden", "inputs"))
    cells = _cells(_specs((), True), True, None, "float32", False, free)
    assert len(cells) == 42 == 2 * len(IDS) * len(SIZES)
    T, B, I, H = SIZES[-1]
    assert cells[-1][0].sizes == {"T": T, "I": I, "H": H, "batch": B} and cells[-1][0].spec.id == "unfolding"


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["lsmt"], "did you mean lstm"),
        (["clip-norm", "--hidden", "3"], "clip-norm: --hidden means nothing here"),
        (["clip-norm", "--ragged"], "clip-norm: --ragged means nothing here"),
        (["two-layer-rnn", "--peers"], "no other framework has two-layer-rnn"),
        (["one-hot", "--backward"], "one-hot has no gradients"),
        (["unfolding", "--threads", "100000"], "more than"),
        (["unfolding", "--json", "nowhere/at/all.json"], "is not there; make it first"),
        (["unfolding", "--plot", "picture.gif"], "--plot writes .png, .svg, .pdf, not picture.gif"),
        (["unfolding", "--steps", "0"], "--steps"),
        (["unfolding", "--dtype", "float16"], "--dtype"),
        (["unfolding", "--repeats", "0"], "--repeats"),
        (["unfolding", "--patience", "0"], "--patience"),
        (["unfolding", "--steps", "2147483647"], "choose smaller sizes"),
        (["--grid", "--hidden", "3"], "--grid has sizes of its own"),
        (["--accuracy", "--dtype", "float64"], "--accuracy holds float32 against float64"),
        (["--grid", "elman"], "elman is not in it; it has lstm"),
        (["--from", __file__], "is not what refrnn bench --json writes"),
        (["--from", __file__, "lstm"], "--from races nothing"),
        (["--from", __file__, "--peers"], "--from races nothing"),
    ],
)
def test_refusals_are_one_clear_line(monkeypatch, arguments, words):
    monkeypatch.setattr(pictures, "find_spec", lambda name: True)
    done = bench(*arguments)
    assert done.exit_code == 2
    error = done.stderr.strip().splitlines()[-1]
    assert error.startswith("Error: ") and words in error
    assert not done.stdout


def test_a_spec_without_kernel_has_nothing_to_measure(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("{id: own, title: Own, sizes: {N: units}, symbols: {z: {role: input, shape: [N]}}, equations: ['h = tanh(z)'], outputs: [h]}")
    assert "own has no kernel" in bench(path).stderr


def test_without_matplotlib_one_sentence_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setattr(pictures, "find_spec", lambda name: None)
    done = bench("unfolding", *TINY, "--plot", tmp_path / "picture.png")
    assert done.exit_code == 2 and done.stderr == "Error: --plot needs matplotlib, which is not installed; pip install refrnn[plot]\n"


def test_what_is_not_installed_is_left_out_in_a_line(monkeypatch, tmp_path):
    lacking(monkeypatch, "torch", "jax", "onnxruntime", "onnx")
    done = bench("unfolding", *TINY, "--peers")
    assert done.exit_code == 2 and "--peers: no other framework is installed; pip install refrnn[peers]" in done.stderr and not done.stdout
    started = []
    monkeypatch.setattr(contenders, "find_spec", lambda name: None if name in ("jax", "onnx") else True)
    found, sentences = contenders.gather(started.append, 1, peers=True, reference=False)
    assert [one.name for one in found] == ["batched NumPy", "PyTorch", "PyTorch loop", "kernel, bound", "kernel"] and not started
    assert sentences == [
        "JAX is left out: jax not installed (pip install refrnn[peers])", "ONNX Runtime is left out: onnx not installed (pip install refrnn[peers])"
    ]  # fmt: skip


def test_a_wrong_kernel_is_status_1(monkeypatch, tmp_path):
    """The contenders are pickled by name, so the kernel's place is taken by another class."""
    gather = contenders.gather

    def gathered(start, patience, peers, reference):
        found, sentences = gather(start, patience, peers, reference)
        found[-1]._start = lambda: start(contenders.Child("rivals", "Wrong"))
        return found, sentences

    monkeypatch.setattr(contenders, "gather", gathered)
    done = bench("unfolding", *TINY, "--forward", "--json", tmp_path / "out.json")
    assert done.exit_code == 1 and "forward: kernel takes no part: its s differs from that of reference by" in done.stdout
    assert json.loads((tmp_path / "out.json").read_text())["cells"][0]["contenders"] == []


def test_threads_are_those_asked_for(tmp_path):
    done = bench("unfolding", *TINY, "--forward", "--threads", "1", "--json", tmp_path / "out.json")
    assert done.exit_code == 0 and ", 1 thread," in done.stdout
    assert json.loads((tmp_path / "out.json").read_text())["machine"]["threads"] == 1

