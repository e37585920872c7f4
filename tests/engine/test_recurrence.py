"""What follows from the stages of a recurrence: which rows are kept, how far back they are read, which gates stand together."""

from types import SimpleNamespace

import numpy as np
from recurrences import DELAYED, NARROW, ONE, STOPPED, TAPS, TWO, one_back, one_step

from refrnn.kernels.engine import recurrence
from refrnn.kernels.engine.recurrence import Product, Recurrence, Stage, compiled, past
from refrnn.kernels.primitives.compile import kernel


def test_gates_and_rows_and_the_stage_that_gives_them():
    assert TWO.gates == {"i": 0, "f": 0, "z": 0, "n": 1, "q": 1}
    assert TWO.rows == {"c": 0, "m": 0, "h": 1} and TWO.outputs == ("h", "c")
    assert TWO.stages[0].names == ("i", "f", "z")
    assert TWO.stages[0].takes == ("i", "f", "z", "u", "c_before", "p", "a") and TWO.stages[1].back_takes[0] == "d_h"


def test_rows_are_kept_where_something_reads_them():
    assert ONE.kept == ("h",) and TWO.kept == ("c", "m", "h") and NARROW.kept == ("h", "r")
    silent = Recurrence("", "h c", Stage("s", (Product("x", "W", "s"),), lambda s: (s, s), "h c", lambda d_h, d_c: d_h + d_c, "d_s"))
    assert silent.kept == ()
    by_back = Recurrence("", "h", Stage("s", (Product("x", "W", "s"),), lambda s: s, "h", lambda d_h, h: d_h * h, "d_s"))
    assert by_back.kept == ("h",)


def test_depth_is_the_furthest_step_back_that_is_read():
    assert ONE.depth == {"h": 1} and TWO.depth == {"c": 1, "m": 0, "h": 1}
    assert DELAYED.depth == {"h": 3, "copy": 2} and NARROW.depth == {"h": 0, "r": 1}
    own = Recurrence("", "h", Stage("s", (Product("x", "W", "s"),), lambda s, h_before: s, "h", lambda d_h: d_h, "d_s"))
    assert own.depth == {"h": 1}


def test_the_gates_of_products_among_those_of_their_stage():
    assert [ONE.columns(k, product) for k, product in ONE.products] == [(0, 1), (0, 1)]
    assert [TWO.columns(k, product) for k, product in TWO.products] == [(0, 2), (1, 2), (0, 1), (0, 1), (1, 1), (0, 2)]
    assert ONE.bare == TWO.bare == []
    biased = Stage("s z", (Product("x", "W", "z"),), lambda s, z: s + z, "h", lambda d_h: (d_h, d_h), "d_s d_z", {"b": "s z"})
    assert Recurrence("", "h", biased).bare == [(0, 0)]


def test_errors_take_the_place_of_gates_that_nobody_reads_any_more():
    assert ONE.gives_way(0) and TWO.gives_way(0) and TWO.gives_way(1)
    read = Stage("z", (Product("x", "V", "z"),), lambda z: z, "z m", lambda d_m, z: d_m * z, "d_m_before")
    later = Stage("s", (Product("m", "W", "s"),), lambda s, z: s * z, "h", lambda d_h, s, z: (d_h * z, d_h * s), "d_s d_z")
    found = Recurrence("", "h", read, later)
    assert found.gives_way(1) and not found.gives_way(0)  # of z it is the later stage that gives the error, and the first one reads it then
    without = Stage("s z", (Product("x", "W", "s z"),), lambda s, z: s, "h", lambda d_h: d_h, "d_s")
    assert not Recurrence("", "h", without).gives_way(0)


def test_targets_are_a_stages_rows_that_products_read():
    assert TWO.targets(0) == ["c", "m"] and TWO.targets(1) == ["h"]
    assert DELAYED.targets(0) == ["h", "copy"] and NARROW.targets(0) == ["h"] and NARROW.targets(1) == ["r"]
    assert TWO.sent == {"d_i", "d_f", "d_u", "d_c_before", "d_p", "d_a", "d_n", "d_q", "d_z", "d_c", "d_h_before"}


def test_a_step_is_compiled_once_for_each_form(monkeypatch):
    made = []

    class Made:
        def __init__(self, *form):
            made.append(form)

        def address(self, dtype):
            return len(made), np.dtype(dtype)

    monkeypatch.setattr(recurrence, "Pointwise", Made)
    monkeypatch.setattr(recurrence, "_STEPS", {})
    reads, writes = (((0, 0),),), (((1, 0),),)
    assert compiled(one_step, np.float32, (1, 2), reads, writes, ()) == (1, np.float32)
    assert compiled(one_step, np.float64, (1, 2), reads, writes, ()) == (1, np.float64)
    for form in (((2, 2), reads, writes, ()), ((1, 2), writes, writes, ()), ((1, 2), reads, reads, ()), ((1, 2), reads, writes, (1,))):
        compiled(one_step, np.float32, *form)
    compiled(one_back, np.float32, (1, 2), reads, writes, (2,))
    assert len(made) == 6 and len({form[-1] for form in made}) == 6


def test_steps_differ_by_what_they_close_over(monkeypatch):
    made = []
    monkeypatch.setattr(recurrence, "Pointwise", lambda *form: made.append(form) or SimpleNamespace(address=len))
    monkeypatch.setattr(recurrence, "_STEPS", {})

    def step_of(f, share=1):
        return lambda s: share * f(s)

    def twice(s):
        return s + s

    for step in (step_of(one_step), step_of(kernel(one_step)), step_of(twice), step_of(twice, 2), step_of(twice, 2)):
        compiled(step, "f", (1,), (), (), ())
    assert len(made) == 3


def test_arguments_may_stand_for_other_names():
    stage = Stage("z", (Product("x", "W", "z"),), one_step, "y", one_back, "d_z", {}, "z", "d_y y")
    assert stage.takes == ("z",) and stage.back_takes == ("d_y", "y")
    assert ONE.stages[0].takes == ("s",) and ONE.stages[0].back_takes == ("d_h", "h")


def test_rows_of_steps_before():
    assert past("c_before") == ("c", 1) and past("c_two_before_15") == ("c_two", 15) and past("c") == ("c", 0)
    assert TAPS.depth == {"h": 3, "k": 2, "r": 0} and TAPS.carried == {"h": [1, 3], "k": [2], "r": []}
    assert TWO.carried == {"c": [1], "m": [], "h": [1]} and ONE.carried == {"h": []}


def test_what_errors_reach():
    assert TWO.reached == {"x", "h", "c", "m", "i", "f", "z", "n", "q", "u", "p", "a", "c_before", "h_before"}
    assert STOPPED.targets(0) == [] and STOPPED.targets(1) == ["h"]
    assert STOPPED.reached == {"x", "h", "s", "h_before", "m_before_2"} and STOPPED.depth == {"h": 1, "m": 2}
