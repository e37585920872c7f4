"""Networks called by text, as commands take them."""

import numpy as np
import pytest

import refrnn
from refrnn import compose
from refrnn.compose.calls import LONGEST, NETWORKS, network_of
from refrnn.verify.verify import verify_spec


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ('stack(["lstm", bidirectional("elman")])', lambda: compose.stack(["lstm", compose.bidirectional("elman")])),
        ('stack(["lstm", "elman"], between="relu")', lambda: compose.stack(["lstm", "elman"], between="relu")),
        (' autoencoder("elman", decoder="lstm")\n', lambda: compose.autoencoder("elman", "lstm")),
    ],
)
def test_a_call_makes_what_it_makes_in_python(text, made):
    found, expected = refrnn.load(text), made()
    assert str(found) == str(expected) and found.id == expected.id and found.backends[:3] == ("equation", "reference", "compiled")
    values = found.draw(seed=1)
    for name, array in expected.forward(values).outputs.items():
        assert np.array_equal(found.forward(values).outputs[name], array)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('pile(["lstm"])', "there is no 'pile' that makes a network; choose from autoencoder, bidirectional"),
        ('stack(["lstm")', "is no call of a network; write it as"),
        ('("lstm")', "is no call of a network; write it as"),
        ("stack([lstm])", "'lstm' is no part of a network"),
        ('stack(["lstm"] * 10**9)', "is no part of a network"),
        ('__import__("os").system("true")', "is no part of a network|there is no"),
        ("stack()", "stack does not take what it is given"),
        ('stack(["lstm"], depth="2")', "stack does not take what it is given"),
        ('stack(**{"cells": "lstm"})', "is no part of a network"),
        ('bidirectional("nope")', "there is no spec 'nope'"),
        ("(" * 400 + ")" * 400, "is no call of a network"),
        ("stack([" * LONGEST, "at most 1000 characters"),
    ],
)
def test_what_is_no_call(text, says):
    with pytest.raises(refrnn.NotFoundError, match=says):
        network_of(text)


def test_each_way_of_joining_cells_is_verified():
    assert all(any(f"{name}(" in text for text in NETWORKS) for name in compose.__all__)


# The last one has cells in which a constant cuts errors off.
@pytest.mark.parametrize("text", (*NETWORKS, 'encoder_decoder("elman", "elman")'))
def test_networks_hold(text):
    report = verify_spec(refrnn.load(text))
    assert report.status == "holds", report.failures
    assert "reference" not in report.not_offered
