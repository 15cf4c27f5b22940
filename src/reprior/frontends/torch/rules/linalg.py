"""Linear algebra of whole matrices: every result gathers every element of its matrix (convention 3).

Inverses and factors are functions of all elements; the zero halves of triangular ones are no elements.
"""

from __future__ import annotations

from typing import Any

import torch

from ....core.primitives import Reduce
from ..constants import broadcast
from ..lower import Lower
from ..registry import rule
from ..values import Value
from .fourier import gather_all
from .products import matmul

__all__: list[str] = []


def _whole(lower: Lower, x: Value, *sizes: int) -> Value:
    """Nodes of the given sizes for every matrix."""
    rank = len(x.shape)
    if len(sizes) == 2:
        return gather_all(lower, x, (rank - 2, rank - 1), sizes)
    return lower.reshape(_whole(lower, x, *sizes, 1), (*x.shape[:-2], *sizes))


def _below(lower: Lower, x: Value, diagonal: int = 0) -> Value:
    return lower.keep(x, torch.ones(x.shape[-2:], dtype=torch.bool).tril(diagonal))


def _above(lower: Lower, x: Value) -> Value:
    return lower.keep(x, torch.ones(x.shape[-2:], dtype=torch.bool).triu())


def _one(lower: Lower, x: Value) -> Value:
    """One node for every matrix."""
    rank = len(x.shape)
    return lower.add(Reduce((rank - 2, rank - 1)), x)


@rule("aten.linalg_inv", "aten.inverse", "aten.linalg_matrix_exp", "aten.matrix_exp")
def same_shape(lower: Lower, x: Value) -> Value:
    """Functions of a square matrix."""
    return _whole(lower, x, *x.shape[-2:])


@rule("aten.linalg_inv_ex")
def inverse_checked(lower: Lower, x: Value, check_errors: bool = False) -> tuple[Value, Value]:
    """The inverse, and whether there is one."""
    return same_shape(lower, x), _one(lower, x)


@rule(
    "aten.linalg_pinv.atol_rtol_tensor",
    "aten.linalg_pinv.atol_rtol_float",
    "aten.linalg_pinv.rcond_tensor",
    "aten.linalg_pinv.default",
    "aten.pinverse",
)
def pseudo_inverse(lower: Lower, x: Value, *rest: Any, **named: Any) -> Value:
    """The inverse of a matrix that need not be square."""
    return _whole(lower, x, x.shape[-1], x.shape[-2])


@rule("aten.linalg_det", "aten.det", "aten.logdet")
def determinant(lower: Lower, x: Value) -> Value:
    """The determinant, or its logarithm."""
    return _one(lower, x)


@rule("aten.linalg_slogdet", "aten.slogdet")
def log_determinant(lower: Lower, x: Value) -> tuple[Value, Value]:
    """Sign and logarithm of the determinant."""
    return _one(lower, x), _one(lower, x)


@rule("aten.linalg_cholesky")
def cholesky(lower: Lower, x: Value, upper: bool = False, **named: Any) -> Value:
    """One triangular factor."""
    factor = same_shape(lower, x)
    return _above(lower, factor) if upper or named.get("upper") else _below(lower, factor)


@rule("aten.linalg_cholesky_ex")
def cholesky_checked(
    lower: Lower, x: Value, *, upper: bool = False, check_errors: bool = False
) -> tuple[Value, Value]:
    """As `cholesky`, and whether there is one."""
    return cholesky(lower, x, upper), _one(lower, x)


@rule("aten.linalg_qr")
def qr(lower: Lower, x: Value, mode: str = "reduced") -> tuple[Value | None, Value]:
    """An orthogonal and a triangular factor."""
    rows, columns = x.shape[-2:]
    inner = rows if mode == "complete" else min(rows, columns)
    triangle = _above(lower, _whole(lower, x, inner, columns))
    return None if mode == "r" else _whole(lower, x, rows, inner), triangle


@rule("aten.linalg_svd")
def svd(
    lower: Lower, x: Value, full_matrices: bool = True, compute_uv: bool = True, **named: Any
) -> tuple[Value | None, ...]:
    """Singular vectors, values, and vectors of the other side."""
    rows, columns = x.shape[-2:]
    inner = min(rows, columns)
    values = _whole(lower, x, inner)
    if not compute_uv:
        return None, values, None
    left, right = (rows, columns) if full_matrices else (inner, inner)
    return _whole(lower, x, rows, left), values, _whole(lower, x, right, columns)


@rule("aten._linalg_svd")
def svd_backend(
    lower: Lower, x: Value, full_matrices: bool = False, compute_uv: bool = True, **named: Any
) -> tuple[Value | None, ...]:
    """As `svd`, as PyTorch's core operator."""
    return svd(lower, x, full_matrices, compute_uv)


