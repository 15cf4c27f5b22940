"""Which elements the builder's pointwise functions make of none (convention 14)."""

from __future__ import annotations

from collections.abc import Callable

from ...core.primitives.presence import ABSENT, Presence, always

__all__ = ["AFFINE", "SHIFTLESS", "of_activation", "weighted_sum"]

_MADE_OF_ZERO = frozenset(
    (
        "cos", "cosh", "erfc", "exp", "exp2", "gate", "hardsigmoid", "log_sigmoid", "logsigmoid", "sigmoid",
        "softmax", "softplus",
    )
)  # fmt: skip
"""Activations that are not zero at zero."""


def of_activation(kind: str) -> Presence | None:
    """The presence of an activation by name; one that is not known is zero at zero."""
    return always(1) if kind.lower() in _MADE_OF_ZERO else None


def weighted_sum(*terms: tuple[int, ...]) -> Presence:
    """Of a sum of terms, each a value times weights that are not zero at zero (gates).

    Parameters
    ----------
    *terms : tuple of int
        The operands of each term, the value first.
    """
    count = 1 + max(max(term) for term in terms)
    return _table(
        count, lambda bits: sum({1 << k for term in terms if bits >> term[0] & 1 for k in term}) & bits
    )


def _table(count: int, edges: Callable[[int], int]) -> Presence:
    return tuple([edges(bits) or ABSENT for bits in range(1 << count)])


AFFINE = _table(3, lambda bits: (bits & 3 if bits & 3 == 3 else 0) | bits & 4)
"""``x weight + bias`` of x, weight, bias."""
SHIFTLESS = AFFINE[:4]
"""``x weight`` of x, weight."""
