"""Which elements a pointwise function makes where some operands have none (convention 14).

A *presence* says, for every set of operands that exist at a place, whether the result does and which
operands it has an edge from. It is a table with one entry for each set, at the index whose bits are the
operands that exist: the bits of the operands with an edge, or `ABSENT`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import NamedTuple

from ..runs import Runs

__all__ = [
    "ABSENT",
    "Presence",
    "Regions",
    "all_of",
    "always",
    "any_of",
    "complement",
    "intersect",
    "regions",
    "unite",
]

Presence = tuple[int, ...]
ABSENT = -1
"""No element."""


def any_of(count: int) -> Presence:
    """As a sum: an element wherever an operand is one."""
    return (ABSENT, *range(1, 1 << count))


def all_of(count: int) -> Presence:
    """As a product: an element only where all operands are."""
    full = (1 << count) - 1
    return (*(ABSENT,) * full, full)


def always(count: int) -> Presence:
    """As a function that is not zero at zero: an element everywhere."""
    return tuple(range(1 << count))


class Regions(NamedTuple):
    """Where the elements of a result are, as 0/1 arrays of its shape.

    Attributes
    ----------
    exists : Runs or None
        Where the result exists; None if everywhere.
    edges : list of (Runs or None)
        For each operand, where it has an edge; None if wherever it exists.
    """

    exists: Runs | None
    edges: list[Runs | None]


def regions(presence: Presence, supports: Sequence[Runs | None]) -> Regions:
    """Where a result exists and has edges, from where its operands exist.

    Parameters
    ----------
    presence : Presence
        The function's table. Where all operands exist, all have an edge, whatever it says.
    supports : sequence of (Runs or None)
        For each operand, a 0/1 array of the result's shape; None where it exists everywhere.
    """
    full = (1 << len(supports)) - 1
    exists: list[Runs] = []
    absent = False
    edges: list[list[Runs]] = [[] for _ in supports]
    lost = [False] * len(supports)
    for there, where in _combinations(supports):
        if where is None:
            return Regions(None, [None] * len(supports))
        if not where.nonzero().any():
            continue
        found = full if there == full else presence[there]
        if found == ABSENT:
            absent = True
        else:
            exists.append(where)
        for k, places in enumerate(edges):
            if found != ABSENT and found >> k & 1:
                places.append(where)
            elif there >> k & 1:
                lost[k] = True
    nowhere = _complement_of_all(supports)
    return Regions(
        reduce(Runs.__add__, exists, nowhere) if absent else None,
        [
            reduce(Runs.__add__, places, nowhere) if is_lost else None
            for places, is_lost in zip(edges, lost, strict=True)
        ],
    )


def _combinations(supports: Sequence[Runs | None]) -> Iterator[tuple[int, Runs | None]]:
    """Every set of operands that may exist together, and where just those do (None: everywhere)."""
    certain = sum(1 << k for k, support in enumerate(supports) if support is None)
    partial = [(k, support) for k, support in enumerate(supports) if support is not None]
    if not partial:
        yield certain, None
        return
    sides = [((support, 1 << k), (complement(support), 0)) for k, support in partial]
    for chosen in itertools.product(*sides):
        where = reduce(Runs.multiply, [one for one, _ in chosen])
        yield certain | sum(bit for _, bit in chosen), where


def _complement_of_all(supports: Sequence[Runs | None]) -> Runs:
    """All zeros, of the common shape."""
    some = next(support for support in supports if support is not None)
    return some.apply(some.axes, lambda v: v * 0)


def complement(mask: Runs) -> Runs:
    """1 where a 0/1 array is 0."""
    return mask.apply(mask.axes, lambda v: 1 - v)


def intersect(first: Runs | None, second: Runs | None) -> Runs | None:
    """Where both of two 0/1 arrays of one shape are 1; None is all ones."""
    if first is None or second is None:
        return second if first is None else first
    return first.multiply(second)


def unite(first: Runs | None, second: Runs | None) -> Runs | None:
    """Where either of two 0/1 arrays of one shape is 1; None is all ones."""
    if first is None or second is None:
        return None
    return complement(complement(first).multiply(complement(second)))
