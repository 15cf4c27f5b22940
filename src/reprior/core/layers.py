"""The weighted layers of a graph: which parameter does what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .graph import Graph, Node
from .primitives import Convolve, Move, Parameter, Role, Shape

__all__ = ["ConvolutionSignature", "ParameterInfo", "describe_parameters"]


@dataclass(frozen=True, slots=True)
class ConvolutionSignature:
    """What two convolutions must have in common to share weights.

    Attributes
    ----------
    in_channels, out_channels, groups : int
    kernel, stride, dilation : tuple of int
    transposed : bool
    """

    in_channels: int
    out_channels: int
    groups: int
    kernel: Shape
    stride: Shape
    dilation: Shape
    transposed: bool


@dataclass(frozen=True, slots=True)
class ParameterInfo:
    """A parameter and the layer it belongs to, as a sharing policy sees it.

    Attributes
    ----------
    name : str
        Dotted name.
    shape : Shape
    role : Role
    layer : str
        Dotted path of the layer: the name without its last part.
    kind : {"convolution", "linear", "embedding", "other"}
        What the layer's weight does.
    convolution : ConvolutionSignature or None
        Its geometry, where it is a convolution.
    module_type : str
        Class name of the module that owns it, where the front-end knows one.
    """

    name: str
    shape: Shape
    role: Role
    layer: str
    kind: str = "other"
    convolution: ConvolutionSignature | None = None
    module_type: str = ""


def describe_parameters(graph: Graph, module_types: dict[str, str] | None = None) -> list[ParameterInfo]:
    """Every parameter of a graph with its layer.

    Parameters
    ----------
    graph : Graph
    module_types : dict, optional
        Class name of the module at each dotted path.
    """
    users = _users(graph)
    kinds: dict[str, tuple[str, ConvolutionSignature | None]] = {}
    for position, leaf in graph.parameters:
        if leaf.role == "weight":
            for node in _final_users(graph, users, position):
                kinds.setdefault(_layer(leaf), _kind(graph, node))
    types = module_types or {}
    return [
        ParameterInfo(
            leaf.name, leaf.shape, leaf.role, _layer(leaf), *kinds.get(_layer(leaf), ("other", None)),
            types.get(_layer(leaf), ""),
        )
        for _, leaf in graph.parameters
    ]  # fmt: skip


def _layer(leaf: Parameter) -> str:
    return leaf.name.rpartition(".")[0]


def _users(graph: Graph) -> list[list[int]]:
    users: list[list[int]] = [[] for _ in graph.nodes]
    for position, node in enumerate(graph.nodes):
        for k in node.inputs:
            users[k].append(position)
    return users


def _final_users(graph: Graph, users: list[list[int]], position: int) -> Iterator[Node]:
    """The nodes that use a value, seen through moves."""
    pending = list(users[position])
    while pending:
        user = pending.pop()
        node = graph.nodes[user]
        if isinstance(node.op, Move):
            pending.extend(users[user])
        else:
            yield node


def _kind(graph: Graph, node: Node) -> tuple[str, ConvolutionSignature | None]:
    op = node.op
    if isinstance(op, Convolve):
        features, kernel = (graph.nodes[k].shape for k in node.inputs)
        signature = ConvolutionSignature(
            features[1], node.shape[1], op.groups, kernel[2:], op.stride, op.dilation, op.transposed
        )
        return op.layer, signature
    return op.layer or "other", None
