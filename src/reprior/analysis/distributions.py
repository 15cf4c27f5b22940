"""From compressed counts to distributions of contexts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from ..core.primitives import Products
from ..core.quantities import ContextDistribution
from ..core.runs import Runs
from ..scalar import Scaled

__all__ = ["largest", "of_parameters", "of_products", "scalar_runs"]


def of_parameters(arrays: Sequence[Runs], exact: bool) -> ContextDistribution:
    """Over the elements of several arrays of counts."""
    if exact:
        return ContextDistribution.from_counts(pair for array in arrays for pair in _pairs(array))
    # A layer's scale and shift often hold one and the same array.
    times = Counter(map(id, arrays))
    distinct = {id(array): array for array in arrays}
    return _from_scaled(
        (array, array.multiplicities().ravel() * times[key]) for key, array in distinct.items()
    )


def of_products(products: Sequence[Products], exact: bool) -> ContextDistribution:
    """Over product nodes, of which each element of the counts stands for a number."""
    aligned = []
    for counts, multiplicity in products:
        counts, multiplicity = counts.align(multiplicity)
        ((_, each),) = multiplicity.planes
        aligned.append((counts, (each * counts.multiplicities()).ravel()))
    if exact:
        return ContextDistribution.from_counts(
            (value, int(many))
            for counts, number in aligned
            for value, many in zip(counts.planes[0][1].ravel(), number, strict=True)
        )
    return _from_scaled(aligned)


def largest(contexts: Runs) -> int | Fraction:
    """The largest element of an array of exact counts."""
    values = contexts.planes[0][1]
    result: int | Fraction = values.max() if values.size else 0
    return result


def scalar_runs(contexts: int | Fraction | Scaled) -> Runs:
    """One count as an array without axes."""
    if isinstance(contexts, Scaled):
        return Runs.scalar(contexts.mantissa, contexts.exponent)
    return Runs.from_dense(np.array(contexts, dtype=object))


def _pairs(contexts: Runs) -> Iterable[tuple[int | Fraction, int]]:
    values = contexts.planes[0][1].ravel()
    return zip(values, map(int, contexts.multiplicities().ravel()), strict=True)


def _from_scaled(arrays: Iterable[tuple[Runs, np.ndarray]]) -> ContextDistribution:
    mantissas, exponents, multiplicities = [], [], []
    for contexts, many in arrays:
        mantissa, exponent = contexts.mantissas()
        mantissas.append(mantissa)
        exponents.append(exponent)
        multiplicities.append(many)
    return ContextDistribution.from_scaled(
        np.concatenate(mantissas), np.concatenate(exponents), np.concatenate(multiplicities)
    )
