"""Arrays of counts, compressed by runs along every axis, in exact or scaled numbers.

A `Runs` of shape (C, H, W) whose channel axis is one run stores a (1, H, W) array of values.

Numbers are those of `planes`; reshapes are in `regroup`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .axis import Axis, IntArray, common_refinement, dense, from_ends, uniform
from .planes import (
    Number,
    Planes,
    Values,
    added,
    as_array,
    as_factors,
    mantissas,
    scaled,
    unsqueeze,
    within_range,
)
from .regroup import regroup

__all__ = ["Number", "Runs", "run_vector"]


class Runs:
    """An array of counts with run-length compressed axes.

    Attributes
    ----------
    axes : tuple of Axis
        The partition of each axis.
    planes : tuple of (int, ndarray)
        ``(k, values)`` pairs; the array is the sum of ``values * 2**(512 k)``, each of shape
        ``(axis.num_runs for axis in axes)``. Exact numbers have the single plane k = 0.
    """

    __slots__ = ("axes", "planes")

    def __init__(self, axes: tuple[Axis, ...], planes: Planes) -> None:
        self.axes = axes
        self.planes = planes

    # -- construction -------------------------------------------------------------------------

    @classmethod
    def ones(cls, shape: Sequence[int], number: Number) -> Runs:
        """All ones."""
        dtype = object if number == "exact" else np.float64
        axes = tuple(uniform(size) for size in shape)
        return cls(axes, ((0, np.ones([a.num_runs for a in axes], dtype=dtype)),))

    @classmethod
    def zeros(cls, shape: Sequence[int], number: Number) -> Runs:
        """All zeros."""
        ones = cls.ones(shape, number)
        return ones.apply(ones.axes, lambda v: v * 0)

    @classmethod
    def from_dense(cls, values: Values) -> Runs:
        """Of an uncompressed array."""
        return cls(tuple(dense(size) for size in values.shape), ((0, values),))

    # -- description --------------------------------------------------------------------------

    @classmethod
    def scalar(cls, mantissa: float, exponent: int) -> Runs:
        """The scaled number ``mantissa * 2**exponent``, without axes."""
        return cls((), scaled(mantissa, exponent))

    @property
    def shape(self) -> tuple[int, ...]:
        """Uncompressed shape."""
        return tuple([axis.size for axis in self.axes])

    @property
    def is_exact(self) -> bool:
        """Whether the values are Python integers or fractions."""
        return self.planes[0][1].dtype.kind == "O"

    def __repr__(self) -> str:
        return f"Runs({self.axes})"

    def multiplicities(self) -> NDArray[np.float64]:
        """Number of elements that each stored value stands for, of the shape of the stored values.

        Exact up to 2**53.
        """
        axes = self.axes
        each = float(prod([axis.size for axis in axes if axis.is_uniform]))
        result = np.full([axis.num_runs for axis in axes], each)
        for position, axis in enumerate(axes):
            if not axis.is_uniform and not axis.is_dense:
                result *= _along(axis.lengths.astype(np.float64), position, len(axes))
        return result

    def nonzero(self) -> NDArray[np.bool_]:
        """Which stored values are not zero."""
        result: NDArray[np.bool_] = self.planes[0][1] != 0
        for _, values in self.planes[1:]:
            result = result | (values != 0)
        return result

    def count_nonzero(self) -> int:
        """Number of elements (not runs) that are not zero."""
        if len(self.planes) == 1 and np.count_nonzero(self.planes[0][1]) == self.planes[0][1].size:
            return prod(self.shape)
        return int((self.nonzero() * self.multiplicities()).sum())

    def mantissas(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Each stored value as ``mantissa * 2**exponent`` (flattened, scaled numbers only)."""
        return mantissas(self.planes)

    def to_dense(self) -> Values:
        """The uncompressed array: Python integers or fractions, or float64 log2 of scaled counts."""
        if self.is_exact:
            return self.refine(tuple(dense(size) for size in self.shape)).planes[0][1]
        full = self.refine(tuple(dense(size) for size in self.shape))
        mantissa, exponent = full.mantissas()
        with np.errstate(divide="ignore"):
            return (np.log2(mantissa) + exponent).reshape(self.shape)

    def to_floats(self) -> NDArray[np.float64]:
        """The uncompressed array of scaled counts as plain floats; infinity where one is too large."""
        full = self.refine(tuple(dense(size) for size in self.shape))
        mantissa, exponent = full.mantissas()
        with np.errstate(over="ignore"):
            return np.ldexp(mantissa, np.clip(exponent, -5000, 5000).astype(np.int32)).reshape(self.shape)

    # -- structure ----------------------------------------------------------------------------

    def apply(self, axes: tuple[Axis, ...], function: Callable[[Values], Values]) -> Runs:
        """Apply a linear function to the values of every plane."""
        planes = self.planes
        if len(planes) == 1:
            index, values = planes[0]
            return Runs(axes, ((index, as_array(function(values), values.dtype)),))
        return Runs(
            axes, tuple((index, as_array(function(values), values.dtype)) for index, values in planes)
        )

    def refine(self, axes: tuple[Axis, ...]) -> Runs:
        """The same array over finer partitions."""
        result = self
        for position, (old, new) in enumerate(zip(self.axes, axes, strict=True)):
            if old != new:
                result = result._refine_axis(position, new)
        return result

    def align(self, other: Runs) -> tuple[Runs, Runs]:
        """Both arrays over common partitions."""
        axes = tuple(common_refinement(a, b) for a, b in zip(self.axes, other.axes, strict=True))
        return self.refine(axes), other.refine(axes)

    def _refine_axis(self, position: int, new: Axis) -> Runs:
        old = self.axes[position]
        axes = (*self.axes[:position], new, *self.axes[position + 1 :])
        if old.is_uniform:
            return self.apply(axes, lambda v: np.repeat(v, new.num_runs, axis=position))
        index = old.refinement_index(new)
        return self.apply(axes, lambda v: v.take(index, axis=position))

    def densify(self, position: int) -> Runs:
        """The same array with one axis uncompressed."""
        axis = self.axes[position]
        return self if axis.is_dense else self._refine_axis(position, dense(axis.size))

    def transpose(self, order: Sequence[int]) -> Runs:
        """Permute the axes."""
        return self.apply(tuple(self.axes[i] for i in order), lambda v: v.transpose(order))

    def insert_axis(self, position: int, size: int) -> Runs:
        """A new axis along which every element repeats."""
        axes = (*self.axes[:position], uniform(size), *self.axes[position:])
        if size == 0:
            return self.apply(axes, lambda v: np.expand_dims(v, position).take([], axis=position))
        return self.apply(axes, lambda v: unsqueeze(v, position))

    def reshape(self, shape: Sequence[int]) -> Runs:
        """Regroup the axes in row-major order, keeping runs wherever they survive.

        Raises
        ------
        ShapeError
            If the sizes do not fit.
        """
        return regroup(self, shape)

    def drop_axis(self, position: int) -> Runs:
        """The same array without an axis of size 1."""
        axes = (*self.axes[:position], *self.axes[position + 1 :])
        return self.apply(axes, lambda v: _squeeze(v, position))

    def take(self, position: int, indices: IntArray) -> Runs:
        """The elements at known positions of one axis."""
        axis = self.axes[position]
        head, tail = self.axes[:position], self.axes[position + 1 :]
        if axis.is_uniform and len(indices):
            return Runs((*head, uniform(len(indices)), *tail), self.planes)
        runs = axis.runs_at(np.asarray(indices, dtype=np.int64))
        changes = np.flatnonzero(np.diff(runs)) + 1
        starts = np.concatenate([[0], changes]) if len(runs) else changes
        new = from_ends(np.append(changes, len(runs)) if len(runs) else changes)
        chosen = runs[starts]
        return self.apply((*head, new, *tail), lambda v: v.take(chosen, axis=position))

    def slice(self, position: int, start: int, stop: int) -> Runs:
        """The elements ``start:stop`` of one axis."""
        axis = self.axes[position]
        if start == 0 and stop == axis.size:
            return self
        head, tail = self.axes[:position], self.axes[position + 1 :]
        if stop <= start:
            return self.take(position, np.arange(0))
        if axis.is_uniform:
            return Runs((*head, uniform(stop - start), *tail), self.planes)
        first, last = axis.runs_at(np.array([start, stop - 1])).tolist()
        new = from_ends(np.append(axis.ends[first:last] - start, stop - start))
        index = (slice(None),) * position + (slice(first, last + 1),)
        return self.apply((*head, new, *tail), lambda v: v[index])

    def pad(self, position: int, before: int, after: int) -> Runs:
        """Zeros before and after one axis."""
        if not before and not after:
            return self
        axis = self.axes[position]
        first, last = [before] if before else [], [before + axis.size + after] if after else []
        ends = np.concatenate([first, axis.ends + before, last]).astype(np.int64)
        axes = (*self.axes[:position], from_ends(ends), *self.axes[position + 1 :])
        widths = [(0, 0)] * len(self.axes)
        widths[position] = (1 if before else 0, 1 if after else 0)

        def extend(values: Values) -> Values:
            shape = list(values.shape)
            low, high = widths[position]
            shape[position] += low + high
            result = np.zeros(shape, dtype=values.dtype)
            inside = (slice(None),) * position + (slice(low, shape[position] - high),)
            result[inside] = values
            return result

        return self.apply(axes, extend)

    def scatter_add(self, position: int, indices: IntArray, size: int) -> Runs:
        """The transpose of `take`: add every element of one axis to a known position of a new axis."""
        indices = np.asarray(indices, dtype=np.int64)
        order = np.argsort(indices, kind="stable")
        targets, starts = np.unique(indices[order], return_index=True)
        axes = (*self.axes[:position], dense(size), *self.axes[position + 1 :])

        def scatter(values: Values) -> Values:
            shape = list(values.shape)
            shape[position] = size
            result = np.zeros(shape, dtype=values.dtype)
            if len(indices):
                sums = np.add.reduceat(values.take(order, axis=position), starts, axis=position)
                result[(slice(None),) * position + (targets,)] = sums
            return result

        return self.densify(position).apply(axes, scatter)

    # -- arithmetic ---------------------------------------------------------------------------

    def __add__(self, other: Runs) -> Runs:
        if len(self.axes) != len(other.axes):
            raise ValueError(f"cannot add counts of shapes {self.shape} and {other.shape}")
        mine, theirs = self.align(other)
        return Runs(mine.axes, added(mine.planes, theirs.planes))

    def sum(self, position: int) -> Runs:
        """Sum along one axis, which goes away."""
        axis = self.axes[position]
        axes = (*self.axes[:position], *self.axes[position + 1 :])
        if axis.is_uniform:
            size = axis.size
            if size == 1:
                return self.drop_axis(position)
            return self.apply(axes, lambda v: _squeeze(v, position) * size)
        if axis.is_dense:
            return self.apply(axes, lambda v: v.sum(axis=position))
        return self.apply(
            axes,
            lambda v: (v * _along(as_factors(axis.lengths, v.dtype), position, v.ndim)).sum(axis=position),
        )

    def spread(self, position: int, size: int) -> Runs:
        """Sum along one axis, and repeat the sum along a new one in its place."""
        axis = self.axes[position]
        axes = (*self.axes[:position], uniform(size), *self.axes[position + 1 :])
        if axis.is_uniform and size:
            length = axis.size
            return self.apply(axes, lambda v: v * length) if length != 1 else Runs(axes, self.planes)
        return self.sum(position).insert_axis(position, size)

    def along(self, position: int) -> Runs:
        """Sum along all axes but one."""
        axes = self.axes
        if all([axis.is_uniform for i, axis in enumerate(axes) if i != position]):
            count = prod([axis.size for i, axis in enumerate(axes) if i != position])
            return self.apply((axes[position],), lambda v: v.reshape(-1) * count)
        return self.sum_axes([i for i in range(len(axes)) if i != position])

    def sum_axes(self, positions: Sequence[int]) -> Runs:
        """Sum along several axes, which go away."""
        if not positions:
            return self
        if not all([self.axes[i].is_uniform or self.axes[i].is_dense for i in positions]):
            result = self
            for position in sorted(positions, reverse=True):
                result = result.sum(position)
            return result
        count = prod([self.axes[i].size for i in positions if self.axes[i].is_uniform])
        axes = tuple([axis for i, axis in enumerate(self.axes) if i not in positions])
        summed = tuple(positions)
        return self.apply(axes, lambda v: v.sum(axis=summed) * count)

    def scale(self, factor: int | float | Fraction) -> Runs:
        """Multiply every element by one positive number."""
        if factor == 1:
            return self
        if self.is_exact:
            return self.apply(self.axes, lambda v: v * factor)
        number = float(factor)
        return self.apply(self.axes, lambda v: v * number)

    def scale_axis(self, position: int, factors: Sequence[int | float | Fraction] | IntArray) -> Runs:
        """Multiply by a factor per position of one axis."""
        vector = run_vector(factors)
        axes = list(self.axes)
        axes[position] = common_refinement(self.axes[position], vector.axes[0])
        fine = vector.refine((axes[position],)).planes[0][1]
        result = self.refine(tuple(axes))
        return result.apply(tuple(axes), lambda v: v * _along(as_factors(fine, v.dtype), position, v.ndim))

    def multiply(self, other: Runs) -> Runs:
        """Multiply element by element with an array of one plane (a mask or small multiplicities)."""
        mine, theirs = self.align(other)
        ((_, factors),) = theirs.planes
        return mine.apply(mine.axes, lambda v: v * as_factors(factors, v.dtype))

    def normalise(self, shrinking: bool = False) -> Runs:
        """Move values between planes so that none can overflow or underflow in the next operation.

        Parameters
        ----------
        shrinking : bool
            Whether factors below 1 may have made elements small.
        """
        planes = None if self.is_exact else within_range(self.planes, shrinking)
        return self if planes is None else Runs(self.axes, planes)


def run_vector(factors: Sequence[Any] | IntArray) -> Runs:
    """A vector compressed to its runs of equal value (exact numbers stay exact)."""
    if isinstance(factors, np.ndarray):
        values = factors
    else:
        values = np.empty(len(factors), dtype=object)
        values[:] = list(factors)
    if not len(values):
        return Runs((uniform(0),), ((0, values),))
    changes = np.flatnonzero(values[1:] != values[:-1]) + 1
    axis = from_ends(np.append(changes, len(values)))
    return Runs((axis,), ((0, values[np.append(0, changes)]),))


def _along(vector: Values, position: int, ndim: int) -> Values:
    """A vector shaped to broadcast along one axis of an array."""
    return vector.reshape([-1 if i == position else 1 for i in range(ndim)])


def _squeeze(values: Values, position: int) -> Values:
    shape = values.shape
    return values.reshape((*shape[:position], *shape[position + 1 :]))
