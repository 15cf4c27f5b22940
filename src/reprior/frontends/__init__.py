"""Ways to describe a model; each lowers to the same `reprior.Graph`."""

from .registry import Frontend, Scheme

__all__ = ["Frontend", "Scheme"]
