"""Nodes with other operands: what several passes do to a node."""

from __future__ import annotations

from ..graph import Node
from ..primitives import Map

__all__ = ["Operands", "operands_of", "rewire", "with_operands"]

Operands = dict[tuple[int, int | None], None]
"""Distinct operands of a map, in order: values with the axis that they are vectors along."""


def rewire(node: Node, inputs: tuple[int, ...]) -> Node:
    """A node reading other values of the same shapes."""
    return node if inputs == node.inputs else Node(node.op, inputs, node.shape, node.scope)


def operands_of(node: Node) -> Operands:
    """What a node reads, each value once per axis along which it is read."""
    align = node.op.align if isinstance(node.op, Map) else ()
    return dict.fromkeys(zip(node.inputs, align or (None,) * len(node.inputs), strict=True))


def with_operands(node: Node, operands: Operands) -> Node:
    """A map of other operands."""
    align = tuple([axis for _, axis in operands])
    aligned = any([axis is not None for axis in align])
    return Node(
        Map(node.op.label, align if aligned else ()), tuple([k for k, _ in operands]), node.shape, node.scope
    )
