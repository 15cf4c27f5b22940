"""Reshapes of compressed counts, which keep runs wherever they survive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Protocol, Self, TypeVar

import numpy as np

from ...errors import ShapeError
from .axis import Axis, dense, from_ends, uniform
from .planes import Planes, Values, unsqueeze

__all__ = ["regroup"]


class _Compressed(Protocol):
    """What a reshape needs of `Runs`, which is built on it."""

    axes: tuple[Axis, ...]
    planes: Planes

    @property
    def shape(self) -> tuple[int, ...]: ...
    def apply(self, axes: tuple[Axis, ...], function: Callable[[Values], Values], /) -> Self: ...
    def densify(self, position: int, /) -> Self: ...
    def insert_axis(self, position: int, size: int, /) -> Self: ...
    def drop_axis(self, position: int, /) -> Self: ...


Counts = TypeVar("Counts", bound=_Compressed)


def regroup(counts: Counts, shape: Sequence[int]) -> Counts:
    """Regroup the axes in row-major order, keeping runs wherever they survive.

    Raises
    ------
    ShapeError
        If the sizes do not fit.
    """
    shape = tuple(shape)
    own = counts.shape
    if own == shape:
        return counts
    if prod(own) != prod(shape) or min(shape, default=0) < 0:
        raise ShapeError(f"cannot reshape counts of shape {own} to {shape}")
    if 0 in own:
        return counts.apply(tuple(uniform(n) for n in shape), lambda v: v.reshape([min(n, 1) for n in shape]))
    result = counts
    position, remaining = 0, list(shape)
    while remaining or position < len(result.axes):
        have = result.axes[position].size if position < len(result.axes) else 1
        want = remaining[0] if remaining else 1
        if have == want and position < len(result.axes) and remaining:
            position += 1
            remaining.pop(0)
        elif want == 1 and remaining:
            result = result.insert_axis(position, 1)
            position += 1
            remaining.pop(0)
        elif have == 1:
            result = result.drop_axis(position)
        elif have < want:
            result = _merge_axes(result, position)
        elif have % want == 0:
            result = _split_axis(result, position, want)
        else:
            result = _merge_until_divisible(result, position, want)
    return result


def _merge_until_divisible(counts: Counts, position: int, want: int) -> Counts:
    result = counts
    while result.axes[position].size % want and position + 1 < len(result.axes):
        result = _merge_axes(result, position)
    return result


def _merge_axes(counts: Counts, position: int) -> Counts:
    """Merge two neighbouring axes."""
    outer, inner = counts.axes[position], counts.axes[position + 1]
    if inner.is_uniform:
        merged = from_ends(outer.ends * inner.size)
        result = counts
    else:
        merged = from_ends(np.add.outer(np.arange(outer.size) * inner.size, inner.ends).ravel())
        result = counts.densify(position)
    axes = (*counts.axes[:position], merged, *counts.axes[position + 2 :])

    def join(values: Values) -> Values:
        shape = values.shape
        return values.reshape(*shape[:position], -1, *shape[position + 2 :])

    return result.apply(axes, join)


def _split_axis(counts: Counts, position: int, outer: int) -> Counts:
    """Split an axis of size outer * inner into two."""
    axis = counts.axes[position]
    inner = axis.size // outer
    head, tail = counts.axes[:position], counts.axes[position + 1 :]
    if axis.is_uniform or not (axis.ends % inner).any():
        axes = (*head, from_ends(axis.ends // inner), uniform(inner), *tail)
        return counts.apply(axes, lambda v: unsqueeze(v, position + 1))
    axes = (*head, dense(outer), dense(inner), *tail)

    def split(values: Values) -> Values:
        shape = values.shape
        return values.reshape(*shape[:position], outer, inner, *shape[position + 1 :])

    # A merged axis is dense although one of the axes it was merged from may well be uniform.
    return _unify_axis(counts.densify(position).apply(axes, split), position)


def _unify_axis(counts: Counts, position: int) -> Counts:
    """The same array with one run along an axis on which no value depends."""
    if counts.axes[position].is_uniform:
        return counts
    first = (slice(None),) * position + (slice(0, 1),)
    if not all((values == values[first]).all() for _, values in counts.planes):
        return counts
    axes = (*counts.axes[:position], uniform(counts.axes[position].size), *counts.axes[position + 1 :])
    return counts.apply(axes, lambda v: v[first])
