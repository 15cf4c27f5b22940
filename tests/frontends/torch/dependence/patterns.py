"""Which input elements an output element depends on: by the graph, and by differentiation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from reprior.core.primitives import Parameter
from reprior.frontends.torch import trace
from tests.oracle import ScalarGraph

Function = Callable[..., Any]
Shape = tuple[int, ...]


class Applied(torch.nn.Module):
    """A function of parameters."""

    def __init__(self, function: Function, shapes: Sequence[Shape]) -> None:
        super().__init__()
        self.function = function
        self.operands = torch.nn.ParameterList([torch.nn.Parameter(torch.empty(shape)) for shape in shapes])

    def forward(self, unused: torch.Tensor) -> Any:
        return self.function(*self.operands)


def by_graph(function: Function, shapes: Sequence[Shape]) -> np.ndarray:
    """Whether each output element depends on each element of the operands, by paths in the scalar graph."""
    graph = trace(Applied(function, shapes), torch.empty(1)).graph
    graph.check()
    scalars = ScalarGraph(graph)
    names = [leaf.name for _, leaf in graph.parameters]
    columns = {ref: column for column, ref in enumerate(_leaf_refs(scalars, names))}
    reach: list[frozenset[int]] = []
    for ref, (sources, *_) in enumerate(scalars.sources):
        own = frozenset([columns[ref]]) if ref in columns else frozenset()
        reach.append(own.union(*(reach[source] for source in sources)))
    rows = []
    for output in graph.outputs:
        for index in np.ndindex(graph.nodes[output].shape):
            row = np.zeros(len(columns), dtype=bool)
            ref = scalars.elements[output][index]
            if ref is not None:
                row[list(reach[ref])] = True
            rows.append(row)
    assert all(
        isinstance(node.op, Parameter) or node.op.name != "unknown" for node in graph.nodes if not node.inputs
    )
    return np.array(rows)


def _leaf_refs(scalars: ScalarGraph, names: list[str]) -> list[int]:
    return [ref for name in names for (leaf, _), ref in scalars.leaves.items() if leaf == name]


def by_differentiation(
    function: Function, shapes: Sequence[Shape], draws: int = 1, size: float = 1.0
) -> np.ndarray:
    """Whether each derivative is not zero, for at least one of some random operands of about a size."""
    generator = torch.Generator().manual_seed(7)
    result = None
    for _ in range(draws):
        operands = tuple(size * (_draw(shape, generator) + 0.25) for shape in shapes)
        jacobians = torch.autograd.functional.jacobian(lambda *xs: _flat(function(*xs)), operands)
        pattern = torch.cat([j.reshape(j.shape[0], -1) for j in jacobians], 1).abs() > 1e-12
        result = pattern if result is None else result | pattern
    assert result is not None
    return result.numpy()


def _draw(shape: Shape, generator: torch.Generator) -> torch.Tensor:
    return torch.rand(shape, generator=generator, dtype=torch.float64)


def _flat(result: Any) -> torch.Tensor:
    parts = result if isinstance(result, tuple | list) else [result]
    return torch.cat([part.reshape(-1) for part in parts if part.is_floating_point()])
