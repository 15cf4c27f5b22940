"""Selection by indices: known ones move elements (convention 4), fed ones look them up (convention 8)."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import torch

from ....errors import RepriorError
from ....primitives import Lookup, Reduce, Shape
from ....runs.axis import IntArray
from ..lower import Lower, is_zero
from ..registry import rule
from ..values import Value

__all__: list[str] = []


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
    lower: Lower, table: Value, index: Value, offsets: Value, scale: bool = False, mode: int = 0, *rest: Any
) -> tuple[Value | None, ...]:
    """Sums (means, maxima) of bags of rows, the bags' bounds being known."""
    bounds = known_indices(lower, offsets)
    if bounds is None:
        raise lower.unsupported("embedding_bag with offsets that depend on the input")
    rows = _rows(lower, table, index)
    stops = [*bounds[1:].tolist(), index.shape[0]]
    bags = [
        lower.add(Reduce((0,), keepdims=True), lower.slice(rows, 0, start, stop))
        for start, stop in zip(bounds.tolist(), stops, strict=True)
    ]
    return lower.concat(bags, 0), None, None, None


def _rows(lower: Lower, table: Value, index: Value) -> Value:
    """Positions of the first axis."""
    known = known_indices(lower, index)
    if known is None:
        return lower.add(Lookup(), lower.any_of(table), index)
    rows = lower.take(table, 0, known % max(table.shape[0], 1))
    return lower.reshape(rows, (*index.shape, *table.shape[1:]))


@rule("aten.index_select")
def index_select(lower: Lower, x: Value, dim: int, index: Value) -> Value:
    """Positions of one axis."""
    return lower.move_axis(_rows(lower, lower.move_axis(x, dim, 0), index), 0, dim)


@rule("aten.index.Tensor", "aten._unsafe_index.Tensor")
def index(lower: Lower, x: Value, indices: Sequence[Value | None]) -> Value:
    """``x[i, :, j]``: the indexed axes as one, indexed by one combined index."""
    where = [axis for axis, one in enumerate(indices) if one is not None]
    chosen = [one for one in indices if one is not None]
    rest = [axis for axis in range(len(x.shape)) if axis not in where]
    sizes = tuple(x.shape[axis] for axis in where)
    table = lower.permute(x, [*where, *rest])
    table = lower.reshape(table, (prod(sizes), *(x.shape[axis] for axis in rest)))
    combined, shape = _combined(lower, chosen, sizes)
    rows = lower.reshape(_rows(lower, table, combined), (*shape, *(x.shape[axis] for axis in rest)))
    if where != list(range(where[0], where[0] + len(where))):
        return rows
    before, rank = where[0], len(shape)  # adjacent indices stay in place
    order = [*range(rank, rank + before), *range(rank), *range(rank + before, len(rows.shape))]
    return lower.permute(rows, order)


def _combined(lower: Lower, indices: list[Value], sizes: Shape) -> tuple[Value, Shape]:
    """One index into the flattened axes, and the shape of the broadcast indices."""
    shape = tuple(torch.broadcast_shapes(*(one.shape for one in indices)))
    if all(one.constant is not None for one in indices):
        total: Any = 0
        for one, size in zip(indices, sizes, strict=True):
            if one.constant is not None:
                total = total * size + one.constant % max(size, 1)
        return lower.constant(total.expand(shape)), shape
    if len(indices) == 1:
        return indices[0], shape
    return lower.map("index", *indices), shape


@rule("aten.gather")
def gather(lower: Lower, x: Value, dim: int, index: Value, **named: Any) -> Value:
    """For each place of the index, the element of the same row that it names."""
    rank = len(x.shape)
    axis = dim % rank if rank else 0
    for other, (size, wanted) in enumerate(zip(x.shape, index.shape, strict=True)):
        if other != axis and size != wanted:
            x = lower.slice(x, other, 0, wanted)
    if index.constant is not None:
        return _gather_known(lower, x, axis, index.constant)
    names = "abcdefgh"[:rank]
    size = x.shape[axis]
    wide = lower.expand(lower.reshape(index, (*index.shape, 1)), (*index.shape, size))
    table = names.replace(names[axis], "z")
    return lower.contract(f"{table},{names}z->{names}", lower.any_of(x), wide)


