"""Matrices packed, and what is packed taken out again, by themselves."""

import numpy as np

from refrnn.kernels.engine.panels import Packing, matrix_gates
from refrnn.kernels.primitives.compile import address


def _packing(blocks, layout):
    terms = blocks[0].shape[1]
    return Packing(blocks[0].dtype, 1, [("matrix", 2, matrix_gates(0, layout, len(blocks), terms))]), (layout.count, terms * layout.width)


def packed(blocks, layout):
    """The matrices (units, terms) of neighbouring gates, packed: in an array or in several."""
    packing, shape = _packing(blocks, layout)
    found = np.full(shape, np.nan, blocks[0].dtype)
    packing.pack([address(found)], {"matrix": blocks})
    return found


def unpacked(panels, blocks, layout):
    """Write panels, whose rows are dense, into the matrices ``blocks``."""
    _packing(blocks, layout)[0].unpack([address(panels)], {"matrix": blocks})
