"""Normalisation, pooling and resampling."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.primitives import (
    Expand,
    Map,
    Pool,
    Reduce,
    Resample,
    Role,
    Shape,
    Take,
    adaptive_sources,
)
from ...core.primitives.presence import Presence, all_of, always, any_of
from ...errors import ShapeError
from ...lowering.interpolation import linear_sources, nearest_positions
from .elements import Elements
from .feature import Feature
from .geometry import Padding, PerAxis, divide, find_axis, paddings, per_axis
from .presence import AFFINE, SHIFTLESS

__all__ = ["Statistics"]


class Statistics(Elements):
    """Features that are gathered, or rescaled by what is gathered."""

    # -- normalisation ------------------------------------------------------------------------

    def batch_norm(self, x: Feature, *, name: str = "batch_norm") -> Feature:
        """Batch normalisation at inference over axis 1 (convention 5)."""
        path = self._path(name)
        leaves: tuple[tuple[str, Role], ...] = (
            ("weight", "scale"), ("bias", "shift"),
            ("running_mean", "running_statistic"), ("running_var", "running_statistic"),
        )  # fmt: skip
        operands = [self._parameter(f"{path}.{label}", x.shape[1:2], role) for label, role in leaves]
        return self._add(Map("batch_norm", (None, 1, 1, 1, 1)), [x, *operands], path)

    def layer_norm(
        self,
        x: Feature,
        *,
        axes: int = 1,
        bias: bool = True,
        weights: Sequence[Feature] | None = None,
        name: str = "layer_norm",
    ) -> Feature:
        """Layer normalisation over the last `axes` axes (convention 6).

        `weights` are gain and shift (the gain alone without `bias`), where they are tied.
        """
        path = self._path(name)
        first = len(x.shape) - axes
        normal = self._normalise(x, tuple(range(first, len(x.shape))), path, any_of(2))
        if weights is not None:
            return self._add(Map("affine", presence=AFFINE if bias else SHIFTLESS), [normal, *weights], path)
        return self._affine(normal, x.shape[first:], bias, path)

    def rms_norm(self, x: Feature, *, name: str = "rms_norm") -> Feature:
        """Root-mean-square normalisation over the last axis."""
        path = self._path(name)
        normal = self._normalise(x, (len(x.shape) - 1,), path, all_of(2))
        return self._affine(normal, x.shape[-1:], False, path)

    def group_norm(self, x: Feature, groups: int, *, name: str = "group_norm") -> Feature:
        """Group normalisation over axis 1 and all after it; `groups` = channels is instance norm."""
        path = self._path(name)
        batch, channels, *spatial = x.shape
        if divide(channels, groups) is None:
            raise ShapeError(f"'{path}': {groups} groups do not divide {channels} channels")
        width = channels // groups
        grouped = self._reshape(x, (batch, groups, width, *spatial), path)
        statistic = self._add(Reduce(tuple(range(2, len(grouped.shape)))), (grouped,), path)
        # The statistic goes to x's shape, not x to the statistic's: x + group_norm(x) reads one x.
        wide = self._add(
            Expand((batch, groups, width)), (self._reshape(statistic, (batch, groups, 1), path),), path
        )
        wide = self._reshape(wide, (batch, channels, *(1,) * len(spatial)), path)
        return self._affine(self._rescale(x, wide, path, any_of(2)), (channels,), True, path, axis=1)

    def softmax(self, x: Feature, *, axis: int = -1) -> Feature:
        """Softmax along one axis."""
        return self._normalise(x, (find_axis(axis, len(x.shape)),), self._path("softmax"), always(2))

    def _normalise(self, x: Feature, axes: tuple[int, ...], path: str, presence: Presence) -> Feature:
        return self._rescale(x, self._add(Reduce(axes, keepdims=True), (x,), path), path, presence)

    def _rescale(self, x: Feature, statistic: Feature, path: str, presence: Presence) -> Feature:
        return self._add(Map("normalise", presence=presence, law="normalise"), (x, statistic), path)

    def _affine(self, x: Feature, shape: Shape, bias: bool, path: str, axis: int | None = None) -> Feature:
        leaves: tuple[tuple[str, Role], ...] = (("weight", "scale"), ("bias", "shift"))
        operands = [self._parameter(f"{path}.{label}", shape, role) for label, role in leaves[: 1 + bias]]
        align = () if axis is None else (None, *(axis,) * len(operands))
        presence = AFFINE if bias else SHIFTLESS
        return self._add(Map("affine", align, presence=presence), [x, *operands], path)

    # -- pooling and resampling ---------------------------------------------------------------

    def pool(
        self,
        x: Feature,
        kernel: PerAxis,
        *,
        stride: PerAxis | None = None,
        padding: Padding = 0,
        dilation: PerAxis = 1,
        ceil: bool = False,
    ) -> Feature:
        """Average or max pooling: alike in structure (convention 3)."""
        rank = len(x.shape) - 2
        size = per_axis(kernel, rank)
        strides = size if stride is None else per_axis(stride, rank)
        dilations = per_axis(dilation, rank)
        pads = paddings(padding, x.shape[2:], size, strides, dilations)
        return self._add(Pool(size, strides, pads, dilations, ceil), (x,), self._path("pool"))

    def global_pool(self, x: Feature, *, keepdims: bool = False) -> Feature:
        """Pool every axis after the channels."""
        return self._add(Reduce(tuple(range(2, len(x.shape))), keepdims), (x,), self._path("global_pool"))

    def adaptive_pool(self, x: Feature, size: PerAxis) -> Feature:
        """Pool to a fixed number of positions per axis."""
        sizes = per_axis(size, len(x.shape) - 2)
        sources = tuple(adaptive_sources(n, out) for n, out in zip(x.shape[2:], sizes, strict=True))
        return self._add(Resample(x.shape[2:], sources), (x,), self._path("adaptive_pool"))

    def reduce(self, x: Feature, *axes: int, keepdims: bool = False) -> Feature:
        """Sum, mean or maximum over axes."""
        positions = tuple(sorted({find_axis(axis, len(x.shape)) for axis in axes}))
        return self._add(Reduce(positions, keepdims), (x,))

    def upsample(self, x: Feature, factor: int, *, mode: str = "nearest") -> Feature:
        """Enlarge every spatial axis, ``"nearest"`` or ``"bilinear"``."""
        path = self._path("upsample")
        if factor < 1:
            raise ShapeError(f"'{path}': factor {factor} is not positive")
        if mode == "nearest":
            for axis, size in enumerate(x.shape[2:], start=2):
                x = self._add(Take(axis, nearest_positions(size, size * factor)), (x,), path)
            return x
        if mode != "bilinear":
            raise ShapeError(f"'{path}': mode {mode!r} is neither 'nearest' nor 'bilinear'")
        sources = tuple(linear_sources(size, size * factor) for size in x.shape[2:])
        return self._add(Resample(x.shape[2:], sources), (x,), path)
