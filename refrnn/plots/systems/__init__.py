"""How networks settle, and what they foretell."""
