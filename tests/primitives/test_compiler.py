"""What Numba is told while it compiles kernels is what it would have found by itself, and it is told nothing else."""

import inspect

import numba
import pytest
from numba.core import analysis
from numba.core.compiler_machinery import PassManager

from refrnn.kernels.primitives import compiler
from refrnn.kernels.primitives.compile import kernel

NUMBAS = analysis.compute_live_map


def nested(n):
    total, last = 0, -1
    for i in range(n):
        for j in range(i):
            if j == 3:
                continue
            if total > 100:
                break
            total += i * j
            last = j
        else:
            total -= 1
    return total + last


def early(a, b):
    if a < 0:
        return b
    while True:
        c = a + b
        if c > 10:
            d = c
            break
        a += 1
    return c + d


def unset(n):
    if n > 2:
        x = n
    y = 0
    while y < n:
        y += 1
        if y == 4:
            x = y
        z = y
    return x if n > 2 else y + z if n > 0 else y


FUNCTIONS = [nested, early, unset]


def found_by(live_map, monkeypatch):
    """How often Numba asks, and in how many answers it would be told something else, while it compiles functions."""
    asked, differing = [0], [0]

    def both(*given):
        right = NUMBAS(*given)
        asked[0] += 1
        differing[0] += {block: set(names) for block, names in right.items()} != live_map(*given)
        return right

    with monkeypatch.context() as patched:
        patched.setattr(analysis, "compute_live_map", both)
        for function in FUNCTIONS:
            numba.njit(function).compile((numba.int64,) * len(inspect.signature(function).parameters))
    return asked[0], differing[0]


def test_the_variables_that_live_are_those_of_numba(monkeypatch):
    asked, differing = found_by(compiler.live_map, monkeypatch)
    assert asked > 10 and differing == 0


@pytest.mark.parametrize("old, new", [
    ("for block in reversed(order):", "for block in ():"), ("& ~defined[one]", ""), ("& reached[one]", ""),
    ("reached[block] |= reached[one]", "pass"), ("dict(used)", "dict.fromkeys(used, 0)"), ("is_new |= live[one] != known", "pass"),
])  # fmt: skip
def test_others_are_told_from_them(old, new, monkeypatch):
    source = inspect.getsource(compiler.live_map)
    assert source.count(old) == 1
    planted = dict(vars(compiler))
    exec(source.replace(old, new), planted)
    assert found_by(planted["live_map"], monkeypatch)[1] > 0


def uncached(made, monkeypatch):
    monkeypatch.setattr(made._cache, "load_overload", lambda *given: None)
    monkeypatch.setattr(made._cache, "save_overload", lambda *given: None)
    return made


def test_numba_is_told_while_it_compiles_a_kernel_alone(monkeypatch):
    """And is itself again when that fails."""
    asked = []
    monkeypatch.setattr(compiler, "live_map", lambda *given: asked.append(given) or NUMBAS(*given))
    made = uncached(kernel(nested), monkeypatch)
    assert made(7) == nested(7) and len(asked) > 3 and analysis.compute_live_map is NUMBAS
    before = len(asked)
    assert numba.njit(early)(1, 2) == early(1, 2) and len(asked) == before
    failing = uncached(kernel(lambda x: x.nothing), monkeypatch)
    with pytest.raises(numba.TypingError):
        failing(1)
    assert len(asked) > before and analysis.compute_live_map is NUMBAS


def passes_of(made, monkeypatch):
    """What Numba goes through for a function."""
    gone, usual = [], PassManager._runPass

    def noted(self, index, one, state):
        if state.func_id.func is made.py_func:  # and none of Numba's own, each of which is compiled for whoever comes first
            gone.append(type(one))
        return usual(self, index, one, state)

    with monkeypatch.context() as patched:
        patched.setattr(PassManager, "_runPass", noted)
        made(3)
    return gone


def counted(n):
    total = 0
    for i in numba.prange(n):
        total += i
    return total


@pytest.mark.parametrize("parallel", [False, True])
def test_nothing_is_left_out_but_what_has_no_use(parallel, monkeypatch):
    whole = passes_of(numba.njit(parallel=parallel)(counted), monkeypatch)
    left = passes_of(uncached(kernel(parallel=parallel)(counted), monkeypatch), monkeypatch)
    assert set(compiler.USELESS) <= set(whole)
    assert left == [one for one in whole if parallel or one not in compiler.USELESS]
