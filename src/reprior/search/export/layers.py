"""The layers of a graph that PyTorch has as modules: a product or a norm with its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...core.graph import Graph, Node
from ...core.primitives import Contract, Convolve, Expand, Lookup, Map, Reduce, Reshape
from ...core.primitives.presence import all_of, always

__all__ = ["Layer", "find_layers"]


@dataclass(frozen=True, slots=True)
class Layer:
    """Nodes that one call computes.

    Attributes
    ----------
    path : str
        Where it is in the model.
    source : int
        The value that it reads.
    result : int
        The value that it makes; all nodes before that belong to it have no other user.
    inner : tuple of int
        The nodes between.
    parameters : tuple of (str, int)
        The module's name of each parameter, and its value.
    module : str
        How the module is made.
    function : str
        The same as a function of ``{x}`` and the parameters by their names.
    pad : tuple of (int, int)
        Zeros around the source, where the module has no such padding.
    """

    path: str
    source: int
    result: int
    inner: tuple[int, ...]
    parameters: tuple[tuple[str, int], ...]
    module: str
    function: str
    pad: tuple[tuple[int, int], ...] = ()


def find_layers(graph: Graph) -> dict[int, Layer]:
    """The layers by the value that they make."""
    users: list[list[int]] = [[] for _ in graph.nodes]
    for position, node in enumerate(graph.nodes):
        for k in node.inputs:
            users[k].append(position)
    for k in graph.outputs:
        users[k].append(-1)
    found: dict[int, Layer] = {}
    for position, node in enumerate(graph.nodes):
        layer = _layer(graph.nodes, users, position, node)
        if layer is not None:
            found[layer.result] = layer
    return found


def _layer(nodes: Sequence[Node], users: Sequence[Sequence[int]], k: int, node: Node) -> Layer | None:
    op = node.op
    if isinstance(op, Convolve):
        return _convolution(nodes, users, k, node, op)
    if isinstance(op, Contract) and len(node.inputs) == 2:
        first, second = op.operands
        if len(second) == 2 and op.output == first[:-1] + second[0] and first[-1] == second[1]:
            return _linear(nodes, users, k, node)
    if isinstance(op, Lookup):
        rows, width = nodes[node.inputs[0]].shape[0], nodes[node.inputs[0]].shape[1:]
        if len(width) == 1:
            parameters = (("weight", node.inputs[0]),)
            return Layer(
                node.scope, node.inputs[1], k, (), parameters, f"nn.Embedding({rows}, {width[0]})",
                "F.embedding({x}, {weight})",
            )  # fmt: skip
    if isinstance(op, Map) and op.name == "batch_norm" and len(node.inputs) == 5:
        names = ("weight", "bias", "running_mean", "running_var")
        rank = max(1, len(node.shape) - 2)
        return Layer(
            node.scope, node.inputs[0], k, (), tuple(zip(names, node.inputs[1:], strict=True)),
            f"nn.BatchNorm{rank}d({node.shape[1]})",
            "F.batch_norm({x}, {running_mean}, {running_var}, {weight}, {bias}, self.training)",
        )  # fmt: skip
    if isinstance(op, Map) and op.law == "normalise" and len(node.inputs) == 2:
        return _norm(nodes, users, k, node, op)
    return None


def _bias(
    nodes: Sequence[Node], users: Sequence[Sequence[int]], k: int, align: tuple[int | None, ...]
) -> tuple[int, int] | None:
    """The bias that a product's only user adds: where it is added, and the parameter."""
    if len(users[k]) != 1 or users[k][0] < 0:
        return None
    user = nodes[users[k][0]]
    if not isinstance(user.op, Map) or user.op.name != "bias" or user.op.align != align:
        return None
    return (users[k][0], user.inputs[1]) if user.inputs[0] == k else None


