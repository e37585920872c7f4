"""How recurrent layers are put together."""
