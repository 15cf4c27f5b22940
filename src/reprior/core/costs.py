"""What a model costs: the baselines that stand beside every score."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from .graph import Graph
from .primitives import Input, Leaf, Parameter

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
        if op.multiplies and not fixed[-1]:
            shapes = tuple([graph.nodes[k].shape for k in inputs])
            macs += op.macs(shapes, node.shape)
            activations += prod(node.shape)
            if not op.selects and any(fixed[k] and learnable[k] for k in inputs):
                weighted += 1
                depth += 1
        depths.append(depth)
    return Costs(macs, max((depths[k] for k in graph.outputs), default=0), weighted, activations)
