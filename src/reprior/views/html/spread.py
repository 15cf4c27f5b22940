"""Contexts and surprisal of groups of parameters, added up from the table of an analysis."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ...analysis import ParameterRow

__all__ = ["Spread", "gather", "surprisal"]


@dataclass(frozen=True, slots=True)
class Spread:
    """What a group of parameters has together.

    Attributes
    ----------
    numel, dead : int
        Scalars, and those of them without a context.
    low, mean, high : float or None
        Smallest, mean and largest log2 contexts of the others; None where there are none.
    surprisal : float
        Their share of S, in bits.
    """

    numel: int
    dead: int
    low: float | None
    mean: float | None
    high: float | None
    surprisal: float


def surprisal(row: ParameterRow, log2_total: float) -> float:
    """The share of one tensor in S, in bits: -sum log2 p over its scalars (definition 5)."""
    if row.log2_contexts_mean is None:
        return 0.0
    return (row.numel - row.dead) * (log2_total - row.log2_contexts_mean)


def gather(rows: Iterable[ParameterRow], log2_total: float) -> Spread:
    """Add up rows."""
    rows = list(rows)
    alive = [row for row in rows if row.log2_contexts_mean is not None]
    many = sum(row.numel - row.dead for row in alive)
    weighted = math.fsum((row.numel - row.dead) * (row.log2_contexts_mean or 0.0) for row in alive)
    return Spread(
        numel=sum(row.numel for row in rows),
        dead=sum(row.dead for row in rows),
        low=min((row.log2_contexts_min or 0.0 for row in alive), default=None),
        mean=weighted / many if many else None,
        high=max((row.log2_contexts_max or 0.0 for row in alive), default=None),
        surprisal=math.fsum(surprisal(row, log2_total) for row in alive),
    )
