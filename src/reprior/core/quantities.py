"""The quantities of the paper, from (count, multiplicity) pairs.

Definitions 3 to 6 and equations (2) to (7) of Polat & Alpaslan (2023). Counts range over thousands
of binary orders of magnitude, so a count is held as ``mantissa * 2**exponent`` and every sum is
compensated (`math.fsum`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..errors import GraphError

__all__ = ["ContextDistribution", "p_g", "p_g_prime"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ContextDistribution:
    """How contexts are distributed over the parameters of a graph.

    Build it with `from_counts` (exact) or `from_scaled` (floating point with exponents). Entries
    with a count of zero (dead parameters) are dropped by both.

    Attributes
    ----------
    log2_counts : ndarray, shape (n,)
        log2 of each distinct count.
    probabilities : ndarray, shape (n,)
        ``count / total`` of one parameter with that count (not yet times its multiplicity).
    multiplicities : ndarray, shape (n,)
        Number of scalar parameters with that count.
    num_parameters : int
        N_G, the number of scalar parameters with at least one context.
    log2_total : float
        log2 N_C.
    total : int, Fraction or None
        N_C where it is known exactly.
    """

    log2_counts: FloatArray
    probabilities: FloatArray
    multiplicities: FloatArray
    num_parameters: int
    log2_total: float
    total: int | Fraction | None = None

    @classmethod
    def from_counts(cls, pairs: Iterable[tuple[int | Fraction, int]]) -> ContextDistribution:
        """From exact counts, each with the number of parameters that have it.

        Raises
        ------
        GraphError
            If no parameter has a context.
        """
        merged: dict[int | Fraction, int] = {}
        for count, multiplicity in pairs:
            if count:
                merged[count] = merged.get(count, 0) + multiplicity
        if not merged:
            raise GraphError("no learnable parameter has a path to an output")
        total = sum((count * many for count, many in merged.items()), start=0)
        return cls(
            log2_counts=np.array([log2_exact(count) for count in merged]),
            probabilities=np.array([float(Fraction(count) / total) for count in merged])
            if isinstance(total, Fraction)
            else np.array([count / total for count in merged]),
            multiplicities=np.array(list(merged.values()), dtype=np.float64),
            num_parameters=sum(merged.values()),
            log2_total=log2_exact(total),
            total=total,
        )

    @classmethod
    def from_scaled(
        cls, mantissas: FloatArray, exponents: NDArray[np.int64], multiplicities: Iterable[int]
    ) -> ContextDistribution:
        """From counts ``mantissas * 2**exponents``, all of shape (n,).

        Raises
        ------
        GraphError
            If no parameter has a context.
        """
        many = np.array([float(m) for m in multiplicities], dtype=np.float64)
        alive = mantissas > 0
        mantissas, exponents, many = mantissas[alive], exponents[alive], many[alive]
        if mantissas.size == 0:
            raise GraphError("no learnable parameter has a path to an output")
        mantissas, shift = np.frexp(mantissas)
        exponents = exponents + shift
        top = int(exponents.max())
        # Terms below 2**-1074 of the largest vanish here; they are below the last bit of the sum.
        aligned = np.ldexp(mantissas, np.maximum(exponents - top, -2000).astype(np.int32))
        total = math.fsum((aligned * many).tolist())
        return cls(
            log2_counts=np.log2(mantissas) + exponents,
            probabilities=aligned / total,
            multiplicities=many,
            num_parameters=int(math.fsum(many.tolist())),
            log2_total=math.log2(total) + top,
        )

    @cached_property
    def log2_probabilities(self) -> FloatArray:
        """log2 p of each entry, also where p itself underflows."""
        safe = self.probabilities > 1e-290
        direct = np.log2(np.where(safe, self.probabilities, 1.0))
        return np.where(safe, direct, self.log2_counts - self.log2_total)

    @cached_property
    def expected_spread(self) -> float:
        """E = sum p log2 count (equation 2)."""
        return math.fsum((self.multiplicities * self.probabilities * self.log2_counts).tolist())

    @cached_property
    def entropy(self) -> float:
        """H = -sum p log2 p in bits (equation 4)."""
        terms = self.multiplicities * self.probabilities * self.log2_probabilities
        return math.fsum((-terms).tolist()) + 0.0

    @cached_property
    def total_surprisal(self) -> float:
        """S = -sum log2 p in bits (equation 5)."""
        return math.fsum((-self.multiplicities * self.log2_probabilities).tolist()) + 0.0

    def renyi_entropy(self, order: float) -> float:
        """Renyi entropy in bits; order 1 is Shannon's, 0 is log2 of the support, inf min-entropy.

        Raises
        ------
        ValueError
            If `order` is negative or not a number.
        """
        if math.isnan(order) or order < 0:
            raise ValueError(f"the order of a Renyi entropy is at least 0, not {order}")
        if order == 1:
            return self.entropy
        if math.isinf(order):
            return float(-self.log2_probabilities.max())
        return log2_sum(self.log2_probabilities * order, self.multiplicities) / (1 - order)

    def kl_from_uniform(self) -> float:
        """D_KL(P || P_U) with p_U = 1/N_C for every context; Lemma 1 says it equals E."""
        terms = self.probabilities * (self.log2_probabilities + self.log2_total)
        return math.fsum((self.multiplicities * terms).tolist())


def p_g(surprisal: float, num_inputs: int, graph_size: int) -> float | None:
    """P_G = log2(S N_I / |G|) (equation 6); None where S is 0, so that its logarithm diverges."""
    return math.log2(surprisal * num_inputs / graph_size) if surprisal * num_inputs > 0 else None


def p_g_prime(num_parameters: int, expected_spread: float, num_inputs: int, graph_size: int) -> float | None:
    """P'_G = log2(N_G (E + 1) N_I / |G|) (equation 7); None where the product is not positive."""
    product = num_parameters * (expected_spread + 1) * num_inputs / graph_size
    return math.log2(product) if product > 0 else None


def log2_exact(count: int | Fraction) -> float:
    """log2 of a positive integer or fraction of any size."""
    if isinstance(count, Fraction):
        return math.log2(count.numerator) - math.log2(count.denominator)
    return math.log2(count)


def log2_sum(log2_terms: FloatArray, weights: FloatArray) -> float:
    """log2 of ``sum(weights * 2**log2_terms)`` without overflow."""
    top = float(log2_terms.max())
    return top + math.log2(math.fsum((weights * np.exp2(log2_terms - top)).tolist()))
