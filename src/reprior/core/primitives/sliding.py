"""One spatial axis of a sliding window, and the four sums over it that convolutions need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..runs import Runs, dense
from ..runs.array import run_vector

__all__ = ["Sliding", "sliding"]

Values = NDArray[Any]

# Below this size a product with a 0/1 matrix is cheaper than one strided addition per tap.
_MATRIX_LIMIT = 64


@dataclass(frozen=True)
class Sliding:
    """The relation ``wide = narrow * stride + tap * dilation - before`` along one axis.

    A convolution reads the wide axis and writes the narrow one; a transposed convolution the
    reverse. Positions off the wide axis are padding and relate to nothing.
    """

    wide: int
    narrow: int
    kernel: int
    stride: int
    dilation: int
    before: int

    @property
    def is_identity(self) -> bool:
        """Whether every wide position meets just its own narrow one."""
        return self.kernel == 1 and self.stride == 1 and self.before == 0 and self.wide == self.narrow

    @cached_property
    def ranges(self) -> tuple[tuple[int, int, int], ...]:
        """For each tap: the narrow positions ``low:high`` it serves, and the wide position of the first."""
        result = []
        for tap in range(self.kernel):
            offset = tap * self.dilation - self.before
            low = max(0, -(offset // self.stride))
            high = min(self.narrow, (self.wide - 1 - offset) // self.stride + 1)
            result.append((low, max(low, high), low * self.stride + offset))
        return tuple(result)

    @cached_property
    def taps_per_narrow(self) -> NDArray[np.int64]:
        """Number of taps that fall on the wide axis, for each narrow position."""
        counts = np.zeros(self.narrow, dtype=np.int64)
        for low, high, _ in self.ranges:
            counts[low:high] += 1
        return counts

    @cached_property
    def has_empty_narrow(self) -> bool:
        """Whether some narrow position meets only padding."""
        return not bool(self.taps_per_narrow.all())

    @cached_property
    def has_empty_wide(self) -> bool:
        """Whether some wide position meets no narrow one."""
        return not bool(self.taps_per_wide.all())

    @cached_property
    def taps_per_wide(self) -> NDArray[np.int64]:
        """Number of (tap, narrow position) pairs that meet each wide position."""
        return self._to_wide(np.ones(self.narrow, dtype=np.int64), 0)

    @cached_property
    def nominal_per_wide(self) -> tuple[int, ...]:
        """As `taps_per_wide`, had the narrow axis no ends: the nominal fan-in of a transposed convolution."""
        phases = [0] * self.stride
        for tap in range(self.kernel):
            phases[(tap * self.dilation - self.before) % self.stride] += 1
        return tuple(phases[position % self.stride] for position in range(self.wide))

    @cached_property
    def tap_sizes(self) -> NDArray[np.int64]:
        """Number of narrow positions that each tap serves."""
        return np.array([high - low for low, high, _ in self.ranges], dtype=np.int64)

    @cached_property
    def _wide_matrix(self) -> NDArray[np.float64]:
        return self._to_wide(np.eye(self.narrow), 1)

    @cached_property
    def _tap_matrix(self) -> NDArray[np.float64]:
        return self._to_taps(np.eye(self.narrow), 1)

    def to_wide(self, narrow: Runs, position: int) -> Runs:
        """For each wide position, the sum over the (tap, narrow position) pairs that meet it."""
        if self.is_identity:
            return narrow
        if narrow.axes[position].is_uniform:
            return _spread_uniform(narrow, position, self.taps_per_wide)
        return self._apply(narrow, position, self.wide, self._to_wide, lambda: self._wide_matrix)

    def to_taps(self, narrow: Runs, position: int) -> Runs:
        """For each tap, the sum over the narrow positions it serves."""
        if narrow.axes[position].is_uniform:
            return _spread_uniform(narrow, position, self.tap_sizes)
        if self.is_identity:
            return narrow.sum(position).insert_axis(position, 1)
        return self._apply(narrow, position, self.kernel, self._to_taps, lambda: self._tap_matrix)

    def to_narrow(self, wide: Runs, position: int) -> Runs:
        """For each narrow position, the sum over the (tap, wide position) pairs that meet it."""
        if self.is_identity:
            return wide
        if wide.axes[position].is_uniform:
            return _spread_uniform(wide, position, self.taps_per_narrow)
        return self._apply(wide, position, self.narrow, self._to_narrow)

    def wide_to_taps(self, wide: Runs, position: int) -> Runs:
        """For each tap, the sum over the wide positions it serves."""
        if wide.axes[position].is_uniform:
            return _spread_uniform(wide, position, self.tap_sizes)
        return self._apply(wide, position, self.kernel, self._wide_to_taps)

    def _apply(
        self,
        counts: Runs,
        position: int,
        size: int,
        function: Callable[[Values, int], Values],
        matrix: Callable[[], NDArray[np.float64]] | None = None,
    ) -> Runs:
        counts = counts.densify(position)
        axes = (*counts.axes[:position], dense(size), *counts.axes[position + 1 :])
        small = matrix is not None and not counts.is_exact and max(self.wide, self.narrow) <= _MATRIX_LIMIT
        if not small or matrix is None:
            return counts.apply(axes, lambda v: function(v, position))
        if position == len(axes) - 1:
            return counts.apply(axes, lambda v: v @ matrix())
        if position == len(axes) - 2:
            return counts.apply(axes, lambda v: matrix().T @ v)
        return counts.apply(
            axes, lambda v: np.moveaxis(np.tensordot(v, matrix(), (position, 0)), -1, position)
        )

    def _to_wide(self, values: Values, position: int) -> Values:
        result = _zeros(values, position, self.wide)
        for low, high, first in self.ranges:
            if high > low:
                result[self._wide_slice(position, low, high, first)] += values[
                    _at(position, slice(low, high))
                ]
        return result

    def _to_narrow(self, values: Values, position: int) -> Values:
        result = _zeros(values, position, self.narrow)
        for low, high, first in self.ranges:
            if high > low:
                result[_at(position, slice(low, high))] += values[
                    self._wide_slice(position, low, high, first)
                ]
        return result

    def _to_taps(self, values: Values, position: int) -> Values:
        parts = [values[_at(position, slice(low, high))].sum(axis=position) for low, high, _ in self.ranges]
        return np.stack([np.asarray(part, dtype=values.dtype) for part in parts], axis=position)

    def _wide_to_taps(self, values: Values, position: int) -> Values:
        parts = [
            values[self._wide_slice(position, low, high, first)].sum(axis=position)
            if high > low
            else values[_at(position, slice(0, 0))].sum(axis=position)
            for low, high, first in self.ranges
        ]
        return np.stack([np.asarray(part, dtype=values.dtype) for part in parts], axis=position)

    def _wide_slice(self, position: int, low: int, high: int, first: int) -> tuple[slice, ...]:
        return _at(position, slice(first, first + (high - low - 1) * self.stride + 1, self.stride))


@lru_cache(maxsize=4096)
def sliding(wide: int, narrow: int, kernel: int, stride: int, dilation: int, before: int) -> Sliding:
    """The shared `Sliding` with these sizes (its tables are computed once)."""
    return Sliding(wide, narrow, kernel, stride, dilation, before)


def _spread_uniform(counts: Runs, position: int, factors: NDArray[np.int64]) -> Runs:
    """Replace a uniform axis by one whose positions are the given multiples of it."""
    vector = run_vector(factors)
    axes = (*counts.axes[:position], vector.axes[0], *counts.axes[position + 1 :])
    multiples = vector.planes[0][1]
    shape = [-1 if i == position else 1 for i in range(len(axes))]

    def spread(values: Values) -> Values:
        numbers = multiples.astype(object) if values.dtype.kind == "O" else multiples.astype(np.float64)
        result: Values = values * numbers.reshape(shape)
        return result

    return counts.apply(axes, spread)


def _zeros(values: Values, position: int, size: int) -> Values:
    shape = list(values.shape)
    shape[position] = size
    return np.zeros(shape, dtype=values.dtype)


def _at(position: int, selection: slice) -> tuple[slice, ...]:
    return (*(slice(None),) * position, selection)
