"""Pointwise functions of broadcast operands (convention 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

import numpy as np

from ...errors import ShapeError
from ..runs import Runs
from .base import Element, Primitive, Scalar, Setting, Shape
from .presence import Presence, intersect, regions

__all__ = ["LAWS", "Law", "Map", "broadcast_index", "broadcast_shapes", "broadcast_to", "unbroadcast"]

Law = Literal["sum", "product", "power", "exp", "log", "normalise", "other"]
"""What matters of a pointwise function for algebra, up to numbers and constants.

``sum`` adds and subtracts, ``product`` multiplies and divides (of one operand: scales it), ``power`` turns a
factor of its operand into a factor of its result (roots, reciprocals, rectifiers), ``exp`` a term into a
factor and ``log`` a factor into a term. ``normalise`` rescales its first operand by a statistic, its second.
"""

LAWS: Mapping[str, Law] = MappingProxyType(
    {
        **dict.fromkeys(("add", "sub", "bias"), "sum"),
        **dict.fromkeys(("mul", "multiply", "div", "neg", "negative"), "product"),
        **dict.fromkeys(
            ("abs", "sqrt", "rsqrt", "square", "reciprocal", "relu", "leaky_relu", "sign", "sgn"), "power"
        ),
        **dict.fromkeys(("exp", "exp2"), "exp"),
        **dict.fromkeys(("log", "log2", "log10"), "log"),
    }
)
"""The law of a function by its usual name; of all others nothing is known."""


@dataclass(frozen=True, slots=True)
class Map(Primitive):
    """One function node per result element, with one edge from each operand element that feeds it.

    An element is there where an operand with an edge is one, unless `presence` says otherwise.
    Operands broadcast by the usual right-aligned rule. Activations, additions, multiplications,
    biases and batch normalisation are maps.

    Attributes
    ----------
    name : str
        What it computes, for printing.
    align : tuple of (int or None)
        For each operand, the axis of the result that it is a vector along (a bias of a convolution
        lies along axis 1), or None where it broadcasts by the rule. Empty if all do.
    masks : tuple of (Runs or None)
        For each operand, 1 where it has an edge, of a shape that broadcasts to the result's; None if
        everywhere. Empty if all do.
    presence : Presence or None
        Which elements the result has where some operands have none; None if it is one wherever an operand
        is. The pass `settle_presence` turns it into masks.
    law : Law
        What is known of it for algebra.
    """

    name: str
    align: tuple[int | None, ...] = ()
    masks: tuple[Runs | None, ...] = ()
    presence: Presence | None = None
    law: Law = "other"

    is_pointwise = True

    @property
    def may_remove(self) -> bool:  # type: ignore[override]
        """Whether edges are masked."""
        return bool(self.masks)

    @property
    def label(self) -> str:
        return self.name

    def alignment(self, position: int) -> int | None:
        """The axis that an operand is a vector along, if any."""
        return self.align[position] if self.align else None

    def mask(self, position: int, shape: Shape) -> Runs | None:
        """Where an operand has an edge, of the result's shape; None if everywhere."""
        mask = self.masks[position] if self.masks else None
        return mask if mask is None or mask.shape == shape else broadcast_to(mask, shape)

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        if not self.align:
            return broadcast_shapes(shapes, self.name)
        first = shapes[0]
        if self.align[0] is None and all(
            [
                shape == first if axis is None else len(shape) == 1 and shape == first[axis : axis + 1]
                for shape, axis in zip(shapes, self.align, strict=True)
            ]
        ):
            return first
        rank = max(map(len, shapes))
        return broadcast_shapes(
            tuple([_laid_out(shape, axis, rank) for shape, axis in zip(shapes, self.align, strict=True)]),
            self.name,
        )

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        if not setting.weighting.is_unit:
            contexts = contexts.scale(setting.edge_of_pointwise())
        mask = self.mask(position, setting.shape)
        if mask is not None:
            contexts = contexts.multiply(mask)
        axis = self.alignment(position)
        if axis is None:
            return unbroadcast(contexts, setting.shapes[position])
        if setting.shapes[position][0] == setting.shape[axis]:
            return contexts.along(axis)
        return contexts.sum_axes(range(len(setting.shape))).insert_axis(0, 1)

    def transpose_each(self, contexts: Runs, positions: Sequence[int], setting: Setting) -> list[Runs]:
        # Operands of equal shape, alignment and mask receive the same contexts.
        found: dict[tuple[Shape, int | None, int], Runs] = {}
        result = []
        for position in positions:
            mask = id(self.masks[position]) if self.masks else 0
            key = (setting.shapes[position], self.alignment(position), mask)
            if key not in found:
                found[key] = self.transpose(contexts, position, setting)
            result.append(found[key])
        return result

    def support(
        self, supports: tuple[Runs | None, ...], shapes: tuple[Shape, ...], shape: Shape
    ) -> Runs | None:
        wide = self.laid_out(supports, shapes, shape)
        if self.presence is not None:
            return regions(self.presence, wide).exists
        result: Runs | None = None
        for position, support in enumerate(wide):
            part = intersect(support, self.mask(position, shape))
            if part is None:
                return None
            result = part if result is None else result + part
        return result

    def laid_out(
        self, arrays: Sequence[Runs | None], shapes: Sequence[Shape], shape: Shape
    ) -> list[Runs | None]:
        """Arrays of the operands' shapes as they broadcast to the result's."""
        result: list[Runs | None] = []
        for position, (array, operand) in enumerate(zip(arrays, shapes, strict=True)):
            axis = self.alignment(position)
            if array is not None and axis is not None:
                array = array.reshape(_laid_out(operand, axis, len(shape)))
            result.append(array if array is None or array.shape == shape else broadcast_to(array, shape))
        return result

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        terms = []
        for k, shape in enumerate(shapes):
            if not _is_kept(self.masks[k] if self.masks else None, index):
                continue
            axis = self.alignment(k)
            terms.append((Element(k, broadcast_index(index if axis is None else (index[axis],), shape)),))
        return Scalar("node", tuple(terms))


