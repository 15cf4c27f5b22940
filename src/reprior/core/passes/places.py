"""Where the elements of a value lie in what it is computed from, followed through moves and products.

A *place* gives, for every axis of a value, its index as a function of variables: the axes of the value that
one started from, and one variable more for every axis that is summed on the way. Reshapes take numbers apart
into digits and put them together; selections and shifts are tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np

from ..graph import Node
from ..primitives import (
    Concat,
    Contract,
    Convolve,
    Expand,
    Keep,
    Map,
    Pad,
    Permute,
    Pool,
    Reduce,
    Reshape,
    Shape,
    Slice,
    Take,
)
from ..runs.axis import IntArray

__all__ = [
    "LARGEST",
    "Digit",
    "Index",
    "Place",
    "UnknownPlaceError",
    "Variables",
    "merged",
    "place_below",
    "regrouped",
]

LARGEST = 1 << 21
"""Tables and comparisons of more elements are not written out."""


class UnknownPlaceError(Exception):
    """A place that cannot be followed, or is too large to be."""


class Digit(NamedTuple):
    """``(variable // stride) % size``."""

    variable: int
    stride: int
    size: int

    def is_part_of(self, other: Digit) -> bool:
        """Whether another digit tells this one."""
        return (
            self.variable == other.variable
            and self.stride % other.stride == 0
            and (other.stride * other.size) % (self.stride * self.size) == 0
        )


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """An index along one axis as a function of variables.

    Attributes
    ----------
    digits : tuple of Digit
        They make up a number, the first one counting most.
    table : array of int, or None
        The index for every such number, -1 where there is no element; None if it is the number itself.
    """

    digits: tuple[Digit, ...] = ()
    table: IntArray | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Index) or self.digits != other.digits:
            return False
        if self.table is None or other.table is None:
            return self.table is other.table
        return np.array_equal(self.table, other.table)

    def __hash__(self) -> int:
        return hash(self.digits)

    @property
    def written_out(self) -> IntArray:
        """The table, also where it is the number itself."""
        return np.arange(_count(self.digits)) if self.table is None else self.table

    def through(self, table: IntArray) -> Index:
        """The index that a table has at this one."""
        at = self.written_out
        return _index(self.digits, np.where(at < 0, -1, table[at]))


Place = tuple[Index, ...]
_FIRST = Index()


class Variables:
    """The variables of places: their sizes, by number."""

    __slots__ = ("_summed", "sizes")

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self._summed: dict[object, Index] = {}

    def add(self, size: int) -> Index:
        """The index that a new variable is."""
        self.sizes.append(size)
        return Index((Digit(len(self.sizes) - 1, 1, size),)) if size > 1 else _FIRST

    def summed(self, node: Node, place: Place, name: str, size: int) -> Index:
        """The variable of an index that a node at a place sums over: one for all of its operands."""
        key = (id(node), place, name)
        if key not in self._summed:
            self._summed[key] = self.add(size)
        return self._summed[key]


def place_below(node: Node, position: int, shapes: Sequence[Shape], place: Place, new: Variables) -> Place:
    """The place of an operand, from that of the value.

    Raises
    ------
    UnknownPlaceError
        If it cannot be followed.
    """
    op, shape = node.op, shapes[position]
    if 0 in shape or 0 in node.shape:
        raise UnknownPlaceError("no elements")
    if isinstance(op, Map | Keep | Expand):
        axis = op.alignment(position) if isinstance(op, Map) else None
        if axis is not None:
            return (place[axis] if shape[0] > 1 else _FIRST,)
        tail = place[len(place) - len(shape) :]
        if shape == node.shape:
            return tail
        return tuple([_FIRST if size == 1 else one for one, size in zip(tail, shape, strict=True)])
    match op:
        case Reshape():
            return regrouped(place, node.shape, shape)
        case Permute(order):
            return tuple([place[order.index(axis)] for axis in range(len(order))])
        case Slice(axis, start, stop):
            return _through(place, axis, np.arange(start, stop))
        case Take(axis, indices):
            return _through(place, axis, indices)
        case Pad(padding):
            for axis, (before, _) in enumerate(padding):
                at = np.arange(node.shape[axis]) - before
                place = _through(place, axis, _inside(at, shape[axis]))
            return place
        case Concat(axis):
            start = sum([one[axis] for one in shapes[:position]])
            return _through(place, axis, _inside(np.arange(node.shape[axis]) - start, shape[axis]))
        case Reduce(axes, keepdims):
            rest = iter([one for axis, one in enumerate(place) if not keepdims or axis not in axes])
            return tuple([new.add(n) if axis in axes else next(rest) for axis, n in enumerate(shape)])
        case Pool() if prod(node.shape[len(place) - len(op.kernel) :]) == 1:
            first = len(place) - len(op.kernel)
            return (*place[:first], *[new.add(size) for size in shape[first:]])
        case Contract(operands, output):
            known = dict(zip(output, place, strict=True))
            pairs = zip(operands[position], shape, strict=True)
            return tuple(
                [
                    known[name] if name in known else new.summed(node, place, name, size)
                    for name, size in pairs
                ]
            )
        case Convolve():
            return _below_convolution(op, position, node.shape, shapes, place, new)
    raise UnknownPlaceError(node.op.label)


