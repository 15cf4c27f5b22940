"""Pooling and interpolation: nodes that gather a box of their input (convention 3)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from ...errors import ShapeError
from ..runs import Runs
from ..runs.axis import IntArray
from .base import Element, Primitive, Scalar, Setting, Shape, complete
from .sliding import Sliding, sliding

__all__ = ["Pool", "Resample", "adaptive_sources"]


@dataclass(frozen=True, slots=True)
class Pool(Primitive):
    """Sliding-window pooling over the last axes, one edge per element in the window.

    Attributes
    ----------
    kernel, stride, dilation : tuple of int
        One per pooled axis.
    padding : tuple of (int, int)
        Before and after, one pair per pooled axis. Padding gives no edge.
    ceil : bool
        Whether a last window that runs over the end counts (a window that would start in the
        padding after the end never does).
    """

    may_remove: ClassVar[bool] = True

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    ceil: bool = False

    @property
    def is_window(self) -> bool:  # type: ignore[override]
        """Whether the kernel is more than one element."""
        return prod(self.kernel) > 1

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        (shape,) = shapes
        rank = len(self.kernel)
        if len(shape) < rank:
            raise ShapeError(f"pool over {rank} axes of shape {shape}")
        spatial = tuple(self._out_size(axis, size) for axis, size in enumerate(shape[len(shape) - rank :]))
        if min(spatial, default=1) < 1:
            raise ShapeError(
                f"pool with kernel {self.kernel} of shape {shape}: the output would have shape {spatial}, "
                "the feature map vanishes"
            )
        return (*shape[: len(shape) - rank], *spatial)

    def _out_size(self, axis: int, size: int) -> int:
        before, after = self.padding[axis]
        stride = self.stride[axis]
        room = size + before + after - (self.kernel[axis] - 1) * self.dilation[axis] - 1
        if not self.ceil:
            return room // stride + 1
        result = -(-room // stride) + 1
        return result - 1 if (result - 1) * stride >= size + before else result

    def axes(self, shape: Shape, out: Shape) -> list[Sliding]:
        """The window along each pooled axis."""
        offset = len(shape) - len(self.kernel)
        return [
            sliding(
                shape[offset + axis], out[offset + axis], kernel, self.stride[axis], self.dilation[axis],
                self.padding[axis][0],
            )
            for axis, kernel in enumerate(self.kernel)
        ]  # fmt: skip

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        (shape,) = setting.shapes
        offset = len(shape) - len(self.kernel)
        result = contexts.scale(setting.edge(prod(self.kernel)))
        for axis, window in enumerate(self.axes(shape, setting.shape)):
            result = window.to_wide(result, offset + axis)
        return result

    def support(
        self, supports: tuple[Runs | None, ...], shapes: tuple[Shape, ...], shape: Shape
    ) -> Runs | None:
        windows = self.axes(shapes[0], shape)
        if supports[0] is None and not any(window.has_empty_narrow for window in windows):
            return None
        result = complete(supports[0], shapes[0])
        for axis, window in enumerate(windows, start=len(shape) - len(windows)):
            result = window.to_narrow(result, axis)
        return result

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        (shape,) = shapes
        offset = len(shape) - len(self.kernel)
        choices = []
        for axis, kernel in enumerate(self.kernel):
            first = index[offset + axis] * self.stride[axis] - self.padding[axis][0]
            taps = (first + tap * self.dilation[axis] for tap in range(kernel))
            choices.append([i for i in taps if 0 <= i < shape[offset + axis]])
        terms = tuple((Element(0, (*index[:offset], *at)),) for at in itertools.product(*choices))
        return Scalar("node", terms, prod(self.kernel))


@dataclass(frozen=True, slots=True)
class Resample(Primitive):
    """Interpolation and adaptive pooling: each output position of an axis gathers a known set.

    Attributes
    ----------
    sizes : tuple of int
        Input sizes of the last axes.
    sources : tuple of tuple of tuple of int
        For each of the last axes, for each output position, the distinct input positions it reads.
        An output element reads the box that these sets span.
    """

    sizes: tuple[int, ...]
    sources: tuple[tuple[tuple[int, ...], ...], ...]

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        (shape,) = shapes
        rank = len(self.sizes)
        if shape[len(shape) - rank :] != self.sizes:
            raise ShapeError(f"resample of axes {self.sizes} does not fit shape {shape}")
        return (*shape[: len(shape) - rank], *(len(outputs) for outputs in self.sources))

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        offset = len(setting.shape) - len(self.sizes)
        result = contexts
        if not setting.weighting.is_unit:
            result = result.scale(setting.edge(1))
            fan_ins = [[len(read) for read in sources] for sources in self.sources]
            result = setting.scale_by_fan_in(result, offset, fan_ins)
        for axis, (size, sources) in enumerate(zip(self.sizes, self.sources, strict=True), start=offset):
            reads, readers = _pairs(sources)
            result = result.take(axis, readers).scatter_add(axis, reads, size)
        return result

    def support(
        self, supports: tuple[Runs | None, ...], shapes: tuple[Shape, ...], shape: Shape
    ) -> Runs | None:
        result = supports[0]
        if result is None:
            return None
        for axis, sources in enumerate(self.sources, start=len(shape) - len(self.sizes)):
            reads, readers = _pairs(sources)
            result = result.take(axis, reads).scatter_add(axis, readers, len(sources))
        return result

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        offset = len(index) - len(self.sizes)
        boxes = [sources[i] for sources, i in zip(self.sources, index[offset:], strict=True)]
        terms = tuple((Element(0, (*index[:offset], *at)),) for at in itertools.product(*boxes))
        return Scalar("node", terms, len(terms))


def _pairs(sources: tuple[tuple[int, ...], ...]) -> tuple[IntArray, IntArray]:
    """The (input position, output position) pairs of one axis."""
    reads = np.array([i for read in sources for i in read], dtype=np.int64)
    return reads, np.repeat(np.arange(len(sources)), [len(read) for read in sources])


def adaptive_sources(size: int, out: int) -> tuple[tuple[int, ...], ...]:
    """What adaptive pooling reads: position i, ``floor(i size / out)`` to ``ceil((i + 1) size / out)``."""
    return tuple(tuple(range(i * size // out, -(-(i + 1) * size // out))) for i in range(out))
