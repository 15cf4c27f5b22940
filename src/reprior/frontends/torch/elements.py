"""Pointwise functions of values with elements that are known to be zero or minus infinity (convention 14).

Zeros are what the graph calls absent; a `Map` with a presence says what becomes of them. A score that is
masked by minus infinity is absent in the graph as well, and `Lower` remembers where: there the function is
another one, which is most often nothing at all.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from ...core.primitives import Law, Map
from .constants import broadcast, dense
from .nodes import Nodes
from .probe import ABSENT, BARRED, Filled, Formula, Operand, State, outcome
from .values import Value

__all__ = ["has_holes", "map_elements"]

# A function of more operands than this has 2**n sets of them; only sums of many terms are written so.
_MOST_OPERANDS = 6


def has_holes(lower: Nodes, operands: Sequence[object]) -> bool:
    """Whether some element of an operand is known to be zero or minus infinity."""
    for value in operands:
        if isinstance(value, Value):
            if value.constant is not None:
                if not value.constant.all():
                    return True
            elif value.node in lower.supports or lower.barred(value) is not None:
                return True
    return False


def map_elements(
    lower: Nodes, name: str, operands: Sequence[object], formula: Formula, law: Law = "other"
) -> Value:
    """As `Lower.map`, where some elements of the operands are zero or minus infinity."""
    values, arguments = _operands_and_arguments(lower, operands)
    shape = broadcast([value.shape for value in operands if isinstance(value, Value)])
    nodes = [lower.node(value) for value in values]
    if broadcast([value.shape for value in values]) != shape:
        values[0] = lower.expand(values[0], shape)
        nodes[0] = lower.node(values[0])
    if len(values) > _MOST_OPERANDS:
        return lower.append(Map(name, law=law), nodes)
    keeps = [lower.barred(value) for value in values]
    # Minus infinity is absent in the graph, so nothing comes of it there, unless something comes of zero.
    mixed = any([keep is not None and k in lower.supports for keep, k in zip(keeps, nodes, strict=True)])
    parts: list[Value] = []
    barred = torch.zeros((), dtype=torch.bool)
    for chosen, where in _where_barred(keeps):
        table = _table(lower, nodes, chosen, formula, arguments)
        if table[-1 - sum(1 << k for k in chosen)] == BARRED:
            barred = barred | where
        elif len(nodes) == 1 and not chosen and table[0] == BARRED:  # the logarithm of zero
            barred = barred | where & ~dense(lower.supports[nodes[0]])
        presence = tuple([max(bits, ABSENT) for bits in table])
        if any([bits >= 0 for bits in presence]):
            part = lower.append(Map(name, presence=presence, law=law), nodes)
            parts.append(lower.keep(part, where) if chosen or mixed else lower.only(part, where))
    if len(parts) > 1:
        parts = [lower.append(Map(name), [lower.node(one) for one in parts])]
    if not parts or lower.is_nowhere(parts[0]):
        known = torch.zeros(()).expand(shape)
        return lower.constant(known.masked_fill(barred, -torch.inf) if barred.any() else known)
    return lower.bar(parts[0], ~barred) if barred.any() else parts[0]


def _operands_and_arguments(lower: Nodes, operands: Sequence[object]) -> tuple[list[Value], tuple[Any, ...]]:
    """The distinct operands with elements of interest, and the arguments of the formula.

    A known tensor that has one value everywhere stands for that; any other is an operand, for its zeros.
    """
    values: list[Value] = []
    places: dict[int, int] = {}
    arguments: list[Any] = []
    for one in operands:
        if not isinstance(one, Value):
            arguments.append(one)
            continue
        number = _single_value(one.constant)
        if number is not None:
            arguments.append(Filled(number))
            continue
        node = lower.node(one)
        if node not in places:
            places[node] = len(values)
            values.append(one)
        arguments.append(Operand(places[node]))
    return values, tuple(arguments)


def _single_value(constant: torch.Tensor | None) -> float | None:
    """The value of a known tensor that is the same everywhere and not zero, such as a scalar."""
    if constant is None or not constant.numel() or constant.is_complex():
        return None
    first = constant.reshape(-1)[0]
    return float(first) if bool(first) and bool((constant == first).all()) else None


def _where_barred(
    keeps: Sequence[torch.Tensor | None],
) -> Iterator[tuple[tuple[int, ...], torch.Tensor]]:
    """Every set of operands that are minus infinity at the same places, and those places (that broadcast)."""
    known = [(k, keep) for k, keep in enumerate(keeps) if keep is not None]
    for sides in itertools.product((False, True), repeat=len(known)):
        where = torch.ones((), dtype=torch.bool)
        for (_, keep), is_barred in zip(known, sides, strict=True):
            where = where & (~keep if is_barred else keep)
        if where.any():
            yield tuple(k for (k, _), is_barred in zip(known, sides, strict=True) if is_barred), where


def _table(
    lower: Nodes, nodes: Sequence[int], barred: Sequence[int], formula: Formula, arguments: tuple[Any, ...]
) -> list[int]:
    """The outcome for every set of operands that exist, some being minus infinity."""
    return [
        outcome(formula, arguments, states) if states is not None else ABSENT
        for states in (_states(lower, nodes, barred, bits) for bits in range(1 << len(nodes)))
    ]


def _states(lower: Nodes, nodes: Sequence[int], barred: Sequence[int], bits: int) -> tuple[State, ...] | None:
    """The operands' states where those of some bits exist; None if there is no such place."""
    result: list[State] = []
    for k, node in enumerate(nodes):
        there = bool(bits >> k & 1)
        if k in barred if there else k not in barred and node not in lower.supports:
            return None
        result.append("present" if there else "barred" if k in barred else "zero")
    return tuple(result)
