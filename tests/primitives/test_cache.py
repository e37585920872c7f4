"""Compiled kernels on disk: found again, never stale, mended when damaged, and put only where nobody else may write."""

import hashlib
import os
import pickle
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from refrnn.kernels.primitives import cache, folder

PROGRAM = """
import os, sys
sys.path.insert(0, sys.argv[1])
{before}
import numpy as np
from kernels.little import tanh_of
from kernels.primitives.cache import digest
from kernels.primitives.folder import folder
print(tanh_of(0.5))
print(folder(digest()))
{after}
"""
TANH_OF_HALF = 0.46211715726

# An entry of each sort, compiled in a moment: functions that are called by their addresses, and one that Python calls.
LITTLE = """
import numpy as np
from .primitives.activations import tanh
from .primitives.compile import call, data_of, kernel, native

@native("F")
def replace(number):
    number[0] = tanh(number[0])

@native("F")
def halve(number):
    number[0] = number[0] / 2

@kernel
def run(function, array):
    call(function, (data_of(array),))

def tanh_of(x):
    array = np.array([2 * x])
    run(halve.address(array.dtype), array)
    run(replace.address(array.dtype), array)
    return array[0]
"""


def copied_to(path):
    shutil.copytree(cache.KERNELS, path / "kernels", ignore=shutil.ignore_patterns("__pycache__"))
    (path / "kernels" / "little.py").write_text(LITTLE)
    return path


@pytest.fixture
def tree(tmp_path):
    """A copy of the kernels that a test may edit."""
    return copied_to(tmp_path)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """What a first run says, compiled once for all tests that begin after it."""
    return run(copied_to(tmp_path_factory.mktemp("compiled")))


@pytest.fixture
def ran(tree, compiled):
    """What a first run said whose cache the tree has."""
    number, place = compiled
    shutil.copytree(place, tree / "cache" / place.name)
    return number, tree / "cache" / place.name


def start(tree, before="", after="", **environment):
    environment = {**os.environ, "REFRNN_CACHE_DIR": str(tree / "cache"), **environment}
    environment = {name: value for name, value in environment.items() if value is not None}
    program = [sys.executable, "-c", PROGRAM.format(before=before, after=after), str(tree)]
    return subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def finish(process):
    """tanh(0.5), its cache folder, and what was printed after that."""
    output, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    number, place, *rest = output.strip().split("\n")
    return float(number), Path(place), *rest


def run(tree, **how):
    """The same of the kernels of ``tree`` in a new process."""
    return finish(start(tree, **how))


def entries(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def kept(folder):
    return sorted(folder.glob("*.kernel"))


def test_second_process_compiles_nothing(tree):
    first, place = run(tree)
    written = entries(place)
    second, again = run(tree)
    assert abs(first - TANH_OF_HALF) < 1e-9 and second == first
    assert kept(place) and again == place and entries(place) == written
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in kept(place))


def test_edit_of_a_called_file_is_seen(tree, ran):
    before, place = ran
    edited = tree / "kernels" / "primitives" / "activations.py"
    text = edited.read_text()
    mended = text.replace("return copy_sign(e / (two + e), x)", "return copy_sign(e / (two + e + e), x)")
    assert mended != text
    edited.write_text(mended)
    after, other = run(tree)
    assert after != before and other != place
    edited.write_text(text)
    assert run(tree) == (before, place)


def test_settings_that_shape_the_code_have_their_own_entries(tree, ran):
    _, place = ran
    _, other = run(tree, NUMBA_BOUNDSCHECK="1")
    _, same = run(tree, NUMBA_THREADING_LAYER="workqueue")  # who starts threads is found when code is loaded
    assert other != place and same == place


NARROWER = """
from llvmlite import binding
features = dict(binding.get_host_cpu_features())
binding.get_host_cpu_features = lambda: binding.FeatureMap({name: on and not name.startswith("avx") for name, on in features.items()})
"""

A_LAYER = """
from kernels.families import recurrent
random = np.random.default_rng(0)
x, start, W_in, W = (random.standard_normal(shape) for shape in ((1, 3, 4), (3, 37), (4, 37), (37, 37)))
h, _ = recurrent.forward(x, start, W_in, W)
print(np.abs(h[0] - np.tanh(x[0] @ W_in + start @ W)).max() < 1e-12)
"""


