"""The canonical form: one graph for every spelling of a model.

In this order: unreachable nodes go, repeated and idle moves become one, the statistics of
normalisations go (convention 6), padding is absorbed by the window that reads it, and pointwise
chains merge (convention 1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import prod
from typing import Literal

from .graph import Graph, Node
from .primitives import (
    Attention,
    Constant,
    Convolve,
    Expand,
    Input,
    Map,
    Move,
    Pad,
    Parameter,
    Permute,
    Pool,
    Reduce,
    Reshape,
    Slice,
)

__all__ = ["Normalization", "Preset", "canonicalise"]

Normalization = Literal["local", "coupled"]
Preset = Literal["definition", "paper"]

# A statistic's expression (mean, variance, epsilon, root, reciprocal, casts) is far smaller than this.
_STATISTIC_LIMIT = 64


def canonicalise(
    graph: Graph, normalization: Normalization = "local", preset: Preset = "definition"
) -> Graph:
    """The canonical form of a graph.

    Parameters
    ----------
    graph : Graph
        Any graph.
    normalization : {"local", "coupled"}
        Whether normalisation statistics are dropped or counted as nodes (convention 6).
    preset : {"definition", "paper"}
        Whether batch norm's running statistics are constants or parameters (convention 5).

    Returns
    -------
    Graph
        An equivalent graph with the same parameter leaves, save those that reach no output.
    """
    nodes, outputs = _unify_moves(graph.nodes, graph.outputs)
    if preset == "definition":
        nodes = _drop_running_statistics(nodes)
    if normalization == "local":
        nodes = _drop_statistics(nodes)
    else:
        nodes, outputs = _expand_attention(nodes, outputs)
    nodes = _fuse_pointwise(_absorb_padding(nodes), outputs)
    return Graph(*_prune(nodes, outputs))


def depends_on(nodes: Sequence[Node], *leaves: type) -> list[bool]:
    """For each node, whether it is or depends on a leaf of the given types."""
    result: list[bool] = []
    for node in nodes:
        result.append(any([result[k] for k in node.inputs]) if node.inputs else isinstance(node.op, leaves))
    return result


def _prune(nodes: Sequence[Node], outputs: Sequence[int]) -> tuple[tuple[Node, ...], tuple[int, ...]]:
    """Without the nodes that reach no output; fed inputs always stay, since N_I counts them."""
    live = _live(nodes, outputs)
    place: dict[int, int] = {}
    kept: list[Node] = []
    for position, node in enumerate(nodes):
        if live[position] or (not node.inputs and isinstance(node.op, Input)):
            place[position] = len(kept)
            kept.append(_rewire(node, tuple([place[k] for k in node.inputs])))
    return tuple(kept), tuple(place[k] for k in outputs)


def _live(nodes: Sequence[Node], outputs: Sequence[int]) -> list[bool]:
    """For each node, whether it reaches an output."""
    live = [False] * len(nodes)
    for k in outputs:
        live[k] = True
    for position in range(len(nodes) - 1, -1, -1):
        if live[position]:
            for k in nodes[position].inputs:
                live[k] = True
    return live


def _rewire(node: Node, inputs: tuple[int, ...]) -> Node:
    return node if inputs == node.inputs else Node(node.op, inputs, node.shape, node.scope)


Operands = dict[tuple[int, int | None], None]
"""Distinct operands of a map, in order: values with the axis that they are vectors along."""


def _operands(node: Node) -> Operands:
    align = node.op.align if isinstance(node.op, Map) else ()
    return dict.fromkeys(zip(node.inputs, align or (None,) * len(node.inputs), strict=True))


def _with_operands(node: Node, operands: Operands) -> Node:
    """A map of other operands."""
    align = tuple([axis for _, axis in operands])
    aligned = any([axis is not None for axis in align])
    return Node(
        Map(node.op.label, align if aligned else ()), tuple([k for k, _ in operands]), node.shape, node.scope
    )


def _drop_running_statistics(nodes: Sequence[Node]) -> list[Node]:
    """Running statistics are not learnable (convention 5): constants, which give maps no edge."""
    result: list[Node] = []
    fixed: set[int] = set()
    for position, node in enumerate(nodes):
        op = node.op
        if isinstance(op, Parameter):
            if op.role == "running_statistic":
                fixed.add(position)
                node = Node(Constant(op.name, op.shape), (), node.shape, node.scope)
        elif fixed and isinstance(op, Move) and node.inputs[0] in fixed:
            fixed.add(position)
        elif fixed and isinstance(op, Map) and not fixed.isdisjoint(node.inputs):
            kept = {pair: None for pair in _operands(node) if pair[0] not in fixed}
            if kept:
                node = _with_operands(node, kept)
        result.append(node)
    return result


def _unify_moves(nodes: Sequence[Node], outputs: Sequence[int]) -> tuple[list[Node], tuple[int, ...]]:
    """Point users of an idle or repeated move at what it repeats (the move itself is left for `_prune`)."""
    stands_for = list(range(len(nodes)))
    seen: dict[object, int] = {}
    result = []
    for position, node in enumerate(nodes):
        node = _rewire(node, tuple([stands_for[k] for k in node.inputs])) if node.inputs else node
        result.append(node)
        if isinstance(node.op, Move):
            if _is_idle(node, nodes[node.inputs[0]].shape):
                stands_for[position] = node.inputs[0]
            else:
                stands_for[position] = seen.setdefault((node.op, node.inputs), position)
    return result, tuple(stands_for[k] for k in outputs)


def _is_idle(node: Node, shape: tuple[int, ...]) -> bool:
    if shape != node.shape:
        return False
    op = node.op
    if isinstance(op, Permute):
        return op.order == tuple(range(len(shape)))
    if isinstance(op, Pad):
        return not any(before or after for before, after in op.padding)
    return isinstance(op, Reshape | Expand | Slice)


# -- normalisation statistics -------------------------------------------------------------------


def _drop_statistics(nodes: Sequence[Node]) -> list[Node]:
    """Drop the edges by which statistics of a value return to it without a learnable part in between."""
    if not any([isinstance(node.op, Reduce) for node in nodes]):
        return list(nodes)
    matters = depends_on(nodes, Parameter, Input)
    result: list[Node] = []
    for node in nodes:
        if isinstance(node.op, Map) and len(node.inputs) > 1:
            small = [k for k in node.inputs if _is_broadcast(result, k, node) and matters[k]]
            if small:
                bases = [k for k in node.inputs if matters[k] and k not in small]
                dropped = [k for k in small if any(_is_statistic(result, k, base, matters) for base in bases)]
                if dropped:
                    kept = {pair: None for pair in _operands(node) if pair[0] not in dropped}
                    node = _with_operands(node, kept)
        result.append(node)
    return result


def _is_broadcast(nodes: Sequence[Node], position: int, user: Node) -> bool:
    """Whether an operand is computed and smaller than the result that it enters."""
    node = _behind_moves(nodes, position)
    return bool(node.inputs) and node.shape != user.shape and prod(node.shape) < prod(user.shape)


def _behind_moves(nodes: Sequence[Node], position: int) -> Node:
    """The value that a chain of broadcasts and regroupings shows."""
    node = nodes[position]
    while isinstance(node.op, Expand | Reshape | Permute):
        node = nodes[node.inputs[0]]
    return node


def _is_statistic(nodes: Sequence[Node], position: int, base: int, matters: Sequence[bool]) -> bool:
    """Whether a value is computed from reductions of `base`, or of what `base` is a rescaling of, alone."""
    rescaled = set(_pointwise_ancestors(nodes, base, matters))
    pending, seen = [(position, False)], {(position, False)}
    while pending:
        if len(seen) > _STATISTIC_LIMIT:
            return False
        value, reduced = pending.pop()
        if reduced and value in rescaled:
            continue
        node = nodes[value]
        if isinstance(node.op, Reduce):
            reduced = True
        elif not isinstance(node.op, Map | Move):
            return False
        for k in node.inputs:
            if matters[k] and (k, reduced) not in seen:
                seen.add((k, reduced))
                pending.append((k, reduced))
    return True


def _pointwise_ancestors(nodes: Sequence[Node], base: int, matters: Sequence[bool]) -> Iterator[int]:
    """`base` and the values of its shape that it is a parameter-free function of, back to a fork."""
    size = prod(nodes[base].shape)
    value: int | None = base
    while value is not None:
        yield value
        node = nodes[value]
        operands = {k for k in node.inputs if matters[k]}
        same = [k for k in operands if prod(nodes[k].shape) == size]
        value = (
            same[0] if isinstance(node.op, Map | Move) and operands == set(same) and len(same) == 1 else None
        )


def _expand_attention(nodes: Sequence[Node], outputs: Sequence[int]) -> tuple[list[Node], tuple[int, ...]]:
    """Write attention out, with its softmax's statistic as a node of its own."""
    result: list[Node] = []
    place: list[int] = []

    def add(op: object, inputs: Iterable[int], scope: str) -> int:
        operands = tuple(inputs)
        shape = op.infer_shape(tuple(result[k].shape for k in operands))  # type: ignore[attr-defined]
        result.append(Node(op, operands, shape, scope))  # type: ignore[arg-type]
        return len(result) - 1

    for node in nodes:
        inputs = tuple(place[k] for k in node.inputs)
        if not isinstance(node.op, Attention):
            result.append(_rewire(node, inputs))
            place.append(len(result) - 1)
            continue
        query, key, value, *bias = inputs
        rank = len(node.shape)
        scores_op, keep, softmax, out = node.op.expand(rank, node.shape[-2], result[key].shape[-2])
        scores = add(scores_op, (query, key), node.scope)
        if keep is not None:
            scores = add(keep, (scores,), node.scope)
        if bias:
            scores = add(Map("bias"), (scores, *bias), node.scope)
        statistic = add(Reduce((rank - 1,), keepdims=True), (scores,), node.scope)
        probabilities = add(softmax, (scores, statistic), node.scope)
        place.append(add(out, (probabilities, value), node.scope))
    return result, tuple(place[k] for k in outputs)


