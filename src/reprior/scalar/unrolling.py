"""Horizontal unrolling and uniform graphs (paper, section 4.1 and appendix A)."""

from __future__ import annotations

from itertools import accumulate
from typing import cast

from .count import count_contexts, count_paths
from .dag import Dag, Kind, Node
from .limits import refuse_above
from .names import separator

__all__ = ["UNROLL_LIMIT", "is_uniform", "unroll", "unrolled_size"]

UNROLL_LIMIT = 100_000
"""Largest number of nodes that `unroll` makes unless told otherwise."""


def is_uniform(dag: Dag) -> bool:
    """Whether every parameter has exactly one context (definition 2)."""
    return all(count == 1 for count in count_contexts(dag).values())


def unrolled_size(dag: Dag) -> int:
    """Number of nodes of the unrolled graph: every node once per path from it to an output."""
    return sum(_copies(dag))


def unroll(dag: Dag, limit: int = UNROLL_LIMIT) -> Dag:
    """Duplicate nodes until each feeds one node only (algorithm 1).

    The result computes the same outputs, but reuses no intermediate value: it shares parameters
    instead. A node becomes one copy for each path from it to an output, ``name#1``, ``name#2``, ...
    (or plain ``name`` if it is only one), and every copy names its origin. Nodes without a path to an
    output vanish.

    The algorithm of the paper recurses from the outputs, one call for each copy. Here the copies of a
    node are numbered instead: they are one block for each function that it feeds, as long as that
    function has copies, so that every edge has a place that can be computed.

    Parameters
    ----------
    dag : Dag
    limit : int
        Refuse to make more nodes than this. The size is counted before anything is made.

    Raises
    ------
    GraphError
        If the unrolled graph would be larger than `limit`; the message gives its size.
    """
    copies = _copies(dag)
    refuse_above(limit, sum(copies), "unrolling horizontally")
    first = [0, *accumulate(copies)]
    used = [1 if node.kind == "output" else 0 for node in dag.nodes]
    mark = separator("#", (node.name for node in dag.nodes))
    nodes: list[Node] = []
    sources: list[tuple[int, ...]] = []
    for index, node in enumerate(dag.nodes):
        blocks = []
        for source in dag.sources[index]:
            blocks.append(first[source] + used[source])
            used[source] += copies[index]
        for copy in range(copies[index]):
            name = node.name if copies[index] == 1 else f"{node.name}{mark}{copy + 1}"
            nodes.append(Node(name, _kind_of_copy(node, copy), node.origin))
            sources.append(tuple(block + copy for block in blocks))
    return Dag(tuple(nodes), tuple(sources))


def _copies(dag: Dag) -> list[int]:
    return cast("list[int]", count_paths(dag))


def _kind_of_copy(node: Node, copy: int) -> Kind:
    """The first copy of an output is the output; the others feed functions."""
    return "function" if node.kind == "output" and copy > 0 else node.kind
