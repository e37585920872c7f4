"""Batched NumPy of the group systems."""
