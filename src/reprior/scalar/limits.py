"""Refusing work that would grow beyond memory, before it starts."""

from __future__ import annotations

from ..core.quantities import log2_exact
from ..errors import GraphError

__all__ = ["refuse_above"]


def refuse_above(limit: int, size: int, what: str) -> None:
    """Refuse to make a graph of more than `limit` nodes.

    Raises
    ------
    GraphError
        Saying the predicted size and how to raise the limit.
    """
    if size > limit:
        raise GraphError(
            f"{what} makes {_readable(size)} nodes, over the limit of {limit:,}; "
            "raise it with limit= or --limit"
        )


def _readable(size: int) -> str:
    return f"{size:,}" if size < 10**15 else f"about 2^{log2_exact(size):,.1f}"
