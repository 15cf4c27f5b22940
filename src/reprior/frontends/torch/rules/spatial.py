"""Pooling, interpolation and windows (convention 3)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import floor, prod
from typing import Any

import numpy as np
import torch

from ....core.primitives import Pool, Reduce, Resample, Select, adaptive_sources
from ....core.runs.axis import IntArray
from ....lowering.interpolation import (
    antialiased_sources,
    cubic_sources,
    linear_sources,
    nearest_positions,
)
from ....lowering.sampling import Mode, Padding, sampled_positions
from ..lower import Lower
from ..registry import rule
from ..values import Value
from .indexing import as_index

__all__: list[str] = []

Sources = tuple[tuple[int, ...], ...]


def _per_axis(item: Any, rank: int) -> tuple[int, ...]:
    if isinstance(item, int):
        return (item,) * rank
    return tuple(item) if len(item) == rank else tuple(item) * rank


def pool(
    lower: Lower,
    x: Value,
    rank: int,
    kernel: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    dilation: Any = 1,
) -> Value:
    """Windows over the last axes."""
    kernel = _per_axis(kernel, rank)
    stride = kernel if stride is None or stride == [] or stride == () else _per_axis(stride, rank)
    pairs = tuple((width, width) for width in _per_axis(padding, rank))
    return lower.add(Pool(kernel, stride, pairs, _per_axis(dilation, rank), ceil_mode), x)


def _max_pool(rank: int) -> Any:
    def max_pool(
        lower: Lower,
        x: Value,
        kernel: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> Value:
        return pool(lower, x, rank, kernel, stride, padding, ceil_mode, dilation)

    return max_pool


def _max_pool_with_indices(rank: int) -> Any:
    def max_pool(lower: Lower, x: Value, *rest: Any, **named: Any) -> tuple[Value, Value]:
        result = _max_pool(rank)(lower, x, *rest, **named)
        return result, lower.map("position", result)

    return max_pool


def _avg_pool(rank: int) -> Any:
    def avg_pool(
        lower: Lower,
        x: Value,
        kernel: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        *rest: Any,
    ) -> Value:
        return pool(lower, x, rank, kernel, stride, padding, ceil_mode)

    return avg_pool


def _adaptive_pool(rank: int) -> Any:
    def adaptive_pool(lower: Lower, x: Value, size: Any) -> Value:
        return adaptive(lower, x, _per_axis(size, rank))

    return adaptive_pool


def _adaptive_max_pool(rank: int) -> Any:
    def adaptive_pool(lower: Lower, x: Value, size: Any) -> tuple[Value, Value]:
        result = adaptive(lower, x, _per_axis(size, rank))
        return result, lower.map("position", result)

    return adaptive_pool


for _rank in (1, 2, 3):
    rule(f"aten.max_pool{_rank}d")(_max_pool(_rank))
    rule(f"aten.max_pool{_rank}d_with_indices")(_max_pool_with_indices(_rank))
    rule(f"aten.avg_pool{_rank}d")(_avg_pool(_rank))
    rule(f"aten.adaptive_avg_pool{_rank}d")(_adaptive_pool(_rank))
    rule(f"aten.adaptive_max_pool{_rank}d")(_adaptive_max_pool(_rank))
    if _rank > 1:
        rule(f"aten._adaptive_avg_pool{_rank}d")(_adaptive_pool(_rank))


def adaptive(lower: Lower, x: Value, size: Sequence[int]) -> Value:
    """Pooling to a given size: regular windows where the sizes divide."""
    rank = len(size)
    own = x.shape[len(x.shape) - rank :]
    if tuple(size) == own:
        return x
    if all(n == 1 for n in size):
        return lower.add(Reduce(tuple(range(len(x.shape) - rank, len(x.shape))), keepdims=True), x)
    if all(n % m == 0 for n, m in zip(own, size, strict=True)):
        kernel = tuple(n // m for n, m in zip(own, size, strict=True))
        return lower.add(Pool(kernel, kernel, ((0, 0),) * rank, (1,) * rank), x)
    return lower.add(Resample(own, tuple(adaptive_sources(n, m) for n, m in zip(own, size, strict=True))), x)


# -- interpolation --------------------------------------------------------------------------------------


def _output_sizes(x: Value, rank: int, sizes: Any, scales: Any) -> list[int]:
    own = x.shape[len(x.shape) - rank :]
    if sizes is not None:
        return list(sizes)
    return [floor(n * scale) for n, scale in zip(own, scales, strict=True)]


def _resample(lower: Lower, x: Value, sizes: Sequence[int], sources: Sequence[Sources]) -> Value:
    rank = len(sizes)
    own = x.shape[len(x.shape) - rank :]
    if tuple(sizes) == own and all(
        read == (position,) for axis in sources for position, read in enumerate(axis)
    ):
        return x
    return lower.add(Resample(own, tuple(sources)), x)


def _nearest(rank: int, exact: bool) -> Any:
    def nearest_vec(lower: Lower, x: Value, sizes: Any, scales: Any) -> Value:
        return nearest(lower, x, _output_sizes(x, rank, sizes, scales), *(scales or ()))

    def nearest(lower: Lower, x: Value, sizes: Sequence[int], *scales: float | None) -> Value:
        offset = len(x.shape) - rank
        for axis, out in enumerate(sizes):
            size, scale = x.shape[offset + axis], scales[axis] if axis < len(scales) else None
            if rank == 2 and not exact and out in (size, 2 * size):
                scale = None  # PyTorch goes by the sizes here, in two dimensions only
            places = nearest_positions(size, out, scale, exact=exact, axes=rank)
            if out != size or (places != np.arange(out)).any():
                x = lower.take(x, offset + axis, places)
        return x

    return nearest, nearest_vec


def _interpolate(rank: int, find: Any) -> Any:
    def interpolate(
        lower: Lower, x: Value, sizes: Sequence[int], align: bool, *scales: float | None
    ) -> Value:
        own = x.shape[len(x.shape) - rank :]
        padded = (*scales, *[None] * rank)[:rank]
        sources = [find(n, m, align, s) for n, m, s in zip(own, sizes, padded, strict=True)]
        return _resample(lower, x, sizes, sources)

    def interpolate_vec(lower: Lower, x: Value, sizes: Any, align: bool, scales: Any) -> Value:
        return interpolate(lower, x, _output_sizes(x, rank, sizes, scales), align, *(scales or ()))

    return interpolate, interpolate_vec


for _rank in (1, 2, 3):
    for _exact in (False, True):
        _plain, _vec = _nearest(_rank, _exact)
        _operator = f"aten.{'_' if _exact else ''}upsample_nearest{'_exact' if _exact else ''}{_rank}d"
        rule(f"{_operator}.default")(_plain)
        rule(f"{_operator}.vec")(_vec)
for _operator, _rank, _find in (
    ("upsample_linear1d", 1, linear_sources),
    ("upsample_bilinear2d", 2, linear_sources),
    ("upsample_trilinear3d", 3, linear_sources),
    ("upsample_bicubic2d", 2, cubic_sources),
    ("_upsample_bilinear2d_aa", 2, antialiased_sources),
    ("_upsample_bicubic2d_aa", 2, partial(antialiased_sources, reach=2)),
):
    _plain, _vec = _interpolate(_rank, _find)
    rule(f"aten.{_operator}.default")(_plain)
    rule(f"aten.{_operator}.vec")(_vec)


# -- windows as channels, and back ------------------------------------------------------------------------


def _window_positions(
    size: int, kernel: int, dilation: int, padding: int, stride: int
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Position that each (tap, window) reads, -1 in the padding."""
    windows = (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
    places = np.arange(kernel)[:, None] * dilation - padding + np.arange(windows) * stride
    return np.where((places >= 0) & (places < size), places, -1)


@rule("aten.im2col")
def im2col(lower: Lower, x: Value, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Value:
    """Every window's elements as channels."""
    *batch, channels, height, width = x.shape
    rank = len(batch)
    rows, columns = (
        _window_positions(size, k, d, p, s)
        for size, k, d, p, s in zip((height, width), kernel, dilation, padding, stride, strict=True)
    )
    x = lower.take(lower.take(x, rank + 1, rows.reshape(-1)), rank + 2, columns.reshape(-1))
    x = lower.reshape(x, (*batch, channels, *rows.shape, *columns.shape))
    x = lower.permute(x, [*range(rank + 1), rank + 1, rank + 3, rank + 2, rank + 4])
    return lower.reshape(x, (*batch, channels * prod(kernel), rows.shape[1] * columns.shape[1]))


@rule("aten.col2im")
def col2im(lower: Lower, x: Value, size: Any, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Value:
    """Windows added together where they overlap."""
    *batch, channels, _ = x.shape
    rank, inner = len(batch), channels // prod(kernel)
    rows, columns = (
        _window_positions(n, k, d, p, s)
        for n, k, d, p, s in zip(size, kernel, dilation, padding, stride, strict=True)
    )
    x = lower.reshape(x, (*batch, inner, *kernel, rows.shape[1], columns.shape[1]))
    terms = []
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            tap = lower.select(lower.select(x, rank + 1, i), rank + 1, j)
            tap = lower.take(tap, rank + 1, _inverse(rows[i], size[0]))
            terms.append(lower.take(tap, rank + 2, _inverse(columns[j], size[1])))
    return lower.map("fold", *terms)


def _inverse(places: np.ndarray[Any, np.dtype[np.int64]], size: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """For each position, the window that reads it, or -1."""
    result = np.full(size, -1)
    inside = places >= 0
    result[places[inside]] = np.flatnonzero(inside)
    return result


# -- positions that are not known -------------------------------------------------------------------------


_MODES: tuple[Mode, ...] = ("bilinear", "nearest", "bicubic")
_PADDINGS: tuple[Padding, ...] = ("zeros", "border", "reflection")
"""By the numbers that ATen gives them."""


@rule("aten.grid_sampler", "aten.grid_sampler_2d", "aten.grid_sampler_3d")
def grid_sampler(lower: Lower, x: Value, grid: Value, mode: int, padding: int, align_corners: bool) -> Value:
    """Samples: known places read their neighbours, others may read any position of their channel."""
    batch, channels, *space = x.shape
    places = grid.shape[1:-1]
    table = lower.reshape(x, (batch, channels, prod(space)))
    if grid.constant is not None:
        known = grid.constant.to(torch.float64).reshape(batch, prod(places), len(space)).numpy()
        read = sampled_positions(known, space, _MODES[mode], _PADDINGS[padding], align_corners)
        return lower.reshape(_sampled(lower, table, read), (batch, channels, *places))
    where = as_index(lower, lower.add(Reduce((len(grid.shape) - 1,)), as_index(lower, grid)))
    wide = lower.expand(lower.reshape(where, (batch, prod(places), 1)), (batch, prod(places), prod(space)))
    return lower.reshape(lower.add(Select.parse("bcp,bop->bco"), table, wide), (batch, channels, *places))


def _sampled(lower: Lower, table: Value, read: IntArray) -> Value:
    """Sums of the positions (-1 for none) that each place of each row of a batch reads."""
    batch, channels, size = table.shape
    _, places, taps = read.shape
    if (read == read[:1]).all():
        found = lower.take(table, 2, read[0].reshape(-1))
    else:  # the places differ: each row reads its own part of one long axis
        own = np.where(read < 0, -1, read + np.arange(batch)[:, None, None] * size)
        long = lower.reshape(lower.permute(table, (1, 0, 2)), (channels, batch * size))
        found = lower.reshape(lower.take(long, 1, own.reshape(-1)), (channels, batch, places * taps))
        found = lower.permute(found, (1, 0, 2))
    found = lower.reshape(found, (batch, channels, places, taps))
    return lower.select(found, 3, 0) if taps == 1 else lower.add(Reduce((3,), kind="linear"), found)


@rule("torchvision.roi_align")
def roi_align(
    lower: Lower, x: Value, rois: Value, scale: float, height: int, width: int, *rest: Any
) -> Value:
    """Boxes pooled to a grid: each cell may read any position of its channel."""
    batch, channels, *space = x.shape
    table = lower.reshape(lower.permute(x, (1, 0, 2, 3)), (channels, batch * prod(space)))
    index = lower.reshape(
        as_index(lower, lower.add(Reduce((1,)), as_index(lower, rois))), (rois.shape[0], 1, 1, 1)
    )
    wide = lower.expand(index, (rois.shape[0], height, width, batch * prod(space)))
    return lower.add(Select.parse("cp,rhwp->rchw"), table, wide)


@rule("torchvision.roi_pool")
def roi_pool(
    lower: Lower, x: Value, rois: Value, scale: float, height: int, width: int
) -> tuple[Value, Value]:
    """As `roi_align`, with the positions of the maxima."""
    result = roi_align(lower, x, rois, scale, height, width)
    return result, lower.map("position", result)


def _fractional_pool(rank: int) -> Any:
    def fractional_pool(
        lower: Lower, x: Value, kernel: Any, size: Any, samples: Value
    ) -> tuple[Value, Value]:
        own = x.shape[len(x.shape) - rank :]
        drawn = _one_draw(samples)
        sources = []
        for axis, (n, k, m) in enumerate(
            zip(own, _per_axis(kernel, rank), _per_axis(size, rank), strict=True)
        ):
            # PyTorch draws the last axis first.
            sources.append(fractional_sources(n, k, m, None if drawn is None else drawn[rank - 1 - axis]))
        result = lower.add(Resample(own, tuple(sources)), x)
        return result, lower.map("position", result)

    return fractional_pool


def _one_draw(samples: Value) -> list[float] | None:
    """What all channels drew, if it is known and the same."""
    if samples.constant is None:
        return None
    rows = samples.constant.reshape(-1, samples.shape[-1])
    return rows[0].tolist() if bool((rows == rows[:1]).all()) else None


def fractional_sources(size: int, kernel: int, out: int, sample: float | None) -> Sources:
    """What fractional pooling reads: for a drawn sample in [0, 1), or for any, where it is not known."""
    if out == 1:
        return (tuple(range(size - kernel, size)),)
    step = (size - kernel) / (out - 1)
    windows = []
    for position in range(out):
        if position == out - 1:
            low = high = size - kernel
        elif sample is not None:
            low = high = int((position + sample) * step) - int(sample * step)
        else:
            low, high = floor(position * step), -floor(-position * step)
        windows.append(tuple(range(low, min(high + kernel, size))))
    return tuple(windows)


for _rank in (2, 3):
    rule(f"aten.fractional_max_pool{_rank}d")(_fractional_pool(_rank))
