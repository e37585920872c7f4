"""Tasks of the rows of this group."""
