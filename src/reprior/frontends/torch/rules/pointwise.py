"""Pointwise operators (convention 1).

A factor that is known to be zero, a term that masks and a known ``where`` decide which elements exist: each
rule says what it computes, see `reprior.frontends.torch.probe`.
"""

from __future__ import annotations

from typing import Any

import torch

from ....core.primitives import LAWS, Law
from ..constants import MASKED_BELOW, additive_mask, broadcast
from ..lower import Lower, is_zero
from ..operators import functional
from ..probe import Call
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
    formula = Call(lower.operator, tuple(named))
    law = LAWS.get(str(functional(lower.operator)).split(".")[1], "other")
    return lower.map("pointwise", *operands, *named.values(), formula=formula, law=law)


@rule("aten.pow")
def power(lower: Lower, x: Any, exponent: Any) -> Value:
    """``x ** exponent``."""
    law: Law = "exp" if _is_known(x) else "power" if _is_known(exponent) else "other"
    return lower.map("pow", x, exponent, formula=Call(lower.operator), law=law)


@rule("aten.add", "prims.add")
def add(lower: Lower, x: Any, y: Any, alpha: float = 1) -> Value:
    """``x + alpha y``."""
    return _add(lower, "add", x, y, alpha)


@rule("aten.sub", "aten.subtract", "prims.sub")
def sub(lower: Lower, x: Any, y: Any, alpha: float = 1) -> Value:
    """``x - alpha y``."""
    return _add(lower, "sub", x, y, -alpha)


@rule("aten.rsub")
def rsub(lower: Lower, x: Any, y: Any, alpha: float = 1) -> Value:
    """``y - alpha x``."""
    return _add(lower, "sub", y, x, -alpha)


def _add(lower: Lower, name: str, x: Any, y: Any, alpha: float) -> Value:
    """``x + alpha y``, either of which may be known to mask the other."""
    for term, factor, other, scale in ((y, alpha, x, 1), (x, 1, y, alpha)):
        keep = _mask(term, factor) if isinstance(other, Value) else None
        if keep is not None:
            finite = lower.constant((term.constant * factor).masked_fill(~keep, 0))
            total = lower.expand(other, broadcast([other.shape, finite.shape]))
            if scale != 1 or not is_zero(finite):
                total = lower.map(name, finite, other, scale, formula=_sum)
            return lower.bar(total, keep)
    return lower.map(name, x, y, alpha, formula=_sum)


def _sum(x: Any, y: Any, alpha: float) -> Any:
    return x + alpha * y


def _mask(term: Any, factor: float) -> torch.Tensor | None:
    """Which scores a term leaves, if it is known and masks some."""
    if not isinstance(term, Value) or term.constant is None:
        return None
    return additive_mask(term.constant if factor == 1 else term.constant * factor)


@rule("aten.mul", "aten.multiply", "prims.mul")
def mul(lower: Lower, x: Any, y: Any) -> Value:
    """``x y``: where a factor is zero there is no element."""
    return _zero_by(lower, x, y) or _zero_by(lower, y, x) or lower.map("mul", x, y, formula=torch.mul)


@rule("aten.div", "aten.divide", "aten.true_divide", "prims.div")
def div(lower: Lower, x: Any, y: Any, rounding_mode: str | None = None) -> Value:
    """``x / y``."""
    law: Law = "other" if rounding_mode else "power" if _is_known(x) else "product"
    return _zero_by(lower, x, y) or lower.map("div", x, y, formula=torch.div, law=law)


def _is_known(x: Any) -> bool:
    """Whether an argument is a number or a known tensor."""
    return not isinstance(x, Value) or x.constant is not None


def _zero_by(lower: Lower, number: Any, other: Any) -> Value | None:
    """Zero times or by a value."""
    if isinstance(number, int | float) and number == 0 and isinstance(other, Value):
        return lower.constant(torch.zeros(()).expand(other.shape))
    return None


@rule("aten.addcmul")
def addcmul(lower: Lower, x: Value, y: Value, z: Value, value: float = 1) -> Value:
    """``x + value y z``."""
    return add(lower, x, mul(lower, y, z), value)


@rule("aten.addcdiv")
def addcdiv(lower: Lower, x: Value, y: Value, z: Value, value: float = 1) -> Value:
    """``x + value y / z``."""
    return add(lower, x, div(lower, y, z), value)


@rule("aten.where.self", "aten.where.ScalarOther", "aten.where.ScalarSelf", "aten.where.Scalar")
def where(lower: Lower, condition: Value, x: Any, y: Any) -> Value:
    """X where the condition holds, else y."""
    if condition.worlds is not None:
        return _choose(lower, condition.worlds.may_hold(), condition.worlds.may_fail(), x, y)
    if condition.constant is None:
        # Where one side is zero, the other is multiplied by the condition.
        is_product = any(known is not None and not known.any() for known in (_known(x), _known(y)))
        law: Law = "product" if is_product else "other"
        return lower.map("where", condition, x, y, formula=_where, law=law)
    return _choose(lower, condition.constant.bool(), ~condition.constant.bool(), x, y)


def _where(condition: Any, x: Any, y: Any) -> Any:
    return torch.where(condition > 0, x, y)


def _choose(lower: Lower, holds: torch.Tensor, fails: torch.Tensor, x: Any, y: Any) -> Value:
    """X where a condition may hold, y where it may fail (both, if not known); either may be a number."""
    shape = broadcast([holds.shape, *(value.shape for value in (x, y) if isinstance(value, Value))])
    known_x, known_y = _known(x), _known(y)
    if known_x is not None and known_y is not None and not (holds & fails).any():
        return lower.constant(torch.where(holds, known_x, known_y).expand(shape))
    sides = ((x, known_x, holds), (y, known_y, fails))
    for (value, known, there), (_, fill, _) in (sides, sides[::-1]):
        if fill is not None and known is None and (fill <= MASKED_BELOW).all():
            return lower.bar(lower.expand(value, shape), there)
    parts = [
        lower.keep(lower.expand(value if known is None else lower.constant(known), shape), there)
        for value, known, there in sides
    ]
    parts = [part for part in parts if not is_zero(part)] or parts[:1]
    return parts[0] if len(parts) == 1 else lower.either("where", *parts)


def _known(value: Any) -> torch.Tensor | None:
    """The elements of a known tensor or number."""
    return value.constant if isinstance(value, Value) else torch.tensor(value)


@rule("aten.masked_fill")
def masked_fill(lower: Lower, x: Value, mask: Value, fill: Any) -> Value:
    """x, but `fill` where the mask holds."""
    return where(lower, mask, fill, x)


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
    first, second = lower.slice(x, dim, 0, half), lower.slice(x, dim, half, 2 * half)
    return lower.map("glu", first, second, formula=_glu)


def _glu(x: Any, gate: Any) -> Any:
    return x * torch.sigmoid(gate)


@rule("aten.prelu")
def prelu(lower: Lower, x: Value, weight: Value) -> Value:
    """A leaky rectifier with a learnable slope, one for all or one per channel."""
    return prelu_kernel(
        lower, x, lower.along(weight, 1, max(len(x.shape), 2)) if len(x.shape) > 1 else weight
    )


@rule("aten._prelu_kernel")
def prelu_kernel(lower: Lower, x: Value, weight: Value) -> Value:
    """PReLU with the weight shaped to broadcast."""
    return lower.map("prelu", x, weight, formula=_prelu)


def _prelu(x: Any, weight: Any) -> Any:
    return torch.where(x > 0, x, weight * x)


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
