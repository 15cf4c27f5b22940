"""Operators that only move elements (convention 4): the moves that lead to each result.

Every function takes the operand's shape and the operator's other arguments. All of them may return views; a
write through one finds its way back along its moves.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import torch

from ....core.primitives import Expand, Move, Permute, Reshape, Shape, Slice, Take
from ..lower import Lower
from ..registry import rule, view
from ..values import Value

__all__: list[str] = []

Moves = list[Move]


def _reshape(shape: Shape, new: Sequence[int]) -> Moves:
    new = tuple(new)
    if -1 in new:
        known = -prod(new)
        new = tuple(prod(shape) // known if size == -1 else size for size in new) if known else new
    return [] if new == shape else [Reshape(new)]


def _slice(shape: Shape, axis: int, start: int, stop: int) -> Moves:
    return [] if (start, stop) == (0, shape[axis]) else [Slice(axis, start, stop)]


def _permute(order: Sequence[int]) -> Moves:
    order = tuple(order)
    return [] if order == tuple(range(len(order))) else [Permute(order)]


@view(
    "aten.alias", "aten.detach", "aten.contiguous", "aten.clone", "aten.to", "aten._to_copy", "aten.type_as",
    "aten.dropout", "aten.feature_dropout", "aten.alpha_dropout", "aten.feature_alpha_dropout", "aten.lift",
    "aten.lift_fresh", "aten.lift_fresh_copy", "aten.resolve_conj", "aten.resolve_neg", "aten.conj",
    "aten._conj",
    "aten.conj_physical", "aten.real", "aten.positive", "aten.to_dense",
    "prims.convert_element_type",
)  # fmt: skip
def same(shape: Shape, *args: Any, **named: Any) -> Moves:
    """The same elements, perhaps in another type or layout; dropout does nothing in evaluation."""
    return []


@view("aten.view.default", "aten.reshape", "aten._unsafe_view", "aten._reshape_alias", "prims.reshape")
def reshape(shape: Shape, new: Sequence[int], *rest: Any) -> Moves:
    """Another shape."""
    return _reshape(shape, new)


@view("aten.view_as", "aten.reshape_as")
def reshape_as(shape: Shape, other: Any) -> Moves:
    """Another tensor's shape."""
    return _reshape(shape, other.shape)


@view("aten.flatten.using_ints")
def flatten(shape: Shape, start_dim: int = 0, end_dim: int = -1) -> Moves:
    """Some axes as one."""
    if not shape:
        return _reshape(shape, (1,))
    start, end = start_dim % len(shape), end_dim % len(shape)
    return _reshape(shape, (*shape[:start], prod(shape[start : end + 1]), *shape[end + 1 :]))


@view("aten.ravel")
def ravel(shape: Shape) -> Moves:
    """All axes as one."""
    return _reshape(shape, (prod(shape),))


