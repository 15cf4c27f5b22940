"""What a weighting of paths is (paper, section 6): the factor of every edge of the scalar graph.

A path weighs the product of its edges. A weighting of one's own is one class with a `kind`; once it is
defined, its name is understood wherever a weighting is given.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction
from typing import ClassVar, Self

from ...errors import SpecError

__all__ = ["Factor", "Weighting"]

Factor = int | float | Fraction
"""The weight of an edge: an exact 1, an exact fraction, or a float where no exact one exists."""


class Weighting(ABC):
    """The factor of an edge: what the fan-in of its node gives, times what the size of its tensor gives.

    A node's fan-in is its nominal number of data edges: padding included, parameters visited in passing. Its
    size is the number of elements of the tensor that it is one of; products of a contraction are elements of
    the tensor of all its products.
    """

    kind: ClassVar[str]
    """The name that users give."""

    form: ClassVar[str]
    """How it is written, with the bounds of its number, for the message about a wrong one."""

    is_unit: ClassVar[bool] = False
    """Whether every path counts one."""

    needs_tensors: ClassVar[bool] = False
    """Whether it asks for sizes, which a graph of scalars does not have."""

    _kinds: ClassVar[dict[str, type[Weighting]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        before = Weighting._kinds.get(cls.kind)
        if before is not None and (before.__module__, before.__qualname__) != (
            cls.__module__,
            cls.__qualname__,
        ):
            raise SpecError(f"there is a weighting '{cls.kind}' already")
        Weighting._kinds[cls.kind] = cls

    @staticmethod
    def parse(text: str) -> Weighting:
        """Read ``unit``, ``fan_in:ALPHA`` and so on.

        Raises
        ------
        SpecError
            If there is no such weighting, or its number is out of bounds.
        """
        kind, colon, number = text.partition(":")
        chosen = Weighting._kinds.get(kind)
        try:
            found = None if chosen is None else chosen.read(number if colon else None)
        except (ValueError, ZeroDivisionError):
            found = None
        if found is not None:
            return found
        *known, last = [one.form for one in Weighting._kinds.values()]
        raise SpecError(f"weighting '{text}' is not {', '.join(known)} or {last}")

    @classmethod
    @abstractmethod
    def read(cls, number: str | None) -> Self | None:
        """From what stands behind the colon (None without one); None or a `ValueError` if it is wrong."""

    @property
    def is_exact(self) -> bool:
        """Whether every factor is an integer or a fraction."""
        return True

    def of_fan_in(self, fan_in: int) -> Factor:
        """The part that the fan-in gives; that of a product is the product of those of its factors.

        A node without data edges, part of a parameter's transformation, has fan-in 0.
        """
        return 1

    def of_size(self, size: int) -> Factor:
        """The part that the size of the tensor gives."""
        return 1

    def edge(self, fan_in: int, size: int = 1) -> Factor:
        """The factor of one edge into an element of a tensor."""
        if self.is_unit:
            return 1
        return self.of_fan_in(fan_in) * self.of_size(size)
