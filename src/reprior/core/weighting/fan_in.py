"""A share of the context for each edge that enters a node."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from .base import Factor, Weighting

__all__ = ["FanIn"]

# One operation applies several edge factors between two rescalings of the scaled numbers. Within this
# bound, with a fan-in of up to 2**30, they cannot underflow; no use is known beyond it.
MAX_ALPHA = 16


@dataclass(frozen=True)
class FanIn(Weighting):
    """An edge weighs ``fan_in ** -alpha``, so that alpha 1 is a random backward walk."""

    kind = "fan_in"
    form = f"'fan_in:ALPHA' with ALPHA from 0 to {MAX_ALPHA}"

    alpha: Fraction

    @classmethod
    def read(cls, number: str | None) -> Self | None:
        alpha = Fraction(number or "")
        return cls(alpha) if 0 <= alpha <= MAX_ALPHA else None

    @property
    def is_exact(self) -> bool:
        return self.alpha.denominator == 1

    def of_fan_in(self, fan_in: int) -> Factor:
        if fan_in <= 1:
            return 1
        if self.is_exact:
            return Fraction(1, fan_in**self.alpha.numerator)
        return math.pow(fan_in, -float(self.alpha))

    def __str__(self) -> str:
        return f"{self.kind}:{float(self.alpha)}"