# -- padding and pointwise chains ---------------------------------------------------------------


def _absorb_padding(nodes: Sequence[Node]) -> list[Node]:
    """Let convolutions and pools read what a `Pad` of their spatial axes pads."""
    result: list[Node] = []
    for node in nodes:
        op = node.op
        if isinstance(op, Convolve | Pool) and isinstance(result[node.inputs[0]].op, Pad):
            source = result[node.inputs[0]]
            padding: tuple[tuple[int, int], ...] = source.op.padding  # type: ignore[attr-defined]
            head, spatial = padding[: -len(op.stride)], padding[-len(op.stride) :]
            grows = all(before >= 0 and after >= 0 for before, after in spatial)
            fits = not op.transposed if isinstance(op, Convolve) else not op.ceil
            if grows and fits and not any(before or after for before, after in head):
                total = tuple((a + c, b + d) for (a, b), (c, d) in zip(op.padding, spatial, strict=True))
                wider = replace(op, padding=total)
                node = Node(wider, (source.inputs[0], *node.inputs[1:]), node.shape, node.scope)
        result.append(node)
    return result


def _fuse_pointwise(nodes: Sequence[Node], outputs: Sequence[int]) -> list[Node]:
    """Merge every pointwise value into its one user, if that is pointwise and of the same shape."""
    merged = _merge_targets(nodes, outputs)
    operands: dict[int, Operands] = {}
    result: list[Node] = []
    for position, node in enumerate(nodes):
        if isinstance(node.op, Map):
            target = merged.get(position, position)
            found: Operands = {}
            for k, axis in _operands(node):
                if merged.get(k) == target:
                    found.update(operands[k])
                else:
                    found[_as_vector(nodes, k, axis, node)] = None
            operands[position] = found
            node = _with_operands(node, found)
        result.append(node)
    return result


