"""Writing by indices: known ones replace, fed ones may hit any position (convention 8)."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import torch

from ....core.primitives import Prefix, Reduce, Select, Shape
from ....core.runs.axis import IntArray
from ..lower import Lower, is_zero
from ..registry import rule
from ..values import Value
from .indexing import Places, as_index, certain, one_hot_of

__all__: list[str] = []


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
    if any(one is not None and one.is_mask for one in indices):
        return _put_where(lower, x, indices, values)
    places = Places.of(lower, x.shape, indices)
    if places.unknown is None:
        flat = torch.arange(prod(x.shape)).reshape(x.shape)
        chosen = places.table(lower, lower.constant(flat)).constant
        assert chosen is not None
        chosen = chosen[torch.from_numpy(places.known)].reshape(-1)
        source = lower.reshape(places.rows(lower, values), (chosen.numel(),))
        return _put(lower, x, chosen.numpy(), source, accumulate)
    return places.untable(lower, _write(lower, places, places.table(lower, x), places.rows(lower, values)))


def _write(lower: Lower, places: Places, table: Value, source: Value) -> Value:
    """A table of which any row that the unknown indices leave open may be written by each place."""
    assert places.unknown is not None
    blocks, size = prod(places.known_sizes), prod(places.unknown_sizes)
    wide = one_hot_of(lower, places.unknown, size)
    flat = lower.reshape(source, (source.shape[0], prod(source.shape[1:])))
    if blocks == 1:
        spread = lower.add(Select.parse("nr,nv->vr"), flat, wide)
    else:
        # Each place writes within the block that its known indices name.
        parts = []
        for block in range(blocks):
            own = np.flatnonzero(places.known == block)
            part = lower.take(flat, 0, own), lower.take(wide, 0, own)
            parts.append(
                lower.add(Select.parse("nr,nv->vr"), *part)
                if len(own)
                else lower.constant(torch.zeros(size, flat.shape[1]))
            )
        spread = lower.concat(parts, 0)
    return _joined(lower, table, lower.reshape(spread, table.shape))


def _joined(lower: Lower, x: Value, spread: Value) -> Value:
    """What was there, which may stay, and what may have been written over it or added to it."""
    return spread if is_zero(x) else lower.map("scatter", x, spread, formula=torch.add)


def _put(
    lower: Lower, x: Value, places: IntArray, values: Value, accumulate: bool, keep: bool = True
) -> Value:
    """X with known flat places replaced by, or joined with, a vector.

    `keep` says whether what was at these places stays a part of them.
    """
    size = prod(x.shape)
    flat = lower.reshape(x, (size,))
    if not accumulate:
        source = np.arange(size)
        source[places] = size + np.arange(len(places))
        return lower.reshape(lower.take(lower.concat([flat, values], 0), 0, source), x.shape)
    if not keep:
        untouched = torch.ones(size, dtype=torch.bool)
        untouched[torch.from_numpy(places)] = False
        flat = lower.keep(flat, untouched)
    if values.constant is not None:
        added = torch.zeros(size, dtype=values.constant.dtype)
        added.index_put_((torch.from_numpy(places),), values.constant, accumulate=True)
        return lower.reshape(lower.map("index_add", flat, lower.constant(added), formula=torch.add), x.shape)
    order = np.argsort(places, kind="stable")
    ranks = _ranks(places[order])
    layers = [flat]
    for layer in range(int(ranks.max(initial=-1)) + 1):  # places named k times get k additions
        chosen = order[ranks == layer]
        source = np.full(size, -1)
        source[places[chosen]] = chosen
        layers.append(lower.take(values, 0, source))
    return lower.reshape(lower.map("index_add", *layers, formula=_sum), x.shape)


def _sum(*terms: Any) -> Any:
    return sum(terms)


def _ranks(ordered: IntArray) -> IntArray:
    """For each element of a sorted array, how many equal ones stand before it."""
    first = np.searchsorted(ordered, ordered, side="left")
    return np.arange(len(ordered)) - first


def _put_where(lower: Lower, x: Value, indices: Sequence[Value | None], values: Value) -> Value:
    """A write where a mask that depends on the input holds."""
    before = next(axis for axis, one in enumerate(indices) if one is not None)
    mask = indices[before]
    assert mask is not None
    if any(one is not None for one in indices[before + 1 :]):
        raise lower.unsupported("index_put with a mask that depends on the input beside other indices")
    after = len(x.shape) - before - len(mask.shape)
    mask = lower.reshape(mask, (*mask.shape, *(1,) * after))
    extra = len(values.shape) - after - 1
    if extra >= 0 and values.shape[extra] != 1:  # a row for each true element: any may come to any place
        values = lower.add(Reduce((extra,), keepdims=True), values)
    if extra >= 0:
        inner = mask.shape[: len(mask.shape) - after]
        shape = (*values.shape[:extra], *(1,) * len(inner), *values.shape[extra + 1 :])
        values = lower.reshape(values, shape)
    return lower.map("index_put", x, mask, values)


@rule("aten.scatter.src", "aten.scatter.value")
def scatter(lower: Lower, x: Value, dim: int, index: Value, source: Any) -> Value:
    """Every element of the source replaces the one of its row that the index names."""
    return _scatter(lower, x, dim, index, source, accumulate=False)


@rule("aten.scatter_add", "aten.scatter.reduce", "aten.scatter.value_reduce")
def scatter_add(lower: Lower, x: Value, dim: int, index: Value, source: Any, **named: Any) -> Value:
    """Every element of the source joins the one of its row that the index names."""
    return _scatter(lower, x, dim, index, source, accumulate=True)


@rule("aten.scatter_reduce.two")
def scatter_reduce(
    lower: Lower, x: Value, dim: int, index: Value, source: Value, reduce: str, *, include_self: bool = True
) -> Value:
    """As `scatter_add`; without `include_self` what was there goes where something comes."""
    return _scatter(lower, x, dim, index, source, accumulate=True, keep=include_self)


def _scatter(
    lower: Lower, x: Value, dim: int, index: Value, source: Any, accumulate: bool, keep: bool = True
) -> Value:
    if not x.shape:
        x, index = (lower.reshape(one, (1,)) for one in (x, index))
        source = lower.reshape(source, (1,)) if isinstance(source, Value) else source
        return lower.reshape(_scatter(lower, x, 0, index, source, accumulate, keep), ())
    axis = dim % len(x.shape)
    index = certain(lower, index, x.shape[axis])
    if index.constant is not None:
        if not isinstance(source, Value):
            source = lower.constant(torch.full(index.shape, float(source)))
        grid = list(np.indices(tuple(index.shape), sparse=True))
        grid[axis] = index.constant.numpy()
        places = np.ravel_multi_index(np.broadcast_arrays(*grid), x.shape).reshape(-1)
        flat = lower.reshape(_corner(lower, source, index.shape), (prod(index.shape),))
        return _put(lower, x, places, flat, accumulate, keep)
    if isinstance(source, Value):
        source = _corner(lower, source, index.shape)
    else:  # whatever the number, whether it comes to a place depends on the index
        source = lower.constant(torch.ones(index.shape))
    # out[.., place, ..] gathers every (source, index) pair of its row.
    names = "abcdefgh"[: len(x.shape)]
    rows = names.replace(names[axis], "z")
    select = Select.parse(f"{rows},{rows}{names[axis]}->{names}")
    spread = lower.add(select, source, one_hot_of(lower, index, x.shape[axis]))
    spread = lower.pad(spread, [(0, n - m) for n, m in zip(x.shape, spread.shape, strict=True)])
    return _joined(lower, x, spread)


@rule("aten.max_unpool2d", "aten.max_unpool3d")
def max_unpool(lower: Lower, x: Value, indices: Value, size: Sequence[int], *rest: Any) -> Value:
    """Every element goes to the place that its index names, in its own channel; elsewhere is nothing."""
    lead = x.shape[: -len(size)]
    flat = (*lead, prod(x.shape[-len(size) :]))
    nothing = lower.constant(torch.zeros((*lead, prod(size))))
    result = scatter(lower, nothing, -1, lower.reshape(indices, flat), lower.reshape(x, flat))
    return lower.reshape(result, (*lead, *size))


def _corner(lower: Lower, x: Value, shape: Shape) -> Value:
    for axis, size in enumerate(shape):
        x = lower.slice(x, axis, 0, size)
    return x


@rule("aten.index_add")
def index_add(lower: Lower, x: Value, dim: int, index: Value, source: Value, **named: Any) -> Value:
    """Positions of an axis added to."""
    return _at_positions(lower, x, dim, index, source, accumulate=True)


@rule("aten.index_copy")
def index_copy(lower: Lower, x: Value, dim: int, index: Value, source: Value) -> Value:
    """Positions of an axis replaced."""
    return _at_positions(lower, x, dim, index, source, accumulate=False)


@rule("aten.index_reduce")
def index_reduce(
    lower: Lower, x: Value, dim: int, index: Value, source: Value, reduce: str, *, include_self: bool = True
) -> Value:
    """Positions of an axis joined by a product, a mean or an extremum."""
    return _at_positions(lower, x, dim, index, source, accumulate=True, keep=include_self)


def _at_positions(
    lower: Lower, x: Value, dim: int, index: Value, source: Value, accumulate: bool, keep: bool = True
) -> Value:
    if not x.shape:
        x, source = lower.reshape(x, (1,)), lower.reshape(source, (1,))
        return lower.reshape(_at_positions(lower, x, 0, index, source, accumulate, keep), ())
    axis = dim % len(x.shape)
    index = lower.reshape(certain(lower, index, x.shape[axis]), (prod(index.shape),))
    table, source = lower.move_axis(x, axis, 0), lower.move_axis(source, axis, 0)
    rows = (source.shape[0], prod(source.shape[1:]))
    if index.constant is None:
        select = Select.parse("nr,nv->vr")
        spread = lower.add(select, lower.reshape(source, rows), one_hot_of(lower, index, table.shape[0]))
        result = _joined(lower, table, lower.reshape(spread, table.shape))
    else:
        start = index.constant.to(torch.int64).numpy() % max(table.shape[0], 1) * rows[1]
        places = (start[:, None] + np.arange(rows[1])).reshape(-1)
        result = _put(lower, table, places, lower.reshape(source, (prod(rows),)), accumulate, keep)
    return lower.move_axis(result, 0, axis)


@rule("aten.index_fill")
def index_fill(lower: Lower, x: Value, dim: int, index: Value, value: Any) -> Value:
    """Positions of an axis replaced by one value."""
    if not x.shape:
        return (
            lower.expand(value, ())
            if isinstance(value, Value)
            else lower.constant(torch.tensor(float(value)))
        )
    axis = dim % len(x.shape)
    index = lower.reshape(certain(lower, index, x.shape[axis]), (prod(index.shape),))
    if index.constant is None:
        hit = as_index(lower, lower.add(Reduce((0,)), index))
        return lower.map("index_fill", x, hit, value)
    if not isinstance(value, Value):
        value = lower.constant(torch.tensor(float(value)))
    source = lower.expand(value, (*x.shape[:axis], index.shape[0], *x.shape[axis + 1 :]))
    return _at_positions(lower, x, axis, index, source, accumulate=False)


@rule("aten.put")
def put(lower: Lower, x: Value, index: Value, source: Value, accumulate: bool = False) -> Value:
    """Elements at flat positions replaced, or added to."""
    flat, index, source = (lower.reshape(one, (prod(one.shape),)) for one in (x, index, source))
    return lower.reshape(_at_positions(lower, flat, 0, index, source, accumulate), x.shape)


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


@rule("aten.masked_scatter")
def masked_scatter(lower: Lower, x: Value, mask: Value, source: Value) -> Value:
    """X with the masked elements taken in order from a source."""
    mask, size = lower.expand(mask, x.shape), prod(x.shape)
    flat = lower.reshape(source, (prod(source.shape),))
    if mask.constant is not None:
        places = mask.constant.reshape(-1).nonzero().reshape(-1).numpy()
        return _put(lower, x, places, lower.slice(flat, 0, 0, len(places)), False)
    # As many elements were taken before a place as are masked before it: at most as many as there are.
    flat = lower.slice(flat, 0, 0, min(size, flat.shape[0]))
    flat = lower.pad(flat, [(0, size - flat.shape[0])])
    before = [lower.add(Prefix(0), one) for one in (lower.reshape(mask, (size,)), flat)]
    return lower.map("masked_scatter", x, *(lower.reshape(one, x.shape) for one in before))
