"""Linear layers, matrix products, convolutions (convention 2). A bias is a node of its own."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import torch

from ....core.primitives import Contract, Convolve, Select
from ..constants import broadcast
from ..lower import Lower
from ..registry import rule
from ..values import Value
from .indexing import as_index

__all__: list[str] = []

_LETTERS = "abcdefghijlmnpqrstuvwxyzABCDEFGHJLMNPQRSTUVWXYZ"  # without i, k, o and their capitals, used below


@rule("aten.linear")
def linear(lower: Lower, x: Value, weight: Value, bias: Value | None = None) -> Value:
    """``x W^T + b``; a weight of one axis is one output."""
    names = _LETTERS[: len(x.shape) - 1]
    if len(weight.shape) == 1:
        out = lower.add(Contract((f"{names}i", "i"), names), x, weight)
        return (
            lower.map("bias", out, lower.role(bias, "bias"), formula=torch.add) if bias is not None else out
        )
    return lower.bias(lower.add(Contract((f"{names}i", "oi"), f"{names}o"), x, weight), bias)


@rule(
    "aten.matmul",
    "aten.mm",
    "aten.bmm",
    "aten.mv",
    "aten.dot",
    "aten.vdot",
    "aten.linalg_matmul",
)
def matmul(lower: Lower, x: Value, y: Value, *dtype: Any) -> Value:
    """Matrix product, batched over broadcast leading axes."""
    rows, columns = "m" * (len(x.shape) > 1), "n" * (len(y.shape) > 1)
    batch_x, batch_y = x.shape[: -1 - len(rows)], y.shape[: max(len(y.shape) - 2, 0)]
    batch = broadcast([batch_x, batch_y])
    names = _LETTERS.replace("m", "").replace("n", "")[: len(batch)]
    x, names_x = _without_repeats(lower, x, batch_x, batch, names)
    y, names_y = _without_repeats(lower, y, batch_y, batch, names)
    out = "".join(name for name in names if name in names_x or name in names_y)
    contract = Contract((f"{names_x}{rows}i", f"{names_y}i{columns}"), f"{out}{rows}{columns}")
    shape = (*batch, *x.shape[len(names_x) : -1], *y.shape[len(names_y) + 1 :])
    return lower.reshape(lower.add(contract, x, y), shape)


def _without_repeats(
    lower: Lower, x: Value, own: Sequence[int], batch: Sequence[int], names: str
) -> tuple[Value, str]:
    """An operand without the leading axes of size 1 along which it is broadcast, and its axes' names."""
    extra = len(batch) - len(own)
    kept = [axis for axis, size in enumerate(own) if size == batch[extra + axis]]
    shape = (*(own[axis] for axis in kept), *x.shape[len(own) :])
    return lower.reshape(x, shape), "".join(names[extra + axis] for axis in kept)


@rule("aten.addmm", "aten.addmv", "aten.baddbmm")
def addmm(
    lower: Lower, bias: Value, x: Value, y: Value, *dtype: Any, beta: float = 1, alpha: float = 1
) -> Value:
    """A matrix product added to a tensor."""
    product = matmul(lower, x, y)
    if beta == 0:
        return product
    return lower.map("bias", product, bias, formula=torch.add)


@rule("aten.addbmm")
def addbmm(lower: Lower, bias: Value, x: Value, y: Value, beta: float = 1, alpha: float = 1) -> Value:
    """The sum of a batch of matrix products added to a tensor."""
    product = lower.contract("bmi,bin->mn", x, y)
    return product if beta == 0 else lower.map("bias", product, bias, formula=torch.add)


@rule("aten.inner")
def inner(lower: Lower, x: Value, y: Value) -> Value:
    """Products of all rows of one tensor with all rows of the other; with a number, all products."""
    if not x.shape or not y.shape:
        return lower.map("mul", x, y, formula=torch.mul)
    rows, columns = _LETTERS[: len(x.shape) - 1], _LETTERS[::-1][: len(y.shape) - 1]
    return lower.contract(f"{rows}i,{columns}i->{rows}{columns}", x, y)


