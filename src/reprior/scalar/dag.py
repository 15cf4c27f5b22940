"""Scalar model graphs: every node is one number (paper, section 1.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from ..errors import GraphError
from .order import find_cycle, topological_order

__all__ = ["KINDS", "Dag", "Kind", "Node"]

Kind = Literal["input", "parameter", "function", "output"]
"""What a node is. An output is a function whose value is also an output of the model: it has sources
like any other function, and may feed others (as an early exit does)."""

KINDS: tuple[Kind, ...] = get_args(Kind)

_NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Node:
    """One scalar of a model graph.

    Attributes
    ----------
    name : str
        Unique in its graph.
    kind : {"input", "parameter", "function", "output"}
    origin : str
        The parameter, or input, that this node is a copy of; by default itself. Parameters of one
        origin are one learnable scalar: that is how a graph says that it shares parameters.
    """

    name: str
    kind: Kind
    origin: str = ""

    def __post_init__(self) -> None:
        if not self.origin:
            object.__setattr__(self, "origin", self.name)


@dataclass(frozen=True, repr=False)
class Dag:
    """A directed acyclic graph of scalars, in topological order.

    Make one with `from_edges`, `DagBuilder`, `load` or `from_networkx`, which check it; the constructor
    itself trusts its caller.

    Attributes
    ----------
    nodes : tuple of Node
        Every node comes after its sources.
    sources : tuple of tuples of int
        For each node the indices of the nodes that feed it, each once, in ascending order.
    """

    nodes: tuple[Node, ...]
    sources: tuple[tuple[int, ...], ...]

    @classmethod
    def from_edges(cls, nodes: Iterable[Node], edges: Iterable[tuple[str, str]]) -> Dag:
        """The graph of these nodes and (source, target) edges; a repeated edge counts once.

        Raises
        ------
        GraphError
            If a name is given twice or unknown, an edge enters an input or a parameter, there is a
            cycle (it is named) or no output.
        """
        nodes = tuple(nodes)
        sources = _sources_of(nodes, edges)
        order = topological_order(sources)
        if len(order) < len(nodes):
            cycle = find_cycle(sources) or []
            raise GraphError(f"the graph has a cycle: {describe_cycle([nodes[i].name for i in cycle])}")
        place = {old: new for new, old in enumerate(order)}
        return cls(
            nodes=tuple(nodes[old] for old in order),
            sources=tuple(tuple(sorted(place[s] for s in sources[old])) for old in order),
        )

    @cached_property
    def targets(self) -> tuple[tuple[int, ...], ...]:
        """For each node the indices of the nodes that it feeds."""
        fed: list[list[int]] = [[] for _ in self.nodes]
        for index, own in enumerate(self.sources):
            for source in own:
                fed[source].append(index)
        return tuple(map(tuple, fed))

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The input nodes."""
        return self._of_kind("input")

    @property
    def parameters(self) -> tuple[Node, ...]:
        """The parameter nodes, copies included."""
        return self._of_kind("parameter")

    @property
    def outputs(self) -> tuple[Node, ...]:
        """The output nodes."""
        return self._of_kind("output")

    def edges(self) -> Iterator[tuple[str, str]]:
        """All edges as (source, target) names."""
        for node, own in zip(self.nodes, self.sources, strict=True):
            for source in own:
                yield self.nodes[source].name, node.name

    def __len__(self) -> int:
        return len(self.nodes)

    def __repr__(self) -> str:
        kinds = (f"{kind}={sum(node.kind == kind for node in self.nodes)}" for kind in KINDS)
        return f"Dag({', '.join(kinds)})"

    def __str__(self) -> str:
        """One line per function: its name and what it takes."""
        return "\n".join(
            f"{node.name} = {node.kind}({', '.join(self.nodes[s].name for s in own)})"
            for node, own in zip(self.nodes, self.sources, strict=True)
            if node.kind in ("function", "output")
        )

    def _of_kind(self, kind: Kind) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.kind == kind)


def describe_cycle(names: Sequence[str]) -> str:
    """``a -> b -> a``, its middle left out where it is too long for one line."""
    if len(names) <= _NAMES_SHOWN:
        return " -> ".join(names)
    head = " -> ".join(names[: _NAMES_SHOWN - 2])
    return f"{head} -> ... -> {names[-1]} ({len(names) - 1} nodes)"


def index_of_names(nodes: Sequence[Node]) -> dict[str, int]:
    """The place of each name.

    Raises
    ------
    GraphError
        If a name is given twice, or none.
    """
    index: dict[str, int] = {}
    for place, node in enumerate(nodes):
        if not node.name:
            raise GraphError(f"node number {place + 1} has an empty name")
        if node.name in index:
            raise GraphError(f"the name '{node.name}' is given to two nodes")
        index[node.name] = place
    return index


def check_edge(nodes: Sequence[Node], index: dict[str, int], source: str, target: str) -> None:
    """Refuse an edge that cannot be.

    Raises
    ------
    GraphError
        If an end is unknown, or the edge enters an input or a parameter.
    """
    for name in (source, target):
        if name not in index:
            raise GraphError(f"the edge {source} -> {target} names an unknown node '{name}'")
    kind = nodes[index[target]].kind
    if kind in ("input", "parameter"):
        raise GraphError(f"the edge {source} -> {target} enters the {kind} '{target}', which takes nothing")


def _sources_of(nodes: Sequence[Node], edges: Iterable[tuple[str, str]]) -> list[list[int]]:
    index = index_of_names(nodes)
    if not any(node.kind == "output" for node in nodes):
        raise GraphError("the graph has no output node")
    sources: list[set[int]] = [set() for _ in nodes]
    for source, target in edges:
        check_edge(nodes, index, source, target)
        sources[index[target]].add(index[source])
    return [sorted(own) for own in sources]
