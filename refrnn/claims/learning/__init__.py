"""Claims about learning: divergences, backpropagation through time, clipping, activations."""
