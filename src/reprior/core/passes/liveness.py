"""What reaches an output, and what depends on which leaves."""

from __future__ import annotations

from collections.abc import Sequence

from ..graph import Node
from ..primitives import Input
from .maps import rewire

__all__ = ["depends_on", "prune", "reaching"]


def depends_on(nodes: Sequence[Node], *leaves: type) -> list[bool]:
    """For each node, whether it is or depends on a leaf of the given types."""
    result: list[bool] = []
    for node in nodes:
        result.append(any([result[k] for k in node.inputs]) if node.inputs else isinstance(node.op, leaves))
    return result


def prune(nodes: Sequence[Node], outputs: Sequence[int]) -> tuple[tuple[Node, ...], tuple[int, ...]]:
    """Without the nodes that reach no output; fed inputs always stay, since N_I counts them."""
    live = reaching(nodes, outputs)
    place: dict[int, int] = {}
    kept: list[Node] = []
    for position, node in enumerate(nodes):
        if live[position] or (not node.inputs and isinstance(node.op, Input)):
            place[position] = len(kept)
            kept.append(rewire(node, tuple([place[k] for k in node.inputs])))
    return tuple(kept), tuple(place[k] for k in outputs)


def reaching(nodes: Sequence[Node], outputs: Sequence[int]) -> list[bool]:
    """For each node, whether it reaches an output."""
    live = [False] * len(nodes)
    for k in outputs:
        live[k] = True
    for position in range(len(nodes) - 1, -1, -1):
        if live[position]:
            for k in nodes[position].inputs:
                live[k] = True
    return live