@view("aten.unflatten.int")
def unflatten(shape: Shape, dim: int, sizes: Sequence[int]) -> Moves:
    """One axis as several."""
    dim %= len(shape)
    known = prod(size for size in sizes if size != -1)
    full = [shape[dim] // known if size == -1 else size for size in sizes]
    return _reshape(shape, (*shape[:dim], *full, *shape[dim + 1 :]))


@view("aten.unsqueeze")
def unsqueeze(shape: Shape, dim: int) -> Moves:
    """A new axis of size 1."""
    dim %= len(shape) + 1
    return _reshape(shape, (*shape[:dim], 1, *shape[dim:]))


@view("aten.squeeze")
def squeeze(shape: Shape, dim: int | Sequence[int] | None = None) -> Moves:
    """Without axes of size 1."""
    if dim is None:
        dims = set(range(len(shape)))
    else:
        dims = {axis % max(len(shape), 1) for axis in ([dim] if isinstance(dim, int) else dim)}
    return _reshape(shape, [size for axis, size in enumerate(shape) if size != 1 or axis not in dims])


@view("aten.permute", "prims.transpose")
def permute(shape: Shape, dims: Sequence[int]) -> Moves:
    """Axes in another order."""
    return _permute([axis % len(shape) for axis in dims])


@view("aten.transpose.int", "aten.swapaxes", "aten.swapdims")
def transpose(shape: Shape, dim0: int, dim1: int) -> Moves:
    """Two axes exchanged."""
    if not shape:
        return []
    order = list(range(len(shape)))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return _permute(order)


@view("aten.movedim", "aten.moveaxis")
def movedim(shape: Shape, source: int | Sequence[int], destination: int | Sequence[int]) -> Moves:
    """Some axes elsewhere."""
    rank = len(shape)
    sources = [axis % rank for axis in ([source] if isinstance(source, int) else source)]
    targets = [axis % rank for axis in ([destination] if isinstance(destination, int) else destination)]
    order = [axis for axis in range(rank) if axis not in sources]
    for target, axis in sorted(zip(targets, sources, strict=True)):
        order.insert(target, axis)
    return _permute(order)


@view("aten.t", "aten.mT", "aten.adjoint", "aten.mH")
def matrix_transpose(shape: Shape) -> Moves:
    """The last two axes exchanged."""
    rank = len(shape)
    return _permute([*range(rank - 2), rank - 1, rank - 2]) if rank > 1 else []


@view("aten.numpy_T")
def all_axes_reversed(shape: Shape) -> Moves:
    """``x.T``: all axes in the opposite order."""
    return _permute(range(len(shape))[::-1])


@view("aten.expand", "aten.broadcast_to")
def expand(shape: Shape, size: Sequence[int], implicit: bool = False) -> Moves:
    """Broadcast."""
    extra = len(size) - len(shape)
    target = tuple(shape[axis - extra] if n == -1 else n for axis, n in enumerate(size))
    return [] if target == shape else [Expand(target)]


@view("aten.expand_as")
def expand_as(shape: Shape, other: Any) -> Moves:
    """Broadcast to another tensor's shape."""
    return expand(shape, tuple(other.shape))


@view("aten.slice.Tensor")
def slice_(
    shape: Shape, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Moves:
    """``x[start:end:step]`` along one axis."""
    dim %= len(shape)
    positions = range(*slice(start, end, step).indices(shape[dim]))
    if step == 1:
        return _slice(shape, dim, positions.start, max(positions.start, positions.stop))
    return [Take(dim, np.array(positions, dtype=np.int64))]


@view("aten.narrow.default")
def narrow(shape: Shape, dim: int, start: int, length: int) -> Moves:
    """`length` positions of one axis."""
    dim, start = dim % len(shape), start % shape[dim] if start < 0 else start
    return _slice(shape, dim, start, start + length)


@view("aten.select.int")
def select(shape: Shape, dim: int, index: int) -> Moves:
    """One position of an axis, which goes away."""
    dim, index = dim % len(shape), index % shape[dim]
    rest = (*shape[:dim], *shape[dim + 1 :])
    return [*_slice(shape, dim, index, index + 1), Reshape(rest)]


@view("aten.unbind.int")
def unbind(shape: Shape, dim: int = 0) -> tuple[Moves, ...]:
    """Every position of an axis."""
    return tuple(select(shape, dim, index) for index in range(shape[dim]))


@view(
    "aten.split.Tensor",
    "aten.split_with_sizes",
    "aten.split.sizes",
    "aten.unsafe_split",
    "aten.unsafe_split_with_sizes",
)
def split(shape: Shape, size: int | Sequence[int], dim: int = 0) -> tuple[Moves, ...]:
    """Consecutive parts of an axis."""
    dim %= len(shape)
    if isinstance(size, int):
        bounds = [*range(0, shape[dim], size), shape[dim]] if shape[dim] else [0, 0]
    else:
        bounds = [0, *itertools.accumulate(size)]
    return tuple(_slice(shape, dim, start, stop) for start, stop in itertools.pairwise(bounds))


@view("aten.chunk", "aten.unsafe_chunk")
def chunk(shape: Shape, chunks: int, dim: int = 0) -> tuple[Moves, ...]:
    """At most `chunks` parts of an axis."""
    return split(shape, max(-(-shape[dim] // chunks), 1), dim)


@view("aten.tensor_split.sections")
def tensor_split(shape: Shape, sections: int, dim: int = 0) -> tuple[Moves, ...]:
    """Parts of an axis whose sizes differ by at most one."""
    small, larger = divmod(shape[dim], sections)
    return split(shape, [small + (part < larger) for part in range(sections)], dim)


@view("aten.tensor_split.indices")
def tensor_split_at(shape: Shape, indices: Sequence[int], dim: int = 0) -> tuple[Moves, ...]:
    """Parts of an axis between given positions."""
    dim %= len(shape)
    parts = [slice(start, stop) for start, stop in itertools.pairwise([None, *indices, None])]
    bounds = [part.indices(shape[dim]) for part in parts]
    return tuple(_slice(shape, dim, start, max(start, stop)) for start, stop, _ in bounds)


@view("aten.unfold")
def unfold(shape: Shape, dimension: int, size: int, step: int) -> Moves:
    """All windows of an axis; positions within a window are the last axis."""
    axis = dimension % len(shape)
    starts = np.arange(0, shape[axis] - size + 1, step)
    windows = (starts[:, None] + np.arange(size)).reshape(-1)
    order = [*range(axis + 1), *range(axis + 2, len(shape) + 1), axis + 1]
    return [
        Take(axis, windows),
        Reshape((*shape[:axis], len(starts), size, *shape[axis + 1 :])),
        *_permute(order),
    ]


@view("aten.diagonal")
def diagonal(shape: Shape, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Moves:
    """The diagonal of two axes, as the last axis."""
    first, second = dim1 % len(shape), dim2 % len(shape)
    rest = [axis for axis in range(len(shape)) if axis not in (first, second)]
    rows, columns = shape[first], shape[second]
    length = max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)
    start = offset if offset >= 0 else -offset * columns
    outer = tuple(shape[axis] for axis in rest)
    flat = Reshape((*outer, rows * columns))
    return [
        *_permute([*rest, first, second]),
        flat,
        Take(len(rest), start + np.arange(length) * (columns + 1)),
    ]


@rule("aten.view_as_complex")
def view_as_complex(lower: Lower, x: Value) -> Value:
    """Pairs of real numbers as one complex number."""
    return lower.map("complex", lower.select(x, -1, 0), lower.select(x, -1, 1), formula=torch.complex)


@rule("aten.view_as_real")
def view_as_real(lower: Lower, x: Value) -> Value:
    """Both parts of a complex number, each of which depends on it."""
    return lower.expand(lower.reshape(x, (*x.shape, 1)), (*x.shape, 2))


@rule("aten.flip", "prims.rev")
def flip(lower: Lower, x: Value, dims: Sequence[int]) -> Value:
    """Axes backwards."""
    for axis in dims:
        x = lower.take(x, axis, np.arange(x.shape[axis])[::-1].copy())
    return x


@rule("aten.roll")
def roll(lower: Lower, x: Value, shifts: int | Sequence[int], dims: int | Sequence[int] = ()) -> Value:
    """Positions of axes rotated."""
    shifts = [shifts] if isinstance(shifts, int) else list(shifts)
    dims = [dims] if isinstance(dims, int) else list(dims)
    if not dims:
        return lower.reshape(_roll(lower, lower.reshape(x, (prod(x.shape),)), shifts[0], 0), x.shape)
    for shift, axis in zip(shifts, dims, strict=True):
        x = _roll(lower, x, shift, axis)
    return x


def _roll(lower: Lower, x: Value, shift: int, axis: int) -> Value:
    """One axis rotated: its two parts change places."""
    size = x.shape[axis]
    cut = -shift % size if size else 0
    if not cut:
        return x
    return lower.concat([lower.slice(x, axis, cut, size), lower.slice(x, axis, 0, cut)], axis)


@rule("aten.cat", "aten.concat", "aten.concatenate", "prims.cat")
def cat(lower: Lower, tensors: Sequence[Value], dim: int = 0) -> Value:
    """One after another along an axis."""
    tensors = [value for value in tensors if value.shape != (0,)] or tensors
    return lower.concat(tensors, dim)


@rule("aten.stack")
def stack(lower: Lower, tensors: Sequence[Value], dim: int = 0) -> Value:
    """One after another along a new axis."""
    dim %= len(tensors[0].shape) + 1
    shape = tensors[0].shape
    return lower.concat([lower.reshape(value, (*shape[:dim], 1, *shape[dim:])) for value in tensors], dim)


@rule("aten.repeat", "aten.tile")
def repeat(lower: Lower, x: Value, repeats: Sequence[int]) -> Value:
    """Copies along axes."""
    rank = max(len(repeats), len(x.shape))
    shape = (1,) * (rank - len(x.shape)) + x.shape
    repeats = (1,) * (rank - len(repeats)) + tuple(repeats)
    split_shape = [n for size in shape for n in (1, size)]
    wide = [n for size, times in zip(shape, repeats, strict=True) for n in (times, size)]
    x = lower.expand(lower.reshape(x, split_shape), wide)
    return lower.reshape(x, [size * times for size, times in zip(shape, repeats, strict=True)])


@rule("aten.repeat_interleave.self_int")
def repeat_interleave(
    lower: Lower, x: Value, repeats: int, dim: int | None = None, output_size: int | None = None
) -> Value:
    """Every position of an axis several times."""
    if dim is None:
        x, dim = lower.reshape(x, (prod(x.shape),)), 0
    dim %= len(x.shape)
    head, size, tail = x.shape[:dim], x.shape[dim], x.shape[dim + 1 :]
    wide = lower.expand(lower.reshape(x, (*head, size, 1, *tail)), (*head, size, repeats, *tail))
    return lower.reshape(wide, (*head, size * repeats, *tail))


@rule("aten.pixel_shuffle")
def pixel_shuffle(lower: Lower, x: Value, factor: int) -> Value:
    """Channels to space."""
    *batch, channels, height, width = x.shape
    rank, inner = len(batch), channels // factor**2
    x = lower.reshape(x, (*batch, inner, factor, factor, height, width))
    order = [*range(rank), *(rank + i for i in (0, 3, 1, 4, 2))]
    return lower.reshape(lower.permute(x, order), (*batch, inner, height * factor, width * factor))


@rule("aten.pixel_unshuffle")
def pixel_unshuffle(lower: Lower, x: Value, factor: int) -> Value:
    """Space to channels."""
    *batch, channels, height, width = x.shape
    rank = len(batch)
    x = lower.reshape(x, (*batch, channels, height // factor, factor, width // factor, factor))
    order = [*range(rank), *(rank + i for i in (0, 2, 4, 1, 3))]
    return lower.reshape(
        lower.permute(x, order), (*batch, channels * factor**2, height // factor, width // factor)
    )


@rule("aten.channel_shuffle", "aten.native_channel_shuffle")
def channel_shuffle(lower: Lower, x: Value, groups: int) -> Value:
    """Channels of the groups interleaved."""
    batch, channels, *spatial = x.shape
    x = lower.reshape(x, (batch, groups, channels // groups, *spatial))
    order = [0, 2, 1, *range(3, len(x.shape))]
    return lower.reshape(lower.permute(x, order), (batch, channels, *spatial))
