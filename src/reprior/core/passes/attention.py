"""Attention written out: its softmax has a statistic that is a node of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..graph import Node
from ..primitives import Attention, Map, Reduce
from .maps import rewire

__all__ = ["expand_attention"]


def expand_attention(nodes: Sequence[Node], outputs: Sequence[int]) -> tuple[list[Node], tuple[int, ...]]:
    """Write attention out, with its softmax's statistic as a node of its own."""
    result: list[Node] = []
    place: list[int] = []

    def add(op: object, inputs: Iterable[int], scope: str) -> int:
        operands = tuple(inputs)
        shape = op.infer_shape(tuple(result[k].shape for k in operands))  # type: ignore[attr-defined]
        result.append(Node(op, operands, shape, scope))  # type: ignore[arg-type]
        return len(result) - 1

    for node in nodes:
        inputs = tuple(place[k] for k in node.inputs)
        if not isinstance(node.op, Attention):
            result.append(rewire(node, inputs))
            place.append(len(result) - 1)
            continue
        query, key, value, *bias = inputs
        rank = len(node.shape)
        scores_op, keep, softmax, out = node.op.expand(rank, node.shape[-2], result[key].shape[-2], 2)
        scores = add(scores_op, (query, key), node.scope)
        if bias:
            scores = add(Map("bias", law="sum"), (scores, *bias), node.scope)
        if keep is not None:
            scores = add(keep, (scores,), node.scope)
        statistic = add(Reduce((rank - 1,), keepdims=True), (scores,), node.scope)
        probabilities = add(softmax, (scores, statistic), node.scope)
        if keep is not None:
            probabilities = add(keep, (probabilities,), node.scope)
        place.append(add(out, (probabilities, value), node.scope))
    return result, tuple(place[k] for k in outputs)
