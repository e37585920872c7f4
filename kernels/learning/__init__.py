"""Kernels of the group learning: how an error reaches the past, and how its gradient is kept in bounds."""
