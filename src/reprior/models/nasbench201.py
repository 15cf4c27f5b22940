"""NAS-Bench-201 networks (Dong & Yang 2020): a cell of six edges, stacked for CIFAR images."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from ..core.graph import Graph
from ..errors import SpecError
from ..frontends.network import Feature, Network

__all__ = ["OPERATIONS", "Cell", "cells", "nasbench201", "parse_cell", "without_idle_edges"]

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")

Cell = tuple[tuple[str, ...], ...]
"""For each node after the first, the operation on the edge from every earlier node."""

_CELLS_PER_STAGE = 5
_EDGE = re.compile(r"(\w+)~(\d)")


def parse_cell(text: str) -> Cell:
    """Read ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``.

    Raises
    ------
    SpecError
        If it is not a cell of four nodes with known operations.
    """
    nodes = []
    for number, node in enumerate(text.strip("|").split("|+|"), start=1):
        edges = [_EDGE.fullmatch(edge) for edge in node.split("|")]
        if (
            any(edge is None or int(edge[2]) != source for source, edge in enumerate(edges))
            or len(edges) != number
        ):
            raise SpecError(f"'{text}' is not a cell like |op~0|+|op~0|op~1|+|op~0|op~1|op~2|")
        nodes.append(tuple(edge[1] for edge in edges if edge is not None))
    if len(nodes) != 3:
        raise SpecError(f"'{text}' has {len(nodes) + 1} nodes; a cell has 4")
    for name in itertools.chain(*nodes):
        if name not in OPERATIONS:
            raise SpecError(f"unknown operation '{name}' in '{text}': there are {', '.join(OPERATIONS)}")
    return tuple(nodes)


def cells() -> Iterator[str]:
    """All 15,625 cells, in the order of their operations."""
    for a, b, c, d, e, f in itertools.product(OPERATIONS, repeat=6):
        yield f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


def without_idle_edges(text: str) -> str:
    """The cell without the edges that change nothing: its network has the same contexts.

    An edge is idle if its end leads nowhere, or if it skips or pools a node into which nothing goes (a
    convolution there still has the shift of its norm).

    Raises
    ------
    SpecError
        If the text is not a cell.
    """
    edges = {
        (source, target): operation
        for target, operations in enumerate(parse_cell(text), start=1)
        for source, operation in enumerate(operations)
    }
    filled, leading = {0}, {3}
    for (source, target), operation in edges.items():
        if operation in ("skip_connect", "avg_pool_3x3") and source not in filled:
            edges[source, target] = operation = "none"
        if operation != "none":
            filled.add(target)
    for (source, target), operation in reversed(edges.items()):
        if target not in leading:
            edges[source, target] = "none"
        elif operation != "none":
            leading.add(source)
    nodes = ([f"{edges[source, target]}~{source}" for source in range(target)] for target in (1, 2, 3))
    return "+".join(f"|{'|'.join(node)}|" for node in nodes)


def nasbench201(text: str, *, classes: int = 10, size: int = 32, channels: int = 16) -> Graph:
    """The network of one cell: three stages of five cells, residual reductions in between.

    Raises
    ------
    SpecError
        If the text is not a cell.
    """
    cell = parse_cell(text)
    net = Network()
    x = net.input(3, size, size)
    x = net.batch_norm(net.conv(x, channels, 3, padding=1, name="stem.0"), name="stem.1")
    for stage in range(3):
        if stage:
            with net.scope(f"reduction.{stage}"):
                x = _reduction(net, x, channels << stage)
        for number in range(_CELLS_PER_STAGE):
            with net.scope(f"cells.{stage}.{number}"):
                x = _cell(net, x, cell)
    x = net.relu(net.batch_norm(x, name="last_norm"))
    net.output(net.dense(net.global_pool(x), classes, name="classifier"))
    return net.graph()


def _cell(net: Network, x: Feature, cell: Cell) -> Feature:
    nodes = [x]
    for number, operations in enumerate(cell, start=1):
        terms = []
        for source, operation in enumerate(operations):
            if operation != "none":
                with net.scope(f"edges.{number}<-{source}"):
                    terms.append(_operation(net, nodes[source], operation))
        # A node without edges is zero: no element stands there.
        nodes.append(net.add(*terms) if len(terms) > 1 else terms[0] if terms else net.nothing_like(x))
    return nodes[-1]


def _operation(net: Network, x: Feature, operation: str) -> Feature:
    if operation == "skip_connect":
        return x
    if operation == "avg_pool_3x3":
        return net.pool(x, 3, stride=1, padding=1)
    kernel = 3 if operation == "nor_conv_3x3" else 1
    return _relu_conv_norm(net, x, x.shape[1], kernel)


def _reduction(net: Network, x: Feature, channels: int) -> Feature:
    with net.scope("conv_a"):
        y = _relu_conv_norm(net, x, channels, 3, stride=2)
    with net.scope("conv_b"):
        y = _relu_conv_norm(net, y, channels, 3)
    return y + net.conv(net.pool(x, 2), channels, 1, name="downsample")


def _relu_conv_norm(net: Network, x: Feature, channels: int, kernel: int, stride: int = 1) -> Feature:
    x = net.conv(net.relu(x), channels, kernel, stride=stride, padding="half")
    return net.batch_norm(x, name="norm")
