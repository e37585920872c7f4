"""From equations to a kernel: what they say, in loops, as a readable Numba module."""
