"""A museum of faults of the kinds that libraries shipped and that clever kernels invite, each planted in a right kernel.

``python -m tests.verify.museum`` shows, class by class, how many of them verification finds by its quick and its full cases.
"""
