"""The layout of rows of gates, against the sentence that defines it."""

import numpy as np
import pytest

from refrnn.kernels.engine.rows import Panels, lanes_of, padded
from refrnn.kernels.primitives.tiles import vector_bytes

DTYPES = (np.float32, np.float64)


@pytest.mark.parametrize("dtype", DTYPES)
def test_whole_vectors(dtype):
    lanes = lanes_of(dtype)
    assert lanes * np.dtype(dtype).itemsize == vector_bytes()
    for units in range(1, 3 * lanes + 2):
        assert padded(units, dtype) % lanes == 0 and 0 <= padded(units, dtype) - units < lanes


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("gates", (1, 2, 3, 4, 5, 8))
def test_each_unit_of_each_gate_has_one_place(gates, dtype):
    lanes = lanes_of(dtype)
    for units in (1, lanes - 1, lanes, lanes + 1, 3 * lanes + 5, 16 * lanes):
        panels = Panels(gates, units, dtype)
        assert panels.each % lanes == 0 and panels.each & (panels.each - 1) == 0
        assert panels.width == gates * panels.each == panels.vectors * lanes and panels.row == panels.count * panels.width
        assert (panels.count - 1) * panels.each < units <= panels.count * panels.each
        assert panels.each == lanes or panels.each // 2 < units
        assert panels.is_ragged == (panels.count * panels.each - units >= lanes)
        row = np.arange(panels.row)
        places = [[u // panels.each * panels.width + gate * panels.each + u % panels.each for u in range(units)] for gate in range(gates)]
        assert [panels.values(row, gate).tolist() for gate in range(gates)] == places
        assert np.array_equal(panels.values(np.stack((row, row + 1)), gates - 1), [places[-1], np.add(places[-1], 1)])


def test_panels_of_a_given_width():
    lanes = lanes_of(np.float64)
    panels = Panels(2, 3, np.float64, 4 * lanes)
    assert panels.each == 4 * lanes and panels.count == 1 and panels.is_ragged
