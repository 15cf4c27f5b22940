"""Running statistics of batch norms are not learnable (convention 5)."""

from __future__ import annotations

from collections.abc import Sequence

from ..graph import Node
from ..primitives import Constant, Map, Move, Parameter
from .maps import operands_of, with_operands

__all__ = ["drop_running_statistics"]


def drop_running_statistics(nodes: Sequence[Node]) -> list[Node]:
    """Running statistics are not learnable (convention 5): constants, which give maps no edge."""
    result: list[Node] = []
    fixed: set[int] = set()
    for position, node in enumerate(nodes):
        op = node.op
        if isinstance(op, Parameter):
            if op.role == "running_statistic":
                fixed.add(position)
                node = Node(Constant(op.name, op.shape), (), node.shape, node.scope)
        elif fixed and isinstance(op, Move) and node.inputs[0] in fixed:
            fixed.add(position)
        elif fixed and isinstance(op, Map) and op.presence is None and not fixed.isdisjoint(node.inputs):
            kept = {pair: mask for pair, mask in operands_of(node).items() if pair[0] not in fixed}
            if kept:
                node = with_operands(node, kept)
        result.append(node)
    return result
