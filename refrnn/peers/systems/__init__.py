"""Peers of the group systems."""
