"""One axis of a compressed array: a partition of its positions into runs of equal value."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Axis", "IntArray", "common_refinement", "dense", "from_ends", "uniform"]

IntArray = NDArray[np.int64]


class Axis:
    """A partition of ``range(size)`` into consecutive runs.

    Attributes
    ----------
    size : int
        Number of positions.
    num_runs : int
        Number of runs.
    is_uniform, is_dense : bool
        Whether one run covers the axis; whether every run has length 1.
    """

    def __init__(self, size: int, num_runs: int, ends: IntArray | None = None) -> None:
        self.size = size
        self.num_runs = num_runs
        self.is_uniform = num_runs == 1
        self.is_dense = num_runs == size
        self._ends = ends

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Axis) or self.size != other.size or self.num_runs != other.num_runs:
            return False
        return self.is_uniform or self.is_dense or np.array_equal(self.ends, other.ends)

    def __hash__(self) -> int:
        return hash((self.size, self.num_runs))

    def __repr__(self) -> str:
        if self.is_uniform:
            return f"uniform({self.size})"
        return f"dense({self.size})" if self.is_dense else f"Axis({self.ends.tolist()})"

    @cached_property
    def ends(self) -> IntArray:
        """One past the last position of each run, ascending."""
        if self._ends is not None:
            return self._ends
        return np.array([self.size]) if self.is_uniform else np.arange(1, self.size + 1)

    @property
    def lengths(self) -> IntArray:
        """Length of each run."""
        return np.diff(self.ends, prepend=0)

    def runs_at(self, positions: IntArray) -> IntArray:
        """Index of the run that holds each position."""
        if self.is_dense:
            return positions
        return np.searchsorted(self.ends, positions, side="right")

    def refinement_index(self, finer: Axis) -> IntArray:
        """For each run of `finer` (a refinement of this partition), the run of this one it lies in."""
        return self.runs_at(finer.ends - 1)


@lru_cache(maxsize=4096)
def uniform(size: int) -> Axis:
    """The partition into a single run."""
    return Axis(size, 1 if size else 0)


@lru_cache(maxsize=256)
def dense(size: int) -> Axis:
    """The partition into runs of length 1."""
    return uniform(size) if size <= 1 else Axis(size, size)


def from_ends(ends: IntArray) -> Axis:
    """The axis with these run ends, shared with `uniform` and `dense` where it is one of them."""
    size = int(ends[-1]) if len(ends) else 0
    if len(ends) <= 1:
        return uniform(size)
    return dense(size) if len(ends) == size else Axis(size, len(ends), ends)


def common_refinement(first: Axis, second: Axis) -> Axis:
    """The coarsest partition that refines both."""
    if first is second or second.is_uniform or first.is_dense:
        return first
    if first.is_uniform or second.is_dense:
        return second
    if first == second:
        return first
    return from_ends(np.union1d(first.ends, second.ends))
