"""Searching architectures by what can be counted, without training (docs/search.md)."""

from .keys import graph_key
from .spaces import SPACES, Choice, ChoiceSpace, Chooser, FunctionSpace, Space, space

__all__ = [
    "SPACES",
    "Choice",
    "ChoiceSpace",
    "Chooser",
    "FunctionSpace",
    "Space",
    "graph_key",
    "space",
]
