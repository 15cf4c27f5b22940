"""Cases of linear algebra."""

from __future__ import annotations

from typing import Any

import torch

from .case import Case, call

__all__ = ["CASES"]

aten = torch.ops.aten
TRIANGULAR = "of a symmetric matrix, an element of a factor depends on those before it; the rule has all"


def _square(name: str, run: Any, **options: Any) -> Case:
    """Of a matrix that has an inverse."""
    return Case(f"aten.{name}", lambda x: run(x + 2 * torch.eye(3, dtype=x.dtype)), [(3, 3)], **options)


def _symmetric(name: str, run: Any, **options: Any) -> Case:
    """Of a positive definite matrix."""

    def function(x: torch.Tensor) -> Any:
        return run(x + x.mT + 4 * torch.eye(3, dtype=x.dtype))

    return Case(f"aten.{name}", function, [(3, 3)], **options)


CASES = [
    _square("linalg_inv.default", aten.linalg_inv),
    _square("inverse.default", aten.inverse),
    _square("linalg_inv_ex.default", lambda x: aten.linalg_inv_ex(x)[0]),
    _square("linalg_matrix_exp.default", aten.linalg_matrix_exp),
    _square("matrix_exp.default", aten.matrix_exp),
    call("aten.linalg_inv.default", [(2, 2, 2)]),
    call("aten.pinverse.default", [(2, 3)]),
    call("aten.linalg_pinv.default", [(2, 3)], 1e-9),
    call("aten.linalg_pinv.atol_rtol_float", [(2, 3)]),
    Case(
        "aten.linalg_pinv.rcond_tensor",
        lambda x: aten.linalg_pinv.rcond_tensor(x, torch.tensor(1e-9, dtype=x.dtype)),
        [(2, 3)],
    ),
    call("aten.linalg_pinv.atol_rtol_tensor", [(2, 3)]),
    _square("linalg_det.default", aten.linalg_det),
    _square("det.default", aten.det),
    _square("logdet.default", aten.logdet),
    _square("linalg_slogdet.default", lambda x: aten.linalg_slogdet(x)[1]),
    _square("slogdet.default", lambda x: aten.slogdet(x)[1]),
    _symmetric("linalg_cholesky.default", aten.linalg_cholesky, kind="bound", reason=TRIANGULAR),
    _symmetric(
        "linalg_cholesky_ex.default", lambda x: aten.linalg_cholesky_ex(x)[0], kind="bound", reason=TRIANGULAR
    ),
    Case(
        "aten.linalg_qr.default",
        lambda x: aten.linalg_qr(x),
        [(3, 2)],
        "bound",
        reason="the first columns do not depend on the last; the rule has all",
    ),
    Case("aten.linalg_svd.default", lambda x: aten.linalg_svd(x, False), [(2, 3)]),
    Case("aten._linalg_svd.default", lambda x: aten._linalg_svd(x)[1], [(2, 3)]),
    Case("aten.svd.default", lambda x: aten.svd(x), [(2, 3)]),
    call("aten.linalg_svdvals.default", [(2, 3)]),
    _symmetric("linalg_eigh.default", aten.linalg_eigh),
    _symmetric("_linalg_eigh.default", aten._linalg_eigh),
    _symmetric("linalg_eigvalsh.default", aten.linalg_eigvalsh),
    _square("linalg_eig.default", lambda x: aten.linalg_eig(x)[0], kind="change"),
    _square("linalg_eigvals.default", aten.linalg_eigvals, kind="change"),
    _square(
        "linalg_lu.default",
        lambda x: aten.linalg_lu(x)[1:],
        kind="bound",
        reason="the first rows and columns do not depend on the last; the rule has all",
    ),
    _square(
        "linalg_lu_factor.default",
        lambda x: aten.linalg_lu_factor(x)[0],
        kind="bound",
        reason="the first rows and columns do not depend on the last; the rule has all",
    ),
    call(
        "aten.linalg_householder_product.default",
        [(3, 2), (2,)],
        kind="bound",
        reason="reflections leave some elements alone; the rule has all",
    ),
    call(
        "aten.orgqr.default",
        [(3, 2), (2,)],
        kind="bound",
        reason="reflections leave some elements alone; the rule has all",
    ),
    Case("aten.linalg_solve.default", lambda a, b: aten.linalg_solve(a, b), [(3, 3), (3, 2)]),
    Case("aten.linalg_solve.default", lambda a, b: aten.linalg_solve(a, b), [(3, 3), (3,)]),
    Case("aten.linalg_solve.default", lambda a, b: aten.linalg_solve(a, b, left=False), [(2, 2), (3, 2)]),
    Case(
        "aten.linalg_solve_triangular.default",
        lambda a, b: aten.linalg_solve_triangular(a, b, upper=False),
        [(3, 3), (3, 2)],
        "bound",
        reason="an element depends on those before it; the rule has the whole triangle",
    ),
    Case(
        "aten.linalg_lu_solve.default",
        lambda a, b: aten.linalg_lu_solve(a, torch.tensor([1, 2, 3], dtype=torch.int32), b),
        [(3, 3), (3, 2)],
        "bound",
        reason="the last row of the factors comes into all results, the first does not; the rule has all",
    ),
    Case("aten.cholesky_solve.default", lambda b, a: aten.cholesky_solve(b, a.tril()), [(3, 2), (3, 3)]),
    call("aten.linalg_cross.default", [(2, 3), (2, 3)]),
]
