"""What follows from the stages of a recurrence: which rows are kept, how far back they are read, which gates stand together."""

import numpy as np
from recurrences import DELAYED, NARROW, ONE, TWO, one_back, one_step

from refrnn.kernels.engine.recurrence import Product, Recurrence, Stage


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


def test_sets_are_the_gates_of_products_and_of_biases_that_are_in_none():
    assert ONE.sets == [(0, ("s",))]
    assert TWO.sets == [(0, ("i", "f")), (0, ("f", "z")), (0, ("i",)), (1, ("n",)), (1, ("q",)), (1, ("n", "q")), (0, ("i", "f", "z"))]
    assert [TWO.place_of(k, product) for k, product in TWO.products] == [0, 1, 2, 3, 4, 5]
    assert TWO.set_of(0, ["f"]) == 0 and TWO.set_of(0, ["i", "f", "z"]) == 6 and TWO.set_of(1, ["q"]) == 4
    assert TWO.set_of(1, ["i"]) is None and TWO.set_of(0, ["i", "n"]) is None


def test_targets_are_a_stages_rows_that_products_read():
    assert TWO.targets(0) == ["c", "m"] and TWO.targets(1) == ["h"]
    assert DELAYED.targets(0) == ["h", "copy"] and NARROW.targets(0) == ["h"] and NARROW.targets(1) == ["r"]
    assert TWO.sent == {"d_i", "d_f", "d_u", "d_c_before", "d_p", "d_a", "d_n", "d_q", "d_z", "d_c", "d_h_before"}


def test_a_step_is_compiled_once_for_each_form(monkeypatch):
    from refrnn.kernels.engine import recurrence

    made = []

    class Made:
        def __init__(self, *form):
            made.append(form)

        def address(self, dtype):
            return len(made), np.dtype(dtype)

    monkeypatch.setattr(recurrence, "Pointwise", Made)
    one = Recurrence("name", "h", *ONE.stages)
    reads, writes = (((0, 0),),), (((1, 0),),)
    assert one.step("step0", one_step, np.float32, (1, 2), reads, writes, ()) == (1, np.float32)
    assert one.step("step0", one_step, np.float64, (1, 2), reads, writes, ()) == (1, np.float64)
    others = [("step1", (1, 2), reads, writes, ()), ("step0", (2, 2), reads, writes, ()), ("step0", (1, 2), writes, writes, ())]
    others += [("step0", (1, 2), reads, reads, ()), ("step0", (1, 2), reads, writes, (1,))]
    for key, *form in others:
        one.step(key, one_step, np.float32, *form)
    one.step("step0", one_back, np.float32, (1, 2), reads, writes, (2,))
    assert len(made) == 7 and len({form[-1] for form in made}) == 7 and all(form[-1].startswith("name.step") for form in made)
