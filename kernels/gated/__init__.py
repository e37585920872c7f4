"""Kernels of the group gated: units that choose what to keep."""
