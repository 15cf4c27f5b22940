"""What is known of ATen operators by their names and schemas."""

from __future__ import annotations

from typing import Any

import torch

__all__ = [
    "FACTORIES",
    "INDEXED",
    "LIKE_FIRST",
    "READS",
    "decomposition",
    "functional_name",
    "is_random",
    "is_write",
]

READS = frozenset(
    f"aten.{name}.default" for name in ("item", "_local_scalar_dense", "is_nonzero", "equal", "allclose")
)
"""Operators that hand elements to Python."""

FACTORIES = frozenset(
    f"aten.{name}"
    for name in (
        "zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "randint_like",
        "new_zeros", "new_ones", "new_full", "new_empty", "new_empty_strided",
    )
)  # fmt: skip
"""Operators whose result depends on the shape of their operand alone."""

LIKE_FIRST = frozenset(
    f"aten.{name}"
    for name in (
        "batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm", "gelu", "relu", "hardswish",
        "hardtanh", "roll", "mish", "leaky_relu", "elu", "celu",
    )
)  # fmt: skip
"""Operators that give their first operand's shape and type, and take long to say so on the meta device."""


INDEXED = frozenset(
    f"aten.{name}"
    for name in ("index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index", "_unsafe_index_put")
)
"""Operators whose second operand is a list of indices."""


def is_write(operator: Any) -> bool:
    """Whether an operator writes one of its operands."""
    return bool(operator._schema.is_mutable)


def is_random(operator: Any) -> bool:
    """Whether an operator draws from a generator."""
    return torch.Tag.nondeterministic_seeded in operator.tags


def functional_name(base: str, overload: str) -> str:
    """The operator that computes what an in-place or ``out=`` operator writes."""
    if "__i" in base:  # such as __iand__
        return f"{base.replace('__i', '__')}.{overload}"
    return f"{base.removesuffix('_')}.{overload}"


def decomposition(operator: Any) -> Any:
    """PyTorch's own decomposition of an operator, if there is one."""
    return torch._decomp.decomposition_table.get(operator)
