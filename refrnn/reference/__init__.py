"""The equations in NumPy, for one sequence, to be read beside the slide; one module per spec, at the spec's own path."""