def _gather_known(lower: Lower, x: Value, axis: int, index: torch.Tensor) -> Value:
    """Known places; one `Take` if they are the same in every row."""
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


@rule("aten.index_put", "aten._index_put_impl", "aten._unsafe_index_put")
def index_put(
    lower: Lower,
    x: Value,
    indices: Sequence[Value | None],
    values: Value,
    accumulate: bool = False,
    *rest: Any,
) -> Value:
    """X with the elements at the indices replaced, or added to."""
    if any(one is not None and one.constant is None for one in indices):
        return _scatter_unknown(lower, "index_put", x, [one for one in indices if one is not None], values)
    places = torch.arange(prod(x.shape)).reshape(x.shape)
    places = places[tuple(slice(None) if one is None else one.constant for one in indices)]
    values = lower.expand(values, tuple(places.shape))
    return _put(lower, x, places.reshape(-1).numpy(), lower.reshape(values, (places.numel(),)), accumulate)


def _put(lower: Lower, x: Value, places: IntArray, values: Value, accumulate: bool) -> Value:
    """X with known flat places replaced by, or added to, a vector."""
    size = prod(x.shape)
    flat = lower.reshape(x, (size,))
    if not accumulate:
        source = np.arange(size)
        source[places] = size + np.arange(len(places))
        return lower.reshape(lower.take(lower.concat([flat, values], 0), 0, source), x.shape)
    order = np.argsort(places, kind="stable")
    ranks = _ranks(places[order])
    layers = [flat]
    for layer in range(int(ranks.max(initial=-1)) + 1):  # places named k times get k additions
        chosen = order[ranks == layer]
        source = np.full(size, -1)
        source[places[chosen]] = chosen
        layers.append(lower.take(values, 0, source))
    return lower.reshape(lower.map("index_add", *layers), x.shape)


def _ranks(ordered: IntArray) -> IntArray:
    """For each element of a sorted array, how many equal ones stand before it."""
    first = np.searchsorted(ordered, ordered, side="left")
    return np.arange(len(ordered)) - first


def _scatter_unknown(lower: Lower, name: str, x: Value, indices: Sequence[Value], values: Value) -> Value:
    """A write at places that depend on what is fed: any value may land on any element."""
    gathered = lower.add(Reduce(tuple(range(len(values.shape)))), values) if values.shape else values
    operands: list[Value] = [x, gathered]
    operands += [
        lower.add(Reduce(tuple(range(len(one.shape)))), one) for one in indices if one.constant is None
    ]
    result = lower.map(name, *operands)
    return lower.expand(result, x.shape)


@rule("aten.scatter.src", "aten.scatter.value")
def scatter(lower: Lower, x: Value, dim: int, index: Value, source: Any) -> Value:
    """Every element of the source replaces the one of its row that the index names."""
    return _scatter(lower, x, dim, index, source, accumulate=False)


@rule("aten.scatter_add", "aten.scatter.reduce", "aten.scatter.value_reduce", "aten.scatter_reduce.two")
def scatter_add(
    lower: Lower, x: Value, dim: int, index: Value, source: Any, *rest: Any, **named: Any
) -> Value:
    """Every element of the source joins the one of its row that the index names."""
    return _scatter(lower, x, dim, index, source, accumulate=True)


