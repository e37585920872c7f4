"""The race: turns, ratios, and contenders that are wrong, die, hang or refuse. Nothing here depends on how fast anything is."""

import os

import pytest

import refrnn
from refrnn.bench import problem, race
from refrnn.bench.child import Child
from refrnn.bench.contender import Contender, Out
from refrnn.bench.problem import BOTH, FORWARD
from refrnn.bench.roofline import Limits
from refrnn.commands.processes import Worker

TINY = {"steps": 3, "batch": 2, "hidden": 4, "inputs": 5}
PATIENCE = 60


def tiny(name="unfolding", **options):
    spec = refrnn.load(name)
    return problem.make(spec, *problem.sizes_of(spec, **TINY), **options)


def contender(name, kind="peer", make="Right", *arguments, patience=PATIENCE, ways=(FORWARD, BOTH), answers=lambda spec: True):
    return Contender(name, kind, lambda: Worker(Child("rivals", make, *arguments), {}), patience, answers, ways)


def run(contenders, way=FORWARD, turns=2, accuracy=False, **options):
    steps = []
    try:
        cell = race.race(tiny(**options), way, contenders, turns, Limits(nobody, "float32"), lambda text, done: steps.append((text, done)), accuracy)
    finally:
        for one in contenders:
            one.end()
    assert sum(done for _, done in steps) == turns
    return cell


def nobody(*question):
    raise Out("nobody measures here")


class Told:
    """A contender without a process, whose turns take as long as it is told."""

    answers, ways = staticmethod(lambda spec: True), (FORWARD, BOTH)

    def __init__(self, name, kind, seconds, order):
        self.name, self.kind, self.seconds, self.order = name, kind, iter(seconds), order

    def ask(self, question, *rest):
        if question == "results":
            return {"s": 1.0}
        if question == "turn":
            assert rest == (FORWARD, self.name)
            self.order.append(self.name)
            return next(self.seconds)
        return self.name if question == "calls" else None

    def end(self):
        pass


@pytest.mark.parametrize("way", [FORWARD, BOTH])
def test_a_cell_of_processes(way):
    cell = run([contender("A"), contender("B"), contender("K", "kernel")], way, turns=3)
    assert (cell["id"], cell["pass"], cell["dtype"], cell["ragged"], cell["out"]) == ("unfolding", way, "float32", False, {})
    assert cell["sizes"] == {"T": 3, "I": 5, "H": 4, "batch": 2} and cell["steps"] == 6
    assert [(one["name"], one["kind"]) for one in cell["contenders"]] == [("A", "peer"), ("B", "peer"), ("K", "kernel")]
    for one in cell["contenders"]:
        assert 0 < one["low"] <= one["seconds"] <= one["high"]
    assert cell["fastest"] in ("A", "B") and cell["ratio_low"] <= cell["ratio"] <= cell["ratio_high"]


def test_errors_of_all_are_held_against_float64_where_that_is_asked():
    taking = [contender("A"), contender("K", "kernel")]
    cell = run(taking, BOTH, turns=1, accuracy=True)
    assert cell["errors"].keys() == {"A", "K"} and cell["errors"]["A"] == cell["errors"]["K"]
    assert cell["errors"]["K"].keys() == {"s", "d_x", "d_s0", "d_U", "d_V"}
    assert all(0 < mean < worst < 100 for worst, mean in cell["errors"]["K"].values())
    theirs, ours = cell["contenders"]
    assert [ratio for ratio, _ in theirs["errors"].values()] == [1, 1] and "errors" not in ours
    assert "errors" not in run([contender("A"), contender("K", "kernel")], turns=1)


def test_they_take_turns_and_only_times_of_one_turn_are_compared():
    order = []
    slow, slower = Told("A", "peer", (2.0, 40.0, 4.0), order), Told("B", "reference", (3.0, 90.0, 12.0), order)
    kernel = Told("K", "kernel", (1.0, 10.0, 4.0), order)
    cell = run([slow, slower, kernel], turns=3)
    assert "".join(order) == "ABKBKAKAB"  # nobody is always the first
    by_name = {one["name"]: one for one in cell["contenders"]}
    assert by_name["A"]["ratio"] == 2.0 and by_name["B"]["ratio"] == 3.0
    assert by_name["A"]["seconds"] == 4.0 and "ratio" not in by_name["K"]
    # The reference is nobody that others would use.
    assert (cell["fastest"], cell["ratio"], cell["ratio_low"], cell["ratio_high"], cell["result"]) == ("A", 2.0, 1.5, 3.0, "won")


