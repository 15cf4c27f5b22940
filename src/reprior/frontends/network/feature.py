"""A value in a network under construction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ...core.graph import GraphBuilder
from ...core.primitives import Shape

__all__ = ["Feature"]


class Operators(Protocol):
    """What a feature asks of the network it is in."""

    builder: GraphBuilder

    def add(self, *features: Feature) -> Feature:
        """The sum."""

    def multiply(self, *features: Feature) -> Feature:
        """The product, element by element."""

    def matmul(self, a: Feature, b: Feature, *, name: str = ...) -> Feature:
        """The product of matrices."""


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """A tensor of a `Network`: a feature map, a parameter, or anything computed from them."""

    network: Operators
    value: int

    @property
    def shape(self) -> Shape:
        """Its shape, batch axis included for features."""
        return self.network.builder.shape(self.value)

    def __add__(self, other: Feature) -> Feature:
        return self.network.add(self, other)

    def __mul__(self, other: Feature) -> Feature:
        return self.network.multiply(self, other)

    def __matmul__(self, other: Feature) -> Feature:
        return self.network.matmul(self, other)

    def __repr__(self) -> str:
        return f"Feature{self.shape}"
