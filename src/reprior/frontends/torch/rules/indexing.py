"""Reading by indices: known ones move elements (convention 4), fed ones look them up (convention 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch

from ....core.primitives import Lookup, Reduce, Select, Shape
from ....core.runs.axis import IntArray
from ....errors import RepriorError
from ..constants import broadcast
from ..lower import Lower
from ..registry import rule
from ..values import Value

__all__ = ["Places", "as_index", "certain", "known_indices", "one_hot_of"]


def known_indices(lower: Lower, index: Value) -> IntArray | None:
    """The elements of a known index, None if it depends on what is fed."""
    if index.constant is None:
        return None
    result: IntArray = index.constant.reshape(-1).to(torch.int64).numpy()
    return result


@rule("aten.embedding")
def embedding(lower: Lower, table: Value, index: Value, padding_idx: int = -1, *rest: Any) -> Value:
    """Rows of a table."""
    return _rows(lower, table, index)


@rule("aten.embedding_bag", "aten._embedding_bag", "aten._embedding_bag_forward_only")
def embedding_bag(
    lower: Lower, table: Value, index: Value, offsets: Value, scale: bool = False, mode: int = 0,
    sparse: bool = False, weights: Value | None = None, include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> tuple[Value | None, ...]:  # fmt: skip
    """Sums (means, maxima) of bags of rows, each of which may have a weight of its own."""
    if padding_idx is not None and padding_idx >= 0:  # this row joins no bag
        there = torch.ones(table.shape[0], 1, dtype=torch.bool)
        there[padding_idx] = False
        table = lower.keep(table, there)
    rows, count = _rows(lower, table, index), index.shape[0]
    if weights is not None:
        rows = lower.map("mul", rows, lower.reshape(weights, (count, 1)))
    bounds = known_indices(lower, offsets)
    if bounds is None:
        last = lower.constant(torch.full((1,), count))
        full = offsets if include_last_offset else lower.concat([offsets, last], 0)
        bags = full.shape[0] - 1
        inside = lower.map("bag", lower.slice(full, 0, 0, bags), lower.slice(full, 0, 1, bags + 1))
        bag = lower.add(Select.parse("nd,bn->bd"), rows, one_hot_of(lower, inside, count))
        return bag, None, None, None
    stops = bounds[1:].tolist() if include_last_offset else [*bounds[1:].tolist(), count]
    parts = [
        lower.add(Reduce((0,), keepdims=True), lower.slice(rows, 0, start, stop))
        for start, stop in zip(bounds.tolist(), stops, strict=False)
    ]
    return lower.concat(parts, 0), None, None, None


def _rows(lower: Lower, table: Value, index: Value) -> Value:
    """Positions of the first axis."""
    known = known_indices(lower, certain(lower, index, table.shape[0]))
    if known is None:
        return _chosen(lower, table, index)
    rows = lower.take(table, 0, known % max(table.shape[0], 1))
    return lower.reshape(rows, (*index.shape, *table.shape[1:]))


def _chosen(lower: Lower, table: Value, index: Value) -> Value:
    """Rows at positions of which some may be known, as a start token before fed ids is."""
    known = _known_in_part(index)
    if known is None:
        return lower.add(Lookup(), lower.any_of(table), as_index(lower, index))
    others = lower.take(lower.reshape(index, (prod(index.shape),)), 0, known.free)
    looked_up = lower.add(Lookup(), lower.any_of(table), as_index(lower, others))
    named = lower.take(table, 0, known.elements % max(table.shape[0], 1))
    return lower.reshape(known.joined(lower, named, looked_up), (*index.shape, *table.shape[1:]))


@dataclass(frozen=True)
class _InPart:
    """An index, flattened, some elements of which are known.

    Attributes
    ----------
    fixed, free : array of int
        Where it is known, and where it is not.
    elements : array of int
        What it is where it is known.
    """

    fixed: IntArray
    free: IntArray
    elements: IntArray

    def joined(self, lower: Lower, known: Value, others: Value) -> Value:
        """Rows found by what is known, and the others, in order."""
        order = np.argsort(np.concatenate([self.fixed, self.free]))
        return lower.take(lower.concat([known, others], 0), 0, order)


def _known_in_part(index: Value) -> _InPart | None:
    """What is known of an index that is fed in part, None if nothing is."""
    worlds = index.worlds
    if worlds is None or worlds.fixed is None:
        return None
    fixed = worlds.fixed.reshape(-1)
    elements: IntArray = worlds.example.reshape(-1)[fixed].to(torch.int64).numpy()
    return _InPart(np.flatnonzero(fixed.numpy()), np.flatnonzero(~fixed.numpy()), elements)


@rule("aten.index_select")
def index_select(lower: Lower, x: Value, dim: int, index: Value) -> Value:
    """Positions of one axis."""
    return lower.move_axis(_rows(lower, lower.move_axis(x, dim, 0), index), 0, dim)


@rule("aten.index.Tensor", "aten._unsafe_index.Tensor")
def index(lower: Lower, x: Value, indices: Sequence[Value | None]) -> Value:
    """``x[i, :, j]``: the indexed axes as one, indexed by one combined index."""
    places = Places.of(lower, x.shape, indices)
    rows = lower.reshape(_read(lower, places, places.table(lower, x)), (*places.shape, *places.rest_sizes))
    return places.in_order(lower, rows)


def _read(lower: Lower, places: Places, table: Value) -> Value:
    """What stands at the places, flattened, of a table of all places by the rest."""
    if places.unknown is None:
        return lower.take(table, 0, places.known)
    if not places.known_sizes and len(places.unknown_sizes) == 1:
        return _chosen(lower, table, places.unknown)
    table = lower.any_of(table)
    if not places.known_sizes:
        return lower.add(Lookup(), table, as_index(lower, places.unknown))
    # Some of the indices are known: each place reads the part of the table that these name.
    rest = table.shape[1:]
    parts = lower.reshape(table, (prod(places.known_sizes), prod(places.unknown_sizes), prod(rest)))
    parts = lower.take(parts, 0, places.known)
    count, size, width = parts.shape
    select, index, known = Select.parse("nvr,nv->nr"), places.unknown, _known_in_part(places.unknown)
    if known is None:
        rows = lower.add(select, parts, one_hot_of(lower, index, size))
    else:
        wide = one_hot_of(lower, lower.take(index, 0, known.free), size)
        named = known.fixed * size + known.elements % size
        named_rows = lower.take(lower.reshape(parts, (count * size, width)), 0, named)
        rows = known.joined(lower, named_rows, lower.add(select, lower.take(parts, 0, known.free), wide))
    return lower.reshape(rows, (count, *rest))


@dataclass(frozen=True)
class Places:
    """Which elements a list of indices names, as a write or a read of them needs it.

    The indexed axes come first, those with known indices before the others, then the rest.

    Attributes
    ----------
    order : tuple of int
        The axes in that order.
    known_sizes, unknown_sizes, rest_sizes : tuple of int
        Sizes of the three groups.
    shape : tuple of int
        The common shape of the indices.
    known : array of int
        For each place, the flat position along the axes with known indices.
    unknown : Value or None
        For each place, what the indices that are not known depend on; None if all are known.
    first : int or None
        Where the axes of the places go in the result; None for the beginning.
    """

    order: tuple[int, ...]
    known_sizes: Shape
    unknown_sizes: Shape
    rest_sizes: Shape
    shape: Shape
    known: IntArray
    unknown: Value | None
    first: int

    @classmethod
    def of(cls, lower: Lower, shape: Shape, indices: Sequence[Value | None]) -> Places:
        """The places that a list of indices into a tensor of some shape names."""
        where = {
            axis: certain(lower, one, shape[axis]) for axis, one in enumerate(indices) if one is not None
        }
        known = [axis for axis, one in where.items() if one.constant is not None]
        unknown = [axis for axis, one in where.items() if one.constant is None]
        rest = [axis for axis in range(len(shape)) if axis not in where]
        common = broadcast([one.shape for one in where.values()])
        total: Any = torch.zeros(common, dtype=torch.int64)
        for axis in known:
            total = total * shape[axis] + torch.remainder(where[axis].constant, max(shape[axis], 1))
        fed = [where[axis] for axis in unknown]
        joined = None
        if fed:
            joined = fed[0] if len(fed) == 1 else lower.map("index", *fed)
            joined = lower.reshape(lower.expand(joined, common), (prod(common),))
        axes = sorted(where)
        adjacent = axes == list(range(axes[0], axes[-1] + 1))
        return cls(
            (*known, *unknown, *rest), tuple(shape[k] for k in known), tuple(shape[k] for k in unknown),
            tuple(shape[k] for k in rest), common, total.expand(common).reshape(-1).numpy(), joined,
            axes[0] if adjacent else 0,
        )  # fmt: skip

    def table(self, lower: Lower, x: Value) -> Value:
        """A tensor as a table of all places that there are by the rest."""
        x = lower.permute(x, self.order)
        return lower.reshape(x, (prod(self.known_sizes) * prod(self.unknown_sizes), *self.rest_sizes))

    def untable(self, lower: Lower, table: Value) -> Value:
        """Back from `table`."""
        full = lower.reshape(table, (*self.known_sizes, *self.unknown_sizes, *self.rest_sizes))
        return lower.permute(full, [self.order.index(axis) for axis in range(len(self.order))])

    def in_order(self, lower: Lower, rows: Value) -> Value:
        """A tensor of the places, then the rest, with the axes of the places where PyTorch has them."""
        before, rank = self.first, len(self.shape)
        order = [*range(rank, rank + before), *range(rank), *range(rank + before, len(rows.shape))]
        return lower.permute(rows, order)

    def rows(self, lower: Lower, x: Value) -> Value:
        """Back from `in_order`, with one axis for all places."""
        before, rank = self.first, len(self.shape)
        x = lower.expand(x, (*self.rest_sizes[:before], *self.shape, *self.rest_sizes[before:]))
        order = [*range(before, before + rank), *range(before), *range(before + rank, len(x.shape))]
        return lower.reshape(lower.permute(x, order), (prod(self.shape), *self.rest_sizes))


def certain(lower: Lower, index: Value, size: int) -> Value:
    """An index, which is known if there is one position to name."""
    if index.constant is None and size == 1:
        return lower.constant(torch.zeros(index.shape, dtype=torch.int64))
    return index


def as_index(lower: Lower, index: Value) -> Value:
    """An index or a coordinate: a zero among them names a position like any other, and is an element."""
    if index.constant is not None:
        return lower.any_of(index)
    if lower.node(index) in lower.supports:
        return lower.map("index", index, formula=_never_zero)
    return index


def _never_zero(index: Any) -> Any:
    return index + 1


def one_hot_of(lower: Lower, index: Value, size: int) -> Value:
    """An index as a vector of `size` along a new last axis, each element of which depends on it."""
    index = as_index(lower, index)
    return lower.expand(lower.reshape(index, (*index.shape, 1)), (*index.shape, size))


@rule("aten.gather")
def gather(lower: Lower, x: Value, dim: int, index: Value, **named: Any) -> Value:
    """For each place of the index, the element of the same row that it names."""
    rank = len(x.shape)
    axis = dim % rank if rank else 0
    for other, (size, wanted) in enumerate(zip(x.shape, index.shape, strict=True)):
        if other != axis and size != wanted:
            x = lower.slice(x, other, 0, wanted)
    index = certain(lower, index, x.shape[axis]) if rank else index
    if index.constant is not None:
        return _gather_known(lower, x, axis, index.constant)
    if not rank:
        return x
    names = "abcdefgh"[:rank]
    table = names.replace(names[axis], "z")
    select = Select.parse(f"{table},{names}z->{names}")
    found = lower.add(select, lower.any_of(x), one_hot_of(lower, index, x.shape[axis]))
    known = _known_in_part(index)
    if known is None or index.worlds is None:
        return found
    places = index.worlds.example.masked_fill(index.worlds.free, 0)
    flat = (prod(index.shape),)
    at_known = lower.take(lower.reshape(_gather_known(lower, x, axis, places), flat), 0, known.fixed)
    elsewhere = lower.take(lower.reshape(found, flat), 0, known.free)
    return lower.reshape(known.joined(lower, at_known, elsewhere), index.shape)


def _gather_known(lower: Lower, x: Value, axis: int, index: torch.Tensor) -> Value:
    """Known places; one `Take` if they are the same in every row."""
    if not index.dim():
        return x
    row = index.movedim(axis, 0).reshape(index.shape[axis], -1)
    if row.numel() and bool((row == row[:, :1]).all()):
        return lower.take(x, axis, row[:, 0].to(torch.int64).numpy())
    grid = list(np.indices(tuple(index.shape), sparse=True))
    grid[axis] = index.numpy()
    places = np.ravel_multi_index(np.broadcast_arrays(*grid), x.shape).reshape(-1)
    flat = lower.take(lower.reshape(x, (prod(x.shape),)), 0, places)
    return lower.reshape(flat, tuple(index.shape))


@rule("aten.take_along_dim")
def take_along_dim(lower: Lower, x: Value, index: Value, dim: int | None = None) -> Value:
    """As `gather`, after broadcasting the other axes."""
    if dim is None:
        return gather(
            lower, lower.reshape(x, (prod(x.shape),)), 0, lower.reshape(index, (prod(index.shape),))
        )
    axis = dim % len(x.shape)
    common = [max(a, b) for a, b in zip(x.shape, index.shape, strict=True)]
    x = lower.expand(x, [*common[:axis], x.shape[axis], *common[axis + 1 :]])
    index = lower.expand(index, [*common[:axis], index.shape[axis], *common[axis + 1 :]])
    return gather(lower, x, axis, index)


@rule("aten.one_hot")
def one_hot(lower: Lower, index: Value, num_classes: int = -1) -> Value:
    """Each index as a vector, every element of which depends on it."""
    if num_classes < 0:
        raise RepriorError(
            f"in '{lower.scope}': one_hot of unknown indices needs num_classes", module=lower.scope
        )
    wide = lower.expand(lower.reshape(index, (*index.shape, 1)), (*index.shape, num_classes))
    return lower.map("one_hot", wide)


@rule("aten.take")
def take(lower: Lower, x: Value, index: Value) -> Value:
    """Elements by their flat position."""
    return _rows(lower, lower.reshape(x, (prod(x.shape),)), index)


@rule("aten.bucketize")
def bucketize(lower: Lower, x: Any, boundaries: Value, **named: Any) -> Value:
    """The bucket of each element, which depends on it and on every boundary."""
    if boundaries.constant is None:
        return lower.map("bucketize", x, lower.add(Reduce((0,)), boundaries))
    return lower.map("bucketize", x)


@rule("aten.searchsorted")
def searchsorted(lower: Lower, boundaries: Value, x: Any, sorter: Value | None = None, **named: Any) -> Value:
    """As `bucketize`, with boundaries for every row."""
    if boundaries.constant is not None:
        return lower.map("searchsorted", x)
    rank = len(boundaries.shape)
    every = lower.add(Reduce((rank - 1,), keepdims=rank > 1), boundaries)
    return lower.map("searchsorted", x, every)
