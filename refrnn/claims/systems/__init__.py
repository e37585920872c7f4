"""Claims about how a past reaches an output."""
