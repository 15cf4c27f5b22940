"""Fourier transforms: every output along the axes gathers every input along them (convention 3).

``torch.fft`` and ``stft`` are made of these by PyTorch itself; shifts and padding move elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from ....core.primitives import Reduce
from ..lower import Lower
from ..registry import rule
from ..values import Value

__all__ = ["gather_all"]


def gather_all(lower: Lower, x: Value, axes: Sequence[int], sizes: Sequence[int]) -> Value:
    """As many nodes along the axes as `sizes` says, each with an edge from every element along them."""
    rank = len(x.shape)
    axes = [axis % rank for axis in axes]
    rest = [axis for axis in range(rank) if axis not in axes]
    outer = tuple(x.shape[axis] for axis in rest)
    inside = prod(x.shape[axis] for axis in axes)
    flat = lower.reshape(lower.permute(x, [*rest, *axes]), (*outer, 1, inside))
    nodes = lower.add(Reduce((len(outer) + 1,)), lower.expand(flat, (*outer, prod(sizes), inside)))
    order = [*rest, *axes]
    result = lower.reshape(nodes, (*outer, *sizes))
    return lower.permute(result, [order.index(axis) for axis in range(rank)])


@rule("aten._fft_c2c")
def complex_to_complex(lower: Lower, x: Value, dim: Sequence[int], *rest: Any) -> Value:
    """Of complex numbers."""
    return gather_all(lower, x, dim, [x.shape[axis] for axis in dim])


@rule("aten._fft_r2c")
def real_to_complex(lower: Lower, x: Value, dim: Sequence[int], normalization: int, onesided: bool) -> Value:
    """Of real numbers, of which half the result says all."""
    sizes = [x.shape[axis] for axis in dim]
    if onesided:
        sizes[-1] = sizes[-1] // 2 + 1
    return gather_all(lower, x, dim, sizes)


@rule("aten._fft_c2r")
def complex_to_real(
    lower: Lower, x: Value, dim: Sequence[int], normalization: int, last_dim_size: int
) -> Value:
    """Back to real numbers."""
    sizes = [x.shape[axis] for axis in dim]
    sizes[-1] = last_dim_size
    return gather_all(lower, x, dim, sizes)
