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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from ..graph import Node
from ..primitives import Contract, Input, Map, Move, Parameter, Pool, Reduce
from .expression import Expression, factors, terms, without
from .lineage import LIMIT, Lineage, carries, is_linear_move
from .liveness import depends_on
from .maps import rewire
from .membership import EVERYWHERE, NOWHERE, Where, all_of, as_mask
from .placement import Placement
from .places import Place
from .spread import Spread, spreads

__all__ = ["drop_statistics"]

_NEAR = 20
"""How many nodes there may be between a product or sum and a statistic that is part of it."""

_PARTLY = 2
"""How many statistics may rescale a product in places only; further ones route."""


def drop_statistics(
    nodes: Sequence[Node], outputs: Sequence[int], doubts: set[str]
) -> tuple[list[Node], tuple[int, ...]]:
    """Drop the edges by which statistics of a value return to it without a learnable part in between.

    What is approximated on the way is added to ``doubts``.
    """
    if not _may_rescale(nodes):
        return list(nodes), tuple(outputs)
    normalisations = _Normalisations()
    place: list[int] = []
    for node in nodes:
        place.append(normalisations.add(rewire(node, tuple([place[k] for k in node.inputs]))))
    doubts |= normalisations.lineage.doubts
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


_Partly = dict[int, tuple[set[int], Where]]
"""Statistics of the elements that they meet in places only: what of, and where."""


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
        whole = factors(self.lineage, root)
        placement = Placement(self.lineage, root, whole.inside)
        statistics, partly = self._statistics(whole, known, placement)
        if not statistics and not partly:
            return root
        return self._by_place(
            root, partly, lambda some: self._without(whole, placement, {**statistics, **some})
        )

    def _by_place(self, root: int, partly: _Partly, build: Callable[[dict[int, set[int]]], int]) -> int:
        """A value without some statistics where they are its own, and with them elsewhere."""
        if partly and not isinstance(self.lineage.nodes[root].op, Map):
            self.lineage.doubts.add(
                "statistics that meet their own elements in a part of a matrix product route"
            )
            partly = {}
        parts = []
        for chosen in product((True, False), repeat=len(partly)):
            some: dict[int, set[int]] = {}
            where = EVERYWHERE
            for (leaf, (hits, own)), is_own in zip(partly.items(), chosen, strict=True):
                where = all_of((where, own if is_own else ~own))
                if is_own:
                    some[leaf] = hits
            if where.any():
                parts.append((build(some), where))
        return self._side_by_side(root, parts) if len(parts) > 1 else parts[0][0]

    def _add_partly(self, partly: _Partly, leaf: int, hits: set[int], own: Where) -> None:
        if len(partly) < _PARTLY:
            partly[leaf] = hits, own
        else:
            self.lineage.doubts.add(
                f"past {_PARTLY} statistics that are their own elements' in places, others route"
            )

    def _side_by_side(self, root: int, parts: Sequence[tuple[int, Where]]) -> int:
        """A value that is one of several, by the place."""
        node = self.lineage.nodes[root]
        masks = tuple([as_mask(where, node.shape) for _, where in parts])
        op = Map("rescale", masks=masks)
        return self.lineage.append(Node(op, tuple([k for k, _ in parts]), node.shape, node.scope))

    def _without(self, whole: Expression, placement: Placement, statistics: Mapping[int, set[int]]) -> int:
        """A product without some statistics (and what they are of) and the centring that goes with them."""
        lineage, root = self.lineage, placement.root
        if not statistics:
            return root
        hits, dropped = set().union(*statistics.values()), set(statistics)
        inside, centring = self._centring(whole, placement, hits, dropped)
        result = without(lineage, root, {*whole.inside, *inside}, {*dropped, *centring})
        bases = [k for k in whole.leaves if k not in dropped]
        self.rescaled[result] = _Rescaled(
            frozenset(dropped), frozenset(bases), frozenset().union(*[lineage.carried(k) for k in bases])
        )
        return result

    def _statistics(
        self, whole: Expression, known: set[int], placement: Placement
    ) -> tuple[dict[int, set[int]], _Partly]:
        """The factors that rescale others and what they are statistics of; and those that do in places."""
        lineage = self.lineage
        statistics: dict[int, set[int]] = {k: set() for k in known}
        partly: _Partly = {}
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
            return statistics, partly
        carried = {
            k: lineage.chains((k,)) if k in whole.exponents else lineage.carried(k) for k in whole.leaves
        }
        between = lineage.chains(whole.inside)
        # A leaf behind a shift or a window is no factor of the elements that are reduced with it.
        beside = {k for k, front in whole.leaves.items() if front != k and not lineage.reduced[k]}
        direct = between | lineage.chains([k for k in whole.leaves if k in between or k not in beside])
        for leaf in sorted(candidates, reverse=True):
            others = [carried[k] for k in whole.leaves if k != leaf and k not in statistics]
            found = lineage.statistic(leaf, between.union(*others), direct)
            own = placement.where_own(leaf, found) if found else NOWHERE
            if found and own.all():
                statistics[leaf] = found
            elif found and own.any():
                self._add_partly(partly, leaf, found, own)
        for leaf in known:
            others = [carried[k] for k in whole.leaves if k not in statistics]
            statistics[leaf] = lineage.statistic(leaf, between.union(*others), direct) or set()
        return statistics, partly

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
        self, whole: Expression, placement: Placement, hits: set[int], dropped: set[int]
    ) -> tuple[set[int], set[int]]:
        """The means and maxima that are subtracted from what a product rescales, and what leads to them."""
        lineage = self.lineage
        inside: set[int] = set()
        scales = [spread for k in dropped for spread in spreads(placement, k)]
        centring = self._in_exponents(whole, placement, dropped, scales)
        rescaled = self._below(placement, hits, scales)
        pending = [(k, placement.first(k), k in rescaled) for k in whole.leaves if k not in dropped]
        seen = {k for k, *_ in pending}
        while pending and len(seen) < LIMIT:
            value, place, whole_is = pending.pop()
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
                    mean = Spread.of(placement, k, placement.below(value, k, place))
                    if any(map(mean.agrees, scales)) and self._centres(value, k):
                        centring.add(k)
            elif not (carries(node) or is_linear_move(node) or law in ("exp", "sum")):
                continue
            if whole_is:
                live = self._rescaled_with(value, placement, place, scales)
            inside.add(value)
            fresh = [k for k in live if k not in seen and not lineage.reduced[k]]
            seen.update(fresh)
            pending.extend((k, placement.below(value, k, place), whole_is) for k in fresh)
        return inside, centring

    def _centres(self, value: int, mean: int) -> bool:
        """Whether a mean is subtracted from the very elements that it is of."""
        lineage = self.lineage
        others = lineage.chains([k for k in lineage.operands(lineage.nodes[value]) if k != mean])
        found = lineage.statistic(mean, others)
        return not found or bool(Placement(lineage, value, {value}).where_own(mean, found).all())

    def _in_exponents(
        self, whole: Expression, placement: Placement, dropped: set[int], scales: list[Spread]
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
        return {
            k
            for k in means
            if any([spread.covers(scale) for spread in spreads(placement, k) for scale in scales])
            and self._is_own(placement, k, others)
        }

    def _below(self, placement: Placement, hits: set[int], scales: Sequence[Spread]) -> set[int]:
        """The leaves of those parts of a product that are rescaled as wholes."""
        pending = [k for k in placement.inside if k in hits]
        seen = set(pending)
        while pending:
            value = pending.pop()
            below = self._rescaled_with(value, placement, placement.first(value), scales)
            fresh = [k for k in below if k not in seen]
            seen.update(fresh)
            pending.extend(k for k in fresh if k in placement.inside)
        return seen

    def _rescaled_with(
        self, value: int, placement: Placement, place: Place | None, scales: Sequence[Spread]
    ) -> list[int]:
        """The operands of a value that are rescaled with it: other factors are constant where they meet."""
        node = self.lineage.nodes[value]
        live = self.lineage.operands(node)
        parts = [k for k in live if not self.lineage.reduced[k]]
        if len(parts) < 2 or (isinstance(node.op, Map) and node.op.law == "sum"):
            return live
        seen = [(k, Spread.of(placement, k, placement.below(value, k, place))) for k in parts]
        varying = {k for k, spread in seen if not any(map(spread.covers, scales))}
        return [k for k in live if varying <= {k}]

    # -- sums ---------------------------------------------------------------------------------

    def _add_up(self, root: int) -> int:
        """A sum without the statistics that a division under the logarithm, or a product, brought into it."""
        whole = terms(self.lineage, root, self.rescaled.keys())
        placement = Placement(self.lineage, root, whole.inside)
        distributed = self._distributed(whole, placement)
        logarithms, partly = self._under_logarithm(whole, placement)

        def build(some: dict[int, set[int]]) -> int:
            dropped = {*logarithms, *some}
            dropped |= self._means_beside(whole, placement, dropped) | distributed
            return without(self.lineage, root, whole.inside, dropped) if dropped else root

        return self._by_place(root, partly, build)

    def _under_logarithm(self, whole: Expression, placement: Placement) -> tuple[set[int], _Partly]:
        """``x - logsumexp(x)`` and ``log x - log sum(x)``: what goes, and what does in places."""
        lineage = self.lineage
        candidates = self._statistics_among(whole)
        found: set[int] = set()
        partly: _Partly = {}
        if not any([_is_logarithm(lineage.nodes[k]) for k in candidates]):
            return found, partly
        carried = self._carried_beside(whole, candidates)
        from_log = any([_is_logarithm(lineage.nodes[k]) for k in whole.leaves if k not in candidates])
        for k in candidates:
            if _is_logarithm(lineage.nodes[k]) and (from_log or lineage.sums_exponentials(k)):
                hits = lineage.statistic(k, carried) or set()
                own = placement.where_own(k, hits) if hits else NOWHERE
                if own.all():
                    found.add(k)
                elif own.any():
                    self._add_partly(partly, k, hits, own)
        return found, partly

    def _means_beside(self, whole: Expression, placement: Placement, logarithms: set[int]) -> set[int]:
        """The means and maxima that are subtracted together with logarithms of sums over the same axes."""
        candidates = [k for k in self._statistics_among(whole) if k not in logarithms] if logarithms else []
        scales = [spread for k in logarithms for spread in spreads(placement, k)]
        carried = self._carried_beside(whole, [*candidates, *logarithms]) if candidates else set()
        return {
            k
            for k in candidates
            if any([mean.agrees(scale) for mean in spreads(placement, k) for scale in scales])
            and self._is_own(placement, k, carried)
        }

    def _statistics_among(self, whole: Expression) -> list[int]:
        """The terms that may be statistics of others."""
        lineage = self.lineage
        candidates = [k for k in whole.leaves if lineage.reduced[k]]
        summands = [k for k in whole.leaves if not (k in candidates and _is_logarithm(lineage.nodes[k]))]
        if summands and all([k in candidates for k in summands]):
            return [k for k in candidates if k not in lineage.not_of_others(summands)]
        return candidates

    def _carried_beside(self, whole: Expression, candidates: Sequence[int]) -> set[int]:
        """What the terms that are no statistics are functions of."""
        return self.lineage.chains([k for k in (*whole.leaves, *whole.inside) if k not in candidates])

    def _distributed(self, whole: Expression, placement: Placement) -> set[int]:
        """``mean * a`` beside ``x * a``: the centred x, times a."""
        lineage = self.lineage
        scaled = [self.rescaled[k] for k in whole.leaves if k in self.rescaled]
        dropped: set[int] = set()
        for leaf in whole.leaves if scaled else ():
            if leaf in self.rescaled or lineage.near[leaf] > _NEAR:
                continue
            part = factors(lineage, leaf)
            found = set(part.leaves)
            beside = Placement(lineage, placement.root, whole.inside | part.inside)
            for other in scaled:
                means = {k for k in found - other.dropped if lineage.reduced[k]}
                if (
                    means
                    and other.dropped <= found
                    and found - other.dropped - means <= other.factors
                    and all([self._is_own(beside, k, other.carried) for k in means])
                ):
                    dropped.add(leaf)
                    break
        return dropped

    def _is_own(self, placement: Placement, statistic: int, of: set[int] | frozenset[int]) -> bool:
        """Whether a part of an expression is a statistic of some of its values where it meets them."""
        found = self.lineage.statistic(statistic, of)
        return bool(found) and bool(placement.where_own(statistic, found or ()).all())


def _is_logarithm(node: Node) -> bool:
    op = node.op
    return (isinstance(op, Map) and op.law == "log") or (isinstance(op, Reduce) and op.kind == "logsumexp")
