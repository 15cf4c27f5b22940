"""What values are made of, as far as statistics are concerned (convention 6).

A *statistic* is computed from reductions (sums, means, maxima, norms over axes) by pointwise functions and
moves. It is a statistic *of* those values whose reductions it is computed from, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from math import prod

import numpy as np

from ..graph import Node, supports_of
from ..primitives import (
    Concat,
    Contract,
    Convolve,
    Expand,
    Input,
    Keep,
    Map,
    Move,
    Parameter,
    Permute,
    Pool,
    Reduce,
    Reshape,
    Slice,
    Take,
)
from ..runs import Runs
from ..runs.axis import IntArray

__all__ = ["LIMIT", "Lineage", "carries", "is_linear_move"]

LIMIT = 64
"""Searches give up after so many values: the expression of a norm (mean, epsilon, root) is far smaller."""

_FAR = 32
"""A statistic further than this from a product or sum, in nodes, is not looked for."""

# Functions of one operand, or of factors, that a positive factor of an operand passes through.
_MULTIPLICATIVE = ("product", "power")

# Moves that show all elements of their operand.
_WHOLE = Reshape | Permute | Expand


def is_linear_move(node: Node) -> bool:
    """Whether a value is another's elements elsewhere."""
    return isinstance(node.op, Move) and len(node.inputs) == 1


def carries(node: Node) -> bool:
    """Whether a factor of an operand, constant where elements meet, is a factor of the value."""
    op = node.op
    if isinstance(op, Map):
        return op.law in _MULTIPLICATIVE
    return isinstance(op, Contract | Convolve) or (isinstance(op, Reduce) and op.kind == "linear")


