"""Pointwise functions of values of which some elements do not exist (convention 14).

Everything after this pass knows one rule: a pointwise result exists where an operand with an edge does. So a
function with another presence has its edges masked; and where it makes an element of none, it gets a constant
as a further operand, which carries no path. The constants that it has already say nothing more and go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import NamedTuple

from ..graph import Node, supports_of
from ..primitives import Constant, Input, Map, Parameter
from ..primitives.presence import complement, intersect, regions
from ..runs import Runs
from .liveness import depends_on
from .maps import rewire

__all__ = ["settle_presence"]


def settle_presence(nodes: Sequence[Node], outputs: Sequence[int]) -> tuple[list[Node], tuple[int, ...]]:
    """Turn the presence of every pointwise function into masks of its edges."""
    if not any([isinstance(node.op, Map) and node.op.presence is not None for node in nodes]):
        return list(nodes), tuple(outputs)
    supports, matters = supports_of(nodes), depends_on(nodes, Parameter, Input)
    result: list[Node] = []
    place: list[int] = []
    for node in nodes:
        inputs = tuple([place[k] for k in node.inputs])
        if isinstance(node.op, Map) and node.op.presence is not None:
            settled = _settle(nodes, node, node.op, supports, matters)
            inputs = tuple([inputs[k] for k in settled.kept])
            if settled.is_filled:
                result.append(Node(Constant("constant", node.shape), (), node.shape, node.scope))
                inputs = (*inputs, len(result) - 1)
            node = Node(settled.op, inputs, node.shape, node.scope)
        result.append(rewire(node, inputs))
        place.append(len(result) - 1)
    return result, tuple([place[k] for k in outputs])


class _Settled(NamedTuple):
    """A pointwise function without a presence.

    Attributes
    ----------
    op : Map
        The function.
    kept : list of int
        The operands that stay.
    is_filled : bool
        Whether a constant follows them.
    """

    op: Map
    kept: list[int]
    is_filled: bool


def _settle(
    nodes: Sequence[Node], node: Node, op: Map, supports: Sequence[Runs | None], matters: Sequence[bool]
) -> _Settled:
    every = list(range(len(node.inputs)))
    kept = [k for k in every if matters[node.inputs[k]]] or every
    if op.presence is None or all([supports[k] is None for k in node.inputs]):
        return _Settled(_with(op, kept, [None] * len(kept), []), kept, False)
    shapes = [nodes[k].shape for k in node.inputs]
    wide = op.laid_out([supports[k] for k in node.inputs], shapes, node.shape)
    exists, edges = regions(op.presence, wide)
    masks = [edges[k] for k in kept]
    reached = [intersect(wide[k], edges[k]) for k in kept if prod(shapes[k]) == prod(node.shape)]
    filled = _unreached(exists, reached)
    return _Settled(_with(op, kept, masks, filled), kept, bool(filled))


def _unreached(exists: Runs | None, reached: Sequence[Runs | None]) -> list[Runs | None]:
    """Where a result exists that no operand of its own size reaches: one mask, or none if that is nowhere.

    Smaller operands do not matter: statistics, which are smaller, may yet go.
    """
    left = exists
    for one in reached:
        if one is None:
            return []
        left = intersect(left, complement(one))
    return [left] if left is None or left.nonzero().any() else []


def _with(op: Map, kept: Sequence[int], masks: list[Runs | None], filled: Sequence[Runs | None]) -> Map:
    """The function of the operands that stay, and of a constant where `filled` has its mask."""
    align = (*[op.alignment(k) for k in kept], *[None] * len(filled))
    masks = [*masks, *filled]
    return replace(
        op,
        align=align if any([axis is not None for axis in align]) else (),
        masks=tuple(masks) if any([mask is not None for mask in masks]) else (),
        presence=None,
    )