def _scatter(lower: Lower, x: Value, dim: int, index: Value, source: Any, accumulate: bool) -> Value:
    axis = dim % len(x.shape)
    if not isinstance(source, Value):
        source = lower.constant(torch.full(index.shape, float(source)))
    source = _corner(lower, source, index.shape)
    if index.constant is not None:
        grid = list(np.indices(tuple(index.shape), sparse=True))
        grid[axis] = index.constant.numpy()
        places = np.ravel_multi_index(np.broadcast_arrays(*grid), x.shape).reshape(-1)
        return _put(lower, x, places, lower.reshape(source, (prod(source.shape),)), accumulate)
    # out[.., place, ..] gathers every (source, index) pair of its row.
    names = "abcdefgh"[: len(x.shape)]
    rows = names.replace(names[axis], "z")
    wide = lower.expand(lower.reshape(index, (*index.shape, 1)), (*index.shape, x.shape[axis]))
    spread = lower.contract(f"{rows},{rows}{names[axis]}->{names}", source, wide)
    spread = lower.pad(spread, [(0, n - m) for n, m in zip(x.shape, spread.shape, strict=True)])
    return spread if is_zero(x) else lower.map("scatter", x, spread)


def _corner(lower: Lower, x: Value, shape: Shape) -> Value:
    for axis, size in enumerate(shape):
        x = lower.slice(x, axis, 0, size)
    return x


@rule("aten.index_add", "aten.index_copy", "aten.index_fill.int_Tensor")
def index_add(lower: Lower, x: Value, dim: int, index: Value, source: Value, **named: Any) -> Value:
    """Positions of an axis added to."""
    axis = dim % len(x.shape)
    before: list[Value | None] = [None] * axis
    if index.constant is None:
        return _scatter_unknown(lower, "index_add", x, [index], source)
    return index_put(lower, x, [*before, index], source, accumulate=True)


@rule("aten.slice_scatter")
def slice_scatter(
    lower: Lower,
    x: Value,
    source: Value,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Value:
    """X with a slice replaced."""
    axis, size = dim % len(x.shape), x.shape[dim]
    positions = np.arange(*slice(start, end, step).indices(size))
    places = np.arange(size)
    places[positions] = size + np.arange(len(positions))
    return lower.take(lower.concat([x, source], axis), axis, places)


@rule("aten.select_scatter")
def select_scatter(lower: Lower, x: Value, source: Value, dim: int, index: int) -> Value:
    """X with one position of an axis replaced."""
    axis = dim % len(x.shape)
    index %= x.shape[axis]
    source = lower.reshape(source, (*x.shape[:axis], 1, *x.shape[axis + 1 :]))
    return slice_scatter(lower, x, source, axis, index, index + 1)


@rule("aten.one_hot")
def one_hot(lower: Lower, index: Value, num_classes: int = -1) -> Value:
    """Each index as a vector, every element of which depends on it."""
    if num_classes < 0:
        raise RepriorError(
            f"in '{lower.scope}': one_hot of unknown indices needs num_classes", module=lower.scope
        )
    wide = lower.expand(lower.reshape(index, (*index.shape, 1)), (*index.shape, num_classes))
    return lower.map("one_hot", wide)


@rule("aten.masked_scatter")
def masked_scatter(lower: Lower, x: Value, mask: Value, source: Value) -> Value:
    """X with the masked elements taken in order from a source."""
    mask = lower.expand(mask, x.shape)
    if mask.constant is None:
        return _scatter_unknown(lower, "masked_scatter", x, [mask], source)
    places = mask.constant.reshape(-1).nonzero().reshape(-1).numpy()
    flat = lower.slice(lower.reshape(source, (prod(source.shape),)), 0, 0, len(places))
    return _put(lower, x, places, flat, False)


@rule("aten.bucketize", "aten.searchsorted")
def bucketize(lower: Lower, x: Value, boundaries: Value, **named: Any) -> Value:
    """The bucket of each element, the boundaries being known."""
    if boundaries.constant is None or x.constant is not None:
        raise lower.unsupported("bucketize or searchsorted with boundaries that are not known")
    return lower.map("bucketize", x)
