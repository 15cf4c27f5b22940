"""How log2 contexts are distributed over parameters, in bins."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...core.quantities import ContextDistribution

__all__ = ["Histogram", "histogram"]

_STEPS = (1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Bins of equal width, a round number of bits.

    Attributes
    ----------
    start, width : float
        Where the first bin begins and how wide each is, in bits.
    scalars : tuple of float
        Parameters in each bin; together N_G.
    contexts : tuple of float
        Share of N_C that they have; together 1.
    """

    start: float
    width: float
    scalars: tuple[float, ...]
    contexts: tuple[float, ...]


def histogram(distribution: ContextDistribution, bins: int = 60) -> Histogram:
    """At most about `bins` bins over all log2 counts; lower bounds belong to their bin."""
    logs = distribution.log2_counts
    low, high = float(logs.min()), float(logs.max())
    width = _round_width((high - low) / bins)
    start = math.floor(low / width) * width
    number = math.floor((high - start) / width) + 1
    place = np.clip(((logs - start) / width).astype(np.int64), 0, number - 1)
    many = distribution.multiplicities
    scalars = np.bincount(place, weights=many, minlength=number)
    contexts = np.bincount(place, weights=many * distribution.probabilities, minlength=number)
    return Histogram(start, width, tuple(scalars.tolist()), tuple(contexts.tolist()))


def _round_width(least: float) -> float:
    """The smallest of 1, 2, 5, 10, 20... bits, or tenths of them, that is at least so wide."""
    if least <= 0.01:
        return 0.01 if least > 0 else 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next((s * power for s in _STEPS if s * power >= least), 10 * power)
