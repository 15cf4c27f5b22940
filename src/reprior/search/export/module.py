"""Models of the builder as PyTorch modules."""

from __future__ import annotations

import linecache
from typing import Any

import torch

from ...core.graph import Graph
from ...core.primitives import Input
from ...sharing import Policy
from .graphs import graph_of
from .source import PoolKind, index_inputs, source_of

__all__ = ["example_inputs", "to_torch"]


def to_torch(model: Any, *, share: str | Policy = "none", pool: PoolKind = "average") -> torch.nn.Module:
    """A model as a module, with random weights, that trains.

    Its analysis has the figures of the model. `to_source` is the text of its class.

    Parameters
    ----------
    model, share, pool
        As for `to_source`.

    Examples
    --------
    >>> module = to_torch("macro:01201201")
    >>> module(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """
    return module_of(graph_of(model, share), pool)


def module_of(graph: Graph, pool: PoolKind = "average") -> torch.nn.Module:
    """A graph as a module."""
    text = source_of(graph, pool=pool)
    # Known to tracebacks and to inspect.getsource under this name.
    name = f"<reprior network {abs(hash(text)):x}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    space: dict[str, Any] = {"__name__": "reprior_network"}
    exec(compile(text, name, "exec"), space)
    module = space["Network"]()
    assert isinstance(module, torch.nn.Module)
    return module


def example_inputs(model: Any, batch: int = 1) -> tuple[torch.Tensor, ...]:
    """Something to feed the module of a model: noise, and zeros for indices.

    Parameters
    ----------
    model
        As for `to_torch`.
    batch : int
    """
    graph = graph_of(model)
    shapes = [node.shape for node in graph.nodes if isinstance(node.op, Input)]
    return tuple(
        torch.zeros(batch, *shape[1:], dtype=torch.long) if is_index else torch.randn(batch, *shape[1:])
        for shape, is_index in zip(shapes, index_inputs(graph), strict=True)
    )
