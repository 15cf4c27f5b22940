"""Positive floating-point numbers that neither overflow nor vanish."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

__all__ = ["Scaled"]

# Beyond this many binary orders of magnitude a summand is below the last bit of the other.
_NEGLIGIBLE = 1100


@dataclass(frozen=True, slots=True)
class Scaled:
    """The number ``mantissa * 2**exponent``, with a mantissa in [0.5, 1) or zero.

    Weights of paths that are no fractions (``fan_in`` with a broken alpha) are held so, because the
    product of thousands of them leaves the range of a float.
    """

    mantissa: float
    exponent: int

    @classmethod
    def of(cls, value: float, exponent: int = 0) -> Self:
        """``value * 2**exponent``."""
        mantissa, shift = math.frexp(value)
        return cls(mantissa, exponent + shift if mantissa else 0)

    def __add__(self, other: Scaled) -> Scaled:
        if not self.mantissa or not other.mantissa:
            return self if self.mantissa else other
        high, low = (self, other) if self.exponent >= other.exponent else (other, self)
        shift = low.exponent - high.exponent
        if shift < -_NEGLIGIBLE:
            return high
        return Scaled.of(high.mantissa + math.ldexp(low.mantissa, shift), high.exponent)

    def __mul__(self, other: Scaled) -> Scaled:
        return Scaled.of(self.mantissa * other.mantissa, self.exponent + other.exponent)

    def __bool__(self) -> bool:
        return bool(self.mantissa)

    def __float__(self) -> float:
        """The nearest float: infinity or zero where it is out of range."""
        try:
            return math.ldexp(self.mantissa, self.exponent)
        except OverflowError:
            return math.inf