def _merge_targets(nodes: Sequence[Node], outputs: Sequence[int]) -> dict[int, int]:
    """For each pointwise value that merges, the value that it becomes part of.

    Users are looked at before what they use, so that a value with several users that all merge into
    one has that one as its only user: ``x * tanh(x + x**3)`` is one node, and the bias that made x
    joins it.
    """
    live = _live(nodes, outputs)
    users: list[set[int]] = [set() for _ in nodes]
    fixed = set(outputs)
    merged: dict[int, int] = {}
    for position in range(len(nodes) - 1, -1, -1):
        if not live[position]:
            continue
        node, target = nodes[position], position
        if isinstance(node.op, Map) and len(users[position]) == 1 and position not in fixed:
            (user,) = users[position]
            if isinstance(nodes[user].op, Map) and nodes[user].shape == node.shape:
                merged[position] = target = user
        for k in node.inputs:
            users[k].add(target)
    return merged


def _as_vector(nodes: Sequence[Node], k: int, axis: int | None, user: Node) -> tuple[int, int | None]:
    """See a vector through the reshape that lays it out for broadcasting, such as (C,) to (C, 1, 1)."""
    node = nodes[k]
    if axis is None and isinstance(node.op, Reshape):
        source = nodes[node.inputs[0]]
        length = source.shape[0] if len(source.shape) == 1 else 1
        if length > 1 and length in node.shape:
            return node.inputs[0], len(user.shape) - len(node.shape) + node.shape.index(length)
    return k, axis
