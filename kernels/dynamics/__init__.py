"""Kernels of the group dynamics: what a recursion does over time."""
