"""Ways to describe a model; each lowers to the same `reprior.Graph`."""
