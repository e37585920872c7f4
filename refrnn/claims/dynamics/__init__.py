"""Claims about dynamics: what grows, shrinks or saturates over time."""
