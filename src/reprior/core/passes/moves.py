"""Repeated and idle moves become one."""

from __future__ import annotations

from collections.abc import Sequence

from ..graph import Node
from ..primitives import Expand, Move, Pad, Permute, Reshape, Slice
from .maps import rewire

__all__ = ["unify_moves"]


def unify_moves(nodes: Sequence[Node], outputs: Sequence[int]) -> tuple[list[Node], tuple[int, ...]]:
    """Point users of an idle or repeated move at what it repeats (the move itself is left for `prune`)."""
    stands_for = list(range(len(nodes)))
    seen: dict[object, int] = {}
    result = []
    for position, node in enumerate(nodes):
        node = rewire(node, tuple([stands_for[k] for k in node.inputs])) if node.inputs else node
        result.append(node)
        if isinstance(node.op, Move):
            if _is_idle(node, nodes[node.inputs[0]].shape):
                stands_for[position] = node.inputs[0]
            else:
                stands_for[position] = seen.setdefault((node.op, node.inputs), position)
    return result, tuple(stands_for[k] for k in outputs)


def _is_idle(node: Node, shape: tuple[int, ...]) -> bool:
    if shape != node.shape:
        return False
    op = node.op
    if isinstance(op, Permute):
        return op.order == tuple(range(len(shape)))
    if isinstance(op, Pad):
        return not any(before or after for before, after in op.padding)
    return isinstance(op, Reshape | Expand | Slice)