@rule("aten.outer", "aten.ger")
def outer(lower: Lower, x: Value, y: Value) -> Value:
    """All products of two vectors."""
    return lower.map("mul", lower.reshape(x, (*x.shape, 1)), y, formula=torch.mul)


@rule("aten.einsum")
def einsum(lower: Lower, equation: str, operands: Sequence[Value], path: Any = None) -> Value:
    """Einstein summation, with ellipses; an index repeated within an operand takes the diagonal."""
    inputs, _, output = equation.replace(" ", "").partition("->")
    terms = inputs.split(",")
    free = [name for name in _LETTERS + "ikoIKO" if name not in equation]
    ranks = [
        len(x.shape) - len(term.replace("...", "")) if "..." in term else 0
        for term, x in zip(terms, operands, strict=True)
    ]
    dots = "".join(free[: max(ranks, default=0)])
    terms = [term.replace("...", dots[len(dots) - rank :]) for term, rank in zip(terms, ranks, strict=True)]
    if "->" not in equation:
        letters = "".join(terms)
        output = dots + "".join(sorted(n for n in set(letters) - set(dots) if letters.count(n) == 1))
    output = output.replace("...", dots)
    pairs = [_diagonal(lower, term, x) for term, x in zip(terms, operands, strict=True)]
    return _contract_broadcast(lower, [term for term, _ in pairs], output, [x for _, x in pairs])


def _diagonal(lower: Lower, term: str, x: Value) -> tuple[str, Value]:
    """An operand and its indices with every repeated index once: its diagonal."""
    for name in dict.fromkeys(term):
        while term.count(name) > 1:
            first = term.index(name)
            second = term.index(name, first + 1)
            x = lower.move_axis(x, second, first + 1)
            *head, rows, columns = x.shape[: first + 2]
            tail = x.shape[first + 2 :]
            x = lower.reshape(x, (*head, rows * columns, *tail))
            x = lower.take(x, first, np.arange(min(rows, columns)) * (columns + 1))
            term = term[:second] + term[second + 1 :]
    return term, x


def _contract_broadcast(lower: Lower, terms: list[str], output: str, operands: Sequence[Value]) -> Value:
    """A contraction whose operands may have size 1 where others do not."""
    sizes: dict[str, int] = {}
    for term, x in zip(terms, operands, strict=True):
        for name, size in zip(term, x.shape, strict=True):
            sizes[name] = max(size, sizes.get(name, 1))
    reduced, names = [], []
    for term, x in zip(terms, operands, strict=True):
        kept = "".join(n for n, size in zip(term, x.shape, strict=True) if size == sizes[n])
        reduced.append(lower.reshape(x, [sizes[name] for name in kept]))
        names.append(kept)
    if len(reduced) == 1 and sorted(output) == sorted(names[0]):
        return lower.permute(reduced[0], [names[0].index(name) for name in output])
    return lower.add(Contract(tuple(names), output), *reduced)


@rule("aten.bilinear")
def bilinear(lower: Lower, x: Value, y: Value, weight: Value, bias: Value | None = None) -> Value:
    """``x W y + b`` for every output."""
    names = _LETTERS[: len(x.shape) - 1]
    contract = Contract((f"{names}i", f"{names}k", "oik"), f"{names}o")
    return lower.bias(lower.add(contract, x, y, weight), bias)


@rule("aten.cdist", "aten._cdist_forward", "aten._euclidean_dist")
def cdist(lower: Lower, x: Value, y: Value, *rest: Any) -> Value:
    """Distances of all pairs of rows: each gathers the pair's elements."""
    names = _LETTERS.replace("m", "").replace("n", "")[: len(x.shape) - 2]
    return lower.contract(f"{names}mi,{names}ni->{names}mn", x, y)


# -- convolutions -------------------------------------------------------------------------------------


