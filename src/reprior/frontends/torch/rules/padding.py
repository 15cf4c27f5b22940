"""Padding: with a number, or with elements from inside (convention 4)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....core.runs.axis import IntArray
from ..lower import Lower
from ..registry import rule
from ..values import Value

__all__: list[str] = []


@rule("aten.pad")
def pad(
    lower: Lower, x: Value, widths: Sequence[int], mode: str = "constant", value: float | None = None
) -> Value:
    """Padding of the last axes: with a number, or with elements from inside."""
    rank = len(x.shape)
    pairs = [(0, 0)] * (rank - len(widths) // 2)
    pairs += [(widths[k], widths[k + 1]) for k in range(len(widths) - 2, -1, -2)]
    if mode == "constant":
        return lower.pad(x, pairs, value or 0)
    for axis, (before, after) in enumerate(pairs):
        if before or after:
            x = lower.take(x, axis, padded_positions(x.shape[axis], before, after, mode))
    return x


@rule("aten.constant_pad_nd")
def constant_pad(lower: Lower, x: Value, widths: Sequence[int], value: float = 0) -> Value:
    """Padding with a number."""
    return pad(lower, x, widths, "constant", value)


@rule("aten.reflection_pad1d", "aten.reflection_pad2d", "aten.reflection_pad3d")
def reflection_pad(lower: Lower, x: Value, widths: Sequence[int]) -> Value:
    """Padding that mirrors the inside."""
    return pad(lower, x, widths, "reflect")


@rule("aten.replication_pad1d", "aten.replication_pad2d", "aten.replication_pad3d")
def replication_pad(lower: Lower, x: Value, widths: Sequence[int]) -> Value:
    """Padding that repeats the border."""
    return pad(lower, x, widths, "replicate")


def padded_positions(size: int, before: int, after: int, mode: str) -> IntArray:
    """The position inside that each padded position repeats."""
    places = np.arange(-before, size + after)
    if mode == "replicate":
        return places.clip(0, size - 1)
    if mode == "circular":
        return places % size
    period = max(2 * size - 2, 1)
    folded = np.abs(places) % period
    return np.where(folded < size, folded, period - folded)
