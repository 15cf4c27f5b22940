"""Which elements feed which, seen from outside: run the operation in PyTorch and look."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch

from reprior.core.primitives import Primitive

from ..oracle import indices

__all__ = ["Edge", "linear_edges", "multilinear_edges", "scalar_edges"]

Index = tuple[int, ...]
Edge = tuple[Index, tuple[Index, ...]]
"""An output element and, for each operand, the element that one term of it takes."""


def linear_edges(function: Callable[[torch.Tensor], torch.Tensor], shape: Index) -> set[Edge]:
    """Edges of a function of one tensor that is monotone in every element (linear, or a maximum).

    Feed it one 1 among zeros at a time: the output elements above zero are those it reaches.
    """
    edges: set[Edge] = set()
    for at in indices(shape):
        one = torch.zeros(shape, dtype=torch.float64)
        one[at] = 1.0
        reached = (function(one) > 1e-9).nonzero().tolist()
        edges.update((tuple(out), (at,)) for out in reached)
    return edges


def multilinear_edges(function: Callable[..., torch.Tensor], shapes: tuple[Index, ...]) -> set[Edge]:
    """Edges of a function that is linear in each tensor: where its highest mixed derivative is not zero."""
    derivative = function
    for position in range(len(shapes)):
        derivative = torch.func.jacrev(derivative, position)
    generator = torch.Generator().manual_seed(0)
    operands = [torch.rand(shape, dtype=torch.float64, generator=generator) + 0.5 for shape in shapes]
    met = derivative(*operands).abs() > 1e-9
    rank = met.dim() - sum(map(len, shapes))
    edges: set[Edge] = set()
    for index in met.nonzero().tolist():
        cuts = itertools.accumulate([rank, *map(len, shapes)])
        parts = tuple(tuple(index[a:b]) for a, b in itertools.pairwise(cuts))
        edges.add((tuple(index[:rank]), parts))
    return edges


def scalar_edges(op: Primitive, *shapes: Index) -> set[Edge]:
    """The terms that the primitive's own enumeration gives, which must not repeat."""
    edges: list[Edge] = []
    for index in indices(op.infer_shape(shapes)):
        scalar = op.scalar(index, shapes)
        for term in scalar.terms:
            if scalar.kind == "products":
                assert sorted(element.input for element in term) == list(range(len(shapes)))
                edges.append((index, tuple(at for _, at in sorted(term))))
            else:
                ((operand, at),) = term
                assert operand == 0
                edges.append((index, (at,)))
    assert len(set(edges)) == len(edges)
    assert all(len(at) == len(shape) for _, part in edges for at, shape in zip(part, shapes, strict=True))
    assert all(
        0 <= i < n
        for _, part in edges
        for at, shape in zip(part, shapes, strict=True)
        for i, n in zip(at, shape, strict=True)
    )
    return set(edges)