@rule("aten.conv1d", "aten.conv2d", "aten.conv3d")
def conv(
    lower: Lower, x: Value, weight: Value, bias: Value | None = None, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Value:  # fmt: skip
    """Convolution; ``padding="same"`` pads more after than before."""
    rank = len(weight.shape) - 2
    stride, dilation = _per_axis(stride, rank), _per_axis(dilation, rank)
    if isinstance(padding, str):
        spans = [step * (size - 1) for step, size in zip(dilation, weight.shape[2:], strict=True)]
        pairs = [(span // 2, span - span // 2) if padding == "same" else (0, 0) for span in spans]
    else:
        pairs = [(width, width) for width in _per_axis(padding, rank)]
    return _convolve(lower, x, weight, bias, Convolve(stride, tuple(pairs), dilation, groups))


@rule("aten.conv_transpose1d", "aten.conv_transpose2d", "aten.conv_transpose3d")
def conv_transpose(
    lower: Lower, x: Value, weight: Value, bias: Value | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Value:  # fmt: skip
    """Transposed convolution."""
    rank = len(weight.shape) - 2
    pairs = tuple((width, width) for width in _per_axis(padding, rank))
    op = Convolve(
        _per_axis(stride, rank),
        pairs,
        _per_axis(dilation, rank),
        groups,
        True,
        _per_axis(output_padding, rank),
    )
    return _convolve(lower, x, weight, bias, op)


@rule("aten.convolution", "aten._convolution")
def convolution(
    lower: Lower, x: Value, weight: Value, bias: Value | None, stride: Any, padding: Any, dilation: Any,
    transposed: bool, output_padding: Any, groups: int, *flags: bool,
) -> Value:  # fmt: skip
    """Either kind of convolution, as ATen's core operator."""
    if transposed:
        return conv_transpose(lower, x, weight, bias, stride, padding, output_padding, groups, dilation)
    return conv(lower, x, weight, bias, stride, padding, dilation, groups)


def _convolve(lower: Lower, x: Value, weight: Value, bias: Value | None, op: Convolve) -> Value:
    rank = len(op.stride)
    if len(x.shape) == rank + 1:  # without a batch axis
        out = _convolve(lower, lower.reshape(x, (1, *x.shape)), weight, bias, op)
        return lower.reshape(out, out.shape[1:])
    return lower.bias(lower.add(op, x, weight), bias, 1)


def _per_axis(item: Any, rank: int) -> tuple[int, ...]:
    if isinstance(item, int):
        return (item,) * rank
    return tuple(item) if len(item) == rank else tuple(item) * rank


# -- deformable and folded ------------------------------------------------------------------------------


@rule("torchvision.deform_conv2d")
def deform_conv2d(
    lower: Lower, x: Value, weight: Value, offset: Value, mask: Value, bias: Value | None,
    stride_h: int, stride_w: int, pad_h: int, pad_w: int, dilation_h: int, dilation_w: int, groups: int,
    offset_groups: int, use_mask: bool,
) -> Value:  # fmt: skip
    """Convolution whose taps may fall anywhere: every position of the features may meet every tap."""
    batch, channels, height, width = x.shape
    out_channels, per_group, *kernel = weight.shape
    taps = prod(kernel)
    out = (
        (height + 2 * pad_h - dilation_h * (kernel[0] - 1) - 1) // stride_h + 1,
        (width + 2 * pad_w - dilation_w * (kernel[1] - 1) - 1) // stride_w + 1,
    )
    places = out[0] * out[1]
    # Where a tap reads: one index per offset group, tap and output position.
    index = lower.reshape(as_index(lower, offset), (batch, offset_groups, taps, 2, places))
    index = lower.map("place", lower.select(index, 3, 0), lower.select(index, 3, 1))
    table = lower.reshape(x, (batch, offset_groups, channels // offset_groups, height * width))
    wide = lower.expand(
        lower.reshape(index, (batch, offset_groups, taps, places, 1)),
        (batch, offset_groups, taps, places, height * width),
    )
    read = lower.add(Select.parse("bgcp,bgtop->bgcto"), table, wide)
    if use_mask:
        modulation = lower.reshape(mask, (batch, offset_groups, 1, taps, places))
        read = lower.map("modulate", read, modulation, formula=torch.mul)
    read = lower.reshape(read, (batch, groups, per_group, taps, places))
    kernels = lower.reshape(weight, (groups, out_channels // groups, per_group, taps))
    result = lower.contract("bgcto,gdct->bgdo", read, kernels)
    return lower.bias(lower.reshape(result, (batch, out_channels, *out)), bias, 1)
