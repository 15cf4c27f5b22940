"""An independent count: expand a tensor graph to scalars and add up paths edge by edge.

It shares nothing with the engine but each primitive's `scalar` enumeration and shapes.
`tests/property/test_oracle.py` checks it against paths written out one by one, and
`tests/primitives/test_jacobian.py` checks the enumerations against automatic differentiation.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from math import prod

from reprior.core.graph import Graph, Node
from reprior.core.primitives import Attention, Input, Leaf, Map, Parameter, Primitive
from reprior.core.weighting import UNIT, Weighting

__all__ = ["ScalarGraph", "indices"]

Index = tuple[int, ...]
Elements = dict[Index, int | None]
"""The scalar node at each index of a tensor, None where there is no element."""
Weight = Fraction | float | int


def indices(shape: Index) -> Iterator[Index]:
    return itertools.product(*(range(size) for size in shape))


class ScalarGraph:
    """Scalar nodes 0..n-1 in topological order, with sources, nominal fan-in of data and size of tensor."""

    def __init__(self, graph: Graph) -> None:
        self.sources: list[tuple[list[int], int, int]] = []
        self.leaves: dict[tuple[str, Index], int] = {}
        self.elements: list[Elements] = []
        self.data: list[bool] = []
        self.products: list[list[int]] = []
        for node in graph.nodes:
            self.products.append([])
            self.data.append(isinstance(node.op, Input) or any(self.data[k] for k in node.inputs))
            if isinstance(node.op, Leaf):
                self.elements.append(self.leaf(node.op))
            elif isinstance(node.op, Attention):
                self.elements.append(self.attention(graph, node))
            else:
                operands = [self.elements[k] for k in node.inputs]
                data = [self.data[k] for k in node.inputs]
                shapes = tuple(graph.nodes[k].shape for k in node.inputs)
                self.elements.append(self.expand(node.op, node.shape, operands, data, shapes))
        self.outputs = [ref for k in graph.outputs for ref in self.elements[k].values() if ref is not None]

    def new(self, sources: list[int], fan_in: int, size: int = 1) -> int:
        self.sources.append((sources, fan_in, size))
        return len(self.sources) - 1

    def leaf(self, op: Leaf) -> Elements:
        at: Elements = {index: self.new([], 0) for index in indices(op.shape)}
        if isinstance(op, Parameter):
            self.leaves.update({(op.name, index): ref for index, ref in at.items()})
        return at

    def expand(
        self,
        op: Primitive,
        shape: Index,
        operands: list[Elements],
        data: list[bool],
        shapes: tuple[Index, ...],
    ) -> Elements:
        """The scalar nodes of one operation."""
        result: Elements = {}
        size = prod(shape)
        # Products are elements of the tensor of them all, those with padding included.
        scalars = [op.scalar(index, shapes) for index in indices(shape)]
        products_size = sum(one.nominal or len(one.terms) for one in scalars)
        for index, scalar in zip(indices(shape), scalars, strict=True):
            terms = [[(operands[k][at], data[k]) for k, at in term] for term in scalar.terms]
            if scalar.kind == "alias":
                result[index] = terms[0][0][0] if terms else None
            elif scalar.kind == "node":
                # A pointwise node's fan-in is that of its operands, whether or not they exist here.
                nominal = sum(data) if scalar.nominal is None else scalar.nominal * any(data)
                # One edge per operand element: copies of an element, made by moves, are separate operands.
                present = [ref for ((ref, _),) in terms if ref is not None]
                exists = bool(present)
                if isinstance(op, Map) and op.presence is not None:
                    there = [k for k, ((ref, _),) in enumerate(terms) if ref is not None]
                    whole = len(there) == len(terms)
                    entry = 2 ** len(terms) - 1 if whole else op.presence[sum(2**k for k in there)]
                    exists = entry >= 0
                    present = [terms[k][0][0] for k in there if exists and entry // 2**k % 2]
                result[index] = self.new(present, nominal, size) if exists else None
            else:
                products = [
                    self.new([ref for ref, _ in term], sum(is_data for _, is_data in term), products_size)
                    for term in terms
                    if all(ref is not None for ref, _ in term)
                ]
                self.products[-1].extend(products)
                if scalar.nominal == 0:
                    result[index] = products[0] if products else None
                else:
                    result[index] = self.new(products, scalar.nominal * any(data), size) if products else None
        return result

    def attention(self, graph: Graph, node: Node) -> Elements:
        """Scores, masked, through the softmax, times values: the composite that attention stands for."""
        shapes = [graph.nodes[k].shape for k in node.inputs]
        parts = [self.elements[k] for k in node.inputs]
        data = [self.data[k] for k in node.inputs]
        query, key, value = shapes[:3]
        terms = len(node.inputs) - 2
        scores_op, keep, softmax, out = node.op.expand(len(query), query[-2], key[-2], terms)
        shape = (*query[:-1], key[-2])
        scored = any(data[:2])
        rows = [self.expand(scores_op, shape, parts[:2], data[:2], (query, key)), *parts[3:]]
        flags = [scored, *data[3:]]
        if keep is not None:
            rows = [
                self.expand(keep, shape, [row], [f], (shape,)) for row, f in zip(rows, flags, strict=True)
            ]
        probabilities = self.expand(softmax, shape, rows, flags, (shape,) * len(rows))
        if keep is not None:
            probabilities = self.expand(keep, shape, [probabilities], [any(flags)], (shape,))
        return self.expand(out, node.shape, [probabilities, parts[2]], [any(flags), data[2]], (shape, value))

    def totals(self, weighting: Weighting = UNIT) -> list[Weight]:
        """Weighted number of paths from each scalar node to the outputs."""
        total: list[Weight] = [0] * len(self.sources)
        for ref in self.outputs:
            total[ref] += 1
        for ref in range(len(self.sources) - 1, -1, -1):
            sources, fan_in, size = self.sources[ref]
            if total[ref]:
                through = total[ref] * weighting.edge(fan_in, size)
                for source in sources:
                    total[source] += through
        return total

    def counts(self, weighting: Weighting = UNIT) -> dict[str, dict[Index, Weight]]:
        """Weighted number of paths from each parameter scalar to the outputs."""
        total = self.totals(weighting)
        result: dict[str, dict[Index, Weight]] = {}
        for (name, index), ref in self.leaves.items():
            result.setdefault(name, {})[index] = total[ref]
        return result
