"""A random backward walk over layers: how many of a model's contexts run through each.

A context is a path, so a random context is a random walk from an output back to the input. The walk
here is the coarse one, over tensors instead of their elements. Its steps:

* a *layer* (an operation with a learnable factor) is one step to the data it reads;
* a value with several operands goes back to one of them with a probability in proportion to the
  square root of its *routes*: the number of parameter-free paths from it back to layers. This is how
  the standard deviation of a sum of independent signals is shared, so that a residual stream that
  has gathered sixteen blocks weighs four times one fresh block, and not just as much;
* a concatenation goes back to its parts in proportion to their sizes;
* a parameter-free window (pooling) learns nothing from the context that passes it, so it counts for
  half a route: `UNLEARNED` = sqrt(1/2) of the walk goes on, the rest ends there.

Padding takes no part: no step leads to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod, sqrt

from .canonical import depends_on
from .graph import Graph, Node
from .primitives import Attention, Concat, Contract, Convolve, Input, Keep, Lookup, Map, Parameter, Pool

__all__ = ["UNLEARNED", "Layer", "visit_layers"]

UNLEARNED = sqrt(1 / 2)
"""Share of the walk that goes on through a parameter-free window."""

_PRODUCTS = (Convolve, Contract, Lookup, Attention)


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
    """

    scope: str
    visits: float
    products: int
    parameters: int

    @property
    def reuse(self) -> float:
        """Uses of each of its parameters in one forward pass."""
        return self.products / self.parameters


def visit_layers(graph: Graph) -> tuple[Layer, ...]:
    """Walk back from a random output element of a (canonical) graph.

    Parameters
    ----------
    graph : Graph
        In canonical form, so that spelling does not matter.

    Returns
    -------
    tuple of Layer
        Every layer that a context passes, in the order of the graph.
    """
    nodes = graph.nodes
    learnable, routes = depends_on(nodes, Parameter), _count_routes(nodes)
    visits = [0.0] * len(nodes)
    alive = [k for k in graph.outputs if routes[k]]
    elements = sum(prod(nodes[k].shape) for k in alive)
    for k in alive:
        visits[k] += prod(nodes[k].shape) / elements
    layers: list[Layer] = []
    for position in range(len(nodes) - 1, -1, -1):
        node, here = nodes[position], visits[position]
        if not here:
            continue
        factors = [k for k in node.inputs if learnable[k] and not routes[k]]
        if factors and isinstance(node.op, Convolve | Contract | Lookup):
            size = sum(prod(nodes[k].shape) for k in factors)
            layers.append(Layer(node.scope, here, _products(nodes, node), size))
        for k, share in _steps(nodes, node, routes):
            visits[k] += here * share
    return tuple(reversed(layers))


def _count_routes(nodes: Sequence[Node]) -> list[float]:
    """Parameter-free paths from each value back to layers or inputs; 0 where no datum arrives."""
    routes: list[float] = []
    for node in nodes:
        before = [routes[k] for k in dict.fromkeys(node.inputs)]
        if isinstance(node.op, Input):
            found = 1.0
        elif isinstance(node.op, _PRODUCTS):
            found = float(any(before))
        elif isinstance(node.op, Concat):
            sizes = [prod(nodes[k].shape) * bool(routes[k]) for k in node.inputs]
            parts = zip(sizes, (routes[k] for k in node.inputs), strict=True)
            found = sum(size * many for size, many in parts) / max(sum(sizes), 1)
        elif isinstance(node.op, Keep) and not node.op.mask.nonzero().any():
            found = 0.0
        else:
            found = sum(before)
        routes.append(found)
    return routes


def _steps(nodes: Sequence[Node], node: Node, routes: Sequence[float]) -> list[tuple[int, float]]:
    """Where the walk goes from a value, and with which probability."""
    operands = [k for k in dict.fromkeys(node.inputs) if routes[k]]
    if isinstance(node.op, Attention):
        # Half of an output's edges lead to values, half to scores.
        weights = [float(len(operands) - 1 if k == node.inputs[2] else 1) for k in operands]
    elif isinstance(node.op, Concat):
        weights = [float(prod(nodes[k].shape) * node.inputs.count(k)) for k in operands]
    elif isinstance(node.op, Map):
        weights = [sqrt(routes[k]) for k in operands]
    else:
        weights = [1.0] * len(operands)
    on = UNLEARNED if isinstance(node.op, Pool) and prod(node.op.kernel) > 1 else 1.0
    total = sum(weights)
    return [(k, on * weight / total) for k, weight in zip(operands, weights, strict=True)]


def _products(nodes: Sequence[Node], node: Node) -> int:
    """Number of product nodes of a layer, without those that would meet padding."""
    op, shapes = node.op, tuple(nodes[k].shape for k in node.inputs)
    if isinstance(op, Contract):
        return prod(op.index_sizes(shapes).values())
    if isinstance(op, Convolve):
        pairs = prod(int(window.taps_per_narrow.sum()) for window in op.windows(shapes, node.shape))
        batch, out_channels = node.shape[:2]
        return batch * out_channels * (shapes[0][1] // op.groups) * pairs
    return prod(node.shape)
