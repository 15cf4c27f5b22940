"""Comparing exact and scaled counts without writing tensors out."""

from __future__ import annotations

import numpy as np

from reprior.core.counting import Counts
from reprior.core.quantities import log2_exact
from reprior.core.runs import Runs

__all__ = ["assert_agree", "log2_values"]


def log2_values(counts: Runs) -> np.ndarray:
    """log2 of every stored value; -inf for zeros."""
    if counts.is_exact:
        values = counts.planes[0][1].ravel()
        return np.array([log2_exact(value) if value else -np.inf for value in values], dtype=np.float64)
    mantissas, exponents = counts.mantissas()
    with np.errstate(divide="ignore"):
        return np.log2(mantissas) + exponents


def assert_agree(exact: Counts, scaled: Counts, tolerance: float = 1e-9) -> None:
    """Every parameter's log2 count is the same, and the same ones are dead."""
    assert [item.name for item in exact.parameters] == [item.name for item in scaled.parameters]
    for one, other in zip(exact.parameters, scaled.parameters, strict=True):
        first, second = (log2_values(part) for part in one.contexts.align(other.contexts))
        assert np.array_equal(np.isinf(first), np.isinf(second)), one.name
        alive = np.isfinite(first)
        assert np.abs(first[alive] - second[alive]).max(initial=0.0) < tolerance, one.name
        assert one.weight_nodes == other.weight_nodes
