"""The time loops that kernels share, forward and backward."""
