"""Cases of reductions, orderings and running sums."""

from __future__ import annotations

import torch

from .case import Case, call

__all__ = ["CASES"]

aten = torch.ops.aten
F64 = torch.float64


def _extremum(operator: str, operands: list[tuple[int, ...]], *rest: object, **named: object) -> Case:
    """Which element wins depends on the draw; places have no derivative."""
    return call(operator, operands, *rest, kind="change", draws=12, named=named)


def _truth(operator: str, *rest: object) -> Case:
    """Of booleans."""
    run = getattr(getattr(aten, operator.split(".")[1]), operator.split(".")[2])
    return Case(operator, lambda x: run(x > 0.7, *rest), [(2, 3)], "change", 400)


CASES = [
    call("aten.sum.default", [(2, 3)]),
    call("aten.sum.dim_IntList", [(2, 3, 2)], [0, -1]),
    call("aten.sum.dim_IntList", [(2, 3)], 1, True),
    call("aten.mean.default", [(2, 3)]),
    call("aten.mean.dim", [(2, 3)], 1, True),
    call("aten.nansum.default", [(2, 3)], 1),
    call("aten.nanmean.default", [(2, 3)], [0], True),
    _extremum("aten.amax.default", [(2, 3, 2)], [0, 1]),
    _extremum("aten.amin.default", [(2, 3)], [], True),
    call("aten.logsumexp.default", [(2, 3)], [1], True),
    call("aten.special_logsumexp.default", [(2, 3)], [0]),
    call("aten.var.default", [(2, 3)]),
    call("aten.var.default", [(2, 3)], False),
    call("aten.var.dim", [(2, 3)], [1], False, True),
    call("aten.var.dim", [(2, 3)], [1], False),
    call("aten.var.correction", [(2, 3)], [1], named={"correction": 0, "keepdim": True}),
    call("aten.std.default", [(2, 3)]),
    call("aten.std.dim", [(2, 3)], [0], True, True),
    call("aten.std.dim", [(2, 3)], [0], True),
    call("aten.std.correction", [(2, 3)], [1]),
    call("aten.std.correction", [(2, 3)]),
    Case("aten.count_nonzero.default", lambda x: aten.count_nonzero(x.round(), 1), [(2, 3)], "change", 6),
    Case(
        "aten.count_nonzero.dim_IntList", lambda x: aten.count_nonzero(x.round(), [0]), [(2, 3)], "change", 6
    ),
    call("prims.sum.default", [(2, 3)], [1], kind="change"),
    call("prims.amax.default", [(2, 3)], [1], kind="change", draws=12),
    call("aten.var_mean.correction", [(2, 3)], [1], named={"correction": 0}),
    call("aten.std_mean.correction", [(2, 3)], named={"keepdim": True}),
    call("aten.var_mean.dim", [(2, 3)], [1], False, True),
    call("aten.std_mean.dim", [(2, 3)], [0]),
    call("aten.linalg_vector_norm.default", [(2, 3)], 2, [1], True),
    call("aten.norm.Scalar", [(2, 3)], 3),
    call("aten.norm.ScalarOpt_dim", [(2, 3)], 2, [1], True),
    call("aten.norm.ScalarOpt_dim_dtype", [(2, 3)], 2, [1], False, named={"dtype": F64}),
    call("aten.norm.ScalarOpt_dtype", [(2, 3)], 2, named={"dtype": F64}),
    call("aten.renorm.default", [(2, 3)], 2, 0, 0.1),
    call("aten.renorm.default", [(2, 3)], 2, -1, 0.1),
    call("aten.frobenius_norm.dim", [(2, 3, 2)], [0, 2]),
    *(
        _truth(f"aten.{name}.{overload}", *rest)
        for name in ("any", "all")
        for overload, rest in (("default", ()), ("dim", (1, True)), ("dims", ([0],)))
    ),
    call("aten.prod.default", [(2, 3)]),
    call("aten.prod.dim_int", [(2, 3)], 1, True),
    *(_extremum(f"aten.{name}.default", [(2, 3)]) for name in ("max", "min", "median")),
    *(call(f"aten.{name}.other", [(2, 3), (3,)], draws=20) for name in ("max", "min")),
    *(_extremum(f"aten.{name}.dim", [(2, 3)], 1, True) for name in ("max", "min", "median")),
    _extremum("aten.nanmedian.default", [(2, 3)]),
    _extremum("aten.nanmedian.dim", [(2, 3)], 1),
    Case("aten.mode.default", lambda x: aten.mode((4 * x).round(), 1), [(2, 4)], "change", 12),
    _extremum("aten.kthvalue.default", [(2, 3)], 2, -1, True),
    _extremum("aten.aminmax.default", [(2, 3)], dim=1, keepdim=True),
    _extremum("aten.aminmax.default", [(2, 3)]),
    *(
        _extremum(f"aten.{name}.default", [(2, 3)], *rest)
        for name in ("argmax", "argmin")
        for rest in ((), (1, True))
    ),
    _extremum("aten.topk.default", [(2, 4)], 2, 1),
    _extremum("aten.sort.default", [(3, 2)], 0, True),
    _extremum("aten.sort.stable", [(2, 3)], stable=True, dim=1),
    _extremum("aten.msort.default", [(3, 2)]),
    _extremum("aten.argsort.default", [(2, 3)], 1),
    _extremum("aten.argsort.stable", [(2, 3)], stable=True, dim=0),
    call("aten.cumsum.default", [(2, 4)], -1),
    call("aten.cumprod.default", [(2, 4)], 1),
    call("aten.logcumsumexp.default", [(3, 2)], 0),
    # The first place is 0 whatever the elements are.
    *(
        Case(
            f"aten.{name}.default",
            lambda x, name=name: [getattr(aten, name)(x, 1)[0], getattr(aten, name)(x, 1)[1][:, 1:]],
            [(2, 4)],
            "change",
            40,
        )
        for name in ("cummax", "cummin")
    ),
    call("aten.trace.default", [(3, 2)]),
    call("aten.quantile.scalar", [(2, 4)], 0.4, 1, True, kind="change", draws=12),
    Case(
        "aten.quantile.default",
        lambda x: torch.quantile(x, torch.tensor([0.3, 0.6], dtype=x.dtype), 1),
        [(2, 4)],
        "change",
        12,
    ),
    call("aten.quantile.default", [(2, 4), (2,)], 1, True, kind="change", draws=12, low=0.05, high=0.95),
    call("aten.nanquantile.default", [(2, 4), ()], kind="change", draws=12, low=0.05, high=0.95),
    call("aten.nanquantile.scalar", [(2, 4)], 0.4, kind="change", draws=12),
]
