"""A spec as an object: found, read, validated, drawn from, shown. Nothing is imported before it is needed."""