@rule("aten.svd")
def svd_transposed(
    lower: Lower, x: Value, some: bool = True, compute_uv: bool = True
) -> tuple[Value | None, ...]:
    """As `svd`, with the other side's vectors as columns."""
    left, values, right = svd(lower, x, not some, compute_uv)
    return left, values, None if right is None else lower.move_axis(right, -1, -2)


@rule("aten.linalg_svdvals", "aten.linalg_eigvalsh", "aten.linalg_eigvals")
def values_alone(lower: Lower, x: Value, *rest: Any, **named: Any) -> Value:
    """Singular values or eigenvalues."""
    return _whole(lower, x, min(x.shape[-2:]))


@rule("aten.linalg_eigh", "aten.linalg_eig")
def eigen(lower: Lower, x: Value, *rest: Any, **named: Any) -> tuple[Value, Value]:
    """Eigenvalues and vectors."""
    return values_alone(lower, x), same_shape(lower, x)


@rule("aten._linalg_eigh")
def eigen_backend(
    lower: Lower,
    x: Value,
    UPLO: str = "L",
    compute_v: bool = True,
) -> tuple[Value, Value | None]:
    """As `eigen`, as PyTorch's core operator."""
    return values_alone(lower, x), same_shape(lower, x) if compute_v else None


@rule("aten.linalg_lu")
def lu(lower: Lower, x: Value, *, pivot: bool = True) -> tuple[Value | None, Value, Value]:
    """A permutation and two triangular factors."""
    rows, columns = x.shape[-2:]
    inner = min(rows, columns)
    # The diagonal of the lower factor is 1 whatever the matrix is: no element of it has a path.
    lower_half = _below(lower, _whole(lower, x, rows, inner), -1)
    ones = lower.constant(torch.eye(rows, inner))
    left = lower.map("add", lower_half, lower.expand(ones, lower_half.shape), formula=torch.add)
    return _whole(lower, x, rows, rows), left, _above(lower, _whole(lower, x, inner, columns))


@rule("aten.linalg_lu_factor")
def lu_factor(lower: Lower, x: Value, *, pivot: bool = True) -> tuple[Value, Value]:
    """Both factors in one matrix, and the order of the rows."""
    return same_shape(lower, x), _whole(lower, x, min(x.shape[-2:]))


@rule("aten.linalg_householder_product", "aten.orgqr")
def householder_product(lower: Lower, x: Value, tau: Value) -> Value:
    """The orthogonal matrix of reflections, each of which has a vector and a factor."""
    factors = gather_all(lower, tau, (len(tau.shape) - 1,), (1,))
    factors = lower.reshape(factors, (*tau.shape[:-1], 1, 1))
    return lower.map("householder", _whole(lower, x, *x.shape[-2:]), factors)


@rule("aten.linalg_solve")
def solve(lower: Lower, a: Value, b: Value, *, left: bool = True) -> Value:
    """The inverse of a matrix times another, or a vector."""
    inverse = same_shape(lower, a)
    if len(b.shape) == 1 or (len(a.shape) - 1 == len(b.shape) and b.shape == a.shape[:-1]):
        column = lower.reshape(b, (*b.shape, 1))
        return lower.reshape(matmul(lower, inverse, column), broadcast([a.shape[:-1], b.shape]))
    return matmul(lower, inverse, b) if left else matmul(lower, b, inverse)


@rule("aten.linalg_solve_triangular")
def solve_triangular(
    lower: Lower, a: Value, b: Value, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Value:
    """As `solve`, of a triangular matrix, the inverse of which is triangular as well."""
    half = _above if upper else _below
    inverse = half(lower, same_shape(lower, half(lower, a)))
    return matmul(lower, inverse, b) if left else matmul(lower, b, inverse)


@rule("aten.linalg_lu_solve")
def lu_solve(
    lower: Lower, factors: Value, pivots: Value, b: Value, *, left: bool = True, adjoint: bool = False
) -> Value:
    """As `solve`, of the matrix that has these factors."""
    inverse = same_shape(lower, factors)
    return matmul(lower, inverse, b) if left else matmul(lower, b, inverse)


@rule("aten.cholesky_solve")
def cholesky_solve(lower: Lower, b: Value, factor: Value, upper: bool = False) -> Value:
    """As `solve`, of the matrix that has this factor."""
    half = _above if upper else _below
    return matmul(lower, same_shape(lower, half(lower, factor)), b)


@rule("aten.linalg_cross")
def cross(lower: Lower, x: Value, y: Value, *, dim: int = -1) -> Value:
    """The cross product of vectors of three elements."""
    shape = broadcast([x.shape, y.shape])
    x, y = lower.expand(x, shape), lower.expand(y, shape)
    turned = [
        [lower.take(one, dim, torch.tensor(order).numpy()) for order in ([1, 2, 0], [2, 0, 1])]
        for one in (x, y)
    ]
    first = lower.map("mul", turned[0][0], turned[1][1], formula=torch.mul)
    second = lower.map("mul", turned[0][1], turned[1][0], formula=torch.mul)
    return lower.map("sub", first, second, formula=torch.sub)
