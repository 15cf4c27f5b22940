"""Counting contexts in one backward pass (paper, definition 1).

A context of a parameter is a path from a function that takes it to an output. Walking the graph in
reverse topological order gives the number of paths from every node at once, each edge visited a single
time; the contexts of a parameter are the sum over the functions that take it.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

from ..core.weighting import UNIT, Weighting
from .dag import Dag
from .scaled import Scaled

__all__ = ["Count", "count_contexts", "count_paths", "reaches_output"]

Count = int | Fraction | Scaled
"""A number of paths: exact wherever the weighting is."""


def count_contexts(dag: Dag, weighting: Weighting = UNIT) -> dict[str, Count]:
    """Number of contexts of every parameter, |C_w| of definition 1.

    Parameter nodes of one origin are one parameter: its contexts are the paths from every function
    that takes any of them, and a function that takes several is still one.

    Parameters
    ----------
    dag : Dag
    weighting : Weighting
        Weight of a path, the product over its edges (paper, section 6). The edge from a parameter
        weighs what the data edges into the same function weigh.

    Returns
    -------
    dict
        From each parameter (its origin) to its count, in the order of the graph; 0 for a dead one.
        Python integers for unit weighting, fractions or `Scaled` numbers for others.
    """
    zero, _ = _units(weighting)
    counts: dict[str, Any] = {node.origin: zero for node in dag.parameters}
    for index, _, through in _walk_back(dag, weighting):
        for origin in parameters_taken(dag, index):
            counts[origin] = counts[origin] + through
    return counts


def parameters_taken(dag: Dag, index: int) -> set[str]:
    """The parameters (origins) that a node takes."""
    taken = (dag.nodes[source] for source in dag.sources[index])
    return {node.origin for node in taken if node.kind == "parameter"}


def count_paths(dag: Dag, weighting: Weighting = UNIT) -> list[Count]:
    """Number of paths from every node to all outputs, in the order of `dag.nodes`.

    An output has the empty path to itself.
    """
    counts = [paths for _, paths, _ in _walk_back(dag, weighting)]
    counts.reverse()
    return counts


def reaches_output(dag: Dag) -> list[bool]:
    """Whether each node has a path to an output, in the order of `dag.nodes`."""
    reaching = [node.kind == "output" for node in dag.nodes]
    for index in reversed(range(len(dag))):
        if reaching[index]:
            for source in dag.sources[index]:
                reaching[source] = True
    return reaching


def _units(weighting: Weighting) -> tuple[Any, Any]:
    """Zero and one of the numbers that count paths."""
    return (0, 1) if weighting.is_exact else (Scaled.of(0.0), Scaled.of(1.0))


def _walk_back(dag: Dag, weighting: Weighting) -> Iterator[tuple[int, Any, Any]]:
    """Yield (index, paths from the node, paths through one edge into the node), last node first."""
    zero, one = _units(weighting)
    factors = _edge_factors(dag, weighting)
    totals: list[Any] = [one if node.kind == "output" else zero for node in dag.nodes]
    for index in reversed(range(len(dag))):
        paths = totals[index]
        totals[index] = None  # counts may have thousands of digits: keep only those still needed
        through = paths if factors[index] == one else paths * factors[index]
        yield index, paths, through
        if paths:
            for source in dag.sources[index]:
                totals[source] = totals[source] + through


def _edge_factors(dag: Dag, weighting: Weighting) -> list[Any]:
    """The weight of every edge into each node.

    A data edge is one whose source depends on an input; only those count as fan-in.
    """

    @cache
    def factor(fan_in: int) -> Any:
        weight = weighting.edge(fan_in)
        return weight if weighting.is_exact else Scaled.of(float(weight))

    is_data: list[bool] = []
    factors: list[Any] = []
    for node, own in zip(dag.nodes, dag.sources, strict=True):
        fan_in = sum(is_data[source] for source in own)
        is_data.append(node.kind == "input" or fan_in > 0)
        factors.append(factor(fan_in))
    return factors
