"""Verification: discriminating cases, error in units of rounding, gradients four ways, claims, misprints, mutants."""
