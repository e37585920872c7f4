"""Specs with their equations broken, on which the claims of the right ones have to turn out differently."""

import re

import pytest

import refrnn
from refrnn.spec.library import specs_folder
from refrnn.verify.claims import claim_function


def changed(name, *changes):
    """The spec ``name`` read from its own text with (old, new) exchanged in its equations."""
    text = (specs_folder() / refrnn.load(name).group / f"{name}.yaml").read_text(encoding="utf-8")
    head, equations, tail = re.split(r"(\nequations:\n(?:  .*\n|\n)*)", text)
    for old, new in changes:
        assert equations.count(old) == 1, f"{name}: {old!r} stands {equations.count(old)} times in the equations"
        equations = equations.replace(old, new)
    return refrnn.load_text(head + equations + tail, f"changed {name}")


def assert_can_fail(name, test, *changes):
    """The claim that ``test`` shows does not turn out as its verdict says where the equations are wrong."""
    spec = refrnn.load(name)
    claim = next(claim for claim in spec.claims if claim.test == test)
    found = claim_function(spec, test)(changed(name, *changes))
    if claim.verdict == "holds":
        assert not found.holds, found.evidence
    else:
        assert found.holds or not found.mend_holds, found.evidence


def named(wrong):
    """Rows of a table (spec, test, changes ...) as (spec, test, changes), by names that a test run shows."""
    return [pytest.param(name, test, changes, id=f"{name} {test}") for name, test, *changes in wrong]
