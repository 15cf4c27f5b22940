"""One axis of a compressed array: a partition of its positions into runs of equal value."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Axis", "common_refinement", "dense", "uniform"]

IntArray = NDArray[np.int64]


class Axis:
    """A partition of ``range(size)`` into consecutive runs.

    Attributes
    ----------
    size : int
        Number of positions.
    ends : tuple of int
        One past the last position of each run, ascending; the last is `size`.
    """

    __slots__ = ("__dict__", "ends", "size")

    def __init__(self, ends: tuple[int, ...]) -> None:
        self.ends = ends
        self.size = ends[-1] if ends else 0

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Axis) and self.ends == other.ends)

    def __hash__(self) -> int:
        return hash(self.ends)

    def __repr__(self) -> str:
        if self.is_uniform:
            return f"uniform({self.size})"
        return f"dense({self.size})" if self.is_dense else f"Axis({self.ends})"

    @property
    def num_runs(self) -> int:
        """Number of runs."""
        return len(self.ends)

    @property
    def is_uniform(self) -> bool:
        """Whether one run covers the axis."""
        return len(self.ends) == 1

    @property
    def is_dense(self) -> bool:
        """Whether every run has length 1."""
        return len(self.ends) == self.size

    @cached_property
    def ends_array(self) -> IntArray:
        """`ends` as an array."""
        return np.array(self.ends, dtype=np.int64)

    @cached_property
    def lengths(self) -> IntArray:
        """Length of each run."""
        return np.diff(self.ends_array, prepend=0)

    def runs_at(self, positions: IntArray) -> IntArray:
        """Index of the run that holds each position."""
        if self.is_dense:
            return positions
        return np.searchsorted(self.ends_array, positions, side="right")

    def refinement_index(self, finer: Axis) -> IntArray:
        """For each run of `finer` (a refinement of this partition), the run of this one it lies in."""
        return self.runs_at(finer.ends_array - 1)


@lru_cache(maxsize=4096)
def uniform(size: int) -> Axis:
    """The partition into a single run."""
    return Axis((size,)) if size else Axis(())


@lru_cache(maxsize=4096)
def dense(size: int) -> Axis:
    """The partition into runs of length 1."""
    return Axis(tuple(range(1, size + 1)))


def from_ends(ends: Iterable[int]) -> Axis:
    """The axis with these run ends, shared with `uniform` and `dense` where it is one of them."""
    axis = Axis(tuple(ends))
    if axis.is_uniform:
        return uniform(axis.size)
    return dense(axis.size) if axis.is_dense else axis


def common_refinement(first: Axis, second: Axis) -> Axis:
    """The coarsest partition that refines both."""
    if first is second or second.is_uniform or first.is_dense:
        return first
    if first.is_uniform or second.is_dense:
        return second
    if first.ends == second.ends:
        return first
    return from_ends(sorted({*first.ends, *second.ends}))
