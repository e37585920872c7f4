"""Claims about words and characters."""
