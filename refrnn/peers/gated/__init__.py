"""Peers of the group gated."""
