"""Quantities of others, and of nobody in particular, that every ranking is held against."""

from __future__ import annotations

import math
from collections.abc import Sequence
from math import prod

from ..core.canonical import depends_on
from ..core.graph import Graph, Node
from ..core.primitives import Contract, Convolve, Input, Lookup, Move, Parameter

__all__ = ["log_determinant", "nsc", "parameters_without_embeddings"]


def parameters_without_embeddings(graph: Graph) -> int:
    """Learnable scalars that are not rows of a table looked up by fed indices."""
    tables: set[int] = set()
    for node in graph.nodes:
        if isinstance(node.op, Lookup):
            k = node.inputs[0]
            while isinstance(graph.nodes[k].op, Move):
                k = graph.nodes[k].inputs[0]
            tables.add(k)
    return sum(
        prod(leaf.shape)
        for k, leaf in graph.parameters
        if k not in tables and leaf.role != "running_statistic"
    )


def nsc(graph: Graph) -> float:
    """A Marchenko-Pastur log-determinant over the shapes of all weights (after NSC, arXiv 2609.23087).

    For a weight of m outputs and n inputs that is drawn with variance s^2 = 2 / (m + n), the expected
    log-determinant of I + W^T W, n times the integral of log(1 + s^2 m x) over the Marchenko-Pastur law. A
    grouped convolution is one weight a group. The layers whose results are the outputs (heads) stand apart:
    they are left out, for their size is the task's.
    """
    learnable, fed = depends_on(graph.nodes, Parameter), depends_on(graph.nodes, Input)
    heads = _heads(graph, learnable, fed)
    total = 0.0
    for position, node in enumerate(graph.nodes):
        if position in heads or not isinstance(node.op, Convolve | Contract):
            continue
        for k in node.inputs:
            if learnable[k] and not fed[k]:
                outputs, inputs, groups = _shape(graph.nodes, node, k)
                total += groups * log_determinant(outputs, inputs)
    return total


def log_determinant(outputs: int, inputs: int) -> float:
    """N times the integral of log(1 + s^2 m x) over the Marchenko-Pastur law of ratio n / m, in nats."""
    ratio, gain = inputs / outputs, 2 * outputs / (outputs + inputs)
    high, low = (math.sqrt(gain * (1 + sign * math.sqrt(ratio)) ** 2 + 1) for sign in (1, -1))
    gap = (high - low) ** 2 / 4
    return inputs * (
        math.log(1 + gain - gap) + math.log(1 + gain * ratio - gap) / ratio - gap / (ratio * gain)
    )


def _heads(graph: Graph, learnable: Sequence[bool], fed: Sequence[bool]) -> set[int]:
    """The layers that no other layer reads."""
    heads: set[int] = set()
    pending, seen = list(graph.outputs), set(graph.outputs)
    while pending:
        position = pending.pop()
        node = graph.nodes[position]
        if isinstance(node.op, Convolve | Contract) and any(learnable[k] and not fed[k] for k in node.inputs):
            heads.add(position)
            continue
        fresh = [k for k in node.inputs if fed[k] and k not in seen]
        seen.update(fresh)
        pending += fresh
    return heads


def _shape(nodes: Sequence[Node], node: Node, k: int) -> tuple[int, int, int]:
    """Outputs and inputs of one group, and the number of groups."""
    size = prod(nodes[k].shape)
    if isinstance(node.op, Convolve):
        outputs, groups = node.shape[1] // node.op.groups, node.op.groups
    else:
        assert isinstance(node.op, Contract)
        mine = node.op.operands[node.inputs.index(k)]
        others = "".join(operand for j, operand in zip(node.inputs, node.op.operands, strict=True) if j != k)
        sizes = dict(zip(node.op.output, node.shape, strict=True))
        written = [letter for letter in node.op.output if letter in mine]
        groups = prod([sizes[letter] for letter in written if letter in others])
        outputs = prod([sizes[letter] for letter in written if letter not in others])
    return outputs, size // (outputs * groups), groups
