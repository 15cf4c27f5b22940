"""Moves: the same elements elsewhere, without a new node (convention 4)."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from ...errors import ShapeError
from ..runs import Runs
from ..runs.axis import IntArray
from .base import Element, Primitive, Scalar, Setting, Shape, complete
from .pointwise import broadcast_index, broadcast_shapes, broadcast_to, unbroadcast

__all__ = ["Concat", "Expand", "Keep", "Move", "Pad", "Permute", "Reshape", "Slice", "Take"]


class Move(Primitive):
    """A primitive whose output elements are input elements."""

    __slots__ = ()

    def support(
        self, supports: tuple[Runs | None, ...], shapes: tuple[Shape, ...], shape: Shape
    ) -> Runs | None:
        if not self.may_remove and all(support is None for support in supports):
            return None
        full = tuple([complete(support, shape) for support, shape in zip(supports, shapes, strict=True)])
        return self.move(full, shapes, shape)

    @abstractmethod
    def move(self, arrays: tuple[Runs, ...], shapes: tuple[Shape, ...], shape: Shape) -> Runs:
        """Apply the move itself to arrays of the inputs' shapes, with zeros where there is no element."""


@dataclass(frozen=True, slots=True)
class Reshape(Move):
    """The same elements in row-major order under another shape."""

    shape: Shape

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        if prod(shapes[0]) != prod(self.shape) or min(self.shape, default=0) < 0:
            raise ShapeError(f"cannot reshape {shapes[0]} to {self.shape}")
        return self.shape

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        return contexts.reshape(setting.shapes[0])

    def move(self, arrays: tuple[Runs, ...], shapes: tuple[Shape, ...], shape: Shape) -> Runs:
        return arrays[0].reshape(self.shape)

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        flat = 0
        for i, size in zip(index, self.shape, strict=True):
            flat = flat * size + i
        source = []
        for size in reversed(shapes[0]):
            flat, i = divmod(flat, size)
            source.append(i)
        return _alias(0, tuple(reversed(source)))


@dataclass(frozen=True, slots=True)
class Permute(Move):
    """Axes in another order: output axis i is input axis ``order[i]``."""

    order: tuple[int, ...]

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        if sorted(self.order) != list(range(len(shapes[0]))):
            raise ShapeError(f"{self.order} does not permute the axes of {shapes[0]}")
        return tuple(shapes[0][i] for i in self.order)

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        return contexts.transpose([self.order.index(i) for i in range(len(self.order))])

    def move(self, arrays: tuple[Runs, ...], shapes: tuple[Shape, ...], shape: Shape) -> Runs:
        return arrays[0].transpose(self.order)

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        return _alias(0, tuple(index[self.order.index(i)] for i in range(len(index))))


@dataclass(frozen=True, slots=True)
class Expand(Move):
    """Broadcast to a shape by the right-aligned rule."""

    shape: Shape

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        if broadcast_shapes((shapes[0], self.shape), "expand") != self.shape:
            raise ShapeError(f"cannot expand {shapes[0]} to {self.shape}")
        return self.shape

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        return unbroadcast(contexts, setting.shapes[0])

    def move(self, arrays: tuple[Runs, ...], shapes: tuple[Shape, ...], shape: Shape) -> Runs:
        return broadcast_to(arrays[0], self.shape)

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        return _alias(0, broadcast_index(index, shapes[0]))


@dataclass(frozen=True, slots=True)
class Slice(Move):
    """Positions ``start:stop`` of one axis."""

    axis: int
    start: int
    stop: int

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        (shape,) = shapes
        if not (0 <= self.axis < len(shape) and 0 <= self.start <= self.stop <= shape[self.axis]):
            raise ShapeError(f"slice {self.start}:{self.stop} of axis {self.axis} does not fit shape {shape}")
        return (*shape[: self.axis], self.stop - self.start, *shape[self.axis + 1 :])

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        return contexts.pad(self.axis, self.start, setting.shapes[0][self.axis] - self.stop)

    def move(self, arrays: tuple[Runs, ...], shapes: tuple[Shape, ...], shape: Shape) -> Runs:
        return arrays[0].slice(self.axis, self.start, self.stop)

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        return _alias(0, _replace(index, self.axis, index[self.axis] + self.start))


@dataclass(frozen=True, slots=True, eq=False)
class Take(Move):
    """Known positions of one axis, in any order and number; -1 where there is no element."""

    may_remove: ClassVar[bool] = True

    axis: int
    indices: IntArray

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Take)
            and self.axis == other.axis
            and np.array_equal(self.indices, other.indices)
        )

    def __hash__(self) -> int:
        return hash((self.axis, len(self.indices)))

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        (shape,) = shapes
        high, low = int(self.indices.max(initial=-1)), int(self.indices.min(initial=0))
        if not 0 <= self.axis < len(shape) or high >= shape[self.axis] or low < -1:
            raise ShapeError(f"positions {low} to {high} of axis {self.axis} do not fit shape {shape}")
        return (*shape[: self.axis], len(self.indices), *shape[self.axis + 1 :])

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        size = setting.shapes[0][self.axis]
        there = np.flatnonzero(self.indices >= 0)
        if len(there) == len(self.indices):
            return contexts.scatter_add(self.axis, self.indices, size)
        return contexts.take(self.axis, there).scatter_add(self.axis, self.indices[there], size)

    def move(self, arrays: tuple[Runs, ...], shapes: tuple[Shape, ...], shape: Shape) -> Runs:
        return arrays[0].pad(self.axis, 1, 0).take(self.axis, self.indices + 1)

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        source = int(self.indices[index[self.axis]])
        return Scalar("alias", ()) if source < 0 else _alias(0, _replace(index, self.axis, source))


