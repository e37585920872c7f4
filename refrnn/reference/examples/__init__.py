"""Worked examples of the lectures."""
