"""Masks: which elements a known tensor lets through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from ...core.primitives.pointwise import broadcast_shapes
from ...core.runs import Axis, Runs, uniform
from ...core.runs.axis import from_ends

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MASKED_BELOW", "additive_mask", "dense", "is_causal", "mask_runs"]

# What is added to a score to mask it: exp of this is zero in every floating type that models use.
MASKED_BELOW = -1e4
# Some models write masks with smaller numbers (Swin: -100), but then with nothing else than zeros.
_TWO_VALUED_BELOW = -100.0


def mask_runs(keep: torch.Tensor) -> Runs:
    """A known boolean tensor as a 0/1 array, compressed to the runs of equal slices along every axis."""
    values = keep.numpy()
    axes: list[Axis] = []
    for position, size in enumerate(values.shape):
        before, after = (_along(position, rest) for rest in (slice(None, -1), slice(1, None)))
        others = tuple(axis for axis in range(values.ndim) if axis != position)
        changes = (
            np.flatnonzero((values[before] != values[after]).any(axis=others)) + 1 if size else np.arange(0)
        )
        axes.append(from_ends(np.append(changes, size)) if size else uniform(0))
        values = values.take(np.append(0, changes), axis=position) if size else values
    return Runs(tuple(axes), ((0, values.astype(np.float64)),))


def _along(position: int, part: slice) -> tuple[slice, ...]:
    return (*(slice(None),) * position, part)


def dense(mask: Runs) -> torch.Tensor:
    """A 0/1 array as a boolean tensor."""
    return torch.from_numpy(np.isfinite(mask.to_dense()))


def additive_mask(term: torch.Tensor) -> torch.Tensor | None:
    """Which elements survive the addition of a known tensor; None if it is no mask.

    A mask has terms of at most -10,000 (or of minus infinity), or exactly two values, zero and one of at
    most -100. Other constants, such as ALiBi's slopes, are no masks.
    """
    if not term.is_floating_point() or not term.numel():
        return None
    keep = term > MASKED_BELOW
    if not keep.all():
        return keep
    low = term.min()
    if low <= _TWO_VALUED_BELOW:
        keep = term == 0
        if bool((keep | (term == low)).all()):
            return keep
    return None


def is_causal(keep: torch.Tensor) -> bool:
    """Whether query i sees keys 0 to i, for the last two axes, whatever the others."""
    queries, keys = keep.shape[-2:]
    flat = keep.reshape(-1, queries, keys)
    first = flat[0]
    return bool((flat == first).all()) and bool((first == torch.ones_like(first).tril()).all())


def broadcast(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The common shape of right-aligned operands.

    Raises
    ------
    ShapeError
        If they do not broadcast.
    """
    return broadcast_shapes(tuple(shapes), "operands")


Mask = Runs | Literal["causal"] | None
