"""What a statistic depends on, of the axes of the value that it is part of."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from ..primitives import Map, Move
from .lineage import LIMIT
from .placement import Placement
from .places import Digit, Place, merged

__all__ = ["Spread", "spreads"]


@dataclass(frozen=True, slots=True)
class Spread:
    """What a statistic depends on, of the axes of the value that it is part of.

    Attributes
    ----------
    digits : tuple of Digit, or None
        The axes along which it is not constant, or parts of them; None if they cannot be followed.
    size : int
        Its number of elements.
    """

    digits: tuple[Digit, ...] | None
    size: int

    @classmethod
    def of(cls, placement: Placement, value: int, place: Place | None) -> Spread:
        """Of a value, before it was repeated and moved."""
        lineage = placement.lineage
        for _ in range(LIMIT):
            node = lineage.nodes[value]
            live = lineage.operands(node)
            if not isinstance(node.op, Map | Move) or len(live) != 1:
                break
            place, value = placement.below(value, live[0], place), live[0]
        size = prod(lineage.nodes[value].shape)
        return cls(None if place is None else merged(place), size)

    def agrees(self, other: Spread) -> bool:
        """Whether two statistics are spread over the same axes, or as many elements if that is unknown."""
        if self.digits is None or other.digits is None:
            return self.size == other.size
        return self.digits == other.digits

    def covers(self, other: Spread) -> bool:
        """Whether it is constant where another statistic is: as a shift of exponents it cancels."""
        if self.digits is None or other.digits is None:
            return self.size <= other.size
        return all([any([digit.is_part_of(whole) for whole in other.digits]) for digit in self.digits])


def spreads(placement: Placement, statistic: int) -> list[Spread]:
    """Of a statistic that is part of an expression, by every way to it."""
    return [Spread.of(placement, statistic, place) for place in placement.ways(statistic) or (None,)]
