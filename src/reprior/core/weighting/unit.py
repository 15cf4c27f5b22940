"""The paper's weighting: every path counts one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from .base import Weighting

__all__ = ["UNIT", "Unit"]


@dataclass(frozen=True)
class Unit(Weighting):
    """Every path counts one."""

    kind = "unit"
    form = "'unit'"
    is_unit = True

    @classmethod
    def read(cls, number: str | None) -> Self | None:
        return cls() if number is None else None

    def __str__(self) -> str:
        return self.kind


UNIT = Unit()
