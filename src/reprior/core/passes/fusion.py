"""Pointwise chains merge (convention 1)."""

from __future__ import annotations

from collections.abc import Sequence

from ..graph import Node
from ..primitives import Keep, Map, Reshape
from ..primitives.pointwise import broadcast_to
from ..primitives.presence import intersect
from ..runs import Runs
from .liveness import reaching
from .maps import Operands, add_operand, operands_of, with_operands

__all__ = ["fuse_pointwise"]


def fuse_pointwise(nodes: Sequence[Node], outputs: Sequence[int]) -> list[Node]:
    """Merge every pointwise value into its one user, if that is pointwise and of the same shape.

    A `Keep` between the two masks the edges: it moves no element.
    """
    merged = _merge_targets(nodes, outputs)
    operands: dict[int, Operands] = {}
    result: list[Node] = []
    for position, node in enumerate(nodes):
        if isinstance(node.op, Map):
            target = merged.get(position, position)
            found: Operands = {}
            for (k, axis), mask in operands_of(node).items():
                source, kept = _behind_keeps(nodes, k, mask, node)
                if merged.get(source) == target:
                    for pair, inner in operands[source].items():
                        add_operand(found, pair, intersect(inner, kept))
                else:
                    add_operand(found, _as_vector(nodes, source, axis, node), kept)
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
        if isinstance(node.op, Keep):
            # Pointwise users read what it keeps, others read itself.
            seen = {k for k in users[position] if _looks_through(nodes, position, nodes[k])}
            users[node.inputs[0]] |= seen
            if seen != users[position] or position in fixed:
                users[node.inputs[0]].add(position)
            continue
        if isinstance(node.op, Map) and len(users[position]) == 1 and position not in fixed:
            (user,) = users[position]
            if isinstance(nodes[user].op, Map) and nodes[user].shape == node.shape:
                merged[position] = target = user
        for k in node.inputs:
            users[k].add(target)
    return merged


def _looks_through(nodes: Sequence[Node], keep: int, user: Node) -> bool:
    """Whether a user of a `Keep` reads the value behind it; one that keeps nothing stays, as no route."""
    node = nodes[keep]
    if not isinstance(node.op, Keep) or not isinstance(user.op, Map) or user.shape != node.shape:
        return False
    return bool(node.op.mask.nonzero().any())


def _behind_keeps(nodes: Sequence[Node], k: int, mask: Runs | None, user: Node) -> tuple[int, Runs | None]:
    """The value that `Keep` nodes show to a pointwise user, and where it has an edge then."""
    while _looks_through(nodes, k, user):
        node = nodes[k]
        assert isinstance(node.op, Keep)
        mask, k = intersect(mask, broadcast_to(node.op.mask, node.shape)), node.inputs[0]
    return k, mask


def _as_vector(nodes: Sequence[Node], k: int, axis: int | None, user: Node) -> tuple[int, int | None]:
    """See a vector through the reshape that lays it out for broadcasting, such as (C,) to (C, 1, 1)."""
    node = nodes[k]
    if axis is None and isinstance(node.op, Reshape):
        source = nodes[node.inputs[0]]
        length = source.shape[0] if len(source.shape) == 1 else 1
        if length > 1 and length in node.shape:
            return node.inputs[0], len(user.shape) - len(node.shape) + node.shape.index(length)
    return k, axis
