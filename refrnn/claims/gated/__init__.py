"""Claims about gated units."""
