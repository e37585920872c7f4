"""How a past reaches an output."""
