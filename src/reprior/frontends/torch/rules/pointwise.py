"""Pointwise operators (convention 1).

A factor that is known to be zero, a term that masks and a known ``where`` decide which elements exist.
"""

from __future__ import annotations

from typing import Any

import torch

from ..constants import MASKED_BELOW, additive_mask, broadcast
from ..lower import Lower
from ..registry import rule
from ..values import Value

__all__: list[str] = []

_UNARY = [
    "abs",
    "acos",
    "acosh",
    "angle",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "bitwise_not",
    "ceil",
    "celu",
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "cos",
    "cosh",
    "deg2rad",
    "digamma",
    "elu",
    "erf",
    "erfc",
    "erfinv",
    "exp",
    "exp2",
    "expm1",
    "fix",
    "floor",
    "frac",
    "gelu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "leaky_relu",
    "lgamma",
    "log",
    "log10",
    "log1p",
    "log2",
    "log_sigmoid",
    "logical_not",
    "logit",
    "mish",
    "nan_to_num",
    "neg",
    "negative",
    "rad2deg",
    "reciprocal",
    "relu",
    "relu6",
    "round",
    "rrelu",
    "rsqrt",
    "selu",
    "sgn",
    "sigmoid",
    "sign",
    "signbit",
    "silu",
    "sin",
    "sinc",
    "sinh",
    "softplus",
    "softshrink",
    "special_expit",
    "special_erf",
    "sqrt",
    "square",
    "tan",
    "tanh",
    "tanhshrink",
    "threshold",
    "trunc",
]

_BINARY = [
    "__and__",
    "__or__",
    "__xor__",
    "atan2",
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "copysign",
    "eq",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "ge",
    "greater",
    "greater_equal",
    "gt",
    "heaviside",
    "hypot",
    "le",
    "less",
    "less_equal",
    "logaddexp",
    "logical_and",
    "logical_or",
    "logical_xor",
    "lt",
    "maximum",
    "minimum",
    "ne",
    "not_equal",
    "pow",
    "remainder",
    "special_xlog1py",
    "xlogy",
    "ldexp",
    "lerp",
    "clamp.Tensor",
    "clamp_min.Tensor",
    "clamp_max.Tensor",
    "complex",
    "polar",
]


@rule(*(f"aten.{name}" for name in _UNARY), *(f"aten.{name}" for name in _BINARY))
def pointwise(lower: Lower, *operands: Any, **named: Any) -> Value:
    """Any function of elements at the same place."""
    return lower.map("pointwise", *operands, *named.values())


@rule("aten.add", "prims.add")
def add(lower: Lower, x: Any, y: Any, alpha: float = 1) -> Value:
    """``x + alpha y``."""
    if isinstance(y, Value) and y.constant is not None:
        return _plus_constant(lower, x, y, alpha)
    if isinstance(x, Value) and x.constant is not None and isinstance(y, Value):
        return _plus_constant(lower, y, x, 1)
    return _barred_sum(lower, "add", x, y)


@rule("aten.sub", "aten.subtract", "prims.sub")
def sub(lower: Lower, x: Any, y: Any, alpha: float = 1) -> Value:
    """``x - alpha y``."""
    if isinstance(y, Value) and y.constant is not None:
        return _plus_constant(lower, x, y, -alpha)
    return _barred_sum(lower, "sub", x, y)


@rule("aten.rsub")
def rsub(lower: Lower, x: Any, y: Any, alpha: float = 1) -> Value:
    """``y - alpha x``."""
    return lower.map("sub", x, y)


def _plus_constant(lower: Lower, x: Value, y: Value, alpha: float) -> Value:
    """Add a known tensor, which may be a mask."""
    if y.constant is None:
        return lower.map("add", x, y)
    keep = additive_mask(y.constant if alpha == 1 else y.constant * alpha)
    if keep is None:
        return _barred_sum(lower, "add", x, y)
    return lower.bar(lower.expand(x, broadcast([x.shape, y.shape])), keep)


def _barred_sum(lower: Lower, name: str, *operands: Any) -> Value:
    """A sum: minus infinity wherever a term is."""
    result = lower.map(name, *operands)
    for term in operands:
        keep = lower.barred(term) if isinstance(term, Value) else None
        if keep is not None:
            result = lower.bar(result, keep)
    return result


@rule("aten.mul", "aten.multiply", "prims.mul")
def mul(lower: Lower, x: Any, y: Any) -> Value:
    """``x y``: where a known factor is zero there is no element."""
    known = next((v for v in (x, y) if isinstance(v, Value) and v.constant is not None), None)
    if known is None or known.constant is None:
        return _zero_times(lower, x, y) or lower.map("mul", x, y)
    other = y if known is x else x
    return _times_known(lower, lower.map("mul", other, known), known.constant)


