"""Which positions sampling at known places reads (``grid_sample``), as PyTorch computes them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Mode", "Padding", "sampled_positions"]

Mode = Literal["bilinear", "nearest", "bicubic"]
Padding = Literal["zeros", "border", "reflection"]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROUNDING = 1e-5
"""Places are computed in single precision: one this near to a position is meant to be there."""


def sampled_positions(
    grid: NDArray[Any], sizes: Sequence[int], mode: Mode, padding: Padding, align_corners: bool
) -> Ints:
    """The positions that each place reads with a weight that is not zero.

    Parameters
    ----------
    grid : array of shape (..., len(sizes))
        Places in [-1, 1], the last axis of the image first, as ``grid_sample`` takes them.
    sizes : sequence of int
        Of the image's axes.
    mode, padding, align_corners
        As for ``grid_sample``; in three dimensions ``bilinear`` is trilinear.

    Returns
    -------
    array of shape (..., taps)
        Flat positions, each once, and -1 for none.
    """
    axes = []
    for size, place in zip(sizes, np.moveaxis(grid.astype(np.float64), -1, 0)[::-1], strict=True):
        place = np.nan_to_num(place, nan=-1.0)  # PyTorch reads the first position there
        where = ((place + 1) * (size - 1) if align_corners else (place + 1) * size - 1) / 2
        axes.append(_taps(where, size, mode, padding, align_corners))
    found = []
    for chosen in itertools.product(*[range(one.shape[-1]) for one in axes]):
        flat = np.zeros(grid.shape[:-1], dtype=np.int64)
        there = np.ones(grid.shape[:-1], dtype=bool)
        for size, one, tap in zip(sizes, axes, chosen, strict=True):
            flat = flat * size + one[..., tap]
            there &= one[..., tap] >= 0
        found.append(np.where(there, flat, -1))
    return _once(np.stack(found, -1))


def _once(positions: Ints) -> Ints:
    """Each position of a place once, without columns that hold none."""
    ordered = np.sort(positions, -1)[..., ::-1]
    repeated = np.zeros(ordered.shape, dtype=bool)
    repeated[..., 1:] = ordered[..., 1:] == ordered[..., :-1]
    ordered = np.sort(np.where(repeated, -1, ordered), -1)[..., ::-1]
    most = max(int((ordered >= 0).sum(-1).max(initial=1)), 1)
    return np.ascontiguousarray(ordered[..., :most])


def _taps(where: Floats, size: int, mode: Mode, padding: Padding, align_corners: bool) -> Ints:
    """Positions along one axis that a place reads, -1 for none."""
    if mode != "bicubic":  # which pads every tap for itself
        where = _inside(where, size, padding, align_corners)
    if padding != "reflection":
        where = np.clip(where, -4.0, size + 3.0)  # further out it is as far out
    near = np.round(where)
    where = np.where(np.abs(where - near) < _ROUNDING, near, where)
    if mode == "nearest":
        return _within(np.rint(where).astype(np.int64)[..., None], size)
    low = np.floor(where).astype(np.int64)
    reach = 1 if mode == "bilinear" else 2
    steps = np.arange(1 - reach, reach + 1)
    taps = low[..., None] + steps
    weightless = (where == low)[..., None] & (steps != 0)
    if mode == "bicubic":
        taps = np.rint(_inside(taps.astype(np.float64), size, padding, align_corners)).astype(np.int64)
    return np.where(weightless, -1, _within(taps, size))


def _within(taps: Ints, size: int) -> Ints:
    return np.where((taps >= 0) & (taps < size), taps, -1)


def _inside(where: Floats, size: int, padding: Padding, align_corners: bool) -> Floats:
    """Places outside of the image, brought to its border or reflected at it."""
    if padding == "zeros":
        return where
    if padding == "reflection":
        low, span = (0.0, size - 1.0) if align_corners else (-0.5, float(size))
        if not span:
            return np.zeros_like(where)
        turned, beyond = np.divmod(np.abs(where - low), span)
        where = np.where(turned % 2 == 0, beyond, span - beyond) + low
    return np.clip(where, 0, size - 1)
