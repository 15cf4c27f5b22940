"""The canonical form: one graph for every spelling of a model.

In this order: unreachable nodes go, repeated and idle moves become one, pointwise functions say where they
have edges (convention 14), the statistics of normalisations go (convention 6), padding is absorbed by the
window that reads it, and pointwise chains merge (convention 1), also where they are computed in another view
of what they are applied to.
"""

from __future__ import annotations

from typing import Literal

from .graph import Graph
from .passes import (
    absorb_padding,
    cancel_moves,
    depends_on,
    drop_running_statistics,
    drop_statistics,
    expand_attention,
    fuse_pointwise,
    prune,
    settle_presence,
    unify_moves,
)

__all__ = ["Normalization", "Preset", "canonicalise", "depends_on"]

Normalization = Literal["local", "coupled"]
Preset = Literal["definition", "paper"]

# Pointwise values in views of views; a model that nests them deeper keeps the outer moves.
_NESTED_VIEWS = 4


def canonicalise(
    graph: Graph,
    normalization: Normalization = "local",
    preset: Preset = "definition",
    doubts: set[str] | None = None,
) -> Graph:
    """The canonical form of a graph.

    Parameters
    ----------
    graph : Graph
        Any graph.
    normalization : {"local", "coupled"}
        Whether normalisation statistics are dropped or counted as nodes (convention 6).
    preset : {"definition", "paper"}
        Whether batch norm's running statistics are constants or parameters (convention 5).
    doubts : set of str, optional
        What is approximated on the way is added to it.

    Returns
    -------
    Graph
        An equivalent graph with the same parameter leaves, save those that reach no output.
    """
    nodes, outputs = unify_moves(graph.nodes, graph.outputs)
    if preset == "definition":
        nodes = drop_running_statistics(nodes)
    if normalization == "coupled":
        nodes, outputs = expand_attention(nodes, outputs)
    nodes, outputs = settle_presence(nodes, outputs)
    if normalization == "local":
        nodes, outputs = drop_statistics(nodes, outputs, set() if doubts is None else doubts)
    nodes = fuse_pointwise(absorb_padding(nodes), outputs)
    for _ in range(_NESTED_VIEWS):
        moved = cancel_moves(nodes, outputs)
        if moved is None:
            break
        nodes, outputs = unify_moves(*prune(*moved))
        nodes = fuse_pointwise(nodes, outputs)
    return Graph(*prune(nodes, outputs))
