"""What a model costs: the baselines that stand beside every score."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from .graph import Graph
from .primitives import Attention, Contract, Convolve, Input, Leaf, Lookup, Parameter, Select, Shape

__all__ = ["Costs", "measure"]


@dataclass(frozen=True, slots=True)
class Costs:
    """Counts that need no contexts.

    Attributes
    ----------
    macs : int
        Multiply-accumulates of one forward pass: product nodes of convolutions, linear layers,
        matrix products and attention, padding included as in common FLOP counters.
    depth : int
        Weighted layers (operations with a learnable factor) on the longest path.
    weighted_layers : int
        Number of such operations.
    activations : int
        Elements written by operations with products.
    """

    macs: int
    depth: int
    weighted_layers: int
    activations: int


def measure(graph: Graph) -> Costs:
    """Costs of a graph."""
    learnable: list[bool] = []  # depends on a parameter
    fixed: list[bool] = []  # depends on nothing that is fed
    depths: list[int] = []
    macs = weighted = activations = 0
    for node in graph.nodes:
        op, inputs = node.op, node.inputs
        if isinstance(op, Leaf):
            learnable.append(isinstance(op, Parameter))
            fixed.append(not isinstance(op, Input))
            depths.append(0)
            continue
        fixed.append(all([fixed[k] for k in inputs]))
        learnable.append(any([learnable[k] for k in inputs]))
        depth = max([depths[k] for k in inputs])
        if isinstance(op, Convolve | Contract | Lookup | Attention) and not fixed[-1]:
            shapes = tuple([graph.nodes[k].shape for k in inputs])
            macs += _products(op, shapes, node.shape)
            activations += prod(node.shape)
            if any(fixed[k] and learnable[k] for k in inputs) and not isinstance(op, Lookup | Select):
                weighted += 1
                depth += 1
        depths.append(depth)
    return Costs(macs, max((depths[k] for k in graph.outputs), default=0), weighted, activations)


def _products(op: Convolve | Contract | Lookup | Attention, shapes: tuple[Shape, ...], shape: Shape) -> int:
    if isinstance(op, Convolve):
        features, kernel = shapes
        per_side = features if op.transposed else shape
        return prod(per_side) * prod(kernel[1:])
    if isinstance(op, Select):
        return 0
    if isinstance(op, Contract):
        return prod(op.index_sizes(shapes).values())
    if isinstance(op, Attention):
        query, key, value = shapes[:3]
        return prod(query[:-1]) * key[-2] * (query[-1] + value[-1])
    return 0
