"""Pointwise chains merge (convention 1)."""

from __future__ import annotations

from collections.abc import Sequence

from ..graph import Node
from ..primitives import Map, Reshape
from .liveness import reaching
from .maps import Operands, operands_of, with_operands

__all__ = ["fuse_pointwise"]


def fuse_pointwise(nodes: Sequence[Node], outputs: Sequence[int]) -> list[Node]:
    """Merge every pointwise value into its one user, if that is pointwise and of the same shape."""
    merged = _merge_targets(nodes, outputs)
    operands: dict[int, Operands] = {}
    result: list[Node] = []
    for position, node in enumerate(nodes):
        if isinstance(node.op, Map):
            target = merged.get(position, position)
            found: Operands = {}
            for k, axis in operands_of(node):
                if merged.get(k) == target:
                    found.update(operands[k])
                else:
                    found[_as_vector(nodes, k, axis, node)] = None
            operands[position] = found
            node = with_operands(node, found)
        result.append(node)
    return result


def _merge_targets(nodes: Sequence[Node], outputs: Sequence[int]) -> dict[int, int]:
    """For each pointwise value that merges, the value that it becomes part of.

    Users are looked at before what they use, so that a value with several users that all merge into
    one has that one as its only user: ``x * tanh(x + x**3)`` is one node, and the bias that made x
    joins it.
    """
    live = reaching(nodes, outputs)
    users: list[set[int]] = [set() for _ in nodes]
    fixed = set(outputs)
    merged: dict[int, int] = {}
    for position in range(len(nodes) - 1, -1, -1):
        if not live[position]:
            continue
        node, target = nodes[position], position
        if isinstance(node.op, Map) and len(users[position]) == 1 and position not in fixed:
            (user,) = users[position]
            if isinstance(nodes[user].op, Map) and nodes[user].shape == node.shape:
                merged[position] = target = user
        for k in node.inputs:
            users[k].add(target)
    return merged


def _as_vector(nodes: Sequence[Node], k: int, axis: int | None, user: Node) -> tuple[int, int | None]:
    """See a vector through the reshape that lays it out for broadcasting, such as (C,) to (C, 1, 1)."""
    node = nodes[k]
    if axis is None and isinstance(node.op, Reshape):
        source = nodes[node.inputs[0]]
        length = source.shape[0] if len(source.shape) == 1 else 1
        if length > 1 and length in node.shape:
            return node.inputs[0], len(user.shape) - len(node.shape) + node.shape.index(length)
    return k, axis
