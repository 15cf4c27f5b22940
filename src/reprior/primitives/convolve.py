"""Convolutions and transposed convolutions (convention 2)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import prod

import numpy as np

from ..errors import ShapeError
from ..runs import Runs
from ..runs.axis import IntArray
from .base import Element, Primitive, Products, Scalar, Setting, Shape
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
        spatial = tuple(
            self._out_size(axis, features[2 + axis], kernel[2 + axis]) for axis in range(rank)
        )
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
        features, kernel = setting.shapes
        result = []
        for axis, stride in enumerate(self.stride):
            wide, narrow = features[2 + axis], setting.shape[2 + axis]
            if self.transposed:
                wide, narrow = narrow, wide
            result.append(
                sliding(wide, narrow, kernel[2 + axis], stride, self.dilation[axis], self.padding[axis][0])
            )
        return result

    def transpose(self, contexts: Runs, position: int, setting: Setting) -> Runs:
        contexts = self._weigh(contexts, setting)
        contexts = contexts.scale(setting.weighting.edge(sum(setting.data)))
        if position == 0:
            return self._to_features(contexts, setting)
        if setting.supports[0] is not None:
            return self._to_kernel_supported(contexts, setting.supports[0], setting)
        return self._to_kernel(contexts, setting)

    def _weigh(self, contexts: Runs, setting: Setting) -> Runs:
        """Apply the factor of the edge from a product into its sum."""
        if setting.weighting.is_unit:
            return contexts
        kernel = setting.shapes[1]
        if not self.transposed:
            return contexts.scale(setting.edge(prod(kernel[1:])))
        if setting.weighting.kind == "decay":
            return contexts.scale(setting.edge(1))
        channels = setting.shapes[0][1] // self.groups
        contexts = contexts.scale(setting.edge(channels))
        for axis, window in enumerate(self.axes(setting)):
            factors = [setting.edge(nominal) for nominal in window.nominal_per_wide]
            contexts = contexts.scale_axis(2 + axis, factors)
        return contexts

    def _to_features(self, contexts: Runs, setting: Setting) -> Runs:
        channels, out_channels = setting.shapes[0][1], setting.shape[1]
        result = contexts
        if self.groups == 1:
            result = result.sum(1).insert_axis(1, channels)
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
        kernel = setting.shapes[1]
        rank = len(self.stride)
        windows = self.axes(setting)
        total: dict[Shape, Runs] = {}
        for taps in itertools.product(*(range(size) for size in kernel[2:])):
            here, there = contexts, support
            for axis, (tap, window) in enumerate(zip(taps, windows, strict=True)):
                low, high, first = window.ranges[tap]
                wide = first + window.stride * _range(high - low)
                narrow = low + _range(high - low)
                mine, theirs = (wide, narrow) if self.transposed else (narrow, wide)
                here, there = here.take(2 + axis, mine), there.take(2 + axis, theirs)
            here = _split_channels(here, self.groups).insert_axis(2, 1)
            there = _split_channels(there, self.groups).insert_axis(3, 1)
            here = _repeat(here, 2, there.shape[2])
            there = _repeat(there, 3, here.shape[3])
            both = here.multiply(there)
            total[taps] = both.sum_axes((0, *range(4, 4 + rank)))
        return self._assemble(total, kernel)

    def _assemble(self, taps: dict[Shape, Runs], kernel: Shape) -> Runs:
        """Per-tap arrays of shape (groups, C / groups, O / groups) as one kernel-shaped array."""
        result: Runs | None = None
        for index, counts in taps.items():
            if self.transposed:
                part = counts.reshape((kernel[0], kernel[1]))
            else:
                part = counts.transpose((0, 2, 1)).reshape((kernel[0], kernel[1]))
            for axis, tap in enumerate(index):
                part = part.insert_axis(2 + axis, 1).pad(2 + axis, tap, kernel[2 + axis] - tap - 1)
            result = part if result is None else result + part
        if result is None:
            raise ShapeError(f"{self.label}: the kernel {kernel} has no taps")
        return result

    def products(self, contexts: Runs, setting: Setting) -> Products:
        """Product nodes: per output element, one for each kernel element that does not meet padding."""
        many = Runs.ones(contexts.shape, "scaled").scale(setting.shapes[0][1] // self.groups)
        for axis, window in enumerate(self.axes(setting)):
            taps = window.taps_per_wide if self.transposed else window.taps_per_narrow
            many = many.scale_axis(2 + axis, taps)
        return Products(self._weigh(contexts, setting), many)

    def scalar(self, index: Shape, shapes: tuple[Shape, ...]) -> Scalar:
        features, kernel = shapes
        batch, channel, *spatial = index
        per_group = (kernel[1] if self.transposed else kernel[0] // self.groups)
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
                at = [self._source(axis, o, tap) for axis, (o, tap) in enumerate(zip(spatial, taps, strict=True))]
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


def _repeat(counts: Runs, position: int, size: int) -> Runs:
    """Repeat along an axis of size 1."""
    return counts.sum(position).insert_axis(position, size)


def _range(size: int) -> IntArray:
    return np.arange(size)
