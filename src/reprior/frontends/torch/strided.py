"""Views by strides: which elements of the tensor that owns the memory ``as_strided`` reads.

A strided view names addresses, so what it reads depends on how the owner lies in memory: transposed,
channels last, or sliced out of something larger.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

import numpy as np
import torch

from ...core.primitives import Expand, Move, Permute, Reshape, Shape, Take
from ...core.runs.axis import IntArray
from ...errors import RepriorError

__all__ = ["Layout", "strided_moves"]


class Layout(NamedTuple):
    """How elements lie in memory: element ``i`` is at address ``offset + sum(i * strides)``.

    Attributes
    ----------
    shape, strides : tuple of int
        One entry per axis.
    offset : int
        Address of the first element.
    """

    shape: Shape
    strides: Shape
    offset: int

    @classmethod
    def of(cls, tensor: torch.Tensor) -> Layout:
        """The layout of a tensor."""
        return cls(tuple(tensor.shape), tensor.stride(), tensor.storage_offset())


def strided_moves(owner: Layout, view: Layout) -> list[Move]:
    """The moves from a tensor to a strided view of its memory.

    Where every axis of the view runs along one axis of the owner (slices, windows, strides), there is a
    `Take` per axis of the owner; else the owner is flattened.

    Raises
    ------
    RepriorError
        If the view reads an address at which the owner has no element.
    """
    moves, memory = _as_in_memory(owner)
    start = view.offset - owner.offset
    along = _along_axes(memory, view, start) if prod(view.shape) else None
    if along is None:
        places = _places(memory, view, start)
        return [*moves, Reshape((prod(memory.shape),)), Take(0, places), Reshape(view.shape)]
    order: list[int] = []
    for axis, (first, dims) in enumerate(along):
        indices = np.full((), first, dtype=np.int64)
        for dim in dims:
            step = view.strides[dim] // memory.strides[axis]
            indices = indices[..., None] + np.arange(view.shape[dim]) * step
        if not np.array_equal(indices.reshape(-1), np.arange(memory.shape[axis])):
            moves.append(Take(axis, indices.reshape(-1)))
        order += dims
    moves.append(Reshape(tuple(view.shape[dim] for dim in order)))
    moves.append(Permute(tuple(int(place) for place in np.argsort(order))))
    moves.append(Reshape(tuple(n if dim in order else 1 for dim, n in enumerate(view.shape))))
    moves.append(Expand(view.shape))
    return moves


def _as_in_memory(owner: Layout) -> tuple[list[Move], Layout]:
    """The owner with its axes as they lie in memory, the slowest first, without repeats of one address."""
    shape, strides = owner.shape, owner.strides
    repeats = [axis for axis, size in enumerate(shape) if size == 1 or strides[axis] == 0]
    order = sorted(set(range(len(shape))) - set(repeats), key=lambda axis: -strides[axis])
    memory = Layout(tuple(shape[axis] for axis in order), tuple(strides[axis] for axis in order), 0)
    reach = 1
    for size, stride in zip(reversed(memory.shape), reversed(memory.strides), strict=True):
        if stride < reach:
            raise RepriorError(f"as_strided of a tensor of shape {shape} whose own elements overlap")
        reach = size * stride
    moves: list[Move] = [Take(axis, np.zeros(1, dtype=np.int64)) for axis in repeats if shape[axis] > 1]
    moves.append(Permute((*repeats, *order)))
    moves.append(Reshape(memory.shape))
    return moves, memory


def _unravelled(memory: Layout, addresses: IntArray) -> tuple[list[IntArray], IntArray]:
    """Positions along the axes of memory, and what is left of the addresses between elements."""
    positions = []
    for stride in memory.strides:
        position, addresses = np.divmod(addresses, stride)
        positions.append(position)
    return positions, addresses


def _along_axes(memory: Layout, view: Layout, start: int) -> list[tuple[int, list[int]]] | None:
    """For each axis of memory, its first position and the view's axes that run along it; None if not so."""
    firsts, left = _unravelled(memory, np.array(start))
    dims: list[list[int]] = [[] for _ in memory.shape]
    last = [int(first) for first in firsts]
    for dim, (size, stride) in enumerate(zip(view.shape, view.strides, strict=True)):
        if size == 1 or stride == 0:
            continue
        steps, between = _unravelled(memory, np.array(stride))
        moved = [axis for axis, step in enumerate(steps) if step]
        if len(moved) != 1 or between:
            return None
        dims[moved[0]].append(dim)
        last[moved[0]] += int(steps[moved[0]]) * (size - 1)
    if left or start < 0 or any(end >= size for end, size in zip(last, memory.shape, strict=True)):
        return None
    return [(int(first), own) for first, own in zip(firsts, dims, strict=True)]


def _places(memory: Layout, view: Layout, start: int) -> IntArray:
    """The flat positions that a view reads."""
    addresses: IntArray = np.full((), start, dtype=np.int64)
    for size, stride in zip(view.shape, view.strides, strict=True):
        addresses = addresses[..., None] + np.arange(size) * stride
    addresses = addresses.reshape(-1)
    positions, left = _unravelled(memory, addresses)
    inside = (addresses >= 0) & (left == 0)
    for position, size in zip(positions, memory.shape, strict=True):
        inside &= position < size
    if not inside.all():
        raise RepriorError(
            f"as_strided of size {view.shape} reaches outside a tensor of shape {memory.shape}"
        )
    if not positions:
        return np.zeros(len(addresses), dtype=np.int64)
    places: IntArray = np.ravel_multi_index(positions, memory.shape)
    return places
