"""Unrolling in time, the "vertical" unrolling that makes a recurrent graph acyclic (paper, section 4.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from ..errors import GraphError, SpecError
from .dag import Dag, Node, check_edge, describe_cycle, index_of_names
from .limits import refuse_above
from .names import separator
from .order import find_cycle

__all__ = ["TIME_LIMIT", "TimeOutputs", "unroll_in_time"]

TimeOutputs = Literal["last", "all"]

TIME_LIMIT = 1_000_000
"""Largest number of nodes that unrolling in time makes unless told otherwise."""


def unroll_in_time(
    nodes: Sequence[Node],
    edges: Iterable[tuple[str, str, int]],
    length: int,
    outputs: TimeOutputs = "last",
    limit: int = TIME_LIMIT,
) -> Dag:
    """Repeat a graph over `length` time steps.

    Every step has its own copy ``name@t`` of each input, function and output. A parameter does not
    change in time: it stays one node that all steps use, and so collects the contexts of all. An edge
    of delay d goes from step t to step t + d; at the first d steps there is nothing yet to come from
    (the initial state is a constant, hence no node and no edge).

    Parameters
    ----------
    nodes, edges
        The graph of one step; an edge is (source, target, delay).
    length : int
        Number of steps.
    outputs : {"last", "all"}
        Whether the outputs of the last step alone or of every step are outputs of the result. The
        others stay as functions.
    limit : int
        Refuse to make more nodes than this.

    Raises
    ------
    GraphError
        If a cycle has no delayed edge (it is named), an edge from a parameter is delayed, an edge
        or name cannot be, or the result would be larger than `limit`.
    SpecError
        If `length` or `outputs` cannot be understood.
    """
    _check_options(length, outputs)
    edges = tuple(edges)
    _check_edges(nodes, edges)
    moving = sum(node.kind != "parameter" for node in nodes)
    size = moving * length + len(nodes) - moving
    refuse_above(limit, size, f"unrolling {length} steps in time")
    mark = separator("@", (node.name for node in nodes))
    steady = {node.name for node in nodes if node.kind == "parameter"}

    def at(name: str, step: int) -> str:
        return name if name in steady else f"{name}{mark}{step}"

    def nodes_in_time() -> Iterator[Node]:
        yield from (node for node in nodes if node.name in steady)
        for step in range(length):
            visible = outputs == "all" or step == length - 1
            for node in nodes:
                if node.name not in steady:
                    hidden = node.kind == "output" and not visible
                    yield Node(
                        name=at(node.name, step),
                        kind="function" if hidden else node.kind,
                        origin=f"{node.origin}{mark}{step}",
                    )

    def edges_in_time() -> Iterator[tuple[str, str]]:
        for step in range(length):
            for source, target, delay in edges:
                if delay <= step:
                    yield at(source, step - delay), at(target, step)

    return Dag.from_edges(nodes_in_time(), edges_in_time())


def _check_options(length: int, outputs: str) -> None:
    if isinstance(length, bool) or not isinstance(length, int) or length < 1:
        raise SpecError(f"the length to unroll in time is a whole number of at least 1, not {length!r}")
    if outputs not in ("last", "all"):
        raise SpecError(f"the outputs of a graph unrolled in time are 'last' or 'all', not {outputs!r}")


def _check_edges(nodes: Sequence[Node], edges: Sequence[tuple[str, str, int]]) -> None:
    index = index_of_names(nodes)
    sources: list[list[int]] = [[] for _ in nodes]
    for source, target, delay in edges:
        check_edge(nodes, index, source, target)
        if delay == 0:
            sources[index[target]].append(index[source])
        elif nodes[index[source]].kind == "parameter":
            raise GraphError(
                f"the edge {source} -> {target} is delayed, but parameter '{source}' is the same at all steps"
            )
    cycle = find_cycle(sources)
    if cycle is not None:
        names = describe_cycle([nodes[place].name for place in cycle])
        raise GraphError(f"the graph has a cycle without a delayed edge: {names}")
