"""The tables of the benchmarks, by kind, each beside what makes it from its published files."""
