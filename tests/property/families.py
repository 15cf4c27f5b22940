"""Random operations of every primitive family, and of the composites made of them.

A family takes a sketch and a prologue that makes operands, and returns the values under test.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
from hypothesis import strategies as st

from reprior.core.primitives import (
    Attention,
    Concat,
    Constant,
    Convolve,
    Keep,
    Lookup,
    Map,
    Pad,
    Permute,
    Pool,
    Prefix,
    Reduce,
    Resample,
    Slice,
    Take,
    adaptive_sources,
)
from reprior.errors import ShapeError
from reprior.frontends.network.recurrent import GATES, Cell
from reprior.lowering.interpolation import linear_sources

from .sketch import LETTERS, Sketch
from .surroundings import Prologue

__all__ = ["FAMILIES", "Family"]

Family = Callable[[Sketch, Prologue], tuple[int, ...]]


# -- primitives -----------------------------------------------------------------------------------


def map_(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Broadcast functions of one to three operands, data, parameters and constants among them."""
    shape = sketch.shape_of_rank(0, 3)
    operands = [operand(sketch, shape)]
    for _ in range(sketch.number(0, 2)):
        other = tuple(sketch.choose(1, size) for size in shape[sketch.number(0, len(shape)) :])
        make = sketch.choose(sketch.parameter, sketch.input, lambda s: operand(sketch, s))
        operands.append(make(other))
    if sketch.maybe():
        operands.append(sketch.add(Constant("table", shape)))
    operands = [operands[k] for k in sketch.draw(_permutations(len(operands)))]
    return (sketch.map(*operands),)


