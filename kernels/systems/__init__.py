"""Kernels of the group systems: how a past reaches an output."""
