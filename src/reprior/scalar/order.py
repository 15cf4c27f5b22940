"""Topological order, and the cycle that stands in its way."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

__all__ = ["find_cycle", "topological_order"]


def topological_order(sources: Sequence[Sequence[int]]) -> list[int]:
    """Indices with every node after its sources; nodes on or behind a cycle are left out.

    The smallest index that is ready comes first, so that a sequence already in order stays as it is.
    """
    targets: list[list[int]] = [[] for _ in sources]
    waiting = [len(own) for own in sources]
    for index, own in enumerate(sources):
        for source in own:
            targets[source].append(index)
    ready = [index for index, count in enumerate(waiting) if count == 0]
    order: list[int] = []
    while ready:
        index = heapq.heappop(ready)
        order.append(index)
        for target in targets[index]:
            waiting[target] -= 1
            if waiting[target] == 0:
                heapq.heappush(ready, target)
    return order


def find_cycle(sources: Sequence[Sequence[int]]) -> list[int] | None:
    """One cycle, its first node repeated at the end; None where there is none."""
    left = set(range(len(sources))).difference(topological_order(sources))
    if not left:
        return None
    # Every node that is left has a source that is left, so walking back must come round.
    seen: dict[int, int] = {}
    walk: list[int] = []
    index = min(left)
    while index not in seen:
        seen[index] = len(walk)
        walk.append(index)
        index = next(source for source in sources[index] if source in left)
    return [index, *reversed(walk[seen[index] :])]
