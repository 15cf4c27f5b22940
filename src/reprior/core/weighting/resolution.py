"""Paths through large maps weigh less."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from .base import Factor, Weighting

__all__ = ["Resolution"]

MAX_BETA = 2  # see FanIn; a tensor has at most 2**40 elements or so


@dataclass(frozen=True)
class Resolution(Weighting):
    """An edge into one of n elements of a tensor weighs ``n ** -beta``.

    A path is discounted by the size of every map that it passes, so that a context at low resolution,
    which few others stand beside, counts for more than one of the many at high resolution.
    """

    kind = "resolution"
    form = f"'resolution:BETA' with BETA from 0 to {MAX_BETA}"
    needs_tensors = True

    beta: Fraction

    @classmethod
    def read(cls, number: str | None) -> Self | None:
        beta = Fraction(number or "")
        return cls(beta) if 0 <= beta <= MAX_BETA else None

    @property
    def is_exact(self) -> bool:
        return self.beta.denominator == 1

    def of_size(self, size: int) -> Factor:
        if size <= 1:
            return 1
        if self.is_exact:
            return Fraction(1, size**self.beta.numerator)
        return math.pow(size, -float(self.beta))

    def __str__(self) -> str:
        return f"{self.kind}:{float(self.beta)}"
