"""Cases of pointwise operators."""

from __future__ import annotations

from typing import Any

import torch

from .case import Case, Fed, call, resolve
from .required import matching

__all__ = ["CASES"]

aten = torch.ops.aten
seen = torch.tensor([[True, False, True], [False, False, True]])

_SMOOTH = """
acos acosh asin asinh atan atanh celu cos cosh deg2rad digamma elu erf erfc erfinv exp exp2 expm1
frac gelu hardswish leaky_relu lgamma log log10 log1p log2 log_sigmoid logit mish neg negative
rad2deg reciprocal relu relu6 rrelu rsqrt selu sigmoid silu sin sinc sinh softplus special_expit
special_erf sqrt square tan tanh abs hardsigmoid hardtanh
"""
_STEPS = """
angle bitwise_not ceil fix floor hardshrink isfinite isinf isnan isneginf isposinf logical_not
nan_to_num round sgn sign signbit softshrink trunc clamp clamp_max clamp_min clip threshold
"""
_RANGES = {
    "acosh": (1.5, 3.0),
    "logit": (0.1, 0.9),
    "sinc": (0.3, 0.9),
    "erfinv": (-0.9, 0.9),
    "acos": (-0.9, 0.9),
    "asin": (-0.9, 0.9),
    "atanh": (-0.9, 0.9),
}
_ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "clamp": (-0.5, 0.5),
    "clip": (-0.5, 0.5),
    "clamp_min": (0.0,),
    "clamp_max": (0.5,),
    "threshold": (0.5, 0.0),
}


def _step(name: str) -> Case:
    """Its derivative is zero almost everywhere, or not defined: it is changed instead."""
    operator, arguments = f"aten.{name}.default", _ARGUMENTS.get(name, ())
    run = resolve(operator)

    def function(x: torch.Tensor) -> Any:
        if name in ("bitwise_not", "logical_not"):
            return run(x > 0)
        if name.startswith("is") or name == "nan_to_num":  # what they ask about has to occur
            beyond = torch.where(x > 1, torch.inf, torch.where(x < -1, -torch.inf, torch.sqrt(x)))
            return run(beyond, *arguments)
        return run(x, *arguments)

    return Case(operator, function, [(2, 3)], "change", 6, -2.0, 2.0)


_BOOLEAN = {
    "__and__",
    "__or__",
    "__xor__",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "logical_and",
    "logical_or",
    "logical_xor",
}
_INTEGER = {"bitwise_left_shift", "bitwise_right_shift"}
_NUMBERS = {
    "aten.pow.Scalar": 2,
    "aten.xlogy.Scalar_Other": 2,
    "aten.special_xlog1py.other_scalar": 2,
    "aten.bitwise_right_shift.Scalar_Tensor": 2000,
}
_BINARY = """
__and__ __or__ __xor__ atan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift
bitwise_xor copysign eq floor_divide fmax fmin fmod ge greater greater_equal gt heaviside hypot le
less less_equal logaddexp logical_and logical_or logical_xor lt maximum minimum ne not_equal pow
remainder special_xlog1py xlogy ldexp add sub subtract rsub mul multiply div divide true_divide
"""


def _binary(operator: str) -> Case:
    """Two operands that broadcast, or one and a number."""
    run, name = resolve(operator), operator.split(".")[1]
    tensors = ["Tensor" in str(argument.type) for argument in run._schema.arguments[:2]]

    def convert(x: torch.Tensor) -> torch.Tensor:
        if name in _BOOLEAN:
            return x > 0
        if name in _INTEGER:
            return (4 * x).round().to(torch.int64).abs()
        return x.round() if name in ("eq", "ne", "not_equal", "heaviside") else x

    def function(*xs: torch.Tensor) -> Any:
        given = iter(xs)
        number: Any = name not in ("__or__", "bitwise_or") if name in _BOOLEAN else _NUMBERS.get(operator, 1)
        operands = [convert(next(given)) if is_tensor else number for is_tensor in tensors]
        named = {"rounding_mode": "floor"} if operator.endswith("_mode") else {}
        return run(*operands, **named)

    positive = name in ("pow", "xlogy", "special_xlog1py", "fmod", "remainder", "floor_divide")
    shapes = [(2, 3), (3,)][: sum(tensors)]
    return Case(operator, function, shapes, "change", 8, 0.3 if positive else -2.0, 2.6)


