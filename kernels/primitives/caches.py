"""What the system says of the processor's caches."""

import functools
import os

USUAL = 64  # bytes of a line, where the system does not say


@functools.cache
def line_bytes():
    """How many bytes a cache reads at a time."""
    try:
        found = os.sysconf("SC_LEVEL1_DCACHE_LINESIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no such function, others not this name
        return USUAL
    return found if found > 0 and found & (found - 1) == 0 else USUAL
