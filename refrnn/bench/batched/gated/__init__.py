"""Batched NumPy of the group gated."""
