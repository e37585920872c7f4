"""What verify prints says of each spec what became of it: in its row, its sentences and the sum."""

import click
import pytest

from refrnn.commands.table import print_details, print_failures, print_notes, print_sum, print_table
from refrnn.verify.report import SpecReport

WORST = {"forward": {"ulp": 1.25, "bound": 40.0, "where": "h at [0], kernel, case plain"}}
RIGHT = SpecReport("right", backends=("equation",), cases=3, worst=WORST)
WRONG = SpecReport("wrong", cases=2, worst=WORST, failures=[f"kernel: h{number} differs" for number in range(10)])
UNKNOWN = SpecReport("unknown", unchecked=["its process was killed by SIGKILL"])


def printed(function, *arguments):
    """The lines that a function of the table says, without colours."""
    lines = []
    function(lambda text="": lines.append(click.unstyle(text)), *arguments)
    return "\n".join(lines)


def test_a_row_says_what_became_of_its_spec():
    head, *rows = printed(print_table, [RIGHT, WRONG, UNKNOWN], False).splitlines()
    words = {row.split()[0]: row for row in rows}
    assert " holds " in words["right"] and " FAILS " in words["wrong"] and " could not check " in words["unknown"]
    assert "holds" not in words["wrong"] + words["unknown"] and "1.2 of 40" in words["right"] and "forward, ulp" in head


def test_errata_are_counted_and_remarks_are_not():
    report = SpecReport("a", errata=[{"kind": "misprint"}, {"kind": "remark"}, {"kind": "false"}])
    row = printed(print_table, [report], False).splitlines()[1]
    assert row.split() == ["a", "holds", "0", "2", "0.0"] and "0 claims, 2 errata" in printed(print_sum, [report], 1.5)


def test_mutants_that_are_alive_are_told_however_little_room_there_is():
    mutants = {"killed": 5, "refused": [1], "proved": [1], "listed": [], "equivalent": 1, "alive": [1, 1]}
    report = SpecReport("a", mutants=mutants)
    assert "5 killed, 1 refused, 1 equivalent (1 proved), 2 alive" in printed(print_table, [report], True)
    assert "5 killed, 2 alive" in printed(print_table, [report], True, 60)


def test_sentences_of_what_fails_and_of_what_could_not_be_checked():
    said = printed(print_failures, [RIGHT, WRONG, UNKNOWN])
    assert all(f"wrong: kernel: h{number} differs" in said for number in range(8)) and "wrong: and 2 more (--json lists all)" in said
    assert "unknown: could not check: its process was killed by SIGKILL" in said and "right" not in said
    assert "more" not in printed(print_failures, [SpecReport("a", failures=["h differs"])])


@pytest.mark.parametrize("reports, words, others", [
    ([RIGHT], ["all hold"], ["fail", "could not"]),
    ([RIGHT, WRONG], ["1 of 2 fail: wrong"], ["all hold", "could not"]),
    ([RIGHT, UNKNOWN], ["1 of 2 could not be checked: unknown"], ["all hold", "fail"]),
    ([RIGHT, WRONG, UNKNOWN], ["1 of 3 fail: wrong", "1 of 3 could not be checked: unknown"], ["all hold"]),
])  # fmt: skip
def test_the_sum_names_what_does_not_hold(reports, words, others):
    said = printed(print_sum, reports, 1.5)
    assert all(word in said for word in words) and not any(word in said for word in others)


def test_the_sum_is_of_all_specs_and_says_what_is_left_out():
    said = printed(print_sum, [RIGHT, WRONG], 1.5)
    assert "2 specs, 5 cases, backends equation" in said and "left out" not in said
    extreme = SpecReport("a", left_out=[{"case": "far", "quantities": ["h", "d_x"]}])
    assert "left out: 2 quantities in 1 case of extreme values" in printed(print_sum, [RIGHT, extreme], 1.5)


def test_the_sum_says_what_was_made_shorter():
    """And nothing of what is gentler otherwise."""
    gentler = SpecReport("a", gentler=[{"case": "far", "stretch": 2.0}])
    shorter = SpecReport("b", gentler=[{"case": "long-1030-float32", "sizes": {"T": 515}}])
    assert "shorter" not in printed(print_sum, [gentler], 1.5)
    assert "shorter: 1 long case, as sequences of that length leave nothing to judge (-v names them)" in printed(print_sum, [gentler, shorter], 1.5)


def test_what_nothing_compares_is_a_note_on_backends_that_are_not_the_librarys_kernels():
    report = SpecReport("a", not_offered={"kernel": ["r"], "mine": ["z", "n"]})
    assert printed(print_notes, [report]) == "a: not compared, because mine does not save them by name: z, n"


def test_a_gradient_that_is_no_equations_is_a_note_and_one_that_is_a_detail():
    told = {"equations": 7, "error": 2e-19, "where": "W", "refused": ""}
    followed, refused = SpecReport("a", adjoint=told), SpecReport("b", adjoint={**told, "refused": "h is defined at single places only"})
    assert printed(print_notes, [followed, refused]) == "b: no adjoint equations: h is defined at single places only"
    details = printed(print_details, [followed, refused])
    assert "gradients followed by 7 adjoint equations: off by at most 2e-19, in W" in details and "no adjoint equations" not in details


@pytest.mark.parametrize("ok, word", [(True, "claim fails: it grows"), (False, "claim NOT SHOWN: it grows")])
def test_details_say_which_claim_is_not_shown(ok, word):
    report = SpecReport("a", claims=[{"verdict": "fails", "ok": ok, "says": "it grows", "shown": "1.5"}])
    said = printed(print_details, [report])
    assert word in said and ("NOT SHOWN" in said) is not ok


@pytest.mark.parametrize("found, words", [
    ({"left_out": [{"case": "far", "quantities": ["h", "d_x"]}]}, "left out in case far, where rounding leaves them no digit: h, d_x"),
    ({"undecided": [{"case": "ones", "symbols": ["y"]}]}, "undecided in case ones: y; held against either side"),
    ({"gentler": [{"case": "far", "stretch": 2.0}]}, "far stretches its weights by 2 only"),
    ({"gentler": [{"case": "far", "sizes": {"T": 50, "H": 2}}]}, "far is of T 50, H 2: of longer or wider ones its precision"),
    ({"gentler": [{"case": "far", "stretch": -8.0}]}, "far stretches its weights by -8 only: by more,"),
    ({"gentler": [{"case": "faint", "stretch": 2.0**-10}]}, "faint stretches its weights by 0.000976562 only: by less,"),
    ({"gentler": [{"case": "special", "numbers": ["nan", "30.0"]}]}, "special is about nan, 30.0 alone"),
    ({"gentler": [{"case": "long", "still": False}]}, "long starts from no zeros"),
])  # fmt: skip
def test_details_say_how_cases_were_judged(found, words):
    assert words in printed(print_details, [SpecReport("a", **found)])