def _is_kept(mask: Runs | None, index: Shape) -> bool:
    """Whether a mask is 1 at the place that broadcasts to `index`."""
    if mask is None:
        return True
    at = broadcast_index(index, mask.shape)
    runs = tuple(int(axis.runs_at(np.array(i))) for axis, i in zip(mask.axes, at, strict=True))
    return bool(mask.planes[0][1][runs])


def _laid_out(shape: Shape, axis: int | None, rank: int) -> Shape:
    """The shape by which a vector along an axis broadcasts.

    Raises
    ------
    ShapeError
        If it is no vector, or there is no such axis.
    """
    if axis is None:
        return shape
    if len(shape) != 1 or not 0 <= axis < rank:
        raise ShapeError(f"an operand of shape {shape} is no vector along axis {axis} of {rank}")
    return (*(1,) * axis, shape[0], *(1,) * (rank - axis - 1))


@lru_cache(1 << 12)
def broadcast_shapes(shapes: tuple[Shape, ...], name: str) -> Shape:
    """The common shape of right-aligned operands.

    Raises
    ------
    ShapeError
        If two sizes of an axis differ and neither is 1.
    """
    first = shapes[0]
    if all(shape == first for shape in shapes[1:]):
        return first
    rank = max(map(len, shapes))
    result = []
    for axis in range(rank):
        sizes = {s[axis - rank + len(s)] for s in shapes if axis - rank + len(s) >= 0} - {1}
        if len(sizes) > 1:
            raise ShapeError(f"{name}: shapes {', '.join(map(str, shapes))} do not broadcast")
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)


def broadcast_to(array: Runs, shape: Shape) -> Runs:
    """Repeat an array to a shape by the right-aligned rule."""
    result = array
    for _ in range(len(shape) - len(array.shape)):
        result = result.insert_axis(0, 1)
    for axis, size in enumerate(shape):
        if result.shape[axis] != size:
            result = result.sum(axis).insert_axis(axis, size)
    return result


def unbroadcast(contexts: Runs, shape: Shape) -> Runs:
    """Sum over the axes along which an operand of this shape was repeated."""
    full = contexts.shape
    if full == shape:
        return contexts
    extra = len(full) - len(shape)
    result = contexts.sum_axes(range(extra))
    for axis, size in enumerate(shape):
        if size == 1 and full[extra + axis] != 1:
            result = result.sum(axis).insert_axis(axis, 1)
    return result


def broadcast_index(index: Shape, shape: Shape) -> Shape:
    """The element of a broadcast operand that meets the result element at `index`."""
    tail = index[len(index) - len(shape) :]
    return tuple(0 if size == 1 else i for i, size in zip(tail, shape, strict=True))