def presence(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Chains of products, functions that are not zero at zero, and others, of operands with holes."""
    shape = sketch.shape_of_rank(0, 3)
    value = operand(sketch, shape)
    for _ in range(sketch.number(1, 2)):
        operands = [value]
        for _ in range(sketch.number(0, 2)):
            other = tuple(sketch.choose(1, size) for size in shape[sketch.number(0, len(shape)) :])
            make = sketch.choose(sketch.parameter, lambda s: operand(sketch, s), sketch.constant)
            one = make(other)
            operands.append(sketch.keep(one) if sketch.maybe() else one)
        operands = [operands[k] for k in sketch.draw(_permutations(len(operands)))]
        value = sketch.function(*operands)
        if sketch.maybe():
            value = sketch.keep(value)
    return (value,)


def contract(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Sums of products: linear layers, outer products, batched and triple products, reductions."""
    equation = sketch.choose(
        "bi,oi->bo", "i,j->ij", "bqd,bkd->bqk", "ab,bc->", "ij,jk,kl->il", "ai,bi,ci->abc", "ij,i->j",
        "ijk->ki", "b,b->b", "bi,oj->bo", "ij,kj->ikj",
    )  # fmt: skip
    operands, output = equation.split("->")[0].split(","), equation.split("->")[1]
    sizes = {name: sketch.number(1, 3) for name in LETTERS + "ijklqdko"}
    values = []
    for k, names in enumerate(operands):
        shape = tuple(sizes[name] for name in names)
        values.append(operand(sketch, shape) if k == 0 or sketch.maybe() else sketch.parameter(shape))
    return (sketch.einsum(",".join(operands) + "->" + output, *values),)


def convolve(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Grouped, strided, dilated, asymmetrically padded and cropped, over one or two axes."""
    return (_convolution(sketch, operand, transposed=False),)


def convolve_transposed(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """The same, transposed, with output padding."""
    return (_convolution(sketch, operand, transposed=True),)


def pool(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Overlapping, gapped, dilated, padded windows, with and without ceil."""
    rank = sketch.choose(1, 1, 2)
    spatial = tuple(sketch.number(3, 6 if rank == 1 else 4) for _ in range(rank))
    head = tuple(sketch.number(1, 2) for _ in range(sketch.number(0, 2)))
    kernel = tuple(sketch.number(1, 3) for _ in range(rank))
    dilation = tuple(sketch.choose(1, 1, 2) if size == 2 else 1 for size in kernel)
    op = Pool(kernel, _each(sketch, rank, 1, 3), _pairs(sketch, rank, 0, 2), dilation, sketch.maybe())
    return (_or_smaller(sketch, op, operand(sketch, (*head, *spatial))),)


def resample(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Adaptive pooling, linear interpolation, and arbitrary sets of positions."""
    rank = sketch.choose(1, 1, 2)
    sizes = tuple(sketch.number(1, 4) for _ in range(rank))
    head = tuple(sketch.number(1, 2) for _ in range(sketch.number(0, 2)))
    sources = []
    for size in sizes:
        out, kind = sketch.number(1, 4), sketch.choose("adaptive", "bilinear", "aligned", "any")
        if kind == "adaptive":
            sources.append(adaptive_sources(size, out))
        elif kind == "any":
            sources.append(
                tuple(tuple(sorted({sketch.number(0, size - 1) for _ in range(2)})) for _ in range(out))
            )
        else:
            sources.append(linear_sources(size, out, align_corners=kind == "aligned"))
    return (sketch.add(Resample(sizes, tuple(sources)), operand(sketch, (*head, *sizes))),)


def reduce(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Over any axes, kept or not."""
    shape = sketch.shape_of_rank(1, 4)
    axes = tuple(axis for axis in range(len(shape)) if sketch.maybe())
    return (sketch.add(Reduce(axes, sketch.maybe()), operand(sketch, shape)),)


def prefix(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Running sums along any axis."""
    shape = sketch.shape_of_rank(1, 3)
    return (sketch.add(Prefix(sketch.number(0, len(shape) - 1)), operand(sketch, shape)),)


def reshape(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Split and merge axes, with axes of size one coming and going."""
    shape = sketch.shape_of_rank(0, 4)
    remaining, target = prod(shape), []
    for _ in range(sketch.number(0, 3)):
        size = sketch.choose(*(n for n in range(1, remaining + 1) if remaining % n == 0))
        target.append(size)
        remaining //= size
    return (sketch.reshape(operand(sketch, shape), *target, remaining),)


def permute(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Axes in any order."""
    shape = sketch.shape_of_rank(0, 4)
    return (sketch.add(Permute(tuple(sketch.draw(_permutations(len(shape))))), operand(sketch, shape)),)


def expand(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Broadcast data and a parameter."""
    shape = sketch.shape_of_rank(0, 3, largest=3)
    narrow = tuple(sketch.choose(1, size) for size in shape[sketch.number(0, len(shape)) :])
    bias = sketch.expand(sketch.parameter(narrow), *shape)
    return (sketch.map(sketch.expand(operand(sketch, narrow), *shape), bias),)


def slice_(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Overlapping pieces of one axis."""
    shape = sketch.shape_of_rank(1, 3)
    axis = sketch.number(0, len(shape) - 1)
    value = operand(sketch, shape)
    pieces = []
    for _ in range(sketch.number(1, 2)):
        start = sketch.number(0, shape[axis] - 1)
        pieces.append(sketch.add(Slice(axis, start, sketch.number(start + 1, shape[axis])), value))
    return tuple(dict.fromkeys(pieces))


def take(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Known positions, repeated, reordered or absent."""
    shape = sketch.shape_of_rank(1, 3)
    axis = sketch.number(0, len(shape) - 1)
    indices = [sketch.number(-1, shape[axis] - 1) for _ in range(sketch.number(1, 5))]
    return (sketch.add(Take(axis, np.array(indices)), operand(sketch, shape)),)


def pad(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Positions without an element around any axis, and cropping; read by a convolution or a pool too."""
    if sketch.maybe():
        value = sketch.add(Pad(((0, 0), (0, 0), *_pairs(sketch, 1, 0, 2))), operand(sketch, (1, 2, 4)))
        if sketch.maybe():
            op = Pool((sketch.number(1, 3),), (sketch.number(1, 2),), ((0, 0),), (1,))
            return (sketch.add(op, value),)
        weight = sketch.parameter((2, 2, sketch.number(1, 3)))
        return (sketch.add(Convolve((sketch.number(1, 2),), _pairs(sketch, 1, 0, 1), (1,)), value, weight),)
    shape = sketch.shape_of_rank(1, 3)
    padding = []
    for size in shape:
        before = sketch.number(-(size - 1), 2)
        padding.append((before, sketch.number(-(size - 1) - min(before, 0), 2)))
    return (sketch.add(Pad(tuple(padding)), operand(sketch, shape)),)


def concat(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Several values, one of them perhaps twice, and a parameter, as class tokens are."""
    shape = sketch.shape_of_rank(1, 3, largest=3)
    axis = sketch.number(0, len(shape) - 1)
    values = [operand(sketch, shape)]
    for _ in range(sketch.number(1, 2)):
        other = (*shape[:axis], sketch.number(1, 2), *shape[axis + 1 :])
        values.append(sketch.parameter(other) if sketch.maybe() else operand(sketch, other))
    if sketch.maybe():
        values.append(values[0])
    return (sketch.add(Concat(axis), *values),)


def keep(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Masks of the full shape and masks that broadcast, of data and of a parameter."""
    shape = sketch.shape_of_rank(0, 3)
    narrow = tuple(sketch.choose(1, size) for size in shape[sketch.number(0, len(shape)) :])
    value = sketch.add(Keep(sketch.mask(narrow)), operand(sketch, shape))
    masked = sketch.add(Keep(sketch.mask(shape)), sketch.parameter(shape))
    return (sketch.map(value, masked),)


def lookup(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Tables of parameters, or of data, by fed indices."""
    rest = sketch.shape_of_rank(0, 2, largest=3)
    rows = sketch.number(1, 4)
    table = sketch.parameter((rows, *rest)) if sketch.maybe() else operand(sketch, (rows, *rest))
    indices = sketch.input(sketch.shape_of_rank(0, 2, largest=3))
    return (sketch.add(Lookup(), table, indices),)


def attention(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Without mask, causal, with a mask of any shape that broadcasts; with a bias; learned keys."""
    batch = sketch.choose((), (2,), (1, 2))
    queries, keys, width, out = (sketch.number(1, 3) for _ in range(4))
    scores = (*batch, queries, keys)
    query = operand(sketch, (*batch, queries, width))
    key = _data_or_parameter(sketch, operand, (*batch, keys, width))
    value = _data_or_parameter(sketch, operand, (*batch, keys, out))
    kind = sketch.choose("none", "causal", "dense", "shared")
    mask = {"none": None, "causal": "causal"}.get(kind)
    if kind in ("dense", "shared"):
        mask = sketch.mask(scores if kind == "dense" else scores[-2:])
    operands = [query, key, value]
    if sketch.maybe():
        operands.append(_data_or_parameter(sketch, operand, scores))
    return (sketch.add(Attention(mask), *operands),)


# -- composites -----------------------------------------------------------------------------------


def residual(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Pre-activation residual blocks, each read by all later ones (dense skips) or by the next."""
    shape = sketch.shape_of_rank(1, 2)
    streams = [operand(sketch, shape)]
    for _ in range(sketch.number(1, 3)):
        x = sketch.map(*streams) if sketch.maybe() else streams[-1]
        axis = sketch.number(0, len(shape) - 1)
        streams.append(sketch.map(x, sketch.mix(sketch.map(x), axis, shape[axis])))
    return (streams[-1],)


def squeeze_excite(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """A gate with learnable layers inside: it routes, so it is no statistic."""
    channels = sketch.number(1, 3)
    x = operand(sketch, (1, channels, *(sketch.number(1, 3) for _ in range(sketch.number(1, 2)))))
    axes = tuple(range(2, len(sketch.shape(x))))
    pooled = sketch.add(Reduce(axes, True), x)
    gate = sketch.map(sketch.mix(sketch.map(sketch.mix(pooled, 1, 2)), 1, channels))
    return (sketch.map(x, gate),)


def recurrent(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """RNN, LSTM and GRU, forwards and backwards, with and without biases."""
    kind = sketch.choose("rnn", "lstm", "gru")
    units, width = sketch.number(1, 2), sketch.number(1, 2)
    x = operand(sketch, (sketch.number(1, 2), sketch.number(1, 3), width))
    rows = GATES[kind] * units
    weights = {"weight_ih": sketch.parameter((rows, width)), "weight_hh": sketch.parameter((rows, units))}
    if sketch.maybe():
        weights |= {f"bias_{side}": sketch.parameter((rows,), "bias") for side in ("ih", "hh")}
    return (Cell(kind, weights, units).unroll(sketch.builder, x, "", reverse=sketch.maybe()),)


def normalisation(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Layer norm, group norm, softmax: composite or decomposed, with and without gain and shift."""
    shape = sketch.shape_of_rank(2, 3)
    x = operand(sketch, shape)
    axes = sketch.choose((len(shape) - 1,), tuple(range(1, len(shape))))
    mean = sketch.add(Reduce(axes, True), x)
    if sketch.maybe():
        y = sketch.add(Map("normalise", law="normalise"), x, mean)
    else:
        centred = sketch.add(Map("sub", law="sum"), x, mean)
        variance = sketch.map(sketch.add(Reduce(axes, True), sketch.map(centred)))
        y = sketch.add(Map("div", law="product"), centred, variance)
    if sketch.maybe():
        y = sketch.map(y, sketch.parameter(shape[-1:], "scale"), sketch.parameter(shape[-1:], "shift"))
    return (y,)


def batch_norm(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Four leaves per channel, of which two are learnable by definition."""
    shape = sketch.shape_of_rank(2, 3)
    channel = (shape[1], *(1,) * (len(shape) - 2))
    roles = ("scale", "shift", "running_statistic", "running_statistic")
    leaves = [sketch.reshape(sketch.parameter((shape[1],), role), *channel) for role in roles]
    return (sketch.map(operand(sketch, shape), *leaves),)


def tied_layers(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """A kernel shared by convolutions at two strides, one table as embedding and as head."""
    if sketch.maybe():
        weight = sketch.parameter((2, 2, sketch.number(1, 3)))
        x = operand(sketch, (1, 2, sketch.number(4, 6)))
        x = sketch.add(Convolve((1,), ((1, 1),), (1,)), x, weight)
        return (sketch.add(Convolve((2,), ((1, 0),), (1,)), x, weight),)
    rows, width = sketch.number(1, 3), sketch.number(1, 3)
    table = sketch.parameter((rows, width))
    x = sketch.add(Lookup(), table, sketch.input((sketch.number(1, 3),)))
    x = sketch.map(x, operand(sketch, (width,)))
    return (sketch.einsum("ld,vd->lv", x, table),)


def transformed_kernel(sketch: Sketch, operand: Prologue) -> tuple[int, ...]:
    """Weight norm, weight standardisation, kernel banks, LoRA and hypernetworks behind a convolution."""
    channels, taps = sketch.number(1, 2), sketch.number(1, 3)
    shape = (2, channels, taps)
    kind = sketch.choose("weight norm", "standardised", "bank", "lora", "hypernetwork", "masked")
    kernel = sketch.parameter(shape)
    if kind in ("weight norm", "standardised"):
        norm = sketch.add(Reduce((1, 2), True), sketch.map(kernel))
        kernel = sketch.map(kernel, norm)
        if kind == "weight norm":
            kernel = sketch.map(kernel, sketch.parameter((2, 1, 1), "scale"))
    elif kind == "bank":
        kernel = sketch.einsum("k,koct->oct", sketch.parameter((2,)), sketch.parameter((2, *shape)))
    elif kind == "lora":
        delta = sketch.einsum("or,rk->ok", sketch.parameter((2, 1)), sketch.parameter((1, channels * taps)))
        kernel = sketch.map(kernel, sketch.reshape(delta, *shape))
    elif kind == "hypernetwork":
        kernel = sketch.reshape(sketch.mix(operand(sketch, (2,)), 0, prod(shape)), *shape)
    else:
        kernel = sketch.add(Keep(sketch.mask(shape)), kernel)
    x = operand(sketch, (1, channels, sketch.number(3, 5)))
    return (sketch.add(Convolve((sketch.number(1, 2),), _pairs(sketch, 1, 0, 2), (1,)), x, kernel),)


# -- helpers --------------------------------------------------------------------------------------


def _convolution(sketch: Sketch, operand: Prologue, transposed: bool) -> int:
    rank = sketch.choose(1, 1, 2)
    groups = sketch.choose(1, 1, 2)
    channels, out = groups * sketch.number(1, 2), groups * sketch.number(1, 2)
    spatial = tuple(sketch.number(1 if transposed else 3, 6 if rank == 1 else 3) for _ in range(rank))
    kernel = tuple(sketch.number(1, 3 if rank == 1 else 2) for _ in range(rank))
    stride = _each(sketch, rank, 1, 3)
    dilation = _each(sketch, rank, 1, 2)
    padding = _pairs(sketch, rank, -1, 2)
    extra = tuple(sketch.number(0, s - 1) for s in stride) if transposed else ()
    shape = (channels, out // groups) if transposed else (out, channels // groups)
    x = operand(sketch, (sketch.number(1, 2), channels, *spatial))
    weight = sketch.parameter((*shape, *kernel))
    try:
        return sketch.add(Convolve(stride, padding, dilation, groups, transposed, extra), x, weight)
    except ShapeError:  # the feature map vanishes
        roomy = tuple((0, 0) if transposed else (k, k) for k in kernel)
        op = Convolve(stride, roomy, (1,) * rank, groups, transposed, extra)
        return sketch.add(op, x, weight)


def _or_smaller(sketch: Sketch, op: Pool, value: int) -> int:
    try:
        return sketch.add(op, value)
    except ShapeError:  # the feature map vanishes
        return sketch.add(Pool((2,) * len(op.kernel), op.stride, op.padding, (1,) * len(op.kernel)), value)


def _data_or_parameter(sketch: Sketch, operand: Prologue, shape: tuple[int, ...]) -> int:
    return operand(sketch, shape) if sketch.maybe() else sketch.parameter(shape)


def _each(sketch: Sketch, rank: int, low: int, high: int) -> tuple[int, ...]:
    return tuple(sketch.number(low, high) for _ in range(rank))


def _pairs(sketch: Sketch, rank: int, low: int, high: int) -> tuple[tuple[int, int], ...]:
    return tuple((sketch.number(low, high), sketch.number(low, high)) for _ in range(rank))


def _permutations(size: int) -> st.SearchStrategy[list[int]]:
    return st.permutations(range(size))


FAMILIES: dict[str, Family] = {
    f.__name__.rstrip("_"): f
    for f in (
        map_, presence, contract, convolve, convolve_transposed, pool, resample, reduce, prefix, reshape,
        permute, expand, slice_, take, pad, concat, keep, lookup, attention, residual, squeeze_excite,
        recurrent, normalisation, batch_norm, tied_layers, transformed_kernel,
    )
}  # fmt: skip
