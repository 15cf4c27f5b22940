"""Sums, means, extrema, norms, running sums and orderings (convention 3)."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Literal

import numpy as np
import torch

from ....core.primitives import Prefix, Reduce
from ..constants import dense
from ..lower import Lower
from ..registry import rule
from ..values import Value

__all__ = ["ranked"]

Dims = int | Sequence[int] | None
Kind = Literal["linear", "logsumexp", "position", "other"]


def _axes(x: Value, dim: Dims) -> tuple[int, ...]:
    rank = len(x.shape)
    if dim is None or (not isinstance(dim, int) and not len(dim)):
        return tuple(range(rank))
    return tuple(sorted(axis % rank for axis in ([dim] if isinstance(dim, int) else dim))) if rank else ()


def reduce(lower: Lower, x: Value, dim: Dims, keepdim: bool = False, kind: Kind = "other") -> Value:
    """One node per remaining position."""
    axes = _axes(x, dim)
    return lower.add(Reduce(axes, keepdim, kind), x) if axes else lower.map("reduce", x)


@rule("aten.nansum", "aten.nanmean", "aten.amax", "aten.amin",
      "aten.var.dim", "aten.std.dim", "aten.var.correction", "aten.std.correction", "aten.count_nonzero",
      "prims.amax", "aten.var.default", "aten.std.default")  # fmt: skip
def over_axes(
    lower: Lower, x: Value, dim: Any = None, *rest: Any, kind: Kind = "other", **named: Any
) -> Value:
    """Reductions called as ``(x, dim, ..., keepdim)``."""
    if isinstance(dim, bool):  # var(x, unbiased)
        return reduce(lower, x, None)
    keepdim = named.get("keepdim", next((item for item in reversed(rest) if isinstance(item, bool)), False))
    return reduce(lower, x, dim, keepdim, kind)


@rule("aten.sum", "aten.mean", "prims.sum")
def total(lower: Lower, x: Value, dim: Any = None, *rest: Any, **named: Any) -> Value:
    """Sums and means."""
    return over_axes(lower, x, dim, *rest, kind="linear", **named)


@rule("aten.logsumexp", "aten.special_logsumexp")
def logsumexp(lower: Lower, x: Value, dim: Any = None, *rest: Any, **named: Any) -> Value:
    """The logarithm of a sum of exponentials."""
    result = over_axes(lower, x, dim, *rest, kind="logsumexp", **named)
    # Of zeros alone it is the logarithm of their number.
    if result.node in lower.supports and prod(result.shape) < prod(x.shape):
        return lower.map("logsumexp", result, formula=_plus_one)
    return result


def _plus_one(x: Any) -> Any:
    return x + 1


@rule("aten.var_mean.correction", "aten.std_mean.correction")
def moments(
    lower: Lower, x: Value, dim: Dims = None, *, correction: Any = None, keepdim: bool = False
) -> tuple[Value, Value]:
    """Variance (or deviation) and mean."""
    return reduce(lower, x, dim, keepdim), reduce(lower, x, dim, keepdim)


@rule("aten.var_mean.dim", "aten.std_mean.dim")
def moments_unbiased(
    lower: Lower, x: Value, dim: Dims, unbiased: bool = True, keepdim: bool = False
) -> tuple[Value, Value]:
    """Variance (or deviation) and mean."""
    return reduce(lower, x, dim, keepdim), reduce(lower, x, dim, keepdim)


@rule("aten.linalg_vector_norm")
def vector_norm(
    lower: Lower, x: Value, ord: Any = 2, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None
) -> Value:
    """A norm over axes."""
    return reduce(lower, x, dim, keepdim)


@rule("aten.norm")
def norm(
    lower: Lower, x: Value, p: Any = 2, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None
) -> Value:
    """A norm over axes."""
    return reduce(lower, x, dim, keepdim)


@rule("aten.frobenius_norm", "aten.any", "aten.all")
def dim_then_keepdim(lower: Lower, x: Value, dim: Dims = None, keepdim: bool = False, **named: Any) -> Value:
    """Reductions called as ``(x, dim, keepdim)``."""
    return reduce(lower, x, dim, keepdim)


@rule("aten.prod", "aten.prod.dim_int")
def product(lower: Lower, x: Value, dim: Dims = None, keepdim: bool = False, **named: Any) -> Value:
    """The product over axes: zero where any element of it is."""
    axes, result = _axes(x, dim), reduce(lower, x, dim, keepdim)
    there = None if x.node is None else lower.supports.get(x.node)
    if there is None or not axes:
        return result
    whole = dense(there)
    for axis in axes:
        whole = whole.all(axis, keepdim=True)
    return lower.keep(result, whole.reshape(result.shape))


@rule("aten.max", "aten.min", "aten.median.default", "aten.nanmedian.default")
def extremum(lower: Lower, x: Value) -> Value:
    """Over all elements."""
    return reduce(lower, x, None)


@rule("aten.max.other", "aten.min.other")
def larger(lower: Lower, x: Value, y: Value) -> Value:
    """The larger (or smaller) of two, pointwise."""
    return lower.map("maximum", x, y, formula=torch.maximum)


@rule("aten.max.dim", "aten.min.dim", "aten.median.dim", "aten.nanmedian.dim", "aten.mode")
def extremum_along(lower: Lower, x: Value, dim: int = -1, keepdim: bool = False) -> tuple[Value, Value]:
    """An extremum along an axis, and where it is."""
    return reduce(lower, x, dim, keepdim), reduce(lower, x, dim, keepdim, "position")


@rule("aten.kthvalue")
def kth_value(lower: Lower, x: Value, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Value, Value]:
    """The k-th smallest along an axis, and where it is."""
    return extremum_along(lower, x, dim, keepdim)


@rule("aten.aminmax")
def extrema(lower: Lower, x: Value, *, dim: int | None = None, keepdim: bool = False) -> tuple[Value, Value]:
    """The smallest and the largest."""
    return reduce(lower, x, dim, keepdim), reduce(lower, x, dim, keepdim)


@rule("aten.renorm")
def renorm(lower: Lower, x: Value, p: Any, dim: int, maxnorm: Any) -> Value:
    """Every position of an axis rescaled to at most a norm."""
    rank = len(x.shape)
    return lower.normalise("renorm", x, [axis for axis in range(rank) if axis != dim % rank])


@rule("aten.quantile", "aten.nanquantile")
def quantile(
    lower: Lower, x: Value, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = ""
) -> Value:
    """Each quantile depends on every element along the axis; several stand along a new first axis."""
    if not isinstance(q, Value):
        return reduce(lower, x, dim, keepdim)
    copies = lower.expand(x, (*q.shape, *x.shape))
    axes = [axis + len(q.shape) for axis in _axes(x, dim)]
    result = lower.add(Reduce(tuple(axes), keepdim), copies) if axes else lower.map("quantile", copies)
    if q.constant is not None:
        return result
    level = lower.reshape(q, (*q.shape, *(1,) * (len(result.shape) - len(q.shape))))
    return lower.map("quantile", result, level)


@rule("aten.argmax", "aten.argmin")
def position(lower: Lower, x: Value, dim: int | None = None, keepdim: bool = False) -> Value:
    """Where the extremum is, which depends on every element."""
    return reduce(lower, x, dim, keepdim, "position")


@rule("aten.topk")
def topk(lower: Lower, x: Value, k: int, dim: int = -1, *rest: Any) -> tuple[Value, Value]:
    """Each of the k results depends on every element along the axis; the values and the places alike."""
    return ranked(lower, x, k, dim), ranked(lower, x, k, dim, "position")


@rule("aten.sort")
def sort(lower: Lower, x: Value, dim: int = -1, *rest: Any, **named: Any) -> tuple[Value, Value]:
    """As `topk` of all."""
    return topk(lower, x, x.shape[dim] if x.shape else 1, dim)


@rule("aten.sort.stable")
def sort_stable(
    lower: Lower, x: Value, *, stable: bool = True, dim: int = -1, descending: bool = False
) -> tuple[Value, Value]:
    """As `sort`."""
    return sort(lower, x, dim)


@rule("aten.msort")
def sorted_rows(lower: Lower, x: Value) -> Value:
    """As `sort` of the first axis, the values alone."""
    return ranked(lower, x, x.shape[0], 0)


@rule("aten.argsort")
def argsort(lower: Lower, x: Value, dim: int = -1, *rest: Any, **named: Any) -> Value:
    """As `sort`, the places alone."""
    return sort(lower, x, dim)[1]


def ranked(lower: Lower, x: Value, k: int, dim: int, kind: Kind = "other") -> Value:
    """K nodes along an axis, each with an edge from every position of it."""
    if not x.shape:
        return reduce(lower, x, None, kind=kind)
    axis = dim % len(x.shape)
    head, size, tail = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    wide = lower.expand(lower.reshape(x, (*head, 1, size, *tail)), (*head, k, size, *tail))
    return lower.add(Reduce((axis + 1,), kind=kind), wide)


@rule("aten.cumsum", "aten.logcumsumexp")
def running(lower: Lower, x: Value, dim: int, **named: Any) -> Value:
    """Sums of all positions so far."""
    return lower.add(Prefix(dim % len(x.shape)), x)


@rule("aten.cumprod")
def running_product(lower: Lower, x: Value, dim: int, **named: Any) -> Value:
    """Products of all positions so far: zero from the first zero on."""
    result = running(lower, x, dim)
    there = None if x.node is None else lower.supports.get(x.node)
    return result if there is None else lower.keep(result, dense(there).long().cumprod(dim).bool())


@rule("aten.cummax", "aten.cummin")
def running_extremum(lower: Lower, x: Value, dim: int) -> tuple[Value, Value]:
    """Extrema of all positions so far."""
    return running(lower, x, dim), running(lower, x, dim)


@rule("aten.trace")
def trace(lower: Lower, x: Value) -> Value:
    """Sum of the diagonal."""
    places = np.arange(min(x.shape)) * (x.shape[1] + 1)
    return lower.add(Reduce((0,)), lower.take(lower.reshape(x, (prod(x.shape),)), 0, places))
