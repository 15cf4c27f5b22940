"""Which positions an interpolated axis reads.

Nearest neighbours are where PyTorch finds them: it works in single precision, which puts some of them
one position off where an exact division would. Linear and cubic interpolation read the positions whose
weight is not zero, in exact arithmetic: a weight of 1e-8 that rounding leaves is none.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ..core.runs.axis import IntArray

__all__ = [
    "antialiased_sources",
    "cubic_sources",
    "linear_sources",
    "nearest_positions",
]

Sources = tuple[tuple[int, ...], ...]

_LARGEST_DENOMINATOR = 1 << 16
"""Scales are fractions: 4.666666666666667 is 14/3."""


def nearest_positions(
    size: int, out: int, scale: float | None = None, *, exact: bool = False, axes: int = 2
) -> IntArray:
    """The position that each output position copies.

    Parameters
    ----------
    size, out : int
        Positions of the input and of the output.
    scale : float, optional
        Output positions per input position, if it was given and not computed from the sizes.
    exact : bool
        Whether centres are compared (``nearest-exact``), or left ends.
    axes : int
        How many axes are interpolated together: PyTorch rounds centres in another way where there are two.
    """
    single = np.float32
    ratio = single(1 / scale) if scale else single(size) / single(out)
    places = np.arange(out)
    if not exact:
        point = places.astype(single) * ratio
    elif axes == 2:
        point = (places + 0.5).astype(single) * ratio
    else:  # one multiplication and addition, rounded once
        centre = ((places + 0.5) * float(ratio) - 0.5).astype(single)
        point = np.maximum(centre, single(0)) + single(0.5)
    result: IntArray = np.floor(point).astype(np.int64).clip(0, size - 1)
    return result


def linear_sources(size: int, out: int, align_corners: bool = False, scale: float | None = None) -> Sources:
    """The positions that each output position reads in linear interpolation; see `nearest_positions`.

    Parameters
    ----------
    size, out, scale
        See `nearest_positions`.
    align_corners : bool
        Whether the outermost positions of input and output fall together.
    """
    return _same(size) if out == size else _sources(size, out, align_corners, scale, 1)


def cubic_sources(size: int, out: int, align_corners: bool = False, scale: float | None = None) -> Sources:
    """As `linear_sources`, in cubic interpolation."""
    return _sources(size, out, align_corners, scale, 2)


def _same(size: int) -> Sources:
    """Every position itself: PyTorch copies an axis whose size stays, whatever the scale."""
    return tuple((position,) for position in range(size))


def _sources(size: int, out: int, align_corners: bool, scale: float | None, reach: int) -> Sources:
    ratio = _ratio(size, out, align_corners, scale)
    step, unit = ratio.numerator, ratio.denominator
    result = []
    for position in range(out):
        # The point that is read is numerator / denominator.
        numerator = 2 * position * step if align_corners else (2 * position + 1) * step - unit
        if reach == 1 and not align_corners:
            numerator = max(numerator, 0)
        low, rest = divmod(numerator, 2 * unit)
        taps = range(low - reach + 1, low + reach + 1) if rest else (low,)
        result.append(tuple(sorted({min(max(tap, 0), size - 1) for tap in taps})))
    return tuple(result)


def _ratio(size: int, out: int, align_corners: bool, scale: float | None) -> Fraction:
    """Input positions per output position."""
    if align_corners:
        return Fraction(size - 1, out - 1) if out > 1 else Fraction(0)
    return 1 / Fraction(scale).limit_denominator(_LARGEST_DENOMINATOR) if scale else Fraction(size, out)


def antialiased_sources(
    size: int, out: int, align_corners: bool = False, scale: float | None = None, reach: int = 1
) -> Sources:
    """As `linear_sources` (reach 1) and `cubic_sources` (2), by a filter that widens when it shrinks."""
    if out == size:
        return _same(size)
    ratio = _ratio(size, out, align_corners, scale)
    stretch = max(ratio, Fraction(1))
    half = Fraction(1, 2)
    result = []
    for position in range(out):
        centre = ratio * (position + half)
        low = max(int(centre - reach * stretch + half), 0)
        high = min(int(centre + reach * stretch + half), size)
        result.append(tuple(i for i in range(low, high) if _filter((i - centre + half) / stretch, reach)))
    return tuple(result)


def _filter(x: Fraction, reach: int) -> Fraction:
    """Triangle (reach 1) or cubic with a = -1/2 (reach 2)."""
    x = abs(x)
    if reach == 1:
        return max(1 - x, Fraction(0))
    if x < 1:
        return (3 * x - 5) * x * x / 2 + 1
    return ((5 - x) * x / 2 - 4) * x + 2 if x < 2 else Fraction(0)
