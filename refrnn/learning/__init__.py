"""Learning without gradients: fixed weights of a reservoir, and read-outs that one linear solve finds."""
