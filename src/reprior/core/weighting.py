"""Weightings of paths: how much one edge of the scalar graph counts (paper, section 6)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from ..errors import SpecError

__all__ = ["UNIT", "Factor", "Weighting"]

Factor = int | float | Fraction
"""The weight of an edge: an exact 1, an exact fraction, or a float where no exact one exists."""

# One operation applies several edge factors between two rescalings of the scaled numbers. Within these
# bounds, with a fan-in of up to 2**30, they cannot underflow; no use is known beyond them.
MAX_ALPHA = 16
MIN_GAMMA = Fraction(1, 2**64)


@dataclass(frozen=True)
class Weighting:
    """The factor of every edge into a node, as a function of the node's nominal data fan-in.

    Attributes
    ----------
    kind : {"unit", "fan_in", "decay"}
        ``unit`` is the paper's: every path counts one. ``fan_in``: an edge weighs
        ``fan_in ** -value``, so that value 1 is a random backward walk. ``decay``: an edge weighs
        `value` whatever the fan-in, so that a path of n nodes weighs ``value ** n``.
    value : Fraction
        alpha of ``fan_in``, gamma of ``decay``; unused for ``unit``.
    """

    kind: Literal["unit", "fan_in", "decay"] = "unit"
    value: Fraction = Fraction(1)
    _factors: dict[int, Factor] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Weighting:
        """Read ``unit``, ``fan_in:ALPHA`` or ``decay:GAMMA``.

        Raises
        ------
        SpecError
            If the text is none of these, alpha is not in [0, 16] or gamma is not in [2**-64, 1].
        """
        kind, colon, number = text.partition(":")
        if kind == "unit" and not colon:
            return cls()
        try:
            value = Fraction(number)
        except (ValueError, ZeroDivisionError):
            value = None
        if kind == "fan_in" and value is not None and 0 <= value <= MAX_ALPHA:
            return cls("fan_in", value)
        if kind == "decay" and value is not None and MIN_GAMMA <= value <= 1:
            return cls("decay", value)
        raise SpecError(
            f"weighting '{text}' is not 'unit', 'fan_in:ALPHA' with ALPHA from 0 to {MAX_ALPHA} "
            "or 'decay:GAMMA' with GAMMA from 2**-64 to 1"
        )

    def __str__(self) -> str:
        return self.kind if self.kind == "unit" else f"{self.kind}:{float(self.value)}"

    @property
    def is_unit(self) -> bool:
        """Whether every path counts one."""
        return self.kind == "unit"

    @property
    def is_exact(self) -> bool:
        """Whether every edge factor is an integer or a fraction."""
        return self.kind != "fan_in" or self.value.denominator == 1

    def edge(self, fan_in: int) -> Factor:
        """The factor of one edge into a node with `fan_in` data edges.

        A node without data edges (part of a parameter transformation) is visited in passing: its
        edges weigh 1 under ``fan_in``.
        """
        if self.kind == "unit":
            return 1
        if fan_in not in self._factors:
            self._factors[fan_in] = self._edge(fan_in)
        return self._factors[fan_in]

    def _edge(self, fan_in: int) -> Factor:
        if self.kind == "decay":
            return self.value
        if fan_in <= 1:
            return 1
        if self.value.denominator == 1:
            return Fraction(1, fan_in**self.value.numerator)
        return math.pow(fan_in, -float(self.value))


UNIT = Weighting()
