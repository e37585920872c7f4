"""The time loop on its own, against the same loop in Python: which sequences run, which products reach them, in which order."""

import itertools

import numpy as np
import pytest
from lanes import pointwise
from packing import packed

from refrnn.kernels.engine.program import At, Program, Step
from refrnn.kernels.engine.rows import GATES, GIVEN, OWN, Panels, lanes_of
from refrnn.kernels.primitives import threads

T, B, N = 4, 9, 3
LANES = lanes_of(np.float64)


def doubled(s, before):
    return s + before, 2 * s


STEP = pointwise(doubled, (GATES, OWN, OWN, GIVEN), (((0, 0),), ((1, 0),)), (((2, 0),), ((3, 0),)))


def arrays(H, ends, seed=0):
    """Rows ``a`` (T + 2, B, N) and h (T + 1, B, H in whole vectors): each step of h is the one before it plus the gate."""
    random = np.random.default_rng(seed)
    panels = Panels(1, H, np.float64)
    matrix = random.uniform(-1, 1, (H, N))
    found = {
        "order": random.permutation(B), "ends": np.array(ends, np.int64), "a": random.uniform(-1, 1, (T + 2, B, N)),
        "bias": random.uniform(-1, 1, panels.row), "gates": np.full((B, panels.row), np.nan), "pack": packed([matrix], panels),
        "h": np.full((T + 2, B, -(-H // LANES) * LANES), np.nan), "out": np.full((T, B, H), np.nan),
    }  # fmt: skip
    found["h"][[0, -1]] = random.uniform(-1, 1, found["h"][0].shape)
    return found, panels, matrix


def run(found, panels, backward, ahead, offset, first=0, last=T, slices=((0, B),), keep=None):
    program, step = Program(np.float64, B, backward), Step(B)
    width = found["h"].shape[2]
    step.gate("gates", panels, 0)
    step.own("h", width, 2 if backward else 0)
    step.own("h", width, 1)
    step.given("out", panels.units)
    product = (At("a"), B * N, N, N, 0, offset, ahead, N, At("pack"), N * panels.width, 0, panels.vectors)
    program.stage(panels, "bias", "gates", 1, [product], STEP.address(np.float64), step)
    program.finish().run(found, first, last, np.array(slices), keep)


def naive(found, panels, matrix, backward, ahead, offset, first=0, last=T, keep=None):
    h, out = found["h"].copy(), found["out"].copy()
    bias = panels.values(found["bias"], 0)
    for t in reversed(range(first, last)) if backward else range(first, last):
        for b in range(B):
            if found["ends"][b] > t:
                s = bias.copy()
                if found["ends"][b] > t + ahead and (keep is None or not ahead or keep[t + ahead, b]):
                    s += matrix @ found["a"][t + offset, b]
                h[t + 1, b, : panels.units] = s + h[t + 2 if backward else t, b, : panels.units]
                h[t + 1, b, panels.units :] = 0
                out[t, found["order"][b]] = 2 * s
    return h, out


ENDS = {"all": [T] * B, "below T": [3] * B, "ragged": [4, 4, 3, 3, 3, 2, 1, 1, 1]}


@pytest.mark.parametrize("H", (1, LANES + 1, 9 * LANES + 3))
@pytest.mark.parametrize("backward, ends", itertools.product((False, True), ENDS))
def test_every_step_of_every_sequence_that_runs(backward, ends, H):
    for ahead, offset in ((0, 0), (1, 1), (2, 2), (2, 0)):
        found, panels, matrix = arrays(H, ENDS[ends])
        # A sequence that has ended takes nothing from the step after it: going backward it begins with what stands there.
        found["h"][1:] = np.random.default_rng(1).uniform(-1, 1, found["h"][1:].shape)
        h, out = naive(found, panels, matrix, backward, ahead, offset)
        run(found, panels, backward, ahead, offset)
        assert np.allclose(found["h"], h, rtol=1e-13, atol=1e-14) and np.allclose(found["out"], out, rtol=1e-13, atol=1e-14, equal_nan=True)
        assert np.array_equal(np.isnan(found["out"]), np.isnan(out))


@pytest.mark.parametrize("ends", ENDS)
def test_keep_cuts_products_from_steps_ahead(ends):
    keep = np.random.default_rng(2).integers(0, 2, (T, B))
    for ahead in (0, 1, 2):
        found, panels, matrix = arrays(LANES + 1, ENDS[ends])
        found["h"][:] = 0
        h, out = naive(found, panels, matrix, True, ahead, ahead, keep=keep)
        run(found, panels, True, ahead, ahead, keep=keep)
        assert np.allclose(found["h"], h, rtol=1e-13, atol=1e-14) and np.allclose(found["out"], out, rtol=1e-13, atol=1e-14, equal_nan=True)


def test_some_steps_only():
    for backward in (False, True):
        found, panels, matrix = arrays(LANES + 1, ENDS["ragged"])
        found["h"][1:] = 0
        h, out = naive(found, panels, matrix, backward, 0, 0, 1, 3)
        run(found, panels, backward, 0, 0, 1, 3)
        assert np.allclose(found["h"], h, rtol=1e-13, atol=1e-14) and np.allclose(found["out"], out, rtol=1e-13, atol=1e-14, equal_nan=True)


@pytest.mark.parametrize("slices", ([(0, 4), (4, 9)], [(0, 0), (0, 9)], [(0, 1), (1, 5), (5, 9)]))
@pytest.mark.parametrize("backward", (False, True))
def test_slices_give_the_bits_of_the_whole(backward, slices):
    for ends in ENDS.values():
        keep = np.random.default_rng(2).integers(0, 2, (T, B))
        results = []
        for parts in ([(0, B)], slices):
            found, panels, _ = arrays(LANES + 1, ends)
            found["h"][1:] = 0
            with threads.using(min(2, threads.most())):
                run(found, panels, backward, 1, 1, slices=parts, keep=keep)
            results.append(found)
        assert all(np.array_equal(results[0][name], results[1][name], equal_nan=True) for name in ("h", "out", "gates"))


def test_a_stage_sees_what_the_one_before_it_gave_in_the_same_step():
    """Two stages: the second one's operand is the first one's result."""
    panels, random = Panels(1, 3, np.float64), np.random.default_rng(4)
    matrix = random.uniform(-1, 1, (3, 3))
    found = {
        "order": np.arange(B), "ends": np.full(B, T), "zeros": np.zeros(panels.row), "gates": np.empty((B, panels.row)),
        "pack": packed([matrix], panels), "x": np.ascontiguousarray(random.uniform(-1, 1, (T, B, 3))),
        "m": np.zeros((T + 1, B, LANES)), "h": np.zeros((T + 1, B, LANES)), "out": np.empty((T, B, 3)),
    }  # fmt: skip
    program = Program(np.float64, B, backward=False)
    for operand, width, offset, row in (("x", 3, 0, "m"), ("m", LANES, 1, "h")):
        step = Step(B)
        step.gate("gates", panels, 0)
        step.own(row, LANES, 0)
        step.own(row, LANES, 1)
        step.given("out", 3)
        product = (At(operand), B * width, width, 3, 0, offset, 0, 3, At("pack"), 3 * panels.width, 0, panels.vectors)
        program.stage(panels, "zeros", "gates", 1, [product], STEP.address(np.float64), step)
    program.finish().run(found, 0, T, np.array([[0, B]]))
    m = np.cumsum(found["x"] @ matrix.T, axis=0)
    assert np.allclose(found["m"][1:, :, :3], m, rtol=1e-13, atol=1e-14)
    assert np.allclose(found["h"][1:, :, :3], np.cumsum(m @ matrix.T, axis=0), rtol=1e-13, atol=1e-13)
