"""A key that equal graphs have in common, so that each is scored once.

Names and the order in which a graph was built do not enter. The key is the multiset of the colours of its
nodes, a colour saying all that stands beneath a node and all that stands above it, parameters told apart by
their users (colour refinement along the edges of a directed acyclic graph). Whatever this package counts is
computed by messages along the same edges, so graphs of one key have equal quantities.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Hashable, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

import numpy as np

from ..core.graph import Graph, Node
from ..core.primitives import Leaf, Map, Parameter, Primitive
from ..core.runs import Runs

__all__ = ["graph_key"]

# Colours are integers, and those of tuples of integers the same in every process, unlike those of strings.
_Colour = int


def graph_key(graph: Graph) -> str:
    """The key of a graph in canonical form, 32 hexadecimal digits."""
    nodes = graph.nodes
    own = [_own(node) for node in nodes]
    up = _upwards(nodes, own)
    down = _downwards(graph, own, up)
    # A parameter is known by who uses it: one weight used twice is not two weights.
    marked = [
        hash((mine, below)) if isinstance(node.op, Parameter) else mine
        for node, mine, below in zip(nodes, own, down, strict=True)
    ]
    up = _upwards(nodes, marked)
    down = _downwards(graph, marked, up)
    found = (sorted(zip(up, down, strict=True)), [up[k] for k in graph.outputs])
    return hashlib.blake2b(repr(found).encode(), digest_size=16).hexdigest()


def _own(node: Node) -> _Colour:
    """What is told of a node by itself."""
    op = node.op
    if isinstance(op, Leaf):
        return _colour((type(op).__name__, node.shape, getattr(op, "role", "")))
    if isinstance(op, Map):
        return _colour((op.name, op.law, op.presence, node.shape))
    settings = tuple([_plain(getattr(op, item.name)) for item in fields(op)])  # type: ignore[arg-type]
    return _colour((type(op).__name__, settings, node.shape))


@lru_cache(maxsize=4096)
def _colour(value: Hashable) -> _Colour:
    return int.from_bytes(hashlib.blake2b(repr(value).encode(), digest_size=8).digest(), "big")


def _plain(value: Any) -> Hashable:
    if isinstance(value, np.ndarray | Runs):
        return hashlib.blake2b(pickle.dumps(value), digest_size=16).hexdigest()
    return value  # type: ignore[no-any-return]


def _upwards(nodes: Sequence[Node], own: Sequence[_Colour]) -> list[_Colour]:
    """For each node the colour of all it is computed from."""
    found: list[_Colour] = []
    for node, mine in zip(nodes, own, strict=True):
        found.append(hash((mine, *_operands(node.op, [found[k] for k in node.inputs]))))
    return found


def _operands(op: Primitive, inputs: list[_Colour]) -> Sequence[_Colour]:
    """Operands of a pointwise function have no order."""
    if not isinstance(op, Map):
        return inputs
    if not op.align and not op.masks:
        return sorted(inputs)
    roles = zip(op.align or (None,) * len(inputs), op.masks or (None,) * len(inputs), strict=True)
    return sorted(
        [
            hash((colour, _colour((align, _plain(mask)))))
            for colour, (align, mask) in zip(inputs, roles, strict=True)
        ]
    )


def _downwards(graph: Graph, own: Sequence[_Colour], up: Sequence[_Colour]) -> list[_Colour]:
    """For each node the colour of all that is computed from it."""
    users: list[list[_Colour]] = [[] for _ in graph.nodes]
    for place, k in enumerate(graph.outputs):
        users[k].append(place)
    found = [0] * len(graph.nodes)
    for position in range(len(graph.nodes) - 1, -1, -1):
        node = graph.nodes[position]
        mine = found[position] = hash((own[position], *sorted(users[position])))
        ordered = not isinstance(node.op, Map)
        for place, k in enumerate(node.inputs):
            users[k].append(hash((mine, up[position], place if ordered else 0)))
    return found
