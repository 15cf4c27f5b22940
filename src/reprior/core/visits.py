"""A random backward walk over layers: how many of a model's contexts run through each.

A context is a path, so a random context is a random walk from an output back to the input. The walk
here is the coarse one, over tensors instead of their elements. Its steps:

* a *layer* (an operation with a learnable factor) is one step to the data it reads;
* a value with several operands goes back to one of them with a probability in proportion to the
  square root of its *routes*: the number of parameter-free paths from it back to layers. This is how
  the standard deviation of a sum of independent signals is shared, so that a residual stream that
  has gathered sixteen blocks weighs four times one fresh block, and not just as much;
* a concatenation goes back to its parts in proportion to their sizes, a slice within one part to that part;
* a parameter-free window (pooling) learns nothing from the context that passes it, so it counts for
  half a route: `POOLS` = sqrt(1/2) of the walk goes on, the rest ends there.

Padding takes no part: no step leads to it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod, sqrt

from .canonical import depends_on
from .graph import Graph, Node
from .primitives import (
    Concat,
    Expand,
    Input,
    Move,
    Parameter,
    Permute,
    Slice,
)

__all__ = ["POOLS", "SHARES", "Layer", "visit_layers"]

SHARES = 1 / 2
"""Operands of a sum share the walk by this power of their routes."""

POOLS = sqrt(1 / 2)
"""Share of the walk that goes on through a parameter-free window."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One operation with a learnable factor, as a random context sees it.

    Attributes
    ----------
    scope : str
        The module it belongs to.
    visits : float
        Expected number of times that a random context passes it; at most 1.
    products : int
        Its function nodes f(h, w): pairs of a parameter and a datum that meet. Padding meets nothing.
    parameters : int
        Scalars of its learnable factor.
    outputs : int
        Outputs at one place: output channels, units.
    weights : hashable
        What its learnable factor is: layers with equal weights share them.
    reads : hashable
        The data that it reads.
    kind : hashable
        Layers of equal kind that read the same data are parts of one wider layer; None for no such.
    turn : int
        How many layers with the same weights a context has passed before it reaches this one from the input.
    """

    scope: str
    visits: float
    products: int
    parameters: int
    outputs: int
    weights: Hashable = None
    reads: Hashable = None
    kind: Hashable = None
    turn: int = 0


def visit_layers(
    graph: Graph,
    *,
    shared: Mapping[str, str] | None = None,
    shares: float = SHARES,
    pools: float = POOLS,
) -> tuple[Layer, ...]:
    """Walk back from a random output element of a (canonical) graph.

    Parameters
    ----------
    graph : Graph
        In canonical form, so that spelling does not matter.
    shared : mapping, optional
        For names of parameters, the name of the one that stands for them where a policy shares them.
    shares, pools : float
        The constants of the walk.

    Returns
    -------
    tuple of Layer
        Every layer that a context passes, in the order of the graph.
    """
    nodes = _seen_through(graph.nodes)
    learnable, routes = depends_on(nodes, Parameter), _count_routes(nodes)
    visits = [0.0] * len(nodes)
    alive = [k for k in graph.outputs if routes[k]]
    elements = sum([prod(nodes[k].shape) for k in alive])
    for k in alive:
        visits[k] += prod(nodes[k].shape) / elements
    found: list[tuple[int, list[int]]] = []
    for position in range(len(nodes) - 1, -1, -1):
        node, here = nodes[position], visits[position]
        if not here or not node.inputs:
            continue
        if node.op.layer is not None:
            factors = [k for k in node.inputs if learnable[k] and not routes[k]]
            if factors:
                found.append((position, factors))
        for k, share in _steps(nodes, node, routes, shares, pools):
            visits[k] += here * share
    found.reverse()
    weights = [tuple([_weights(nodes, k, shared or {})[0] for k in factors]) for _, factors in found]
    turns = _turns(nodes, {position: w for (position, _), w in zip(found, weights, strict=True)})
    return tuple(
        [
            _layer(nodes, position, factors, visits[position], names, turns.get(position, 0))
            for (position, factors), names in zip(found, weights, strict=True)
        ]
    )


def _layer(
    nodes: Sequence[Node], position: int, factors: list[int], visits: float, names: Hashable, turn: int
) -> Layer:
    node = nodes[position]
    op = node.op
    shapes = tuple([nodes[k].shape for k in node.inputs])
    return Layer(
        scope=node.scope,
        visits=visits,
        products=op.num_products(shapes, node.shape),
        parameters=sum([_weights(nodes, k, {})[1] for k in factors]),
        outputs=op.layer_outputs([at for at, k in enumerate(node.inputs) if k in factors], node.shape),
        weights=names,
        reads=tuple([k for k in node.inputs if k not in factors]),
        kind=op.layer_family(shapes),
        turn=turn,
    )


def _weights(nodes: Sequence[Node], k: int, shared: Mapping[str, str]) -> tuple[Hashable, int]:
    """What a learnable factor is, and its number of scalars; moves of a whole tensor do not change it."""
    node = nodes[k]
    if isinstance(node.op, Parameter):
        return shared.get(node.op.name, node.op.name), prod(node.shape)
    if isinstance(node.op, Move) and len(node.inputs) == 1:
        inner, size = _weights(nodes, node.inputs[0], shared)
        if isinstance(node.op, Expand) or prod(node.shape) == size:
            return inner, size
        return (inner, node.op), prod(node.shape)
    return k, prod(node.shape)


def _turns(nodes: Sequence[Node], weights: Mapping[int, Hashable]) -> dict[int, int]:
    """For layers whose weights others have too, how many of those lie on the longest path up to them."""
    times: dict[Hashable, int] = {}
    for name in weights.values():
        times[name] = times.get(name, 0) + 1
    if len(times) == len(weights):
        return {}
    passed: list[dict[Hashable, int]] = []
    turns: dict[int, int] = {}
    none: dict[Hashable, int] = {}
    for position, node in enumerate(nodes):
        before = none
        for k in node.inputs:
            other = passed[k]
            if other is not before and other:
                names = before.keys() | other.keys()
                before = {name: max(before.get(name, 0), other.get(name, 0)) for name in names}
        name = weights.get(position)
        if name is not None and times[name] > 1:
            turns[position] = before.get(name, 0)
            before = {**before, name: turns[position] + 1}
        passed.append(before)
    return turns


def _seen_through(nodes: Sequence[Node]) -> Sequence[Node]:
    """The nodes, those slices reading one part of a concatenation that lie within it.

    So layers that run one after another over time steps score as those that run step by step.
    """
    slices = {position: node for position, node in enumerate(nodes) if isinstance(node.op, Slice)}
    parts = {position: _part(nodes, node) for position, node in slices.items()}
    if all([part is None for part in parts.values()]):
        return nodes
    return [
        node if (part := parts.get(position)) is None else replace(node, inputs=(part,))
        for position, node in enumerate(nodes)
    ]


def _part(nodes: Sequence[Node], node: Node) -> int | None:
    """The part of a concatenation that a slice lies in; None where there is no such."""
    assert isinstance(node.op, Slice)
    axis, start, stop = node.op.axis, node.op.start, node.op.stop
    source = nodes[node.inputs[0]]
    while isinstance(source.op, Permute):
        axis, source = source.op.order[axis], nodes[source.inputs[0]]
    if not isinstance(source.op, Concat) or source.op.axis != axis:
        return None
    begin = 0
    for k in source.inputs:
        end = begin + nodes[k].shape[axis]
        if begin <= start < stop <= end:
            return k
        begin = end
    return None


def _count_routes(nodes: Sequence[Node]) -> list[float]:
    """Parameter-free paths from each value back to layers or inputs; 0 where no datum arrives."""
    routes: list[float] = []
    for node in nodes:
        if not node.inputs:
            routes.append(1.0 if isinstance(node.op, Input) else 0.0)
            continue
        before = [routes[k] for k in dict.fromkeys(node.inputs)]
        if node.op.multiplies:
            found = float(any(before))
        elif node.op.joins:
            sizes = [prod(nodes[k].shape) * bool(routes[k]) for k in node.inputs]
            parts = zip(sizes, [routes[k] for k in node.inputs], strict=True)
            found = sum([size * many for size, many in parts]) / max(sum(sizes), 1)
        elif node.op.removes_all:
            found = 0.0
        else:
            found = sum(before)
        routes.append(found)
    return routes


def _steps(
    nodes: Sequence[Node], node: Node, routes: Sequence[float], shares: float, pools: float
) -> list[tuple[int, float]]:
    """Where the walk goes from a value, and with which probability."""
    operands = [k for k in dict.fromkeys(node.inputs) if routes[k]]
    on = pools if node.op.is_window else 1.0
    if len(operands) == 1:
        return [(operands[0], on)]
    if node.op.joins:
        weights = [float(prod(nodes[k].shape) * node.inputs.count(k)) for k in operands]
    elif node.op.is_pointwise:
        weights = [routes[k] ** shares for k in operands]
    else:
        weights = node.op.operand_weights([_places(node, k) for k in operands])
    total = sum(weights)
    return [(k, on * weight / total) for k, weight in zip(operands, weights, strict=True)]


def _places(node: Node, k: int) -> list[int]:
    """The inputs of a node that are a value."""
    return [at for at, operand in enumerate(node.inputs) if operand == k]
