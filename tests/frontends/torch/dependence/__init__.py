"""Which elements a result depends on, operator by operator."""

from .case import Case, Fed, differences
from .patterns import by_differentiation, by_graph

__all__ = ["Case", "Fed", "by_differentiation", "by_graph", "differences"]