def _convolution(
    nodes: Sequence[Node], users: Sequence[Sequence[int]], k: int, node: Node, op: Convolve
) -> Layer:
    x, weight = node.inputs
    rank, shape, kernel = len(op.stride), nodes[x].shape, nodes[weight].shape[2:]
    even = all(before == after >= 0 for before, after in op.padding)
    settings = [f"stride={_short(op.stride)}"] if set(op.stride) != {1} else []
    if even and any(before for before, _ in op.padding):
        settings.append(f"padding={_short([before for before, _ in op.padding])}")
    if op.transposed and any(op.output_padding):
        settings.append(f"output_padding={_short(op.output_padding)}")
    if op.groups > 1:
        settings.append(f"groups={op.groups}")
    if set(op.dilation) != {1}:
        settings.append(f"dilation={_short(op.dilation)}")
    bias = _bias(nodes, users, k, (None, 1))
    parameters = (("weight", weight), *((("bias", bias[1]),) if bias else ()))
    kind = f"Transpose{rank}d" if op.transposed else f"{rank}d"
    sizes = [str(shape[1]), str(node.shape[1]), _short(kernel), *settings]
    options = [*sizes, *(() if bias else ("bias=False",))]
    function = "conv_transpose" if op.transposed else "conv"
    return Layer(
        node.scope,
        x,
        bias[0] if bias else k,
        (k,) if bias else (),
        parameters,
        f"nn.Conv{kind}({', '.join(options)})",
        f"F.{function}{rank}d({', '.join(['{x}', '{weight}', *(['{bias}'] if bias else []), *settings])})",
        () if even else ((0, 0), (0, 0), *op.padding),
    )


def _linear(nodes: Sequence[Node], users: Sequence[Sequence[int]], k: int, node: Node) -> Layer:
    x, weight = node.inputs
    units, inputs = nodes[weight].shape
    bias = _bias(nodes, users, k, ())
    parameters = (("weight", weight), *((("bias", bias[1]),) if bias else ()))
    return Layer(
        node.scope,
        x,
        bias[0] if bias else k,
        (k,) if bias else (),
        parameters,
        f"nn.Linear({inputs}, {units}{'' if bias else ', bias=False'})",
        f"F.linear({{x}}, {{weight}}{', {bias}' if bias else ''})",
    )


def _norm(nodes: Sequence[Node], users: Sequence[Sequence[int]], k: int, node: Node, op: Map) -> Layer | None:
    x, statistic = node.inputs
    chain: list[int] = []
    at = statistic
    while at != x and len(nodes[at].inputs) == 1 and isinstance(nodes[at].op, Reduce | Reshape | Expand):
        chain.append(at)
        at = nodes[at].inputs[0]
    if at != x or not chain or any(len(users[i]) != 1 for i in chain):
        return None
    shape = nodes[x].shape
    reduces = [nodes[i].op for i in chain if isinstance(nodes[i].op, Reduce)]
    if len(reduces) != 1 or not isinstance(reduces[0], Reduce):
        return None
    axes = reduces[0].axes
    if op.presence == always(2):
        return Layer(node.scope, x, k, tuple(chain), (), "", f"{{x}}.softmax(dim={axes[0]})")
    user = users[k][0] if len(users[k]) == 1 else -1
    affine = user >= 0 and isinstance(nodes[user].op, Map) and nodes[user].op.label == "affine"
    parameters: tuple[tuple[str, int], ...] = ()
    result, inner = k, tuple(chain)
    if affine and nodes[user].inputs[0] == k:
        parameters = tuple(zip(("weight", "bias"), nodes[user].inputs[1:], strict=False))
        result, inner = user, (*chain, k)
    gain = "weight={weight}" if parameters else ""
    more = ", ".join(part for part in (gain, "bias={bias}" if len(parameters) > 1 else "") if part)
    more = f", {more}" if more else ""
    if any(isinstance(nodes[i].op, Expand) for i in chain):
        groups = nodes[chain[-1]].shape[1]
        flag = "" if parameters else ", affine=False"
        return Layer(
            node.scope, x, result, inner, parameters, f"nn.GroupNorm({groups}, {shape[1]}{flag})",
            f"F.group_norm({{x}}, {groups}{more})",
        )  # fmt: skip
    if axes != tuple(range(axes[0], len(shape))):
        return None
    size = f"({', '.join(map(str, shape[axes[0] :]))},)"
    if op.presence == all_of(2):
        return Layer(
            node.scope,
            x,
            result,
            inner,
            parameters,
            f"nn.RMSNorm({size})",
            f"F.rms_norm({{x}}, {size}{more})",
        )
    flag = "" if len(parameters) == 2 else ", bias=False" if parameters else ", elementwise_affine=False"
    return Layer(
        node.scope, x, result, inner, parameters, f"nn.LayerNorm({size}{flag})",
        f"F.layer_norm({{x}}, {size}{more})",
    )  # fmt: skip


def _short(values: Sequence[int]) -> str:
    return str(values[0]) if len(set(values)) == 1 else str(tuple(values))
