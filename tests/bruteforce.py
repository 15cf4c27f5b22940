"""A second, slower oracle: run the model on arrays of scalar nodes and write out every path.

It uses neither the engine nor the primitives' own enumerations. Tensors are NumPy object arrays of
`Scalar` (None where there is no element), moves are NumPy's own functions on them, windows are cut
out of padded arrays, and contexts are counted by listing them. For tiny graphs only.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from reprior import primitives as p
from reprior.core.graph import Graph
from reprior.core.runs import Runs

__all__ = ["contexts"]

Array = np.ndarray


class Scalar:
    """A scalar node, with the nodes that read it."""

    def __init__(self, *sources: Scalar) -> None:
        self.users: list[Scalar] = []
        self.times_returned = 0
        for source in sources:
            source.users.append(self)


def contexts(graph: Graph, decay: Fraction = Fraction(1), limit: int = 20_000) -> dict[str, Array] | None:
    """Sum over the contexts of every parameter of ``decay ** nodes``; None where there are too many."""
    values: list[Array] = []
    leaves: dict[str, Array] = {}
    for node in graph.nodes:
        if isinstance(node.op, p.Leaf):
            values.append(_fresh(node.shape))
            if isinstance(node.op, p.Parameter):
                leaves[node.op.name] = values[-1]
        else:
            values.append(_run(node.op, [values[k] for k in node.inputs], node.shape))
        assert values[-1].shape == node.shape
    for k in graph.outputs:
        for scalar in values[k].ravel():
            if scalar is not None:
                scalar.times_returned += 1
    found: dict[str, Array] = {}
    listed = 0
    for name, leaf in leaves.items():
        found[name] = np.zeros(leaf.shape, dtype=object)
        for index in np.ndindex(leaf.shape):
            for length in _paths(leaf[index]):
                found[name][index] += decay**length
                listed += 1
                if listed > limit:
                    return None
    return found


def _paths(scalar: Scalar) -> Iterator[int]:
    """The number of function nodes on every path from a scalar to an output, one path at a time."""
    stack = [(scalar, 0)]
    while stack:
        here, length = stack.pop()
        yield from [length] * here.times_returned
        stack.extend((user, length + 1) for user in here.users)


def _fresh(shape: tuple[int, ...]) -> Array:
    array = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        array[index] = Scalar()
    return array


def _gather(groups: Array | list, shape: tuple[int, ...]) -> Array:
    """One function node per list of operands, absent where all operands are."""
    array = np.empty(shape, dtype=object)
    for index, operands in zip(np.ndindex(shape), groups, strict=True):
        present = [operand for operand in operands if operand is not None]
        array[index] = Scalar(*present) if present else None
    return array


def _present(table: tuple[int, ...], operands: list[Array], shape: tuple[int, ...]) -> Array:
    """One function node where the table of a function has one, with the edges that the table has."""
    array = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        here = [operand[index] for operand in operands]
        bits = sum(1 << k for k, scalar in enumerate(here) if scalar is not None)
        edges = bits if None not in here else table[bits]
        if edges >= 0:
            array[index] = Scalar(*[s for k, s in enumerate(here) if s is not None and edges >> k & 1])
    return array


def _product(*factors: Scalar | None) -> Scalar | None:
    return None if any(factor is None for factor in factors) else Scalar(*factors)


def _run(op: p.Primitive, operands: list[Array], shape: tuple[int, ...]) -> Array:
    x = operands[0]
    match op:
        case p.Map():
            wide = [
                np.broadcast_to(_align(op, k, operand, len(shape)), shape)
                for k, operand in enumerate(operands)
            ]
            if op.masks:
                flags = [np.True_ if mask is None else _flags(mask) for mask in op.masks]
                wide = [
                    np.where(np.broadcast_to(flag, shape), w, None)
                    for flag, w in zip(flags, wide, strict=True)
                ]
            if op.presence is not None:
                return _present(op.presence, wide, shape)
            return _gather([[w[index] for w in wide] for index in np.ndindex(shape)], shape)
        case p.Contract():
            return _contract(op.operands, op.output, operands, shape)
        case p.Convolve(transposed=False):
            return _convolve(op, x, operands[1], shape)
        case p.Convolve():
            return _convolve_transposed(op, x, operands[1], shape)
        case p.Pool():
            return _pool(op, x, shape)
        case p.Resample():
            return _resample(op, x, shape)
        case p.Reduce():
            rest = [axis for axis in range(x.ndim) if axis not in op.axes]
            kept = tuple(x.shape[axis] for axis in rest)
            rows = np.transpose(x, [*rest, *op.axes]).reshape(*kept, -1)
            return _gather([rows[index] for index in np.ndindex(kept)], kept).reshape(shape)
        case p.Prefix():
            rows = np.moveaxis(x, op.axis, -1)
            sums = _gather(
                [rows[index[:-1]][: index[-1] + 1] for index in np.ndindex(rows.shape)], rows.shape
            )
            return np.moveaxis(sums, -1, op.axis)
        case p.Lookup():
            table = x.reshape(len(x), -1).T
            groups = [
                [_product(row, index) for row in column] for index in operands[1].ravel() for column in table
            ]
            return _gather(groups, shape)
        case p.Attention():
            return _attention(op, operands, shape)
        case p.Concat():
            return np.concatenate(operands, axis=op.axis)
        case p.Keep():
            return np.where(np.broadcast_to(_flags(op.mask), shape), x, None)
        case p.Reshape():
            return x.reshape(shape)
        case p.Permute():
            return x.transpose(op.order)
        case p.Expand():
            return np.broadcast_to(x, shape)
        case p.Slice():
            return x.take(range(op.start, op.stop), axis=op.axis)
        case p.Take():
            nowhere = np.full_like(x.take([0], axis=op.axis), None)
            return np.concatenate([x, nowhere], axis=op.axis).take(op.indices, axis=op.axis)
        case p.Pad():
            return _pad(x, op.padding)
    raise NotImplementedError(op)


def _align(op: p.Map, position: int, operand: Array, rank: int) -> Array:
    """A vector that the map lays along an axis of its result, as an operand that broadcasts."""
    axis = op.alignment(position)
    if axis is None:
        return operand
    return operand.reshape([-1 if k == axis else 1 for k in range(rank)])


def _flags(mask: Runs) -> Array:
    return np.isfinite(mask.to_dense())


def _pad(x: Array, padding: tuple[tuple[int, int], ...]) -> Array:
    grown = np.pad(x, [(max(a, 0), max(b, 0)) for a, b in padding], constant_values=None)
    cuts = [slice(max(-a, 0), size - max(-b, 0)) for (a, b), size in zip(padding, grown.shape, strict=True)]
    return grown[tuple(cuts)]


def _contract(names: tuple[str, ...], output: str, operands: list[Array], shape: tuple[int, ...]) -> Array:
    sizes = {
        n: size for k, op in zip(names, operands, strict=True) for n, size in zip(k, op.shape, strict=True)
    }
    terms: dict[tuple[int, ...], list[Scalar | None]] = defaultdict(list)
    for values in itertools.product(*map(range, sizes.values())):
        at = dict(zip(sizes, values, strict=True))
        factors = [op[tuple(at[n] for n in k)] for k, op in zip(names, operands, strict=True)]
        terms[tuple(at[n] for n in output)].append(_product(*factors))
    if set(sizes) == set(output):
        array = np.empty(shape, dtype=object)
        for index, (only,) in terms.items():
            array[index] = only
        return array
    return _gather([terms[index] for index in np.ndindex(shape)], shape)


def _window(
    at: Sequence[int], kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> list[slice]:
    """The part of a padded array that one output position reads."""
    sizes = zip(at, kernel, stride, dilation, strict=True)
    return [slice(i * s, i * s + (k - 1) * d + 1, d) for i, k, s, d in sizes]


def _convolve(op: p.Convolve, x: Array, weight: Array, shape: tuple[int, ...]) -> Array:
    padded = _pad(x, ((0, 0), (0, 0), *op.padding))
    width = weight.shape[1]
    groups = []
    for batch, channel, *at in np.ndindex(shape):
        group = channel // (shape[1] // op.groups)
        steps = _window(at, weight.shape[2:], op.stride, op.dilation)
        window = padded[(batch, slice(group * width, (group + 1) * width), *steps)]
        groups.append([_product(a, b) for a, b in zip(window.ravel(), weight[channel].ravel(), strict=True)])
    return _gather(groups, shape)


def _convolve_transposed(op: p.Convolve, x: Array, weight: Array, shape: tuple[int, ...]) -> Array:
    """Every feature element scatters its products, which fall on the output or off it."""
    terms: dict[tuple[int, ...], list[Scalar | None]] = defaultdict(list)
    per_group = x.shape[1] // op.groups
    for batch, channel, *at in np.ndindex(x.shape):
        group = channel // per_group
        for inner, *taps in np.ndindex(weight.shape[1:]):
            where = [
                i * s + t * d - before
                for i, s, t, d, (before, _) in zip(at, op.stride, taps, op.dilation, op.padding, strict=True)
            ]
            if all(0 <= i < size for i, size in zip(where, shape[2:], strict=True)):
                target = (batch, group * weight.shape[1] + inner, *where)
                terms[target].append(_product(x[(batch, channel, *at)], weight[(channel, inner, *taps)]))
    return _gather([terms[index] for index in np.ndindex(shape)], shape)


def _pool(op: p.Pool, x: Array, shape: tuple[int, ...]) -> Array:
    head = x.ndim - len(op.kernel)
    # Room enough after the end for a last window that runs over it.
    room = [k * d + s for k, d, s in zip(op.kernel, op.dilation, op.stride, strict=True)]
    roomy = [(a, b + extra) for (a, b), extra in zip(op.padding, room, strict=True)]
    padded = _pad(x, (*((0, 0),) * head, *roomy))
    groups = []
    for index in np.ndindex(shape):
        steps = _window(index[head:], op.kernel, op.stride, op.dilation)
        groups.append(padded[(*index[:head], *steps)].ravel())
    return _gather(groups, shape)


def _resample(op: p.Resample, x: Array, shape: tuple[int, ...]) -> Array:
    head = x.ndim - len(op.sizes)
    groups = []
    for index in np.ndindex(shape):
        box = x[index[:head]]
        for axis, (sources, i) in enumerate(zip(op.sources, index[head:], strict=True)):
            box = box.take(sources[i], axis=axis)
        groups.append(box.ravel())
    return _gather(groups, shape)


def _attention(op: p.Attention, operands: list[Array], shape: tuple[int, ...]) -> Array:
    query, key, value, *bias = operands
    batch = "abcd"[: query.ndim - 2]
    grid = (*query.shape[:-1], key.shape[-2])
    scores = _contract((f"{batch}qd", f"{batch}kd"), f"{batch}qk", [query, key], grid)
    seen = np.ones(grid, dtype=bool)
    if isinstance(op.mask, Runs):
        seen = np.broadcast_to(_flags(op.mask), grid)
    elif op.mask == "causal":
        seen = np.broadcast_to(np.tri(*grid[-2:], dtype=bool), grid)
    # Where a query or a key is no element the score is zero, and its exponential is an element all the same.
    probabilities = np.empty(grid, dtype=object)
    for index in zip(*np.nonzero(seen), strict=True):
        here = [part[index] for part in (scores, *bias)]
        probabilities[index] = Scalar(*[scalar for scalar in here if scalar is not None])
    return _contract((f"{batch}qk", f"{batch}ke"), f"{batch}qe", [probabilities, value], shape)
