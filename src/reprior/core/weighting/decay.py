"""Longer paths weigh less."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from .base import Factor, Weighting

__all__ = ["Decay"]

MIN_GAMMA = Fraction(1, 2**64)  # see FanIn


@dataclass(frozen=True)
class Decay(Weighting):
    """An edge weighs gamma, so that a path of n nodes weighs ``gamma ** n``."""

    kind = "decay"
    form = "'decay:GAMMA' with GAMMA from 2**-64 to 1"

    gamma: Fraction

    @classmethod
    def read(cls, number: str | None) -> Self | None:
        gamma = Fraction(number or "")
        return cls(gamma) if MIN_GAMMA <= gamma <= 1 else None

    def of_size(self, size: int) -> Factor:
        return self.gamma

    def __str__(self) -> str:
        return f"{self.kind}:{float(self.gamma)}"
