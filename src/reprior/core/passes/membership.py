"""Whether the elements at one place are among those at another: the comparison behind `placement`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from ..primitives import Shape
from ..runs import Runs
from ..runs.axis import dense, uniform
from .places import LARGEST, Index, Place, UnknownPlaceError, regrouped

__all__ = ["EVERYWHERE", "NOWHERE", "Where", "all_of", "among", "any_of", "as_mask"]

Where = NDArray[np.bool_]
"""Whether something holds, at every place of a value; of size 1 along axes that do not matter."""

EVERYWHERE: Where = np.ones((), dtype=np.bool_)
NOWHERE: Where = np.zeros((), dtype=np.bool_)

_Equation = tuple[Index, Index]


def all_of(found: Iterable[Where]) -> Where:
    """Where all hold."""
    return _join(found, EVERYWHERE, np.logical_and)


def any_of(found: Iterable[Where]) -> Where:
    """Where any holds."""
    return _join(found, NOWHERE, np.logical_or)


def as_mask(where: Where, shape: Shape) -> Runs:
    """1 where something holds, as a compressed array of a shape."""
    values = where.reshape((1,) * (len(shape) - where.ndim) + where.shape).astype(float)
    axes = tuple([dense(n) if have == n else uniform(n) for n, have in zip(shape, values.shape, strict=True)])
    return Runs(axes, ((0, values),))


def _join(found: Iterable[Where], result: Where, join: np.ufunc) -> Where:
    for one in found:
        if prod(np.broadcast_shapes(result.shape, one.shape)) > LARGEST:
            raise UnknownPlaceError("too large")
        result = join(result, one)
    return _settled(result)


def _settled(where: Where) -> Where:
    if where.all():
        return EVERYWHERE
    return where if where.any() else NOWHERE


def among(
    one: Place, many: Place, shape: Shape, sizes: Sequence[int], rank: int, outer: Collection[int]
) -> tuple[Where, bool]:
    """Where one place of a value is among many: whatever is summed to reach the one.

    Parameters
    ----------
    one, many : Place
        Of the same value, in variables of which the first are the axes of the root.
    shape : tuple of int
        The value's shape.
    sizes : sequence of int
        Of all variables.
    rank : int
        The number of axes of the root.
    outer : collection of int
        The variables that are the same on both sides; the others of `many` take all their values.

    Returns
    -------
    where : array of bool
        For every element of the root; where either place has no element, there is nothing to tell apart.
    in_part : bool
        Whether it is so for some of what is summed to make an element of the root, and not for all: an array
        of the root's elements cannot tell those terms apart.

    Raises
    ------
    UnknownPlaceError
        If too many elements would have to be compared.
    """
    fixed = {*range(rank), *outer, *_variables(one)}
    equations = [
        pair
        for place, other, size in zip(one, many, shape, strict=True)
        if place != other
        for pair in _equations(place, other, size)
    ]
    found: list[tuple[Where, Where]] = []
    while equations:
        first, *equations = equations
        group, shared = [first], _variables([first[1]]) - fixed
        while linked := [pair for pair in equations if not shared.isdisjoint(_variables([pair[1]]))]:
            group.extend(linked)
            equations = [pair for pair in equations if pair not in linked]
            shared = shared.union(*[_variables([other]) - fixed for _, other in linked])
        found.append(_solve(group, shared, sizes, rank))
    absent = _absences([*one, *many], sizes, rank)
    whole, some = (any_of([all_of([pair[k] for pair in found]), *absent]) for k in (0, 1))
    return whole, bool((some & ~whole).any())


def _variables(indices: Iterable[Index]) -> set[int]:
    return {digit.variable for index in indices for digit in index.digits}


def _equations(one: Index, other: Index, size: int) -> list[_Equation]:
    """Two indices along an axis, compared digit by digit where either is a plain number."""
    for pure in (other, one):
        sizes = tuple([digit.size for digit in pure.digits])
        if pure.table is None and prod(sizes) == size:
            parts = [regrouped((index,), (size,), sizes) for index in (one, other)]
            return [(a, b) for a, b in zip(*parts, strict=True) if a != b]
    return [(one, other)]


def _solve(
    equations: Sequence[_Equation], reduced: set[int], sizes: Sequence[int], rank: int
) -> tuple[Where, Where]:
    """Where equations hold for some value of what is reduced, and all, or some, of the other variables."""
    if len(equations) == 1:
        ((one, other),) = equations
        if _variables([other]) <= reduced:
            values = one.written_out
            holds = (values < 0) | np.isin(values, other.written_out)
            if holds.all():
                return EVERYWHERE, EVERYWHERE
    grid = _Grid([index for pair in equations for index in pair], sizes, rank)
    pairs = [(grid.values(one), grid.values(other)) for one, other in equations]
    there = np.logical_and.reduce(np.broadcast_arrays(*[other >= 0 for _, other in pairs]))
    holds = np.logical_and.reduce(np.broadcast_arrays(*[(a == b) | (a < 0) for a, b in pairs])) & there
    holds, there = np.broadcast_to(holds, grid.shape), np.broadcast_to(there, grid.shape)
    summed = grid.axes_of(reduced)
    own = np.asarray(holds.any(axis=summed, keepdims=True))
    result = own | ~there.any(axis=summed, keepdims=True)
    others = tuple(range(rank, result.ndim))
    whole, some = np.asarray(result.all(axis=others)), np.asarray(own.any(axis=others))
    return _settled(whole), _settled(whole | some)


def _absences(indices: Iterable[Index], sizes: Sequence[int], rank: int) -> list[Where]:
    """Where there is no element, as far as the places of the root alone tell."""
    result = []
    for index in indices:
        if index.table is not None and (index.table < 0).any() and max(_variables([index]), default=0) < rank:
            grid = _Grid([index], sizes, rank)
            result.append(_settled(grid.values(index) < 0))
    return result


class _Grid:
    """All values of the variables of some indices: the root's axes first, of size 1 where they are absent."""

    __slots__ = ("_axis", "shape", "sizes")

    def __init__(self, indices: Iterable[Index], sizes: Sequence[int], rank: int) -> None:
        used = _variables(indices)
        others = sorted([variable for variable in used if variable >= rank])
        self.sizes = sizes
        self._axis = {**{k: k for k in range(rank)}, **{v: rank + k for k, v in enumerate(others)}}
        self.shape = tuple([sizes[variable] if variable in used else 1 for variable in self._axis])
        if prod(self.shape) > LARGEST:
            raise UnknownPlaceError("too large")

    def axes_of(self, variables: Collection[int]) -> tuple[int, ...]:
        """The axes along which some variables vary."""
        return tuple([self._axis[variable] for variable in variables if variable in self._axis])

    def values(self, index: Index) -> NDArray[np.int64]:
        """An index for all values of its variables; it broadcasts to the grid."""
        number = np.zeros((1,) * len(self.shape), dtype=np.int64)
        for variable, stride, size in index.digits:
            axis = self._axis[variable]
            along = np.arange(self.sizes[variable]) // stride % size
            number = number * size + along.reshape([-1 if k == axis else 1 for k in range(len(self.shape))])
        return number if index.table is None else index.table[number]
