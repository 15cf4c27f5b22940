"""Nodes with other operands: what several passes do to a node."""

from __future__ import annotations

from dataclasses import replace

from ..graph import Node
from ..primitives import Map
from ..primitives.presence import unite
from ..runs import Runs

__all__ = ["Operands", "add_operand", "operands_of", "rewire", "with_operands"]

Operands = dict[tuple[int, int | None], Runs | None]
"""Distinct operands of a map, in order: values with the axis that they are vectors along, and where they have
an edge (of the map's shape; None if everywhere)."""


def rewire(node: Node, inputs: tuple[int, ...]) -> Node:
    """A node reading other values of the same shapes."""
    return node if inputs == node.inputs else Node(node.op, inputs, node.shape, node.scope)


def operands_of(node: Node) -> Operands:
    """What a map reads, each value once per axis along which it is read."""
    op = node.op
    if not isinstance(op, Map):
        return dict.fromkeys([(k, None) for k in node.inputs])
    pairs = zip(node.inputs, op.align or (None,) * len(node.inputs), strict=True)
    if not op.masks:
        return dict.fromkeys(pairs)
    found: Operands = {}
    for position, pair in enumerate(pairs):
        add_operand(found, pair, op.mask(position, node.shape))
    return found


def add_operand(operands: Operands, pair: tuple[int, int | None], mask: Runs | None) -> None:
    """Read a value at the places of a mask: one edge to each place, however often it is read."""
    operands[pair] = unite(operands[pair], mask) if pair in operands else mask


def with_operands(node: Node, operands: Operands) -> Node:
    """A map of other operands."""
    assert isinstance(node.op, Map)
    align = tuple([axis for _, axis in operands])
    masks = tuple(operands.values())
    if align.count(None) == len(align):
        align = ()
    if masks.count(None) == len(masks):
        masks = ()
    op = node.op
    if masks or op.masks or align != op.align:
        op = replace(op, align=align, masks=masks)
    return Node(op, tuple([k for k, _ in operands]), node.shape, node.scope)
