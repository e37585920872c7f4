"""What every family of kernels stands on: compiling, threads, products, activations, arrays."""
