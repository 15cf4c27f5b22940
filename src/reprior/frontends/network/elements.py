"""Pointwise functions and moves of features."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ...core.primitives import (
    LAWS,
    Concat,
    Keep,
    Law,
    Map,
    Pad,
    Permute,
    Slice,
    Take,
)
from ...core.primitives.presence import all_of, any_of
from ...core.runs import Runs
from ...errors import ShapeError
from .feature import Feature
from .geometry import divide, find_axis
from .presence import of_activation
from .structure import Structure

__all__ = ["Elements"]


class Elements(Structure):
    """Features computed element by element, and features moved."""

    # -- pointwise ----------------------------------------------------------------------------

    def activation(self, x: Feature, kind: str) -> Feature:
        """Any pointwise function of one value: it is one edge, whatever the function."""
        law = LAWS.get(kind, "other")
        return self._add(Map(kind, presence=of_activation(kind), law=law), (x,))

    def relu(self, x: Feature) -> Feature:
        """Rectified linear unit."""
        return self.activation(x, "relu")

    def silu(self, x: Feature) -> Feature:
        """Sigmoid-weighted linear unit (swish)."""
        return self.activation(x, "silu")

    def gelu(self, x: Feature) -> Feature:
        """Gaussian error linear unit."""
        return self.activation(x, "gelu")

    def sigmoid(self, x: Feature) -> Feature:
        """Logistic function."""
        return self.activation(x, "sigmoid")

    def tanh(self, x: Feature) -> Feature:
        """Hyperbolic tangent."""
        return self.activation(x, "tanh")

    def add(self, *features: Feature) -> Feature:
        """Pointwise sum, with broadcasting."""
        equal = all(feature.shape == features[0].shape for feature in features)
        if equal or len(features) < 3:
            presence = None if equal else any_of(len(features))
            return self._add(Map("add", presence=presence, law="sum"), features)
        return self.add(self.add(*features[:2]), *features[2:])

    def multiply(self, *features: Feature) -> Feature:
        """Pointwise product, with broadcasting."""
        if len(features) > 2:
            return self.multiply(self.multiply(*features[:2]), *features[2:])
        law: Law = "product" if len({feature.value for feature in features}) > 1 else "power"
        return self._add(Map("multiply", presence=all_of(len(features)), law=law), features)

    def scale(self, x: Feature, *shape: int, name: str = "scale") -> Feature:
        """Multiply by a parameter of a shape that broadcasts (layer scale, prompts, gains)."""
        return self.multiply(x, self.parameter(*shape, name=f"{self._leaf(name)}.scale", role="scale"))

    # -- moves --------------------------------------------------------------------------------

    def reshape(self, x: Feature, *shape: int) -> Feature:
        """The same elements under another shape."""
        return self._reshape(x, shape, "")

    def flatten(self, x: Feature) -> Feature:
        """All axes after the batch in one."""
        return self.reshape(x, x.shape[0], prod(x.shape[1:]))

    def permute(self, x: Feature, *order: int) -> Feature:
        """Axes in another order."""
        return self._add(Permute(order), (x,))

    def concatenate(self, *features: Feature, axis: int = 1) -> Feature:
        """Join along an axis."""
        return self._add(Concat(find_axis(axis, len(features[0].shape))), features)

    def split(self, x: Feature, parts: int | Sequence[int], *, axis: int = 1) -> tuple[Feature, ...]:
        """Cut an axis into equal parts, or into parts of the given sizes."""
        axis = find_axis(axis, len(x.shape))
        size = x.shape[axis]
        if isinstance(parts, int):
            if divide(size, parts) is None:
                raise ShapeError(f"cannot split axis {axis} of shape {x.shape} into {parts} equal parts")
            parts = [size // parts] * parts
        if sum(parts) != size:
            raise ShapeError(f"parts {tuple(parts)} do not add up to axis {axis} of shape {x.shape}")
        stops = np.cumsum(parts).tolist()
        return tuple(
            self._add(Slice(axis, stop - part, stop), (x,)) for part, stop in zip(parts, stops, strict=True)
        )

    def slice(self, x: Feature, start: int, stop: int, *, axis: int = 1) -> Feature:
        """Positions ``start:stop`` of an axis."""
        return self._add(Slice(find_axis(axis, len(x.shape)), start, stop), (x,))

    def take(self, x: Feature, indices: Sequence[int], *, axis: int = 1) -> Feature:
        """Known positions of an axis, in any order and number."""
        return self._add(Take(find_axis(axis, len(x.shape)), np.asarray(indices, dtype=np.int64)), (x,))

    def pad(self, x: Feature, *padding: tuple[int, int]) -> Feature:
        """Zeros around the last axes, one (before, after) pair each: positions without an element."""
        rest = ((0, 0),) * (len(x.shape) - len(padding))
        return self._add(Pad((*rest, *padding)), (x,))

    def nothing_like(self, x: Feature) -> Feature:
        """A value of this shape without any element: what a branch that is known to be zero returns."""
        return self._add(Keep(Runs.zeros(x.shape, "scaled")), (x,))
