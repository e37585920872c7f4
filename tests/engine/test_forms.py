"""What passes have in common is found once for arrays of one form, and is never taken for that of others."""

import numpy as np
import pytest
from recurrences import ALL, drawn, like, upstream

from refrnn.kernels.engine import forms
from refrnn.kernels.engine.passes import run

T, B, I, H = 3, 2, 4, 5


def test_plans_are_kept_by_sizes_and_not_without_end(monkeypatch):
    recurrence, made, planned = ALL["one"], [], forms.planned
    monkeypatch.setattr(forms, "MOST", 3)
    monkeypatch.setattr(forms, "planned", lambda *arrays: made.append(arrays) or planned(*arrays))
    recurrence.plans.clear()
    recurrence.forms.clear()
    for seed in range(2):
        run(recurrence, **drawn("one", 2, 1, 1, 1, seed=seed))
        run(recurrence, **drawn("one", 2, 1, 1, 1, seed=seed), lengths=np.array([1]))
    assert len(made) == 1
    for sizes in ((3, 1, 1, 1), (2, 2, 1, 1), (2, 1, 2, 1), (2, 1, 1, 2)):
        run(recurrence, **drawn("one", *sizes))
        assert len(recurrence.plans) <= 3 and len(recurrence.forms) <= 3
    run(recurrence, **drawn("one", 2, 1, 1, 2, np.float32))
    assert len(made) == 6 and len(recurrence.plans) <= 3
    recurrence.plans.clear()
    recurrence.forms.clear()


def _whole(weights):
    """The parts of each matrix in one array, those of the last axis turned round, and what takes them apart."""
    return {name: np.stack([part[..., ::-1] for part in parts]) if isinstance(parts, tuple) else parts for name, parts in weights.items()}


def _parts(**wholes):
    return {name: tuple(part[..., ::-1] for part in array) if array.ndim > 1 else array for name, array in wholes.items()}


@pytest.mark.parametrize("name", ALL)
def test_parts_of_weights_give_the_bits_of_weights(name):
    """In arrays of any layout, the same ones for two weights, and others of the same form after these."""
    arguments = drawn(name, T, B, I, H)
    for seed, layout in enumerate((np.array, np.asfortranarray, lambda array: np.repeat(array, 2, -1)[..., ::2], np.array)):
        weights = drawn(name, T, B, I, H, seed=seed)["weights"]
        taken = {key: layout(array) if array.ndim else array for key, array in _whole(weights).items()}
        found = run(ALL[name], arguments["given"], arguments["starts"], taken, parts=_parts)
        right = run(ALL[name], arguments["given"], arguments["starts"], weights)
        assert all(found.outputs[row].tobytes() == right.outputs[row].tobytes() for row in right.outputs)
        slopes = [one.backward(upstream(ALL[name], arguments), like(weights)) for one in (found, right)]
        assert all(slopes[0][key].tobytes() == slopes[1][key].tobytes() for key in slopes[1])


def test_one_array_for_two_weights_and_then_two():
    arguments = drawn("narrow", T, B, I, 1)
    apart = {name: parts[0] for name, parts in arguments["weights"].items()}
    shared = {**apart, "P": apart["W"]}  # both (1, 1)

    def parts(**wholes):
        return {name: (array,) for name, array in wholes.items()}

    for weights in (shared, apart):
        found = run(ALL["narrow"], arguments["given"], arguments["starts"], weights, parts=parts)
        right = run(ALL["narrow"], arguments["given"], arguments["starts"], parts(**weights))
        assert all(found.outputs[row].tobytes() == right.outputs[row].tobytes() for row in right.outputs)


def test_parts_are_views():
    arguments = drawn("one", T, B, I, H)
    weights = {name: parts[0] for name, parts in arguments["weights"].items()}
    with pytest.raises(TypeError, match="views"):
        run(ALL["one"], arguments["given"], arguments["starts"], weights, parts=lambda **wholes: {name: (array.copy(),) for name, array in wholes.items()})