def _zero_times(lower: Lower, x: Any, y: Any) -> Value | None:
    for number, other in ((x, y), (y, x)):
        if isinstance(number, (int, float)) and number == 0 and isinstance(other, Value):
            return lower.constant(torch.zeros(other.shape))
    return None


def _times_known(lower: Lower, product: Value, factor: torch.Tensor) -> Value:
    there = factor != 0
    return product if there.all() else lower.keep(product, there)


@rule("aten.div", "aten.divide", "aten.true_divide", "prims.div")
def div(lower: Lower, x: Any, y: Any, rounding_mode: str | None = None) -> Value:
    """``x / y``."""
    return lower.map("div", x, y)


@rule("aten.addcmul", "aten.addcdiv")
def addcmul(lower: Lower, x: Value, y: Value, z: Value, value: float = 1) -> Value:
    """``x + value y z``, or ``x + value y / z``."""
    return lower.map("addcmul", x, y, z)


@rule("aten.where.self", "aten.where.ScalarOther", "aten.where.ScalarSelf")
def where(lower: Lower, condition: Value, x: Any, y: Any) -> Value:
    """X where the condition holds, else y."""
    if condition.constant is None:
        return lower.map("where", condition, x, y)
    keep = condition.constant.bool()
    shape = broadcast([v.shape for v in (condition, x, y) if isinstance(v, Value)])
    parts = [
        lower.keep(lower.expand(value, shape), mask)
        for value, mask in ((x, keep), (y, ~keep))
        if isinstance(value, Value) and value.constant is None
    ]
    if len(parts) > 1:
        return lower.map("where", *parts)
    kept, filled = (keep, y) if isinstance(x, Value) and x.constant is None else (~keep, x)
    return lower.bar(parts[0], kept) if _is_minus_infinity(filled) else parts[0]


def _is_minus_infinity(fill: Any) -> bool:
    """Whether a number, or all of a known tensor, masks a score."""
    if isinstance(fill, Value):
        return fill.constant is not None and bool((fill.constant <= MASKED_BELOW).all())
    return bool(fill <= MASKED_BELOW)


@rule("aten.masked_fill")
def masked_fill(lower: Lower, x: Value, mask: Value, fill: Any) -> Value:
    """x, but `fill` where the mask holds."""
    shape = broadcast([x.shape, mask.shape])
    if mask.constant is None:
        return lower.map("masked_fill", x, mask, fill)
    filled = mask.constant.bool()
    kept = lower.keep(lower.expand(x, shape), ~filled)
    if isinstance(fill, Value) and fill.constant is None:
        return lower.map("masked_fill", kept, lower.keep(lower.expand(fill, shape), filled))
    return lower.bar(kept, ~filled) if _is_minus_infinity(fill) else kept


@rule("aten.tril")
def tril(lower: Lower, x: Value, diagonal: int = 0) -> Value:
    """The elements on and below a diagonal."""
    return lower.keep(x, torch.ones(x.shape[-2:], dtype=torch.bool).tril(diagonal))


@rule("aten.triu")
def triu(lower: Lower, x: Value, diagonal: int = 0) -> Value:
    """The elements on and above a diagonal."""
    return lower.keep(x, torch.ones(x.shape[-2:], dtype=torch.bool).triu(diagonal))


@rule("aten.glu")
def glu(lower: Lower, x: Value, dim: int = -1) -> Value:
    """One half times the sigmoid of the other."""
    half = x.shape[dim] // 2
    return lower.map("glu", lower.slice(x, dim, 0, half), lower.slice(x, dim, half, 2 * half))


@rule("aten.prelu")
def prelu(lower: Lower, x: Value, weight: Value) -> Value:
    """A leaky rectifier with a learnable slope, one for all or one per channel."""
    return lower.map("prelu", x, lower.along(weight, 1, max(len(x.shape), 2)) if len(x.shape) > 1 else weight)


@rule("aten._prelu_kernel")
def prelu_kernel(lower: Lower, x: Value, weight: Value) -> Value:
    """PReLU with the weight shaped to broadcast."""
    return lower.map("prelu", x, weight)


@rule("aten.copy", "prims.copy_to")
def copy(lower: Lower, x: Value, source: Value, non_blocking: bool = False) -> Value:
    """What ``x.copy_(source)`` leaves in x."""
    return lower.expand(source, x.shape)


@rule("aten.fill")
def fill(lower: Lower, x: Value, value: Any) -> Value:
    """What ``x.fill_(value)`` leaves in x."""
    if isinstance(value, Value):
        return lower.expand(value, x.shape)
    return lower.constant(torch.full((), float(value)).expand(x.shape))


@rule("aten.zero")
def zero(lower: Lower, x: Value) -> Value:
    """What ``x.zero_()`` leaves in x."""
    return lower.constant(torch.zeros(()).expand(x.shape))
