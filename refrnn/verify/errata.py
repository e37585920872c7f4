"""What is to be corrected in a lecture, in three kinds, each with its quote and how it was shown.

* misprint: what is printed does not compute, or computes another thing;
* false: a statement that, in a reading which its author would accept, has a counterexample;
* remark: a statement that is true under conditions which the slide leaves out. A remark is no erratum.
"""

from refrnn.verify.cases import cases
from refrnn.verify.claims import check_claims
from refrnn.verify.printed import check_misprints, check_printed_gradients
from refrnn.verify.truth import Truth

_OF_VERDICT = {"fails": "false", "misprint": "misprint", "remark": "remark"}


def errata_of(spec):
    """The errata and remarks of a spec, each shown anew; one that can't be shown is among them, not ok."""
    by_name = {case.name: case for case in cases(spec)}
    truth = Truth(spec, by_name.get("ragged-float64") or by_name["plain-float64"])
    return as_errata(check_misprints(spec, truth) + check_printed_gradients(spec, truth)[1], check_claims(spec))


def as_errata(misprints, claims):
    """The entries of :func:`errata_of` from what was found of the misprints and the claims."""
    entries = [_entry(found.misprint.kind, found.misprint.quote, "", found.misprint.says, found) for found in misprints]
    for found in claims:
        if found.claim.verdict in _OF_VERDICT:
            claim = found.claim
            entries.append(_entry(_OF_VERDICT[claim.verdict], claim.quote, claim.taken, claim.mended, found))
    return entries


def _entry(kind, quote, taken, says, found):
    read = {"taken": taken} if taken else {}
    printed = {"printed": quote.shown(), "marks": quote.marks()}
    return {"kind": kind, **quote.as_json(), **read, **printed, "says": says, "shown": found.shown, "ok": found.ok}
