"""Where the method is put to the test: the paper's tables, benchmarks and training."""
