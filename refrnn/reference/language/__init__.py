"""Words and characters: how they become vectors, are predicted, and drawn."""
