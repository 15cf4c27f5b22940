"""What is known of ATen operators by their names and schemas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

__all__ = [
    "CHECKS",
    "CHOOSING",
    "CONDITIONS",
    "FACTORIES",
    "INDEXED",
    "PRODUCTS",
    "READS",
    "REWRITES",
    "UNINITIALISED",
    "decomposition",
    "functional",
    "functional_name",
    "is_random",
    "is_write",
    "with_generator",
]

READS = frozenset(
    f"aten.{name}.default" for name in ("item", "_local_scalar_dense", "is_nonzero", "equal", "allclose")
)
"""Operators that hand elements to Python."""

CHECKS = frozenset({"aten._is_all_true.default"})
"""Operators that only checks of arguments use, as those of ``torch.distributions``; True where they pass."""

FACTORIES = frozenset(
    f"aten.{name}"
    for name in (
        "zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "randint_like",
        "new_zeros", "new_ones", "new_full", "new_empty", "new_empty_strided",
    )
)  # fmt: skip
"""Operators whose result depends on the shape of their operand alone."""

UNINITIALISED = ("aten.empty.", "aten.empty_strided.", "aten.empty_permuted.")
"""How the names of operators begin that make memory without setting its elements."""

INDEXED = frozenset(
    f"aten.{name}"
    for name in ("index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index", "_unsafe_index_put")
)
"""Operators whose second operand is a list of indices."""


def _masked_select(x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    shape = torch.broadcast_shapes(x.shape, mask.shape)
    return x.expand(shape)[mask.expand(shape)]


def _correlation(x: torch.Tensor) -> torch.Tensor:
    """The cosines of centred rows, rather than a covariance over roots of its diagonal (convention 6)."""
    if x.dim() < 2:
        variance = torch.cov(x)
        return variance / variance
    rows = x - x.mean(1, keepdim=True)
    rows = rows / rows.norm(dim=1, keepdim=True)
    return rows @ rows.mH


REWRITES: dict[str, Callable[..., Any]] = {
    "aten.corrcoef.default": _correlation,
    "aten.masked_select.default": _masked_select,
    "aten._sparse_mm.default": torch.mm,
    "aten._sparse_addmm.default": torch.addmm,
}
"""Operators that PyTorch cannot run on the meta device, or whose parts hide what they are, by others."""


CHOOSING = frozenset(
    f"aten.{name}"
    for name in (
        "index", "_unsafe_index", "index_select", "gather", "take", "take_along_dim", "embedding", "one_hot",
        "index_put", "_index_put_impl", "_unsafe_index_put", "index_add", "index_copy", "index_fill",
        "scatter",
        "scatter_add", "scatter_reduce", "index_reduce", "bincount", "masked_scatter", "masked_select",
    )
)  # fmt: skip
"""Operators whose operands behind the first choose among its elements."""

PRODUCTS = frozenset(
    f"aten.{name}"
    for name in (
        "linear", "matmul", "mm", "bmm", "mv", "dot", "vdot", "inner", "addmm", "addmv", "baddbmm", "einsum",
        "bilinear", "linalg_matmul", "conv1d", "conv2d", "conv3d", "convolution", "_convolution",
        "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    )
)  # fmt: skip
"""Sums of products."""

CONDITIONS = {"aten.where": 0, "aten.masked_fill": 1}
"""Operators that choose between two values at every place, and the position of what decides."""


def is_write(operator: Any) -> bool:
    """Whether an operator writes one of its operands."""
    return bool(operator._schema.is_mutable)


def is_random(operator: Any) -> bool:
    """Whether an operator draws from a generator."""
    return torch.Tag.nondeterministic_seeded in operator.tags


def with_generator(
    operator: Any, args: Sequence[Any], kwargs: dict[str, Any], generator: torch.Generator
) -> tuple[Any, dict[str, Any]]:
    """A random operator in the overload that takes a generator, and its arguments with this one.

    The process has one generator, from which other threads draw; the operator itself if it has no such
    overload, or if nothing is drawn.
    """
    if any(isinstance(item, torch.Tensor) and item.is_meta for item in args):
        return operator, kwargs
    packet, overload = operator.overloadpacket, operator._overloadname
    other = "generator" if overload == "default" else f"generator_{overload}"
    for candidate in (operator, getattr(packet, other, None) if other in packet.overloads() else None):
        if candidate is not None and any(one.name == "generator" for one in candidate._schema.arguments):
            given = kwargs.get("generator")
            return candidate, {**kwargs, "generator": generator if given is None else given}
    return operator, kwargs


_OTHER_NAMES = {"aten.transpose_.default": "aten.transpose.int"}
"""Functional twins whose overload has another name."""


def functional_name(base: str, overload: str) -> str:
    """The operator that computes what an in-place or ``out=`` operator writes."""
    name = _OTHER_NAMES.get(f"{base}.{overload}")
    if name is not None:
        return name
    if "__i" in base:  # such as __iand__
        return f"{base.replace('__i', '__')}.{overload}"
    return f"{base.removesuffix('_')}.{overload}"


def functional(operator: Any) -> Any:
    """What computes the result of an operator without writing it: itself, if it writes nothing."""
    if not is_write(operator):
        return operator
    namespace, name = functional_name(str(operator).rpartition(".")[0], "").rstrip(".").split(".", 1)
    return getattr(getattr(torch.ops, namespace), name)


def decomposition(operator: Any) -> Any:
    """PyTorch's own decomposition of an operator, if there is one."""
    return torch._decomp.decomposition_table.get(operator)
