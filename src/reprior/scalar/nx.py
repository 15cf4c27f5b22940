"""To and from networkx (extra ``graph``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import SpecError
from .builder import DagBuilder
from .dag import Dag
from .recurrence import TIME_LIMIT, TimeOutputs

if TYPE_CHECKING:
    import networkx

__all__ = ["from_networkx", "to_networkx"]


def from_networkx(
    graph: networkx.DiGraph,
    length: int | None = None,
    outputs: TimeOutputs = "last",
    limit: int = TIME_LIMIT,
) -> Dag:
    """The graph of a networkx ``DiGraph`` or ``MultiDiGraph``.

    Every node has an attribute ``kind`` (and may have ``origin``), an edge may have ``delay``; see
    `DagBuilder.build` for the other parameters. Nodes are named by what networkx calls them, as text.

    Raises
    ------
    SpecError
        If the graph is undirected, or a node has no kind or a wrong one.
    GraphError
        If it is no acyclic graph of the kind that can be counted.
    """
    if not graph.is_directed():
        raise SpecError("the networkx graph is undirected; contexts need directed edges")
    builder = DagBuilder()
    for name, attributes in graph.nodes(data=True):
        if "kind" not in attributes:
            raise SpecError(f"node '{name}' of the networkx graph has no attribute 'kind'")
        builder.node(str(name), attributes["kind"], origin=str(attributes.get("origin", "")))
    for source, target, delay in graph.edges(data="delay", default=0):
        builder.edge(str(source), str(target), delay)
    return builder.build(length, outputs, limit)


def to_networkx(dag: Dag) -> networkx.DiGraph:
    """The same graph as a networkx ``DiGraph``, kinds and origins as attributes.

    Raises
    ------
    ImportError
        If networkx is not installed; the message says which extra brings it.
    """
    try:
        import networkx
    except ImportError as error:
        raise ImportError("to_networkx needs networkx: pip install 'reprior[graph]'") from error
    graph: Any = networkx.DiGraph()
    for node in dag.nodes:
        graph.add_node(node.name, kind=node.kind, origin=node.origin)
    graph.add_edges_from(dag.edges())
    return graph