def test_machines_of_different_width_share_a_cache_but_no_entries(tree):
    """Told to compile for a generic processor, Numba takes one machine's entries for another's."""
    _, wide, right = run(tree, after=A_LAYER, NUMBA_CPU_NAME="generic")
    _, narrow, right_too = run(tree, before=NARROWER, after=A_LAYER, NUMBA_CPU_NAME="generic")
    assert (right, right_too) == ("True", "True") and wide != narrow


# ------------------------------------------------------------ damage


@pytest.mark.parametrize("damage", ["empty", "truncated", "one bit", "not a file", "another's", "foreign"])
def test_what_is_damaged_is_compiled_again(tree, ran, damage):
    number, place = ran
    whole = {path: path.read_bytes() for path in kept(place)}
    for path, content in whole.items():
        if damage == "not a file":
            path.unlink()
            path.mkdir()
        else:
            middle = len(content) // 2
            flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
            anothers = list(whole.values())[list(whole).index(path) - 1]
            foreign = hashlib.sha256(b"no pickle").digest() + b"no pickle"
            path.write_bytes({"empty": b"", "truncated": content[:-1], "one bit": flipped, "another's": anothers, "foreign": foreign}[damage])
    assert run(tree) == (number, place)
    if damage != "not a file":
        assert all(len(path.read_bytes()) > 1000 for path in whole) and list(whole) == kept(place)
        written = entries(place)
        assert run(tree) == (number, place) and entries(place) == written


def test_two_processes_at_once(tree):
    both = [start(tree) for _ in range(2)]
    found = [finish(process) for process in both]
    assert found[0] == found[1]
    place = found[0][1]
    assert not list(place.glob("*.tmp"))
    written = entries(place)
    assert run(tree) == found[0] and entries(place) == written


@pytest.mark.parametrize("most", [0, 4096])
def test_a_limit_on_files_costs_only_the_cache(tree, most):
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))"
    number, place = run(tree, before=limit)
    assert abs(number - TANH_OF_HALF) < 1e-9 and (not place.exists() or not kept(place))
    assert not list((tree / "cache").rglob("*.tmp"))


FULL = """
import errno, os
opened = os.open
def full(path, flags, *mode, **more):
    if flags & os.O_CREAT and ("kernel" in str(path) or "refrnn" in str(path)):
        raise OSError(errno.ENOSPC, "no space left on device")
    return opened(path, flags, *mode, **more)
os.open = full
"""


def test_a_full_disk_costs_only_the_cache(tree):
    number, place = run(tree, before=FULL)
    assert abs(number - TANH_OF_HALF) < 1e-9 and not kept(place)


READ_ONLY = """
import errno, kernels.primitives.folder as folder
def refuse(*_, **__):
    raise OSError(errno.EROFS, "read-only file system")
folder._mark, os.utime, os.replace = refuse, refuse, refuse
"""


def test_a_folder_that_can_only_be_read_serves(tree, ran):
    number, place = ran
    written = entries(place)
    assert run(tree, before=READ_ONLY) == (number, place) and entries(place) == written
    shutil.rmtree(place)
    (tree / "temporary").mkdir()
    found, other = run(tree, before=READ_ONLY, TMPDIR=str(tree / "temporary"))
    assert found == number and other.parent == tree / "temporary" and not other.exists()


# ------------------------------------------------------------ the place


def test_place_is_the_users_cache_folder(tree):
    environment = {"XDG_CACHE_HOME": str(tree / "users"), "NUMBA_CACHE_DIR": str(tree / "numbas")}
    environment["REFRNN_CACHE_DIR"] = ""
    _, place = run(tree, **environment)
    assert place.parent == tree / "users" / "refrnn"
    assert not (tree / "numbas").exists()


def in_temporary(tree, **how):
    """A run that must fall back to the temporary folder: whether it did, into a private one."""
    temporary = tree / "temporary"
    temporary.mkdir(exist_ok=True)
    number, place = run(tree, TMPDIR=str(temporary), **how)
    assert abs(number - TANH_OF_HALF) < 1e-9
    return place.parent.parent == temporary and bool(kept(place)) and place.parent.stat().st_mode & 0o077 == 0