CASES = [
    *(
        call(f"aten.{name}.default", [(2, 3)], low=low, high=high)
        for name in _SMOOTH.split()
        for low, high in [_RANGES.get(name, (0.25, 0.9))]
    ),
    *(_step(name) for name in _STEPS.split()),
    *(_binary(operator) for name in _BINARY.split() for operator in matching(f"aten.{name}")),
    call("aten.round.decimals", [(2, 3)], kind="change", named={"decimals": 1}),
    Case(
        "aten.clamp.Tensor",
        lambda x, low, high: aten.clamp(x, low, high + 0.2),
        [(2, 3), (3,), (1, 3)],
        draws=20,
    ),
    call("aten.clip.Tensor", [(2, 3), (3,)], draws=20),
    call("aten.clamp_min.Tensor", [(2, 3), (3,)], draws=20),
    call("aten.clamp_max.Tensor", [(2, 3), (3,)], draws=20),
    call("aten.lerp.Scalar", [(2, 3), (2, 3)], 0.3),
    call("aten.lerp.Tensor", [(2, 3), (2, 3), (3,)]),
    *(
        call(f"prims.{name}.default", [(2, 3), (2, 3)], kind="change")
        for name in ("add", "sub", "mul", "div")
    ),
    Case("aten.complex.default", torch.complex, [(2, 3), (2, 3)]),
    Case("aten.polar.default", torch.polar, [(2, 3), (2, 3)]),
    Case("aten.mul.Tensor", lambda x: x * seen, [(2, 3)]),
    Case("aten.mul.Tensor", lambda x: x * 0.0, [(2, 3)]),
    Case("aten.add.Tensor", lambda x: torch.exp(x + torch.zeros(2, 3).masked_fill(seen, -1e9)), [(2, 3)]),
    call("aten.addcmul.default", [(2, 3), (3,), (2, 1)], named={"value": 2}),
    call("aten.addcdiv.default", [(2, 3), (3,), (2, 1)]),
    Case("aten.where.self", lambda c, x, y: torch.where(c > 0.7, x, y), [(2, 3), (2, 3), (3,)], "change", 8),
    Case("aten.where.self", lambda x, y: torch.where(seen, x, y), [(2, 3), (2, 3)]),
    Case("aten.where.self", lambda c, x, y: torch.where(c, x, y), [Fed((2, 3)), (2, 3), (2, 3)], draws=20),
    Case(
        "aten.where.ScalarOther",
        lambda c, x: aten.where.ScalarOther(c, x, 0.5),
        [Fed((2, 3)), (2, 3)],
        draws=20,
    ),
    Case(
        "aten.where.ScalarSelf",
        lambda c, x: aten.where.ScalarSelf(c, 0.5, x),
        [Fed((2, 3)), (2, 3)],
        draws=20,
    ),
    Case("aten.where.ScalarOther", lambda x: aten.where.ScalarOther(seen, x, 0.5), [(2, 3)]),
    Case("aten.where.ScalarSelf", lambda x: aten.where.ScalarSelf(seen, 0.5, x), [(2, 3)]),
    Case("aten.where.Scalar", lambda x: aten.where.Scalar(x > 0.7, 0.5, 0.2), [(2, 3)], "change", 8),
    Case("aten.masked_fill.Scalar", lambda x: x.masked_fill(seen, 0.0), [(2, 3)]),
    Case("aten.masked_fill.Scalar", lambda m, x: x.masked_fill(m, 0.0), [Fed((2, 3)), (2, 3)], draws=20),
    Case("aten.masked_fill.Tensor", lambda x, v: x.masked_fill(seen, v), [(2, 3), ()]),
    Case("aten.masked_fill.Tensor", lambda m, x, v: x.masked_fill(m, v), [Fed((2, 3)), (2, 3), ()], draws=20),
    call("aten.tril.default", [(3, 4)]),
    call("aten.triu.default", [(3, 4)], 1),
    call("aten.glu.default", [(2, 4)], 1),
    call("aten.glu.default", [(4, 2)], -2),
    Case("aten.prelu.default", lambda x, w: aten.prelu(-x, w), [(2, 3, 2), (3,)]),
    Case("aten.prelu.default", lambda x, w: aten.prelu(-x, w), [(3,), (1,)]),
    Case("aten._prelu_kernel.default", lambda x, w: aten._prelu_kernel(-x, w), [(2, 3, 2), (1, 3, 1)]),
    call("aten.copy.default", [(2, 3), (3,)], kind="change"),
    Case(
        "prims.copy_to.default",
        lambda x, y: torch.ops.prims.copy_to(x.clone(), y),
        [(2, 3), (2, 3)],
        reference=lambda x, y: y + 0 * x,
        kind="claim",
        reason="it writes in place, which has no derivative",
    ),
    call("aten.fill.Tensor", [(2, 3), ()]),
    Case("aten.fill.Scalar", lambda x: aten.fill(x, 0.5), [(2, 3)]),
    Case("aten.zero.default", lambda x: aten.zero(x), [(2, 3)]),
]