@dataclass(frozen=True, slots=True)
class Pad(Move):
    """Positions without an element around every axis; negative padding crops.

    Attributes
    ----------
    padding : tuple of (int, int)
        Before and after each axis of the input.
    """

    may_remove: ClassVar[bool] = True

    padding: tuple[tuple[int, int], ...]

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        (shape,) = shapes
        if len(self.padding) != len(shape):
            raise ShapeError(f"padding {self.padding} does not fit shape {shape}")
        result = tuple(
            size + before + after for size, (before, after) in zip(shape, self.padding, strict=True)
        )
        if min(result, default=0) < 0:
            raise ShapeError(f"padding {self.padding} crops shape {shape} to {result}")
        return result

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        result = contexts
        for axis, (before, after) in enumerate(self.padding):
            size = result.shape[axis]
            result = result.slice(axis, max(before, 0), size - max(after, 0))
            result = result.pad(axis, max(-before, 0), max(-after, 0))
        return result

    def move(self, arrays: tuple[Runs, ...], shapes: tuple[Shape, ...], shape: Shape) -> Runs:
        result = arrays[0]
        for axis, (before, after) in enumerate(self.padding):
            size = result.shape[axis]
            result = result.slice(axis, max(-before, 0), size - max(-after, 0))
            result = result.pad(axis, max(before, 0), max(after, 0))
        return result

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        source = tuple(i - before for i, (before, _) in zip(index, self.padding, strict=True))
        inside = all(0 <= i < size for i, size in zip(source, shapes[0], strict=True))
        return _alias(0, source) if inside else Scalar("alias", ())


@dataclass(frozen=True, slots=True)
class Concat(Move):
    """All inputs one after another along an axis."""

    axis: int

    joins = True

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        if self.axis < 0:
            raise ShapeError(f"cannot concatenate along axis {self.axis}: axes count from 0")
        rests = {(*s[: self.axis], *s[self.axis + 1 :]) for s in shapes}
        if len(rests) != 1 or any(self.axis >= len(s) for s in shapes):
            raise ShapeError(
                f"cannot concatenate shapes {', '.join(map(str, shapes))} along axis {self.axis}"
            )
        first = shapes[0]
        return (*first[: self.axis], sum(s[self.axis] for s in shapes), *first[self.axis + 1 :])

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        start = sum(shape[self.axis] for shape in setting.shapes[:position])
        return contexts.slice(self.axis, start, start + setting.shapes[position][self.axis])

    def move(self, arrays: tuple[Runs, ...], shapes: tuple[Shape, ...], shape: Shape) -> Runs:
        start, result = 0, None
        for part, operand in zip(arrays, shapes, strict=True):
            size = operand[self.axis]
            piece = part.pad(self.axis, start, shape[self.axis] - start - size)
            result = piece if result is None else result + piece
            start += size
        return result if result is not None else arrays[0]

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        place = index[self.axis]
        for k, shape in enumerate(shapes):
            if place < shape[self.axis]:
                return _alias(k, _replace(index, self.axis, place))
            place -= shape[self.axis]
        raise IndexError(index)


@dataclass(frozen=True, slots=True, eq=False)
class Keep(Move):
    """The elements that a known mask keeps; the others are masked: no element is there.

    Attributes
    ----------
    mask : Runs
        1 where the element stays and 0 elsewhere, of a shape that broadcasts to the input's.
    """

    may_remove: ClassVar[bool] = True

    mask: Runs

    @property
    def removes_all(self) -> bool:  # type: ignore[override]
        """Whether the mask keeps nothing."""
        return not self.mask.nonzero().any()

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Keep) or self.mask.axes != other.mask.axes:
            return False
        own, others = self.mask.planes, other.mask.planes
        return len(own) == len(others) and all(
            k == n and np.array_equal(one, two) for (k, one), (n, two) in zip(own, others, strict=True)
        )

    def __hash__(self) -> int:
        return hash(self.mask.axes)

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        if broadcast_shapes((shapes[0], self.mask.shape), "mask") != shapes[0]:
            raise ShapeError(f"a mask of shape {self.mask.shape} does not fit shape {shapes[0]}")
        return shapes[0]

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        return contexts.multiply(broadcast_to(self.mask, setting.shape))

    def move(self, arrays: tuple[Runs, ...], shapes: tuple[Shape, ...], shape: Shape) -> Runs:
        return arrays[0].multiply(broadcast_to(self.mask, shape))

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        at = broadcast_index(index, self.mask.shape)
        runs = tuple(int(axis.runs_at(np.array(i))) for axis, i in zip(self.mask.axes, at, strict=True))
        return _alias(0, index) if self.mask.planes[0][1][runs] else Scalar("alias", ())


def _alias(position: int, index: Shape) -> Scalar:
    return Scalar("alias", ((Element(position, index),),))


def _replace(index: Shape, axis: int, value: int) -> Shape:
    return (*index[:axis], value, *index[axis + 1 :])