def test_place_that_cannot_be_written_is_replaced(tree):
    occupied = tree / "occupied"
    occupied.write_text("a file, so that no folder can be made here")
    assert in_temporary(tree, REFRNN_CACHE_DIR=str(occupied))


NOBODY_KNOWS = """
import pwd
def unknown(_):
    raise KeyError("uid not found")
pwd.getpwuid = unknown
"""


def test_a_user_without_home_or_name(tree):
    nowhere = {"REFRNN_CACHE_DIR": None, "XDG_CACHE_HOME": None}
    assert in_temporary(tree, before=NOBODY_KNOWS, HOME=None, **nowhere)
    assert in_temporary(tree, HOME="", **nowhere)


def planted(place):
    """A program in the place of every entry, with a checksum that fits: reading it leaves a sign."""
    import hashlib

    class Planted:
        def __reduce__(self):
            return os.mkdir, (str(place / "ran"),)

    content = pickle.dumps(Planted())
    for path in kept(place):
        path.write_bytes(hashlib.sha256(content).digest() + content)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="the rules are those of POSIX")
@pytest.mark.parametrize("who", ["group", "everybody", "above", "stranger"])
def test_a_place_where_others_may_write_is_not_read(tree, ran, who):
    _, place = ran
    planted(place)
    if who == "stranger":
        if os.getuid() != 0:
            pytest.skip("only root can give a folder away")
        os.chown(place, 54321, 54321)
    else:
        (place.parent if who == "above" else place).chmod(0o770 if who == "group" else 0o777)
    assert in_temporary(tree) and not (place / "ran").exists()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="the rules are those of POSIX")
def test_an_entry_that_others_may_write_is_not_read(tree, ran):
    number, place = ran
    planted(place)
    for path in kept(place):
        path.chmod(0o666)
    assert run(tree) == (number, place) and not (place / "ran").exists()
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in kept(place))


def test_planted_entries_would_have_run(tree, ran):
    """The tests before this one can fail: where only the user can write, what is there is believed."""
    _, place = ran
    planted(place)
    start(tree).communicate(timeout=240)
    assert (place / "ran").exists()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="the rules are those of POSIX")
def test_a_shared_folder_above_serves_if_nobody_touches_anothers(tree):
    shared = tree / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    _, place = run(tree, REFRNN_CACHE_DIR=str(shared / "mine"))
    assert place.parent == shared / "mine"
    shared.chmod(0o777)
    assert in_temporary(tree, REFRNN_CACHE_DIR=str(shared / "mine"))


# ------------------------------------------------------------ pruning


def aged(place, age, marker):
    place.mkdir(parents=True)
    (place / "one.kernel").write_bytes(b"")
    if marker is not None:
        (place / folder.MARKER).write_text(marker)
    seconds = os.stat(place).st_mtime - age * 3600 * 10
    os.utime(place, (seconds, seconds))


def test_old_folders_are_pruned_but_not_recent_ones(tree):
    base = tree / "cache"
    for age in range(12):
        aged(base / f"{age:020x}", age, f"{age:020x}\n")
    (base / "something else").mkdir()
    _, place = run(tree)
    left = sorted(path.name for path in base.iterdir() if path != place)
    assert left == [f"{age:020x}" for age in range(folder.KEPT_FOLDERS - 1)] + ["something else"]


def test_nothing_is_pruned_that_is_not_provably_ours(tree):
    base, own = tree / "cache", "f" * 20
    for age in range(12):
        aged(base / f"{age:020x}", age, None)  # a user's own folders
    aged(base / own, 99, own)  # the marker's line has no end
    aged(base / ("e" * 20), 98, "f" * 20 + "\n")  # another folder's marker
    aged(base / "my twenty characters", 97, "my twenty characters\n")
    before = sorted(path.name for path in base.iterdir())
    _, place = run(tree)
    assert sorted(path.name for path in base.iterdir() if path != place) == before


def test_what_a_user_put_into_one_of_our_folders_stays(tree):
    base = tree / "cache"
    for age in range(12):
        aged(base / f"{age:020x}", age, f"{age:020x}\n")
    (base / f"{11:020x}" / "thesis.txt").write_text("years of work")
    seconds = os.stat(base).st_mtime - 3600 * 200
    os.utime(base / f"{11:020x}", (seconds, seconds))
    run(tree)
    assert [path.name for path in (base / f"{11:020x}").iterdir()] == ["thesis.txt"]
