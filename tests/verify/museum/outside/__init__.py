"""Faults chosen by someone who had seen references, kernels and library, and neither the cases nor the faults in the other files.

Each is a text replaced in a source. ``python -m tests.verify.museum.outside references kernels library full`` counts by class.
"""
