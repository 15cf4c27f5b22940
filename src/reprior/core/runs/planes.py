"""The two number types of counts: exact integers, and floats with a binary exponent beside them.

They differ only in the dtype of the values:

* *exact*: ``object`` arrays of Python integers (or Fractions under a weighting);
* *scaled*: float64 with a binary exponent beside it. A value is a sum of *planes*, each a float array
  times ``2 ** (512 * k)``; one plane nearly always suffices, and elements that differ by more than
  float64's range sit in different planes, so that nothing flushes to zero. Every operation on counts is
  linear with non-negative coefficients, so it applies to each plane by itself, and sums of positive
  terms lose no digits.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Number",
    "Planes",
    "Values",
    "added",
    "as_array",
    "as_factors",
    "mantissas",
    "scaled",
    "unsqueeze",
    "within_range",
]

Number = Literal["exact", "scaled"]
Values = NDArray[Any]
Planes = tuple[tuple[int, Values], ...]

_PLANE_BITS = 512
_STEP = 2.0**-_PLANE_BITS
_HIGH, _LOW = 2.0**480, 2.0**-480


def scaled(mantissa: float, exponent: int) -> Planes:
    """The number ``mantissa * 2**exponent``, without axes."""
    plane, rest = divmod(exponent, _PLANE_BITS)
    return ((plane, np.array(np.ldexp(mantissa, rest))),)


def added(left: Planes, right: Planes) -> Planes:
    """The sum of two arrays of one shape."""
    if len(left) == 1 and len(right) == 1 and left[0][0] == right[0][0]:
        values = left[0][1]
        return ((left[0][0], as_array(values + right[0][1], values.dtype)),)
    planes = dict(left)
    for index, values in right:
        planes[index] = planes[index] + values if index in planes else values
    return tuple(planes.items())


def mantissas(planes: Planes) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Each stored value as ``mantissa * 2**exponent`` (flattened, scaled numbers only)."""
    index, values = max(planes, key=lambda plane: plane[0])
    if len(planes) == 1:
        flat = values.ravel()
        return flat, np.full(flat.shape, index * _PLANE_BITS, dtype=np.int64)
    mantissa, exponent = np.zeros(values.size), np.zeros(values.size, dtype=np.int64)
    for index, values in sorted(planes, key=lambda plane: plane[0]):
        part, bits = np.frexp(values.ravel())
        top = bits + np.int64(index * _PLANE_BITS)
        # Planes ascend, so whatever is there already is shifted to the new exponent if that is larger.
        grow = (part > 0) & ((mantissa == 0) | (top > exponent))
        gap = np.where(grow, exponent - top, top - exponent)
        gap = np.clip(gap, -1100, 0).astype(np.int32)
        mantissa = np.where(
            grow, part + np.ldexp(mantissa, gap), mantissa + np.ldexp(part, np.where(part > 0, gap, 0))
        )
        exponent = np.where(grow, top, exponent)
    return mantissa, exponent


def within_range(planes: Planes, shrinking: bool) -> Planes | None:
    """The same numbers, where none can overflow or underflow in the next operation; None if they are so.

    Parameters
    ----------
    planes : Planes
    shrinking : bool
        Whether factors below 1 may have made elements small.
    """
    if len(planes) == 1:
        values = planes[0][1]
        # The smallest element is looked at with zeros among the others first: most often there are none.
        if not values.size or (values.max() < _HIGH and (not shrinking or values.min() > _LOW)):
            return None
    result: dict[int, Values] = {}
    for index, values in planes:
        for target, part in _regrade(index, values):
            result[target] = result[target] + part if target in result else part
    if not result:
        index, values = planes[0]
        result[index] = values
    return tuple(result.items())


def _regrade(index: int, values: Values) -> list[tuple[int, Values]]:
    """One plane as planes whose values are far from float64's limits."""
    high = values.max(initial=0.0)
    if high == 0:
        return []
    low = values.min(initial=np.inf, where=values > 0)
    if high < _HIGH and low > _LOW:
        return [(index, values)]
    if high >= _HIGH:
        if low > 2.0**-200:
            return [(index + 1, values * _STEP)]
        large = values > 2.0**256
        return [(index, np.where(large, 0.0, values)), (index + 1, np.where(large, values * _STEP, 0.0))]
    if high < 2.0**-32:
        return [(index - 1, values / _STEP)]
    small = values < 2.0**-256
    return [(index, np.where(small, 0.0, values)), (index - 1, np.where(small, values, 0.0) / _STEP)]


def as_factors(values: Values, dtype: np.dtype[Any]) -> Values:
    """Factors in the number type of the counts; NumPy integers would overflow among Python integers."""
    if dtype.kind == "O":
        return values if values.dtype.kind == "O" else values.astype(np.int64).astype(object)
    return values.astype(np.float64)


def as_array(values: Any, dtype: np.dtype[Any]) -> Values:
    """An array even where NumPy reduced an object array to a bare scalar."""
    if isinstance(values, np.ndarray):
        return values
    result = np.empty((), dtype=dtype)
    result[()] = values
    return result


def unsqueeze(values: Values, position: int) -> Values:
    """The values with a new axis of size 1."""
    shape = values.shape
    return values.reshape(*shape[:position], 1, *shape[position:])
