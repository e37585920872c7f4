"""CPU benchmarks: the kernels against the references and against what people would use instead, in one run."""
