"""Where to put the nodes of a scalar graph: columns from inputs to outputs, rows with few crossings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...scalar import Dag

__all__ = ["Layout", "lay_out"]

Point = tuple[float, float]

_SWEEPS = 12


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions in units of columns and rows.

    Attributes
    ----------
    nodes : tuple of (column, row)
        Of every node of the graph.
    routes : dict
        For each edge (source, target), as indices of nodes, the points that it passes.
    columns : int
    rows : float
        Extent; the first row is 0.
    """

    nodes: tuple[Point, ...]
    routes: dict[tuple[int, int], tuple[Point, ...]]
    columns: int
    rows: float


def lay_out(dag: Dag) -> Layout:
    """Lay out a graph by layers.

    Values stand in even columns, as far from the inputs as their longest path; parameters just before
    the first function that takes them. An edge over several columns gets a place in each that it
    crosses, so that it passes between nodes. The order within a column follows the mean row of the
    neighbours, sweeping back and forth; then each item moves as near to that mean as the order allows.
    """
    columns = _columns(dag)
    chains = _chains(dag, columns)
    levels = _levels(columns, chains)
    neighbours = _neighbours(chains, sum(map(len, levels)))
    _order(levels, neighbours)
    rows = _rows(levels, neighbours)
    place = {item: (float(column), rows[item]) for column, level in enumerate(levels) for item in level}
    return Layout(
        nodes=tuple(place[k] for k in range(len(dag))),
        routes={edge: tuple(place[item] for item in chain) for edge, chain in chains.items()},
        columns=len(levels),
        rows=max(rows.values()) + 1,
    )


def _columns(dag: Dag) -> list[int]:
    columns = [0] * len(dag)
    for index, own in enumerate(dag.sources):
        values = [columns[s] for s in own if dag.nodes[s].kind != "parameter"]
        if own:
            columns[index] = max(values, default=0) + 2
    for index, node in enumerate(dag.nodes):
        if node.kind == "parameter":
            columns[index] = min((columns[t] for t in dag.targets[index]), default=1) - 1
    return columns


def _chains(dag: Dag, columns: Sequence[int]) -> dict[tuple[int, int], list[int]]:
    """For each edge its ends and, between them, new items for the columns that it crosses."""
    chains = {}
    free = len(dag)
    for target, own in enumerate(dag.sources):
        for source in own:
            crossed = columns[target] - columns[source] - 1
            chains[source, target] = [source, *range(free, free + crossed), target]
            free += crossed
    return chains


def _levels(columns: Sequence[int], chains: dict[tuple[int, int], list[int]]) -> list[list[int]]:
    levels: list[list[int]] = [[] for _ in range(max(columns) + 1)]
    for index, column in enumerate(columns):
        levels[column].append(index)
    for (source, _), chain in chains.items():
        for step, item in enumerate(chain[1:-1], start=1):
            levels[columns[source] + step].append(item)
    return levels


def _neighbours(chains: dict[tuple[int, int], list[int]], items: int) -> tuple[list[list[int]], ...]:
    before: list[list[int]] = [[] for _ in range(items)]
    after: list[list[int]] = [[] for _ in range(items)]
    for chain in chains.values():
        for a, b in pairwise(chain):
            after[a].append(b)
            before[b].append(a)
    return before, after


def _order(levels: list[list[int]], neighbours: tuple[list[list[int]], ...]) -> None:
    """Sort every level by the mean row of the neighbours, from the outputs and from the inputs in turn."""
    before, after = neighbours
    row: dict[int, float] = {}
    for level in levels:
        _number(level, row)
    for sweep in range(_SWEEPS + 1):
        backward = sweep % 2 == 0
        for level in reversed(levels) if backward else levels:
            near, far = (after, before) if backward else (before, after)
            means = {item: _mean(near[item] or far[item], row, row[item]) for item in level}
            level.sort(key=means.__getitem__)
            _number(level, row)


def _number(level: Sequence[int], row: dict[int, float]) -> None:
    """Rows of a level, centred so that levels of different sizes compare."""
    for place, item in enumerate(level):
        row[item] = place - (len(level) - 1) / 2


def _mean(others: Sequence[int], row: Mapping[int, float], otherwise: float) -> float:
    return sum(row[k] for k in others) / len(others) if others else otherwise


def _rows(levels: Sequence[Sequence[int]], neighbours: tuple[list[list[int]], ...]) -> dict[int, float]:
    """Rows at least 1 apart in each level, as near as can be to those of the neighbours."""
    before, after = neighbours
    row: dict[int, float] = {}
    for level in levels:
        _number(level, row)
    for sweep in range(_SWEEPS):
        for level in reversed(levels) if sweep % 2 == 0 else levels:
            wanted = [_mean([*before[item], *after[item]], row, row[item]) for item in level]
            row |= zip(level, _spaced(wanted), strict=True)
    top = min(row.values())
    return {item: value - top for item, value in row.items()}


def _spaced(wanted: Sequence[float]) -> list[float]:
    """The numbers nearest to these by least squares of which each is at least 1 above the last.

    Less their place they have only to ascend, which pooling adjacent violators solves.
    """
    blocks: list[list[float]] = []  # sum and number of those that have become equal
    for place, value in enumerate(wanted):
        blocks.append([value - place, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, many = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += many
    flat = [total / many for total, many in blocks for _ in range(int(many))]
    return [value + place for place, value in enumerate(flat)]
