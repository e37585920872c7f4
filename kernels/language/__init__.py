"""Kernels of the group language: words and characters, predicted and drawn."""
