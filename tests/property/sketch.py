"""A graph under construction by a Hypothesis test: a builder, a source of choices, fresh parameters."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from hypothesis import strategies as st

from reprior.core.graph import Graph, GraphBuilder
from reprior.core.primitives import (
    Constant,
    Contract,
    Expand,
    Input,
    Keep,
    Map,
    Parameter,
    Primitive,
    Reshape,
    Role,
)
from reprior.core.primitives.presence import ABSENT, all_of, always, any_of
from reprior.core.runs import Runs

__all__ = ["Sketch"]

Shape = tuple[int, ...]
LETTERS = "abcdefgh"


class Sketch:
    """Adds nodes to a graph; a value is the position of its node."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.builder = GraphBuilder()
        self.leaves = 0

    # -- choices ------------------------------------------------------------------------------

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def choose(self, *options):
        return self.draw(st.sampled_from(options))

    def maybe(self) -> bool:
        return self.draw(st.booleans())

    def shape_of_rank(self, low: int, high: int, largest: int = 4) -> Shape:
        """A random shape of at most about 24 elements."""
        rank = self.number(low, high)
        sizes: list[int] = []
        for _ in range(rank):
            sizes.append(self.number(1, max(1, min(largest, 24 // prod(sizes)))))
        return tuple(sizes)

    def mask(self, shape: Shape) -> Runs:
        """A random 0/1 array with at least one 1."""
        kept = self.draw(st.lists(st.booleans(), min_size=prod(shape), max_size=prod(shape)))
        kept[self.number(0, len(kept) - 1)] = True
        return Runs.from_dense(np.array(kept, dtype=np.float64).reshape(shape))

    # -- nodes --------------------------------------------------------------------------------

    def shape(self, value: int) -> Shape:
        return self.builder.shape(value)

    def add(self, op: Primitive, *inputs: int) -> int:
        return self.builder.add(op, inputs)

    def map(self, *inputs: int) -> int:
        return self.add(Map("map"), *inputs)

    def function(self, *inputs: int) -> int:
        """A pointwise function of any presence."""
        many = len(inputs)
        table = self.choose(any_of(many), all_of(many), always(many), None)
        if table is None:
            subsets = range(1 << many)
            table = tuple(self.choose(ABSENT, bits, bits & self.number(0, bits)) for bits in subsets)
        return self.add(Map("function", presence=table), *inputs)

    def input(self, shape: Sequence[int]) -> int:
        self.leaves += 1
        return self.add(Input(f"x{self.leaves}", tuple(shape)))

    def constant(self, shape: Shape) -> int:
        return self.add(Constant("table", shape))

    def parameter(self, shape: Sequence[int], role: Role = "weight") -> int:
        self.leaves += 1
        return self.add(Parameter(f"w{self.leaves}", tuple(shape), role))

    def einsum(self, equation: str, *inputs: int) -> int:
        return self.add(Contract.parse(equation), *inputs)

    def reshape(self, value: int, *shape: int) -> int:
        return self.add(Reshape(shape), value)

    def expand(self, value: int, *shape: int) -> int:
        return self.add(Expand(shape), value)

    def keep(self, value: int) -> int:
        """The value with random elements masked."""
        return self.add(Keep(self.mask(self.shape(value))), value)

    def mix(self, value: int, axis: int, size: int, weight: int | None = None) -> int:
        """A linear layer along one axis; its weight has shape (size of the axis, new size)."""
        shape = self.shape(value)
        names = LETTERS[: len(shape)]
        weight = self.parameter((shape[axis], size)) if weight is None else weight
        out = names[:axis] + "z" + names[axis + 1 :]
        return self.einsum(f"{names},{names[axis]}z->{out}", value, weight)

    def finish(self, *outputs: int) -> Graph:
        self.builder.output(outputs)
        graph = self.builder.graph()
        graph.check()
        return graph