def _below_convolution(
    op: Convolve, position: int, result: Shape, shapes: Sequence[Shape], place: Place, new: Variables
) -> Place:
    """The window of features, or the part of the kernel, that the elements of a convolution read."""
    shape, groups = shapes[position], op.groups
    group, channel = regrouped((place[1],), (result[1],), (groups, result[1] // groups))
    if position == 1:
        first = (new.add(shape[0]), channel) if op.transposed else (place[1], new.add(shape[1]))
        return (*first, *[new.add(size) for size in shape[2:]])
    within = shape[1] // groups
    channel = _joined((group, new.add(within)), (groups, within))
    if op.transposed:
        return (place[0], channel, *[new.add(size) for size in shape[2:]])
    spatial = []
    for at, window in zip(place[2:], op.windows(tuple(shapes), result), strict=True):
        number = _joined((at, new.add(window.kernel)), (window.narrow, window.kernel))
        narrow, tap = np.divmod(np.arange(window.narrow * window.kernel), window.kernel)
        wide = narrow * window.stride + tap * window.dilation - window.before
        spatial.append(number.through(_inside(wide, window.wide)))
    return (place[0], channel, *spatial)


def _inside(positions: IntArray, size: int) -> IntArray:
    """Positions of an axis, -1 for those off it."""
    return np.where((positions >= 0) & (positions < size), positions, -1)


def _through(place: Place, axis: int, table: IntArray) -> Place:
    return (*place[:axis], place[axis].through(table), *place[axis + 1 :])


def regrouped(place: Place, shape: Shape, wanted: Shape) -> Place:
    """The same elements, in row-major order, as indices into another shape.

    Raises
    ------
    UnknownPlaceError
        If a table would be too large.
    """
    if shape == wanted:
        return place
    found: list[Index] = []
    start = stop = 0
    first = last = 0
    while last < len(wanted) or stop < len(shape):
        stop, last = min(stop + 1, len(shape)), min(last + 1, len(wanted))
        while (have := prod(shape[start:stop])) != (want := prod(wanted[first:last])):
            if have < want:
                stop += 1
            else:
                last += 1
        found.extend(_block(place[start:stop], shape[start:stop], wanted[first:last]))
        start, first = stop, last
    return tuple(found)


def _block(place: Place, shape: Shape, wanted: Shape) -> list[Index]:
    """As `regrouped`, of axes that are put together and taken apart as a whole."""
    number = _joined(place, shape)
    if len(wanted) <= 1:
        return [number] * len(wanted)
    if number.table is None:
        found = _split(number.digits, wanted)
        if found is not None:
            return found
    table = _limited(number.digits, number)
    result: list[Index] = []
    stride = 1
    for size in reversed(wanted):
        result.append(_index(number.digits, np.where(table < 0, -1, table // stride % size)))
        stride *= size
    return result[::-1]


def _joined(place: Place, shape: Shape) -> Index:
    """The number whose digits are the indices of some axes.

    Raises
    ------
    UnknownPlaceError
        If its table would be too large.
    """
    digits = tuple([digit for one in place for digit in one.digits])
    if all([one.table is None and _count(one.digits) == n for one, n in zip(place, shape, strict=True)]):
        return Index(_merged(digits))
    table = np.zeros(1, dtype=np.int64)
    for one, size in zip(place, shape, strict=True):
        inner = _limited((*digits, *one.digits), one)
        outer = table[:, None]
        table = np.where((outer < 0) | (inner < 0), -1, outer * size + inner).reshape(-1)
    return _index(digits, table)


def _limited(digits: Sequence[Digit], index: Index) -> IntArray:
    if _count(digits) > LARGEST:
        raise UnknownPlaceError("too large")
    return index.written_out


def _split(digits: Sequence[Digit], wanted: Shape) -> list[Index] | None:
    """Digits dealt out to axes; None where they do not come apart at these places."""
    left = list(digits)
    result: list[Index] = []
    for size in reversed(wanted):
        taken: list[Digit] = []
        while size > 1 and left:
            variable, stride, have = left.pop()
            if size % have == 0:
                taken.append(Digit(variable, stride, have))
                size //= have
            elif have % size == 0:
                taken.append(Digit(variable, stride, size))
                left.append(Digit(variable, stride * size, have // size))
                size = 1
            else:
                return None
        result.append(Index(_merged(taken[::-1])))
    return result[::-1]


def _merged(digits: Sequence[Digit]) -> tuple[Digit, ...]:
    """The same number with neighbouring digits of one variable as one."""
    result: list[Digit] = []
    for digit in digits:
        if (
            result
            and result[-1].variable == digit.variable
            and result[-1].stride == digit.stride * digit.size
        ):
            result[-1] = Digit(digit.variable, digit.stride, result[-1].size * digit.size)
        else:
            result.append(digit)
    return tuple(result)


def _index(digits: tuple[Digit, ...], table: IntArray) -> Index:
    """An index without the digits that it does not depend on."""
    if _count(digits) != len(table):
        raise UnknownPlaceError("no elements")
    values = table.reshape([digit.size for digit in digits])
    for axis in reversed(range(len(digits))):
        if (values == values.take([0], axis)).all():
            values = np.asarray(values.take(0, axis))
            digits = (*digits[:axis], *digits[axis + 1 :])
    table = values.reshape(-1)
    return Index(digits, None if np.array_equal(table, np.arange(len(table))) else table)


def merged(place: Place) -> tuple[Digit, ...]:
    """What a place depends on: digits in order, neighbouring ones as one."""
    digits = {digit for index in place for digit in index.digits}
    return _merged(sorted(digits, key=lambda digit: (digit.variable, -digit.stride, -digit.size)))


def _count(digits: Sequence[Digit]) -> int:
    return prod([digit.size for digit in digits])
