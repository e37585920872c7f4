"""Kernels of the group architectures: layers of recurrent units put together."""
