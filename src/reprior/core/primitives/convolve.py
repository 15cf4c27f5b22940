"""Convolutions and transposed convolutions (convention 2)."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from ...errors import ShapeError
from ..runs import Runs
from ..runs.axis import IntArray
from .base import Element, Primitive, Products, Scalar, Setting, Shape, complete
from .sliding import Sliding, sliding

__all__ = ["Convolve"]

Padding = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Convolve(Primitive):
    """Grouped convolution over any number of spatial axes.

    Inputs are the features, shape ``(N, C, *spatial)``, and the kernel, shape ``(O, C / groups,
    *kernel)``, or ``(C, O / groups, *kernel)`` where `transposed`. One product node per (kernel
    element, feature element) pair that meets; padding is no element and meets nothing.

    Attributes
    ----------
    stride, dilation : tuple of int
        One per spatial axis.
    padding : tuple of (int, int)
        Before and after, one pair per spatial axis. Negative padding crops.
    groups : int
        Number of groups of channels.
    transposed : bool
        Whether this is a transposed convolution.
    output_padding : tuple of int
        Positions added after each spatial axis of a transposed convolution's output.
    """

    may_remove: ClassVar[bool] = True

    stride: tuple[int, ...]
    padding: Padding
    dilation: tuple[int, ...]
    groups: int = 1
    transposed: bool = False
    output_padding: tuple[int, ...] = ()

    @property
    def label(self) -> str:
        return "convolve_transposed" if self.transposed else "convolve"

    def infer_shape(self, shapes: tuple[Shape, ...]) -> Shape:
        features, kernel = shapes
        rank = len(self.stride)
        where = f"{self.label} of features {features} and kernel {kernel}, groups {self.groups}"
        if len(features) != rank + 2 or len(kernel) != rank + 2:
            raise ShapeError(f"{where}: both need {rank + 2} axes")
        channels = kernel[0] if self.transposed else kernel[1] * self.groups
        if features[1] != channels or kernel[0] % self.groups:
            raise ShapeError(f"{where}: channels do not fit")
        out_channels = kernel[1] * self.groups if self.transposed else kernel[0]
        spatial = tuple(self._out_size(axis, features[2 + axis], kernel[2 + axis]) for axis in range(rank))
        if min(spatial, default=1) < 1:
            raise ShapeError(f"{where}: the output would have shape {spatial}, the feature map vanishes")
        return (features[0], out_channels, *spatial)

    def _out_size(self, axis: int, size: int, kernel: int) -> int:
        before, after = self.padding[axis]
        span = (kernel - 1) * self.dilation[axis]
        if self.transposed:
            extra = self.output_padding[axis] if self.output_padding else 0
            return (size - 1) * self.stride[axis] - before - after + span + 1 + extra
        return (size + before + after - span - 1) // self.stride[axis] + 1

    def axes(self, setting: Setting) -> list[Sliding]:
        """The window along each spatial axis."""
        return self.windows(setting.shapes, setting.shape)

    multiplies = True
    layer = "convolution"

    def macs(self, shapes: tuple[Shape, ...], shape: Shape) -> int:
        features, kernel = shapes
        return prod(features if self.transposed else shape) * prod(kernel[1:])

    def num_products(self, shapes: tuple[Shape, ...], shape: Shape) -> int:
        pairs = prod([int(window.taps_per_narrow.sum()) for window in self.windows(shapes, shape)])
        batch, out_channels = shape[:2]
        return batch * out_channels * (shapes[0][1] // self.groups) * pairs

    def layer_outputs(self, learnable: Sequence[int], shape: Shape) -> int:
        return shape[1]

    def layer_family(self, shapes: tuple[Shape, ...]) -> Hashable:
        return (self, shapes[1][2:]) if self.groups == 1 else None

    def windows(self, shapes: tuple[Shape, ...], shape: Shape) -> list[Sliding]:
        """The window along each spatial axis, between operands and a result of these shapes."""
        features, kernel = shapes
        result = []
        for axis, stride in enumerate(self.stride):
            wide, narrow = features[2 + axis], shape[2 + axis]
            if self.transposed:
                wide, narrow = narrow, wide
            result.append(
                sliding(wide, narrow, kernel[2 + axis], stride, self.dilation[axis], self.padding[axis][0])
            )
        return result

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        return self.transpose_each(contexts, (position,), setting)[0]

    def transpose_each(self, contexts: Runs, positions: Sequence[int], setting: Setting) -> list[Runs]:
        if not setting.weighting.is_unit:
            contexts = self._weigh(contexts, setting)
            contexts = contexts.scale(setting.edge_of_product(self._nominal_products(setting)))
        return [self._to_operand(contexts, position, setting) for position in positions]

    def _to_operand(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        kernel = setting.supports[1]
        if position == 0 and kernel is not None:
            return self._to_features_supported(contexts, kernel, setting)
        if position == 0:
            return self._to_features(contexts, setting)
        if setting.supports[0] is not None:
            return self._to_kernel_supported(contexts, setting.supports[0], setting)
        return self._to_kernel(contexts, setting)

    def _weigh(self, contexts: Runs, setting: Setting) -> Runs:
        """Apply the factor of the edge from a product into its sum."""
        if not self.transposed:
            return contexts.scale(setting.edge(prod(setting.shapes[1][1:])))
        contexts = contexts.scale(setting.edge(setting.shapes[0][1] // self.groups))
        return setting.scale_by_fan_in(contexts, 2, [one.nominal_per_wide for one in self.axes(setting)])

    def _nominal_products(self, setting: Setting) -> int:
        """Number of products, those with padding included."""
        if not self.transposed:
            return prod(setting.shape) * prod(setting.shapes[1][1:])
        pairs = prod([sum(one.nominal_per_wide) for one in self.axes(setting)])
        return prod(setting.shape[:2]) * (setting.shapes[0][1] // self.groups) * pairs

    def _to_features(self, contexts: Runs, setting: Setting) -> Runs:
        channels, out_channels = setting.shapes[0][1], setting.shape[1]
        result = contexts
        if self.groups == 1:
            result = result.spread(1, channels)
        elif not self.groups == channels == out_channels:
            grouped = _split_channels(result, self.groups).sum(2)
            result = _join_channels(grouped.insert_axis(2, channels // self.groups))
        for axis, window in enumerate(self.axes(setting)):
            along = window.to_narrow if self.transposed else window.to_wide
            result = along(result, 2 + axis)
        return result

    def _to_kernel(self, contexts: Runs, setting: Setting) -> Runs:
        result = contexts.sum(0)
        for axis, window in enumerate(self.axes(setting)):
            along = window.wide_to_taps if self.transposed else window.to_taps
            result = along(result, 1 + axis)
        kernel = setting.shapes[1]
        if not self.transposed:
            return result.insert_axis(1, kernel[1])
        result = result.reshape((self.groups, kernel[1], *kernel[2:]))
        result = result.insert_axis(1, kernel[0] // self.groups)
        return result.reshape(kernel)

    def _to_kernel_supported(self, contexts: Runs, support: Runs, setting: Setting) -> Runs:
        """As `_to_kernel`, counting only the feature elements that exist."""
        kernel, rank = setting.shapes[1], len(self.stride)
        out_channels = setting.shape[1] // self.groups
        channels = setting.shapes[0][1] // self.groups
        result = Runs.zeros(kernel, "exact" if contexts.is_exact else "scaled")
        if not support.nonzero().any():
            return result
        for taps, writes, reads in self._taps(setting.shapes, setting.shape):
            here, there = contexts, support
            for axis in range(rank):
                here, there = here.take(2 + axis, writes[axis]), there.take(2 + axis, reads[axis])
            here = _split_channels(here, self.groups).insert_axis(2, channels)
            there = _split_channels(there, self.groups).insert_axis(3, out_channels)
            pairs = here.multiply(there).sum_axes(
                (0, *range(4, 4 + rank))
            )  # (groups, C / groups, O / groups)
            part = pairs if self.transposed else pairs.transpose((0, 2, 1))
            part = part.reshape(kernel[:2])
            for axis, tap in enumerate(taps):
                part = part.insert_axis(2 + axis, 1).pad(2 + axis, tap, kernel[2 + axis] - tap - 1)
            result = result + part
        return result

    def _to_features_supported(self, contexts: Runs, support: Runs, setting: Setting) -> Runs:
        """As `_to_features`, counting only the kernel elements that exist."""
        features, rank = setting.shapes[0], len(self.stride)
        result = Runs.zeros(features, "exact" if contexts.is_exact else "scaled")
        for taps, writes, reads in self._taps(setting.shapes, setting.shape):
            here = contexts
            for axis in range(rank):
                here = here.take(2 + axis, writes[axis])
            there = self._kernel_at(support, taps, setting.shapes).insert_axis(0, features[0])
            for axis in range(rank):
                there = there.insert_axis(4 + axis, len(writes[axis]))
            here = _split_channels(here, self.groups).insert_axis(2, features[1] // self.groups)
            part = _join_channels(here.multiply(there).sum(3))
            for axis in range(rank):
                part = part.scatter_add(2 + axis, reads[axis], features[2 + axis])
            result = result + part
        return result

    def _taps(
        self, shapes: tuple[Shape, ...], shape: Shape
    ) -> Iterator[tuple[Shape, list[IntArray], list[IntArray]]]:
        """Every tap, with the output positions it writes and the feature positions it reads, per axis."""
        windows = self.windows(shapes, shape)
        for taps in itertools.product(*(range(size) for size in shapes[1][2:])):
            writes, reads = [], []
            for tap, window in zip(taps, windows, strict=True):
                low, high, first = window.ranges[tap]
                narrow, wide = np.arange(low, high), first + window.stride * np.arange(high - low)
                writes.append(wide if self.transposed else narrow)
                reads.append(narrow if self.transposed else wide)
            yield taps, writes, reads

    def support(
        self, supports: tuple[Runs | None, ...], shapes: tuple[Shape, ...], shape: Shape
    ) -> Runs | None:
        windows = self.windows(shapes, shape)
        gaps = any(w.has_empty_wide if self.transposed else w.has_empty_narrow for w in windows)
        if supports == (None, None) and not gaps:
            return None
        return self._count_products(supports, shapes, shape)

    def products(self, contexts: Runs, setting: Setting) -> Products:
        """Product nodes: per output element, one for each kernel and feature element that meet."""
        many = self._count_products(setting.supports, setting.shapes, setting.shape)
        return Products(self._weigh(contexts, setting), many)

    def _count_products(
        self, supports: Sequence[Runs | None], shapes: tuple[Shape, ...], shape: Shape
    ) -> Runs:
        """Number of product nodes behind each output element."""
        features, kernel = supports
        if kernel is not None:
            return self._count_supported(complete(features, shapes[0]), kernel, shapes, shape)
        result = _split_channels(complete(features, shapes[0]), self.groups).sum(2)
        result = _join_channels(result.insert_axis(2, shape[1] // self.groups))
        for axis, window in enumerate(self.windows(shapes, shape)):
            along = window.to_wide if self.transposed else window.to_narrow
            result = along(result, 2 + axis)
        return result

    def _count_supported(self, features: Runs, kernel: Runs, shapes: tuple[Shape, ...], shape: Shape) -> Runs:
        """As `_count_products`, where some kernel elements do not exist."""
        rank = len(self.stride)
        result = Runs.zeros(shape, "scaled")
        for taps, writes, reads in self._taps(shapes, shape):
            here = features
            for axis in range(rank):
                here = here.take(2 + axis, reads[axis])
            here = _split_channels(here, self.groups).insert_axis(3, shape[1] // self.groups)
            there = self._kernel_at(kernel, taps, shapes).insert_axis(0, shape[0])
            for axis in range(rank):
                there = there.insert_axis(4 + axis, len(reads[axis]))
            part = _join_channels(here.multiply(there).sum(2))
            for axis in range(rank):
                part = part.scatter_add(2 + axis, writes[axis], shape[2 + axis])
            result = result + part
        return result

    def _kernel_at(self, kernel: Runs, taps: Shape, shapes: tuple[Shape, ...]) -> Runs:
        """One tap of the kernel, as (groups, C / groups, O / groups)."""
        for axis, tap in enumerate(taps):
            kernel = kernel.slice(2 + axis, tap, tap + 1)
        kernel = kernel.reshape((self.groups, shapes[1][0] // self.groups, shapes[1][1]))
        return kernel if self.transposed else kernel.transpose((0, 2, 1))

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        features, kernel = shapes
        batch, channel, *spatial = index
        per_group = kernel[1] if self.transposed else kernel[0] // self.groups
        group, inner = divmod(channel, per_group)
        channels = features[1] // self.groups
        terms = []
        nominal = channels
        for axis in range(len(spatial)):
            nominal *= sum(
                1 for tap in range(kernel[2 + axis]) if self._source(axis, spatial[axis], tap) is not None
            )
        for c in range(channels):
            for taps in itertools.product(*(range(size) for size in kernel[2:])):
                at = [
                    self._source(axis, o, tap)
                    for axis, (o, tap) in enumerate(zip(spatial, taps, strict=True))
                ]
                where = tuple(-1 if a is None else a for a in at)
                if all(0 <= a < size for a, size in zip(where, features[2:], strict=True)):
                    weight = (group * channels + c, inner, *taps) if self.transposed else (channel, c, *taps)
                    feature = (batch, group * channels + c, *where)
                    terms.append((Element(0, feature), Element(1, weight)))
        return Scalar("products", tuple(terms), nominal)

    def _source(self, axis: int, out: int, tap: int) -> int | None:
        """The feature position (perhaps in the padding) that a tap meets, None between the strides."""
        offset = tap * self.dilation[axis] - self.padding[axis][0]
        if not self.transposed:
            return out * self.stride[axis] + offset
        source, rest = divmod(out - offset, self.stride[axis])
        return None if rest else source


def _split_channels(counts: Runs, groups: int) -> Runs:
    batch, channels, *spatial = counts.shape
    return counts.reshape((batch, groups, channels // groups, *spatial))


def _join_channels(counts: Runs) -> Runs:
    batch, groups, channels, *spatial = counts.shape
    return counts.reshape((batch, groups * channels, *spatial))
