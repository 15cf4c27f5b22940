"""Whether a statistic stands beside the elements that it is computed from (convention 6: of *itself*).

Moves may bring a statistic beside other elements of the value that it reduces: a token beside the norm of the
one before it, a head beside another's. Elements are not compared; the moves on both ways that select or
shift elements are. Permutations are not (docs/conventions.md, known limits).
"""

from __future__ import annotations

from collections import Counter

from ..graph import Node
from ..primitives import Map, Move, Pad, Pool, Reduce, Slice, Take
from .lineage import LIMIT, Lineage

__all__ = ["is_misplaced"]


def is_misplaced(lineage: Lineage, root: int, statistic: int, base: int) -> bool:
    """Whether moves lead a statistic of `base` and `base` itself to a product at different places.

    False where the ways cannot be compared, since they lead through sums of products.
    """
    own = _way(lineage, root, base, statistic)
    shown, computed = _way(lineage, root, statistic), _way(lineage, statistic, base)
    if own is None or shown is None or computed is None:
        return False
    return _selections(own) != _selections(shown + computed)


def _way(lineage: Lineage, start: int, goal: int, avoided: int = -1) -> list[Node] | None:
    """The moves on a way back from one value to another; None if there is none by moves and functions."""
    pending: list[tuple[int, tuple[Node, ...]]] = [(start, ())]
    seen = {start, avoided}
    while pending and len(seen) < LIMIT:
        value, moves = pending.pop()
        if value == goal:
            return list(moves)
        node = lineage.nodes[value]
        if not isinstance(node.op, Map | Move | Reduce | Pool):
            continue
        further = (*moves, node) if isinstance(node.op, Move) else moves
        for k in lineage.operands(node):
            if k not in seen:
                seen.add(k)
                pending.append((k, further))
    return None


def _selections(moves: list[Node]) -> Counter[object]:
    """Moves that leave elements out, repeat them in an order, or shift them."""
    found: Counter[object] = Counter()
    for node in moves:
        op = node.op
        if isinstance(op, Slice):
            found[op.start, op.stop] += 1
        elif isinstance(op, Take):
            found[op.indices.tobytes()] += 1
        elif isinstance(op, Pad):
            found[op.padding] += 1
    return found
