"""Units whose gates decide what is kept, written and shown."""
