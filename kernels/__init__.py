"""Numba kernels of the lecture's equations: ``<group>/<id>.py`` on ``families`` on ``primitives``.

Importing this package does not import Numba; a kernel module does.
"""