class Lineage:
    """Facts about the values of a graph, gathered as nodes are appended.

    Attributes
    ----------
    nodes : list of Node
        The graph so far.
    matters : list of bool
        Whether a value depends on a parameter or on what is fed.
    reduced : list of bool
        Whether it is computed from reductions alone, by pointwise functions and moves.
    near : list of int
        How many nodes away the nearest such factor or term of it is.
    source : list of int
        The value that it is a pointwise function of, up to statistics of that very value, without anything
        else that matters; -1 if there is none.
    """

    __slots__ = (
        "_depth",
        "_supports",
        "doubts",
        "has_holes",
        "matters",
        "near",
        "nodes",
        "reduced",
        "source",
    )

    def __init__(self, nodes: Sequence[Node] = (), matters: Sequence[bool] = ()) -> None:
        self.nodes: list[Node] = list(nodes)
        self.doubts: set[str] = set()
        self.matters: list[bool] = list(matters)
        self.reduced: list[bool] = []
        self.near: list[int] = []
        self.source: list[int] = []
        self.has_holes = False
        self._depth: list[int] = []
        self._supports: list[Runs | None] = []

    def append(self, node: Node) -> int:
        """Add a node, whose operands are there, and return its position."""
        op, near, source, reduced = node.op, _FAR, -1, False
        live = self.operands(node)
        matters = bool(live) if node.inputs else isinstance(op, Parameter | Input)
        if live and (isinstance(op, Map | Move) or self.is_outer_product(node)):
            reduced = all([self.reduced[k] for k in live])
            if not isinstance(op, Move) or len(node.inputs) == 1:
                near = min(_FAR, 1 + min([self.near[k] for k in live]))
            if isinstance(op, Map | Keep | _WHOLE):
                source = self._common_source(live)
        elif live and self.is_reduction(node):
            reduced = True
        self.has_holes = self.has_holes or (isinstance(op, Map | Move) and op.may_remove)
        self.nodes.append(node)
        self.matters.append(matters)
        self.reduced.append(reduced)
        self.near.append(0 if reduced else near)
        self.source.append(source)
        self._depth.append(self._depth[source] + 1 if source >= 0 else 0)
        return len(self.nodes) - 1

    def support(self, value: int) -> Runs | None:
        """Where a value has elements; None if everywhere."""
        return supports_of(self.nodes, self._supports)[value]

    def operands(self, node: Node) -> list[int]:
        """The distinct operands of a node that matter."""
        return [k for k in dict.fromkeys(node.inputs) if self.matters[k]]

    def is_reduction(self, node: Node) -> bool:
        """Whether a node is a statistic of its operand, or of products of its operands, over axes."""
        op = node.op
        if isinstance(op, Reduce):
            return op.kind != "position"
        if isinstance(op, Pool):
            return prod(node.shape[-len(op.stride) :]) == 1
        if not isinstance(op, Contract):
            return False
        if not set("".join(op.operands)) - set(op.output):
            return False
        wide = {name for name, size in zip(op.output, node.shape, strict=True) if size > 1}
        matter = [self.matters[k] for k in node.inputs]
        return all([wide <= set(names) for names, live in zip(op.operands, matter, strict=True) if live])

    def is_outer_product(self, node: Node) -> bool:
        """Whether a node multiplies values of which it sums nothing."""
        op = node.op
        if not isinstance(op, Contract) or self.is_reduction(node):
            return False
        sizes = op.index_sizes(tuple([self.nodes[k].shape for k in node.inputs]))
        return all([sizes[name] == 1 for name in op.summed(sizes)])

    def rolled(self, node: Node) -> tuple[int, IntArray] | None:
        """The value whose slices a node puts together in another order, all of them, and that order."""
        if not isinstance(node.op, Concat):
            return None
        axis, parts = node.op.axis, [self.nodes[k] for k in node.inputs]
        slices = [part.op for part in parts if isinstance(part.op, Slice) and part.op.axis == axis]
        sources = {k for part in parts for k in part.inputs}
        if len(slices) < len(parts) or len(sources) > 1:
            return None
        (source,) = sources
        order = np.concatenate([np.arange(op.start, op.stop) for op in slices])
        whole = np.arange(self.nodes[source].shape[axis])
        return (source, order) if np.array_equal(np.sort(order), whole) else None

    def chain(self, value: int) -> Iterator[int]:
        """A value and all that it is a pointwise function of, nearest first."""
        for _ in range(LIMIT):
            if value < 0:
                return
            yield value
            value = self.source[value]

    def chains(self, values: Iterable[int]) -> set[int]:
        """The values, and all that any of them is a pointwise function of."""
        found: set[int] = set()
        for value in values:
            for one in self.chain(value):
                if one in found:
                    break
                found.add(one)
        return found

    def carried(self, value: int) -> set[int]:
        """The values of which a common factor is one of `value` as well, and what those are functions of."""
        pending, seen = [value], {value}
        while pending and len(seen) < LIMIT:
            value = pending.pop()
            node = self.nodes[value]
            if carries(node) or is_linear_move(node):
                below = [k for k in self.operands(node) if k not in seen]
                if isinstance(node.op, Reduce):
                    # A sum is no base for the other statistics of what it sums alone.
                    alone = self.chains(below)
                    below = [k for k in self._factors(below) if k not in alone]
                seen.update(below)
                pending.extend(below)
            elif (rolled := self.rolled(node)) is not None and rolled[0] not in seen:
                seen.add(rolled[0])
                pending.append(rolled[0])
        return self.chains(seen)

    def _factors(self, values: Iterable[int]) -> list[int]:
        """Values behind products and moves."""
        pending, seen = list(values), set(values)
        while pending and len(seen) < LIMIT:
            node = self.nodes[pending.pop()]
            if is_linear_move(node) or (isinstance(node.op, Map) and node.op.law == "product"):
                fresh = [k for k in self.operands(node) if k not in seen]
                seen.update(fresh)
                pending.extend(fresh)
        return sorted(seen)

    def statistic(self, value: int, of: Set[int], factors: Set[int] = frozenset()) -> set[int] | None:
        """Those of the given values whose reductions a statistic is computed from.

        Parameters
        ----------
        value : int
            What may be a statistic.
        of : set of int
            The values.
        factors : set of int
            Those of them that may be reduced together, since the others are factors of elements of theirs:
            ``sum(q * sum(k))`` is a statistic of neither q nor k where the two meet in sums of products.

        Returns
        -------
        set of int or None
            None if it is no statistic, or depends on anything else.
        """
        if not self.reduced[value]:
            return None
        hits: dict[int, list[int]] = {}
        """By the outermost reduction that they are below."""
        pending, seen = [(value, -1)], {(value, -1)}
        while pending:
            if len(seen) > LIMIT:
                return None
            value, over = pending.pop()
            if over >= 0 and value in of:
                hits.setdefault(over, []).append(value)
                continue
            node = self.nodes[value]
            live = self.operands(node)
            if self.is_reduction(node):
                over = value if over < 0 else over
            elif (rolled := self.rolled(node)) is not None:
                live = [rolled[0]]
            elif isinstance(node.op, Move):
                if over >= 0 and not self._shows_all(node, of):
                    return None
            elif not isinstance(node.op, Map) and not self.is_outer_product(node):
                return None
            for k in live:
                if (k, over) not in seen:
                    seen.add((k, over))
                    pending.append((k, over))
        for together in hits.values():
            if not factors >= set(together) and self.common(together) < 0:
                return None
        return set().union(*hits.values())

    def _shows_all(self, node: Node, of: Set[int]) -> bool:
        """Whether a move shows all of the given values: the statistic of a part is none of the whole."""
        op = node.op
        if isinstance(op, Keep):
            return any([self.nodes[k].op == op for k in of])
        if isinstance(op, Take):
            return len(np.setdiff1d(op.indices, -1)) == self.nodes[node.inputs[0]].shape[op.axis]
        return isinstance(op, _WHOLE)

    def sums_exponentials(self, value: int) -> bool:
        """Whether a logarithm of a statistic is one of a sum of exponentials."""
        pending, seen = [(value, False)], {value}
        while pending and len(seen) < LIMIT:
            value, below = pending.pop()
            node = self.nodes[value]
            if isinstance(node.op, Reduce):
                if node.op.kind == "logsumexp":
                    return True
                below = True
            elif isinstance(node.op, Map) and below and node.op.law == "exp":
                return True
            elif not isinstance(node.op, Map | Move):
                continue
            fresh = [k for k in self.operands(node) if k not in seen]
            seen.update(fresh)
            pending.extend((k, below) for k in fresh)
        return False

    def not_of_others(self, values: Sequence[int]) -> Sequence[int]:
        """Those of some values that are no statistic of another: t of ``t`` and ``mean(t)``, itself a sum."""
        if len(values) < 2:
            return values
        chains = {k: set(self.chain(k)) for k in values}
        left = [k for k in values if not any(self.statistic(k, chains[j]) for j in values if j != k)]
        return left or values

    def _common_source(self, live: list[int]) -> int:
        """The value that all operands, statistics of it aside, are pointwise functions of."""
        bases = [k for k in live if not self.reduced[k]] or self.not_of_others(live)
        base = self.common(bases)
        if base >= 0 and len(bases) < len(live):
            targets = self.chains((base,))
            if any([k not in bases and self.statistic(k, targets) is None for k in live]):
                return -1
        return base

    def common(self, values: Sequence[int]) -> int:
        """The nearest value that all are pointwise functions of, -1 if there is none."""
        base = values[0]
        for other in values[1:]:
            base = self._meet(base, other)
            if base < 0:
                break
        return base

    def _meet(self, one: int, other: int) -> int:
        """The nearest value that two are pointwise functions of."""
        for _ in range(2 * LIMIT):
            if one == other:
                return one
            if self._depth[one] < self._depth[other]:
                one, other = other, one
            one = self.source[one]
            if one < 0:
                return -1
        return -1
