"""Sums, means, maxima and norms over axes, and running sums (convention 3)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import prod
from typing import Literal

from ...errors import ShapeError
from ..runs import Runs, dense
from .base import Element, Primitive, Scalar, Setting, Shape

__all__ = ["Prefix", "Reduce"]


@dataclass(frozen=True, slots=True)
class Reduce(Primitive):
    """One node per remaining position, with an edge from every element along `axes`.

    Attributes
    ----------
    axes : tuple of int
        The axes reduced, ascending and non-negative.
    keepdims : bool
        Whether they stay, with size 1.
    kind : {"linear", "logsumexp", "position", "other"}
        What is known of it for algebra: ``linear`` is a sum or a mean, ``position`` says where something is
        and so is no statistic.
    """

    axes: tuple[int, ...]
    keepdims: bool = False
    kind: Literal["linear", "logsumexp", "position", "other"] = "other"

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        (shape,) = shapes
        if self.axes != tuple(sorted({axis for axis in self.axes if 0 <= axis < len(shape)})):
            raise ShapeError(f"reduce over axes {self.axes} of shape {shape}: they ascend, from 0")
        if self.keepdims:
            return tuple(1 if axis in self.axes else size for axis, size in enumerate(shape))
        return tuple(size for axis, size in enumerate(shape) if axis not in self.axes)

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        (shape,) = setting.shapes
        result = contexts.sum_axes(self.axes) if self.keepdims else contexts
        for axis in self.axes:
            result = result.insert_axis(axis, shape[axis])
        return result.scale(setting.edge(prod(shape[axis] for axis in self.axes)))

    def support(
        self, supports: tuple[Runs | None, ...], shapes: tuple[Shape, ...], shape: Shape
    ) -> Runs | None:
        (support,) = supports
        if support is None:
            return None
        result = support.sum_axes(self.axes)
        for axis in self.axes if self.keepdims else ():
            result = result.insert_axis(axis, 1)
        return result

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        (shape,) = shapes
        kept = list(index) if not self.keepdims else [i for a, i in enumerate(index) if a not in self.axes]
        terms = []
        for values in itertools.product(*(range(shape[axis]) for axis in self.axes)):
            at = list(kept)
            for axis, value in zip(self.axes, values, strict=True):
                at.insert(axis, value)
            terms.append((Element(0, tuple(at)),))
        return Scalar("node", tuple(terms), len(terms))


@dataclass(frozen=True, slots=True)
class Prefix(Primitive):
    """Running sum along an axis: position i has an edge from every position up to i.

    Attributes
    ----------
    axis : int
        The axis, non-negative.
    """

    axis: int

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        (shape,) = shapes
        if not 0 <= self.axis < len(shape):
            raise ShapeError(f"running sum over axis {self.axis} of shape {shape}")
        return shape

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        axis = self.axis
        if not setting.weighting.is_unit:
            factors = [setting.edge(i + 1) for i in range(contexts.shape[axis])]
            contexts = contexts.scale_axis(axis, factors)
        contexts = contexts.densify(axis)
        backwards = (slice(None),) * axis + (slice(None, None, -1),)
        axes = (*contexts.axes[:axis], dense(contexts.shape[axis]), *contexts.axes[axis + 1 :])
        return contexts.apply(axes, lambda v: v[backwards].cumsum(axis=axis)[backwards])

    def support(
        self, supports: tuple[Runs | None, ...], shapes: tuple[Shape, ...], shape: Shape
    ) -> Runs | None:
        (support,) = supports
        if support is None:
            return None
        support = support.densify(self.axis)
        return support.apply(support.axes, lambda v: v.cumsum(axis=self.axis))

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        head, last, tail = index[: self.axis], index[self.axis], index[self.axis + 1 :]
        terms = tuple((Element(0, (*head, i, *tail)),) for i in range(last + 1))
        return Scalar("node", terms, last + 1)
