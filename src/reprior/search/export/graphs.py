"""From whatever names a model of the builder to its graph, shared as a policy says."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from ...core.graph import Graph, GraphBuilder
from ...core.layers import describe_parameters
from ...core.primitives import Parameter, Slice
from ...errors import RepriorError, SpecError
from ...registry import describe
from ...sharing import Policy, resolve
from ...sharing.policies import bound

__all__ = ["graph_of", "tied"]


def graph_of(model: Any, share: str | Policy = "none") -> Graph:
    """The graph of a spec, a `Network` or a `Graph`, its parameters tied.

    Raises
    ------
    SpecError
        If it is a graph of scalars.
    """
    described = describe(model)
    if not isinstance(described.graph, Graph):
        raise SpecError(
            f"'{described.name}' is a scalar graph; it has no layers to write", model=described.name
        )
    return tied(described.graph, share)


def tied(graph: Graph, share: str | Policy) -> Graph:
    """The graph in which parameters that a policy makes one are one.

    Where kernels of different sizes share, the smaller ones are the leading taps of the largest.

    Raises
    ------
    RepriorError
        If a policy joins parameters that cannot be one.
    """
    name, policy = resolve(share)
    if name == "none":
        return graph
    infos = describe_parameters(graph)
    key_of = bound(policy, infos)
    groups: dict[Hashable, list[str]] = {}
    for info in infos:
        key = key_of(info)
        if key is not None:
            groups.setdefault(key, []).append(info.name)
    shapes = {leaf.name: leaf.shape for _, leaf in graph.parameters}
    keeper = {
        n: max(names, key=lambda other: _size(shapes[other])) for names in groups.values() for n in names
    }
    builder = GraphBuilder()
    kept = {
        leaf.name: builder.add(leaf, (), graph.nodes[position].scope)
        for position, leaf in graph.parameters
        if keeper.get(leaf.name, leaf.name) == leaf.name
    }
    place: list[int] = []
    for node in graph.nodes:
        if isinstance(node.op, Parameter):
            place.append(_leading(builder, kept[keeper.get(node.op.name, node.op.name)], node.op, node.scope))
        else:
            place.append(builder.add(node.op, [place[k] for k in node.inputs], node.scope))
    builder.output(place[k] for k in graph.outputs)
    return builder.graph()


def _size(shape: tuple[int, ...]) -> int:
    many = 1
    for size in shape:
        many *= size
    return many


def _leading(builder: GraphBuilder, value: int, leaf: Parameter, scope: str) -> int:
    """The leading part of a shared parameter that has a member's shape."""
    whole = builder.shape(value)
    if len(whole) != len(leaf.shape) or any(n > most for n, most in zip(leaf.shape, whole, strict=True)):
        raise RepriorError(f"cannot share '{leaf.name}' {leaf.shape} with a parameter of shape {whole}")
    for axis, size in enumerate(leaf.shape):
        if size < whole[axis]:
            value = builder.add(Slice(axis, 0, size), (value,), scope)
    return value
