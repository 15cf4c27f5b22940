"""Sizes of windows: one number or one per axis, and the paddings that have names."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import ShapeError

__all__ = ["Padding", "PerAxis", "divide", "find_axis", "paddings", "per_axis"]

PerAxis = int | Sequence[int]
Padding = int | str | Sequence[int] | Sequence[tuple[int, int]]


def per_axis(value: PerAxis, rank: int) -> tuple[int, ...]:
    """One number per spatial axis.

    Raises
    ------
    ShapeError
        If there are not `rank` of them, or one is not positive.
    """
    numbers = (value,) * rank if isinstance(value, int) else tuple(value)
    if len(numbers) != rank or min(numbers, default=1) < 1:
        raise ShapeError(f"expected {rank} positive sizes, one per spatial axis, not {value}")
    return numbers


def find_axis(axis: int, rank: int) -> int:
    """An axis counted from the front, given from the front or (negative) from the back.

    Raises
    ------
    ShapeError
        If there is no such axis.
    """
    if not -rank <= axis < rank:
        raise ShapeError(f"there is no axis {axis} among {rank} axes")
    return axis % rank


def divide(size: int, parts: int) -> int | None:
    """The size of each of equal parts, None where the size has no such parts."""
    return size // parts if parts >= 1 and size % parts == 0 else None


def paddings(
    padding: Padding,
    sizes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> tuple[tuple[int, int], ...]:
    """Padding before and after each spatial axis.

    Parameters
    ----------
    padding : int, one int per axis, one (before, after) pair per axis, "same" or "half"
        ``"same"`` is TensorFlow's SAME: the output has ``ceil(size / stride)`` positions and an odd
        position goes after. ``"half"`` is kernel // 2 on both sides.

    Raises
    ------
    ShapeError
        If it is none of these.
    """
    rank = len(kernel)
    if padding == "same":
        return tuple(_same(n, k, s, d) for n, k, s, d in zip(sizes, kernel, stride, dilation, strict=True))
    if padding == "half":
        return tuple((k // 2, k // 2) for k in kernel)
    if isinstance(padding, int):
        return ((padding, padding),) * rank
    if isinstance(padding, str) or len(padding) != rank:
        raise ShapeError(f"padding {padding!r} is not a number, one per axis, 'same' or 'half'")
    return tuple((p, p) if isinstance(p, int) else (p[0], p[1]) for p in padding)


def _same(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    total = max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2