def test_a_kernel_that_is_bound_is_ours_and_no_opponent():
    bound, kernel = Told("K, bound", "bound", (1.0, 10.0), []), Told("K", "kernel", (2.0, 20.0), [])
    cell = run([Told("A", "peer", (4.0, 30.0), []), bound, kernel])
    assert (cell["fastest"], cell["ratio"], cell["bound"]["ratio"]) == ("A", 1.75, 3.5) and cell["bound"]["result"] == "won"
    assert "ratio" not in cell["contenders"][1] and "bound" not in run([Told("A", "peer", (4.0,), []), Told("K", "kernel", (2.0,), [])], turns=1)


@pytest.mark.parametrize("theirs, result", [((3.0, 2.0), "won"), ((0.5, 0.4), "lost"), ((0.5, 2.0), "tied")])
def test_won_lost_tied(theirs, result):
    assert run([Told("A", "peer", theirs, []), Told("K", "kernel", (1.0, 1.0), [])])["result"] == result


@pytest.mark.parametrize("make, arguments, way, words", [
    ("Wrong", ("s",), FORWARD, "its s differs from that of A by"),
    ("Wrong", ("d_U",), BOTH, "its d_U differs from that of A by"),
    ("Idle", (), BOTH, "it does not give d_x, d_s0, d_U, d_V"),
    ("Dies", (), FORWARD, "its process ended with status 3"),
    ("Raises", (), FORWARD, "RuntimeError (no such equation) in rivals.py"),
])  # fmt: skip
def test_one_that_fails_is_one_sentence_and_the_others_go_on(make, arguments, way, words):
    cell = run([contender("A"), contender("bad", "peer", make, *arguments), contender("K", "kernel")], way)
    assert list(cell["out"]) == ["bad"] and words in cell["out"]["bad"]
    assert [one["name"] for one in cell["contenders"]] == ["A", "K"] and cell["fastest"] == "A"


def test_one_that_hangs_is_ended():
    bad = contender("bad", "peer", "Hangs", patience=3)
    bad.ask("hello")
    process = bad._worker.process
    cell = run([contender("A"), bad, contender("K", "kernel")])
    assert cell["out"] == {"bad": "gave no answer within 3 seconds and was ended"} and not process.is_alive()
    assert cell["fastest"] == "A"


def test_one_that_was_killed_starts_afresh_when_it_is_asked_again():
    one = contender("A")
    try:
        one.ask("hello")
        one._worker.process.kill()
        with pytest.raises(Out, match="its process was killed by SIGKILL"):
            one.ask("hello")
        assert one.ask("hello") is None
    finally:
        one.end()


@pytest.mark.parametrize("make, words", [("Wrong", "its s differs from that of A"), ("Dies", "its process ended with status 3")])
def test_without_a_right_kernel_nobody_is_timed(make, words):
    cell = run([contender("A"), contender("B", "peer", "Right"), contender("K", "kernel", make)])
    assert words in cell["out"]["K"] and not cell["contenders"] and "fastest" not in cell


def test_who_has_not_the_pass_or_the_spec_is_not_asked():
    others = [contender("A", ways=(BOTH,), make="Raises"), contender("B", answers=lambda spec: spec.id == "lstm", make="Raises")]
    cell = run([*others, contender("K", "kernel")])
    assert [one["name"] for one in cell["contenders"]] == ["K"] and not cell["out"]


def test_its_variables_stand_before_anything_is_imported():
    from refrnn.bench.machine import environment

    one = Contender("A", "peer", lambda: Worker(Child("rivals", "Threads"), environment(1)), PATIENCE, None, ())
    try:
        one.ask("ready", tiny())
        assert set(one.ask("results", FORWARD).values()) == {1}
    finally:
        one.end()
    assert os.environ.get("NPROC") != "1"
