"""The statistics of normalisations rescale; they do not route (convention 6).

A normalisation is a multiplication or division of a value by a statistic of itself. Products are looked at as
wholes, however they are associated: their factors are what products, roots, reciprocals, moves and
exponentials of sums lead to, and a factor that is a statistic of what the other factors carry goes. Linear
operations carry what they are applied to, so ``(x @ w) / |x|`` is a normalisation of x. The mean or maximum
that is subtracted from what is rescaled, over the same axes, goes with it: before the product
(``(x - mean) / std``), after it (``x * a - mean * a``) and under the logarithm
(``x - max - log(sum(exp(x - max)))``). A mean or maximum that is merely added or subtracted stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from ..graph import Node
from ..primitives import Contract, Expand, Input, Map, Move, Parameter, Permute, Pool, Reduce, Shape
from .expression import Expression, factors, terms, without
from .lineage import LIMIT, Lineage, carries, is_linear_move
from .liveness import depends_on
from .maps import rewire
from .placement import is_misplaced

__all__ = ["drop_statistics"]

_NEAR = 20
"""How many nodes there may be between a product or sum and a statistic that is part of it."""


def drop_statistics(nodes: Sequence[Node], outputs: Sequence[int]) -> tuple[list[Node], tuple[int, ...]]:
    """Drop the edges by which statistics of a value return to it without a learnable part in between."""
    if not _may_rescale(nodes):
        return list(nodes), tuple(outputs)
    normalisations = _Normalisations()
    place: list[int] = []
    for node in nodes:
        place.append(normalisations.add(rewire(node, tuple([place[k] for k in node.inputs]))))
    return normalisations.lineage.nodes, tuple([place[k] for k in outputs])


def _may_rescale(nodes: Sequence[Node]) -> bool:
    """Whether a reduction may come back to what it reduces: a quick look that spares many the search.

    It may do so where something that is computed from reductions by pointwise functions and moves meets
    anything else that is computed from what is reduced.
    """
    if not any([isinstance(node.op, Reduce | Pool | Contract) for node in nodes]):
        return False
    lineage = Lineage(nodes, depends_on(nodes, Parameter, Input))
    reduces = [lineage.is_reduction(node) for node in nodes]
    reduced = list(reduces)
    for position in range(len(nodes) - 1, -1, -1):
        if reduced[position]:
            for k in nodes[position].inputs:
                reduced[k] = True
    from_reduced: list[bool] = []
    statistics: list[bool] = []
    for position, node in enumerate(nodes):
        op, inputs = node.op, node.inputs
        of_statistics = [k for k in inputs if statistics[k]]
        others = [k for k in inputs if from_reduced[k] and (len(of_statistics) > 1 or k not in of_statistics)]
        if isinstance(op, Map) and op.law == "normalise":
            return True
        if of_statistics and others and isinstance(op, Map | Contract):
            return True
        passes = isinstance(op, Map | Move) or (bool(of_statistics) and lineage.is_outer_product(node))
        statistics.append(reduces[position] or (passes and bool(of_statistics)))
        from_reduced.append(reduced[position] or any([from_reduced[k] for k in inputs]))
    return False


@dataclass(frozen=True, slots=True)
class _Rescaled:
    """A product that was rescaled: the statistics that went, the other factors, and what it carries."""

    dropped: frozenset[int]
    factors: frozenset[int]
    carried: frozenset[int]


class _Normalisations:
    """Finds normalisations while a graph is copied, and leaves their statistics out."""

    def __init__(self) -> None:
        self.lineage = Lineage()
        self.rescaled: dict[int, _Rescaled] = {}

    def add(self, node: Node) -> int:
        """Append a node, or what is left of it, and return its position."""
        lineage = self.lineage
        position = lineage.append(node)
        law = node.op.law if isinstance(node.op, Map) else "other"
        if isinstance(node.op, Contract) and len(node.inputs) > 1:
            law = "product"
        if law in ("other", "log", "power"):
            return position
        near = any([lineage.near[k] <= _NEAR for k in node.inputs])
        if law == "normalise" and len(node.inputs) > 1:
            return self._rescale(position, {node.inputs[1]})
        if law in ("product", "exp") and near:
            return self._rescale(position, set())
        if law == "sum" and (near or any([k in self.rescaled for k in node.inputs])):
            return self._add_up(position)
        return position

    # -- products -----------------------------------------------------------------------------

    def _rescale(self, root: int, known: set[int]) -> int:
        """A product without those factors that are statistics of the others."""
        lineage = self.lineage
        whole = factors(lineage, root)
        hits, dropped = self._statistics(root, whole, known)
        if not dropped:
            return root
        inside, centring = self._centring(root, whole, hits, dropped)
        result = without(lineage, root, {*whole.inside, *inside}, {*dropped, *centring})
        bases = [k for k in whole.leaves if k not in dropped]
        self.rescaled[result] = _Rescaled(
            frozenset(dropped), frozenset(bases), frozenset().union(*[lineage.carried(k) for k in bases])
        )
        return result

    def _statistics(self, root: int, whole: Expression, known: set[int]) -> tuple[set[int], set[int]]:
        """What is rescaled, and the factors that rescale it."""
        lineage = self.lineage
        hits: set[int] = set()
        dropped = set(known)
        spread_out = self._spread_out(whole)
        candidates = [
            k
            for k in whole.leaves
            if lineage.reduced[k]
            and k not in known
            and k not in spread_out
            and (k not in whole.exponents or _is_logarithm(lineage.nodes[k]))
        ]
        if not candidates and not known:
            return hits, dropped
        carried = {
            k: lineage.chains((k,)) if k in whole.exponents else lineage.carried(k) for k in whole.leaves
        }
        between = lineage.chains(whole.inside)
        # A leaf behind a shift or a window is no factor of the elements that are reduced with it.
        beside = {k for k, front in whole.leaves.items() if front != k and not lineage.reduced[k]}
        direct = between | lineage.chains([k for k in whole.leaves if k in between or k not in beside])
        for leaf in sorted(candidates, reverse=True):
            others = [carried[k] for k in whole.leaves if k != leaf and k not in dropped]
            found = lineage.statistic(leaf, between.union(*others), direct)
            if found and not any([is_misplaced(lineage, root, leaf, k) for k in found]):
                dropped.add(leaf)
                hits |= found
        for leaf in known:
            others = [carried[k] for k in whole.leaves if k not in dropped]
            hits |= lineage.statistic(leaf, between.union(*others), direct) or set()
        return hits, dropped

    def _spread_out(self, whole: Expression) -> set[int]:
        """Factors among zeros in a matrix product, as on a diagonal: they choose what is summed."""
        nodes = self.lineage.nodes
        if not any([isinstance(nodes[k].op, Contract) for k in whole.inside]):
            return set()
        pending = [k for k in whole.inside if isinstance(op := nodes[k].op, Move) and op.may_remove]
        seen = set(pending)
        while pending:
            fresh = [k for k in self.lineage.operands(nodes[pending.pop()]) if k not in seen]
            seen.update(fresh)
            pending.extend([k for k in fresh if k in whole.inside])
        return seen

    def _centring(
        self, root: int, whole: Expression, hits: set[int], dropped: set[int]
    ) -> tuple[set[int], set[int]]:
        """The means and maxima that are subtracted from what a product rescales, and what leads to them."""
        lineage = self.lineage
        inside: set[int] = set()
        centring: set[int] = set()
        scales = [_Spread.of(lineage, root, k, whole.leaves.get(k, k)) for k in dropped]
        centring |= self._in_exponents(root, whole, dropped, scales)
        rescaled = self._below(whole, hits)
        pending = [
            (k, _frame(lineage, front, k), k in rescaled)
            for k, front in whole.leaves.items()
            if k not in dropped
        ]
        seen = {k for k, *_ in pending}
        while pending and len(seen) < LIMIT:
            value, frame, whole_is = pending.pop()
            node = lineage.nodes[value]
            law = node.op.law if isinstance(node.op, Map) else ""
            live = lineage.operands(node)
            whole_is = whole_is or value in hits
            if law == "sum" and len(live) > 1:
                own = set(lineage.chain(value))
                means = [k for k in live if lineage.reduced[k] and k not in own]
                if not means or lineage.source[value] < 0:
                    continue
                if not whole_is and hits.isdisjoint(lineage.chain(value)):
                    continue
                for k in means:
                    mean = _Spread.of(lineage, value, k, k).seen_from(frame)
                    if any(map(mean.agrees, scales)):
                        centring.add(k)
            elif not (carries(node) or is_linear_move(node) or law in ("exp", "sum")):
                continue
            inside.add(value)
            frame = _through(frame, node)
            fresh = [k for k in live if k not in seen and not lineage.reduced[k]]
            seen.update(fresh)
            pending.extend((k, frame, whole_is) for k in fresh)
        return inside, centring

    def _in_exponents(
        self, root: int, whole: Expression, dropped: set[int], scales: list[_Spread]
    ) -> set[int]:
        """The means and maxima subtracted in exponents, over the axes of a statistic that rescales."""
        lineage = self.lineage
        summands = [k for k in whole.leaves if k in whole.exponents and k not in dropped]
        means = {k for k in summands if lineage.reduced[k]}
        if len(means) == len(summands):
            means.difference_update(lineage.not_of_others(summands))
        if not means:
            return means
        others = lineage.chains([k for k in whole.leaves if k not in dropped and k not in means])
        others |= lineage.chains(whole.inside)
        spreads = {k: _Spread.of(lineage, root, k, whole.leaves[k]) for k in means}
        return {k for k in means if lineage.statistic(k, others) and any(map(spreads[k].covers, scales))}

    def _below(self, whole: Expression, hits: set[int]) -> set[int]:
        """The leaves of those parts of a product that are rescaled as wholes."""
        pending = [k for k in whole.inside if k in hits]
        seen = set(pending)
        while pending:
            fresh = [k for k in self.lineage.operands(self.lineage.nodes[pending.pop()]) if k not in seen]
            seen.update(fresh)
            pending.extend(k for k in fresh if k in whole.inside)
        return seen

    # -- sums ---------------------------------------------------------------------------------

    def _add_up(self, root: int) -> int:
        """A sum without the statistics that a division under the logarithm, or a product, brought into it."""
        whole = terms(self.lineage, root, self.rescaled.keys())
        dropped = self._under_logarithm(root, whole) | self._distributed(whole)
        return without(self.lineage, root, whole.inside, dropped) if dropped else root

    def _under_logarithm(self, root: int, whole: Expression) -> set[int]:
        """``x - logsumexp(x)`` and ``log x - log sum(x)``, with the centring that belongs to them."""
        lineage = self.lineage
        candidates = [k for k in whole.leaves if lineage.reduced[k]]
        logarithms = [k for k in candidates if _is_logarithm(lineage.nodes[k])]
        if not logarithms:
            return set()
        summands = [k for k in whole.leaves if k not in logarithms]
        if all([k in candidates for k in summands]):
            candidates = [k for k in candidates if k not in lineage.not_of_others(summands)]
        bases = [k for k in (*whole.leaves, *whole.inside) if k not in candidates and k != root]
        carried = lineage.chains(bases)
        from_log = any([_is_logarithm(lineage.nodes[k]) for k in whole.leaves if k not in candidates])
        dropped = {
            k
            for k in logarithms
            if (from_log or lineage.sums_exponentials(k)) and lineage.statistic(k, carried)
        }
        scales = [_Spread.of(lineage, root, k, whole.leaves[k]) for k in dropped]
        for k in candidates:
            if k not in dropped and lineage.statistic(k, carried):
                mean = _Spread.of(lineage, root, k, whole.leaves[k])
                if any(map(mean.agrees, scales)):
                    dropped.add(k)
        return dropped

    def _distributed(self, whole: Expression) -> set[int]:
        """``mean * a`` beside ``x * a``: the centred x, times a."""
        lineage = self.lineage
        scaled = [self.rescaled[k] for k in whole.leaves if k in self.rescaled]
        dropped: set[int] = set()
        for leaf in whole.leaves if scaled else ():
            if leaf in self.rescaled or lineage.near[leaf] > _NEAR:
                continue
            found = set(factors(lineage, leaf).leaves)
            for other in scaled:
                means = {k for k in found - other.dropped if lineage.reduced[k]}
                if (
                    means
                    and other.dropped <= found
                    and found - other.dropped - means <= other.factors
                    and all([lineage.statistic(k, other.carried) for k in means])
                ):
                    dropped.add(leaf)
                    break
        return dropped


def _is_logarithm(node: Node) -> bool:
    op = node.op
    return (isinstance(op, Map) and op.law == "log") or (isinstance(op, Reduce) and op.kind == "logsumexp")


_Frame = dict[int, int]
"""Axes of a value among those of another, both counted from the last, where they differ."""


@dataclass(frozen=True, slots=True)
class _Spread:
    """Over what a statistic is spread: the axes that it is constant along, where they can be followed."""

    axes: frozenset[int] | None
    size: int

    @classmethod
    def of(cls, lineage: Lineage, user: int, statistic: int, front: int | None) -> _Spread:
        """As the axes of `user`, counted from the last; `front` shows the statistic with these axes."""
        size = prod(_narrowest(lineage, statistic).shape)
        if front is None:
            return cls(None, size)
        full, node = lineage.nodes[user].shape, _narrowest(lineage, front, Map | Expand)
        if len(node.shape) > len(full):
            return cls(None, size)
        return cls(frozenset(_constant_along(node.shape, full)), size)

    def seen_from(self, frame: _Frame | None) -> _Spread:
        """The same with the axes of another value."""
        if frame is None or self.axes is None:
            return _Spread(None, self.size)
        return _Spread(frozenset([frame.get(axis, axis) for axis in self.axes]), self.size)

    def agrees(self, other: _Spread) -> bool:
        """Whether two statistics are spread over the same axes, or as many elements if that is unknown."""
        if self.axes is None or other.axes is None:
            return self.size == other.size
        return self.axes == other.axes

    def covers(self, other: _Spread) -> bool:
        """Whether it is constant where another statistic is: as a shift of exponents it cancels."""
        if self.axes is None or other.axes is None:
            return self.size <= other.size
        return self.axes >= other.axes


def _frame(lineage: Lineage, front: int | None, value: int) -> _Frame | None:
    """The axes of a value among those of what shows it; None if they cannot be followed."""
    frame: _Frame | None = {}
    while front != value:
        if front is None or frame is None:
            return None
        node = lineage.nodes[front]
        frame = _through(frame, node)
        (front,) = lineage.operands(node)
    return frame


def _through(frame: _Frame | None, node: Node) -> _Frame | None:
    """The axes of an operand, from those of the value."""
    if frame is None or isinstance(node.op, Map | Expand):
        return frame
    if not isinstance(node.op, Permute):
        return None
    rank = len(node.shape)
    return {rank - source: frame.get(rank - axis, rank - axis) for axis, source in enumerate(node.op.order)}


def _narrowest(lineage: Lineage, value: int, through: Any = Map | Move) -> Node:
    """What a value shows, before it was repeated and moved."""
    node = lineage.nodes[value]
    for _ in range(LIMIT):
        live = lineage.operands(node)
        if not isinstance(node.op, through) or len(live) != 1:
            break
        node = lineage.nodes[live[0]]
    return node


def _constant_along(shape: Shape, full: Shape) -> Iterable[int]:
    """Axes of `full`, counted from the last, along which a smaller shape is repeated."""
    for place in range(1, len(full) + 1):
        if full[-place] > 1 and (place > len(shape) or shape[-place] == 1):
            yield place
