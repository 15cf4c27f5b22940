"""Which input positions an enlarged axis reads."""

from __future__ import annotations

import numpy as np

from ...runs.axis import IntArray

__all__ = ["bilinear_sources", "nearest_indices"]


def nearest_indices(size: int, out: int) -> IntArray:
    """The one position that each output position copies."""
    return np.arange(out) * size // out


def bilinear_sources(size: int, out: int, *, align_corners: bool = False) -> tuple[tuple[int, ...], ...]:
    """The distinct positions with non-zero weight in linear interpolation, per output position."""
    result = []
    for position in range(out):
        if align_corners:
            numerator, denominator = position * (size - 1), max(out - 1, 1)
        else:
            numerator, denominator = max((2 * position + 1) * size - out, 0), 2 * out
        low, rest = divmod(numerator, denominator)
        low = min(low, size - 1)
        result.append((low, low + 1) if rest and low + 1 < size else (low,))
    return tuple(result)
