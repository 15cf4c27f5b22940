"""Cases of operators whose result depends on no element of their operands."""

from __future__ import annotations

import torch

from .case import Case

__all__ = ["CASES"]

aten = torch.ops.aten
_X = [(2, 3)]


def _claim(operator: str, function: object, reason: str, operands: object = _X) -> Case:
    return Case(operator, function, operands, "claim", reason=reason)  # type: ignore[arg-type]


def _of_shape(operator: str, *rest: object) -> Case:
    """What is asked of the shape, as numbers of a tensor that is made of them."""
    *_, name, overload = operator.split(".")
    run = getattr(getattr(aten, name), overload)

    def function(x: torch.Tensor) -> torch.Tensor:
        answer = run(x, *(x if one is _X else one for one in rest))
        return torch.ones(3) * torch.as_tensor(answer, dtype=torch.float32).sum()

    return _claim(operator, function, "it depends on the shape alone")


def _checked(operator: str, *rest: object) -> Case:
    *_, name, overload = operator.split(".")
    run = getattr(getattr(aten, name), overload)

    def function(x: torch.Tensor) -> torch.Tensor:
        run(torch.ones(()) if "async" in name else 1 if "scalar" in name or "sym" in name else x, *rest)
        return torch.ones(3)

    return _claim(operator, function, "it checks and returns nothing")


NOISE = "noise is neither fed nor learned"
DRAWN = "what is drawn depends on what it is drawn by, and has no derivative"


def _drawn(operator: str, function: object, reference: object, operands: object = _X) -> Case:
    return Case(operator, function, operands, "claim", reference=reference, reason=DRAWN)  # type: ignore[arg-type]


CASES = [
    _drawn("aten.bernoulli.default", lambda x: aten.bernoulli(x / 2), lambda x: x / 2),
    _drawn("aten.bernoulli.Tensor", lambda x: aten.bernoulli.Tensor(x, x / 2), lambda x: x / 2),
    _drawn("aten.poisson.default", aten.poisson, lambda x: x * 2),
    _drawn("aten.normal.Tensor_float", lambda x: aten.normal.Tensor_float(x, 1.0), lambda x: x * 2),
    _drawn("aten.normal.float_Tensor", lambda x: aten.normal.float_Tensor(0.0, x), lambda x: x * 2),
    _drawn("aten.normal.Tensor_Tensor", aten.normal.Tensor_Tensor, lambda x, y: x + y, [(2, 3), (2, 3)]),
    _drawn(
        "aten.multinomial.default",
        lambda x: aten.multinomial(x, 2),
        lambda x: x.sum(-1, keepdim=True).expand(2, 2),
    ),
    _claim("aten.bernoulli.p", lambda x: aten.bernoulli.p(x, 0.5), NOISE),
    *(
        _claim(f"aten.{name}.default", getattr(aten, name), NOISE)
        for name in ("uniform", "exponential", "random", "cauchy", "log_normal")
    ),
    _claim("aten.random.from", lambda x: getattr(aten.random, "from")(x, 0, 3), NOISE),
    _claim("aten.random.to", lambda x: aten.random.to(x, 3), NOISE),
    _claim("aten.geometric.default", lambda x: aten.geometric(x, 0.5), NOISE),
    _claim("aten.rand.default", lambda x: aten.rand([2, 3]), NOISE),
    _claim("aten.rand.generator", lambda x: aten.rand.generator([2, 3], generator=None), NOISE),
    _claim("aten.randn.default", lambda x: aten.randn([2, 3]), NOISE),
    _claim("aten.randn.generator", lambda x: aten.randn.generator([2, 3], generator=None), NOISE),
    _claim("aten.randint.default", lambda x: aten.randint(3, [2]), NOISE),
    _claim("aten.randint.low", lambda x: aten.randint.low(1, 3, [2]), NOISE),
    _claim("aten.randint.generator", lambda x: aten.randint.generator(3, [2], generator=None), NOISE),
    _claim(
        "aten.randint.low_generator", lambda x: aten.randint.low_generator(1, 3, [2], generator=None), NOISE
    ),
    _claim("aten.randperm.default", lambda x: aten.randperm(3), NOISE),
    _claim("aten.randperm.generator", lambda x: aten.randperm.generator(3, generator=None), NOISE),
    _checked("aten._assert_async.default"),
    _checked("aten._assert_async.msg", "message"),
    _checked("aten._assert_tensor_metadata.default", [2, 3]),
    _checked("aten._assert_scalar.default", "message"),
    _checked("aten.sym_constrain_range.default"),
    *(_of_shape(f"aten.{name}.default") for name in ("sym_numel", "is_floating_point", "is_complex")),
    *(_of_shape(f"aten.{name}.int", 0) for name in ("sym_size", "sym_stride", "size", "stride")),
    _of_shape("aten.is_same_size.default", _X),
    _of_shape("aten._has_same_storage_numel.default", _X),
]
