"""A small spec as text, to be changed by tests."""

import pytest

import refrnn
from refrnn.errors import SpecError
from ending import ending

CELL = """\
id: cell
title: A cell
sizes: {T: steps, I: inputs, H: units}
time: T
symbols:
  x:  {role: input, shape: [T, I]}
  h0: {role: start, shape: [H]}
  W:  {role: parameter, shape: [H, I]}
  U:  {role: parameter, shape: [H, H]}
equations:
  - h[-1] = h0
  - h[t] = tanh(W @ x[t] + U @ h[t-1])
outputs: [h]
"""


OWN = """\
id: rate
title: A unit with a rate of its own
sizes: {T: time steps, I: input features, H: hidden units}
symbols:
  x:  {role: input, shape: [T, I]}
  h0: {role: start, shape: [H]}
  W:  {role: parameter, shape: [H, I]}
  U:  {role: parameter, shape: [H, H]}
  k:  {role: parameter, shape: [H]}
equations:
  - h[-1] = h0
  - a[t] = sigmoid(k) * tanh(W @ x[t] + U @ h[t-1])
  - h[t] = (1 - sigmoid(k)) * h[t-1] + a[t]
outputs: [h]
"""


def changed(*changes):
    """The cell with pieces of its text exchanged: (old, new), ..."""
    text = CELL
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def refusal(text):
    """What a wrong spec is refused with: one sentence, and no other error."""
    with ending("the refusal"), pytest.raises(SpecError) as caught:
        refrnn.load_text(text, "cell.yaml")
    message = str(caught.value)
    assert message.startswith("cell.yaml") and "\n" not in message and len(message) < 600
    return message
