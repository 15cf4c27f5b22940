"""Nodes without inputs: what is fed, what is learned, what is fixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NoReturn

from ..runs import Runs
from .base import Primitive, Setting, Shape

__all__ = ["Constant", "Input", "Leaf", "Parameter", "Role"]

Role = Literal["weight", "bias", "scale", "shift", "running_statistic"]


@dataclass(frozen=True, slots=True)
class Leaf(Primitive):
    """A value that no node computes."""

    name: str
    shape: Shape

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        return self.shape

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> NoReturn:
        raise IndexError(f"{self.label} '{self.name}' has no inputs")

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> NoReturn:
        raise IndexError(f"{self.label} '{self.name}' has no scalar structure")


@dataclass(frozen=True, slots=True)
class Input(Leaf):
    """A tensor fed to the model; its elements count towards N_I."""


@dataclass(frozen=True, slots=True)
class Parameter(Leaf):
    """A learnable tensor.

    A ``running_statistic`` (batch norm's mean and variance) is learnable only under the preset
    ``paper``, which counts it as the published tables do; elsewhere it is a constant.
    """

    role: Role = "weight"


@dataclass(frozen=True, slots=True)
class Constant(Leaf):
    """A fixed tensor: neither fed nor learned (position tables, buffers)."""
