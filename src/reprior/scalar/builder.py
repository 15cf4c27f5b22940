"""Building a scalar graph by code, with cycles through time where wanted."""

from __future__ import annotations

from typing import NamedTuple, Self

from ..errors import GraphError, SpecError
from .dag import KINDS, Dag, Kind, Node, describe_cycle
from .order import find_cycle
from .recurrence import TIME_LIMIT, TimeOutputs, unroll_in_time

__all__ = ["DagBuilder"]


class _Edge(NamedTuple):
    source: str
    target: str
    delay: int


class DagBuilder:
    """Collects nodes and edges, in any order; `build` checks them and makes the graph.

    Every method returns the builder. Sources may be named before they are added.

    Examples
    --------
    >>> dag = (
    ...     DagBuilder()
    ...     .inputs("x1", "x2")
    ...     .parameters("w1", "w2")
    ...     .function("h", "x1", "w1")
    ...     .output("y", "h", "x2", "w2")
    ...     .build()
    ... )
    >>> print(dag)
    h = function(x1, w1)
    y = output(x2, w2, h)
    """

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._edges: list[_Edge] = []

    def inputs(self, *names: str) -> Self:
        """Add input nodes."""
        return self._add_all("input", names)

    def parameters(self, *names: str) -> Self:
        """Add parameter nodes."""
        return self._add_all("parameter", names)

    def function(self, name: str, *sources: str) -> Self:
        """Add a function node that takes `sources`."""
        return self.node(name, "function", *sources)

    def output(self, name: str, *sources: str) -> Self:
        """Add an output node that takes `sources`."""
        return self.node(name, "output", *sources)

    def node(self, name: str, kind: Kind, *sources: str, origin: str = "") -> Self:
        """Add a node of any kind.

        Raises
        ------
        SpecError
            If there is no such kind.
        """
        if kind not in KINDS:
            raise SpecError(f"node '{name}' has kind '{kind}', which is none of {', '.join(KINDS)}")
        self._nodes.append(Node(name, kind, origin))
        for source in sources:
            self.edge(source, name)
        return self

    def edge(self, source: str, target: str, delay: int = 0) -> Self:
        """Add an edge; with a delay it goes from each time step to the one `delay` steps later.

        Raises
        ------
        SpecError
            If the delay is not a whole number of at least 0.
        """
        if isinstance(delay, bool) or not isinstance(delay, int) or delay < 0:
            raise SpecError(f"the edge {source} -> {target} has delay {delay!r}, not a whole number >= 0")
        self._edges.append(_Edge(source, target, delay))
        return self

    def build(self, length: int | None = None, outputs: TimeOutputs = "last", limit: int = TIME_LIMIT) -> Dag:
        """The finished graph.

        Parameters
        ----------
        length : int, optional
            Unroll in time over this many steps first (see `unroll_in_time`). Needed if and only if
            the graph has delayed edges.
        outputs : {"last", "all"}
            The steps whose outputs are outputs of the unrolled graph.
        limit : int
            Largest number of nodes that unrolling in time may make.

        Raises
        ------
        GraphError
            If the nodes and edges make no acyclic graph.
        SpecError
            If the length is not a positive whole number.
        """
        if length is not None:
            return unroll_in_time(self._nodes, self._edges, length, outputs, limit)
        self._refuse_delays()
        return Dag.from_edges(self._nodes, ((edge.source, edge.target) for edge in self._edges))

    def _add_all(self, kind: Kind, names: tuple[str, ...]) -> Self:
        for name in names:
            self.node(name, kind)
        return self

    def _refuse_delays(self) -> None:
        delayed = next((edge for edge in self._edges if edge.delay), None)
        if delayed is None:
            return
        cycle = self._cycle_through_time() or [delayed.source, delayed.target]
        raise GraphError(f"the graph goes through time ({describe_cycle(cycle)}); give a length to unroll it")

    def _cycle_through_time(self) -> list[str] | None:
        names = list(dict.fromkeys(name for edge in self._edges for name in (edge.source, edge.target)))
        index = {name: place for place, name in enumerate(names)}
        sources: list[list[int]] = [[] for _ in names]
        for edge in self._edges:
            sources[index[edge.target]].append(index[edge.source])
        cycle = find_cycle(sources)
        return None if cycle is None else [names[place] for place in cycle]
