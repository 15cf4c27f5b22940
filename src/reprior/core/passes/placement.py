"""Where a statistic stands beside the elements that it is computed from (convention 6: of *itself*).

Moves may bring a statistic beside other elements of the value that it reduces: a token beside the norm of the
one before it, a row beside the norm of a column. So elements are compared: a statistic is one of itself at
those places of a product where the element of the value that is a factor is among those that are reduced.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from heapq import heappop, heappush

from ..graph import Node
from ..primitives import Contract, Map, Move, Pool, Reduce, Take
from .lineage import LIMIT, Lineage, carries, is_linear_move
from .membership import EVERYWHERE, NOWHERE, Where, all_of, among, any_of
from .places import Digit, Index, Place, UnknownPlaceError, Variables, place_below

__all__ = ["Placement"]

# A value that is met in more ways than this is not followed.
_WAYS = 16


class Placement:
    """The places of what a value is computed from, as seen from the elements of the value.

    Parameters
    ----------
    lineage : Lineage
        The graph.
    root : int
        The value.
    inside : collection of int
        The expression that it is: values whose operands are factors of it (or terms, under a logarithm).
    """

    def __init__(self, lineage: Lineage, root: int, inside: Collection[int]) -> None:
        self.lineage, self.root, self.inside = lineage, root, inside
        self.shape = lineage.nodes[root].shape
        self.variables = Variables()
        self.variables.sizes.extend(self.shape)

    def first(self, value: int) -> Place | None:
        """The place of a part of the expression on one way to it; None if it cannot be followed."""
        found = self._of_parts.get(value)
        return found[0] if found else None

    def ways(self, value: int) -> list[Place]:
        """The places of a part of the expression on all ways to it; none if they cannot be followed."""
        return self._of_parts.get(value, [])

    def below(self, value: int, operand: int, place: Place | None) -> Place | None:
        """The place of an operand of a value; None if it cannot be followed."""
        if place is None:
            return None
        try:
            return next(below for k, below in self.operands(value, place) if k == operand)
        except UnknownPlaceError:
            return None

    def where_own(self, statistic: int, bases: Collection[int]) -> Where:
        """Where a part of the expression is a statistic of the very elements that meet it.

        Nowhere, if that cannot be followed: a doubt of the lineage says so.

        Parameters
        ----------
        statistic : int
            A leaf of the expression.
        bases : collection of int
            The values whose reductions it is computed from.
        """
        found = []
        try:
            ways = self.ways(statistic)
            if not ways:
                raise UnknownPlaceError("too many ways")
            for place in ways:
                reduced = self._follow(statistic, place, self._is_statistic, bases)
                outer = {digit.variable for index in place for digit in index.digits}
                for base in bases:
                    owner = _Owner(self, statistic, base, reduced.get(base, []), outer)
                    found.append(owner.holds(self.root, self._start, True))
            return all_of(found)
        except UnknownPlaceError:
            self.lineage.doubts.add(
                "whether some statistics meet their own elements was not told; they route"
            )
            return NOWHERE

    def operands(self, value: int, place: Place) -> Iterator[tuple[int, Place]]:
        """The operands of a value that matter, and their places.

        Raises
        ------
        UnknownPlaceError
            If one cannot be followed.
        """
        lineage = self.lineage
        node = lineage.nodes[value]
        rolled = lineage.rolled(node)
        if rolled is not None:
            source, order = rolled
            node = Node(Take(node.op.axis, order), (source,), node.shape)  # type: ignore[attr-defined]
        shapes = [lineage.nodes[k].shape for k in node.inputs]
        for position, k in enumerate(node.inputs):
            if lineage.matters[k]:
                yield k, place_below(node, position, shapes, place, self.variables)

    @property
    def _start(self) -> Place:
        return tuple([Index((Digit(k, 1, n),) if n > 1 else ()) for k, n in enumerate(self.shape)])

    @cached_property
    def _of_parts(self) -> dict[int, list[Place]]:
        try:
            return self._follow(self.root, self._start, self.inside.__contains__)
        except UnknownPlaceError:
            return {}

    def _is_statistic(self, value: int) -> bool:
        return isinstance(self.lineage.nodes[value].op, Map | Move | Reduce | Pool | Contract)

    def _follow(
        self, start: int, place: Place, through: Callable[[int], bool], goals: Collection[int] = ()
    ) -> dict[int, list[Place]]:
        """The places of all values that one leads to, or of those on the ways to the goals."""
        found = {start: [place]}
        last = min(goals, default=0)
        pending = [-start]
        while pending:
            value = -heappop(pending)
            if value in goals or not through(value):
                continue
            for one in found[value]:
                for k, below in self.operands(value, one):
                    if k < last:
                        continue
                    if k not in found:
                        found[k] = []
                        heappush(pending, -k)
                    if below not in found[k]:
                        found[k].append(below)
                    if len(found[k]) > _WAYS or len(found) > LIMIT:
                        raise UnknownPlaceError("too many ways")
        return found


class _Owner:
    """Looks for the elements of a base that meet a statistic, among those that it reduces."""

    def __init__(
        self, placement: Placement, statistic: int, base: int, reduced: Sequence[Place], outer: set[int]
    ) -> None:
        self.placement, self.statistic, self.base = placement, statistic, base
        self.reduced, self.outer = reduced, outer
        self.steps = 0

    def holds(self, value: int, place: Place, is_product: bool) -> Where:
        """Where the elements of the base that a value is made of are reduced: of any factor of a product."""
        found = self._holds(value, place, is_product)
        return EVERYWHERE if found is None else found

    def _holds(self, value: int, place: Place, is_product: bool) -> Where | None:
        """None where the base is not met."""
        placement, lineage = self.placement, self.placement.lineage
        if value == self.base:
            return all_of([self._is_among(place, one) for one in self.reduced])
        self.steps += 1
        if self.steps > LIMIT * _WAYS:
            raise UnknownPlaceError("too many ways")
        node = lineage.nodes[value]
        live = [k for k in lineage.operands(node) if k >= self.base and k != self.statistic]
        passes = value in placement.inside or carries(node) or is_linear_move(node)
        is_product = is_product and (passes or lineage.rolled(node) is not None)
        if not live or (not is_product and lineage.source[value] < 0) or self._is_sum_of_itself(value):
            return None
        if not is_product:
            live = [k for k in live if not lineage.reduced[k]] or live
        left = set(lineage.operands(node)).difference(live)
        parts = [
            self._holds(k, below, is_product)
            for k, below in placement.operands(value, place)
            if k >= self.base and k not in left
        ]
        found = [part for part in parts if part is not None]
        if not found:
            return None
        return any_of(found) if is_product else all_of(found)

    def _is_among(self, place: Place, reduced: Place) -> Where:
        placement = self.placement
        shape = placement.lineage.nodes[self.base].shape
        found, in_part = among(
            place, reduced, shape, placement.variables.sizes, len(placement.shape), self.outer
        )
        if in_part:
            placement.lineage.doubts.add(
                "some terms of a sum meet their own statistics, others do not; all of them route"
            )
        return found

    def _is_sum_of_itself(self, value: int) -> bool:
        """Whether a value reduces what the base makes up alone: a statistic, no factor."""
        lineage = self.placement.lineage
        node = lineage.nodes[value]
        return lineage.is_reduction(node) and self.base in lineage.chain(
            lineage.common(lineage.operands(node))
        )
