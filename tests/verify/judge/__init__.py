"""Faults in the judge itself, each planted in its source: a comparison skipped, a bound too large, an adjoint off. Each must turn a test red.

``python -m tests.verify.judge`` plants all of them, one at a time, and names those that no test finds.
"""
