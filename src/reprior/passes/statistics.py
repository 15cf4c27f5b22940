"""The statistics of normalisations rescale; they do not route (convention 6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from ..graph import Node
from ..primitives import Expand, Input, Map, Move, Parameter, Permute, Reduce, Reshape
from .liveness import depends_on
from .maps import operands_of, with_operands

__all__ = ["drop_statistics"]

# A statistic's expression (mean, variance, epsilon, root, reciprocal, casts) is far smaller than this.
_STATISTIC_LIMIT = 64


def drop_statistics(nodes: Sequence[Node]) -> list[Node]:
    """Drop the edges by which statistics of a value return to it without a learnable part in between."""
    if not any([isinstance(node.op, Reduce) for node in nodes]):
        return list(nodes)
    matters = depends_on(nodes, Parameter, Input)
    result: list[Node] = []
    for node in nodes:
        if isinstance(node.op, Map) and len(node.inputs) > 1:
            small = [k for k in node.inputs if _is_broadcast(result, k, node) and matters[k]]
            if small:
                bases = [k for k in node.inputs if matters[k] and k not in small]
                dropped = [k for k in small if any(_is_statistic(result, k, base, matters) for base in bases)]
                if dropped:
                    kept = {pair: mask for pair, mask in operands_of(node).items() if pair[0] not in dropped}
                    node = with_operands(node, kept)
        result.append(node)
    return result


def _is_broadcast(nodes: Sequence[Node], position: int, user: Node) -> bool:
    """Whether an operand is computed and smaller than the result that it enters."""
    node = _behind_moves(nodes, position)
    return bool(node.inputs) and node.shape != user.shape and prod(node.shape) < prod(user.shape)


def _behind_moves(nodes: Sequence[Node], position: int) -> Node:
    """The value that a chain of broadcasts and regroupings shows."""
    node = nodes[position]
    while isinstance(node.op, Expand | Reshape | Permute):
        node = nodes[node.inputs[0]]
    return node


def _is_statistic(nodes: Sequence[Node], position: int, base: int, matters: Sequence[bool]) -> bool:
    """Whether a value is computed from reductions of `base`, or of what `base` is a rescaling of, alone."""
    rescaled = set(_pointwise_ancestors(nodes, base, matters))
    pending, seen = [(position, False)], {(position, False)}
    while pending:
        if len(seen) > _STATISTIC_LIMIT:
            return False
        value, reduced = pending.pop()
        if reduced and value in rescaled:
            continue
        node = nodes[value]
        if isinstance(node.op, Reduce):
            reduced = True
        elif not isinstance(node.op, Map | Move):
            return False
        for k in node.inputs:
            if matters[k] and (k, reduced) not in seen:
                seen.add((k, reduced))
                pending.append((k, reduced))
    return True


def _pointwise_ancestors(nodes: Sequence[Node], base: int, matters: Sequence[bool]) -> Iterator[int]:
    """`base` and the values of its shape that it is a parameter-free function of, back to a fork."""
    size = prod(nodes[base].shape)
    value: int | None = base
    while value is not None:
        yield value
        node = nodes[value]
        operands = {k for k in node.inputs if matters[k]}
        same = [k for k in operands if prod(nodes[k].shape) == size]
        value = (
            same[0] if isinstance(node.op, Map | Move) and operands == set(same) and len(same) == 1 else None
        )
