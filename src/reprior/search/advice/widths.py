"""Widths of a graph: sizes of axes that must be equal, and the graph at another width.

Axes that a primitive ties to each other (the channels of a convolution's input and of its kernel, of the
operands of a sum, ...) form a *width*. It can be changed where every primitive on the way lets it: a reshape
that cuts an axis, a concatenation, a grouped convolution, an input or an output does not. The changed graph
is built anew, so that every shape is checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from ...core.graph import Graph, GraphBuilder, Node
from ...core.primitives import (
    Attention,
    Concat,
    Contract,
    Convolve,
    Expand,
    Keep,
    Leaf,
    Lookup,
    Map,
    Pad,
    Parameter,
    Permute,
    Pool,
    Primitive,
    Reduce,
    Resample,
    Reshape,
    Slice,
    Take,
)
from ...errors import SpecError

__all__ = ["Width", "find_widths", "resize"]

_Axis = tuple[int, int]
"""An axis of the value at a position."""


@dataclass(frozen=True, slots=True)
class Width:
    """Axes of parameters that have one size for structural reasons.

    Attributes
    ----------
    size : int
    axes : tuple of (str, int)
        Names of parameters and their axes, in the order of the graph.
    is_inner : bool
        Whether it lies inside a layer or a block: one weight makes it.
    """

    size: int
    axes: tuple[tuple[str, int], ...]
    makers: tuple[str, ...]

    @property
    def is_inner(self) -> bool:
        return len(self.makers) == 1


class _Ties:
    """Union-find over axes; a frozen class cannot change."""

    def __init__(self) -> None:
        self.parent: dict[_Axis, _Axis] = {}
        self.frozen: set[_Axis] = set()

    def find(self, axis: _Axis) -> _Axis:
        root = axis
        while self.parent.setdefault(root, root) != root:
            root = self.parent[root]
        while self.parent[axis] != root:
            self.parent[axis], axis = root, self.parent[axis]
        return root

    def tie(self, first: _Axis, second: _Axis) -> None:
        self.parent[self.find(second)] = self.find(first)

    def freeze(self, *axes: _Axis) -> None:
        self.frozen.update(axes)


def find_widths(graph: Graph) -> list[Width]:
    """The widths of a graph that can be changed, in its order."""
    ties, makers = _ties(graph)
    frozen = {ties.find(axis) for axis in ties.frozen}
    axes: dict[_Axis, list[tuple[str, int]]] = {}
    for position, leaf in graph.parameters:
        for axis in range(len(leaf.shape)):
            axes.setdefault(ties.find((position, axis)), []).append((leaf.name, axis))
    made: dict[_Axis, list[str]] = {}
    for at, name in makers:
        made.setdefault(ties.find(at), []).append(name)
    return [
        Width(graph.nodes[root[0]].shape[root[1]], tuple(found), tuple(dict.fromkeys(made[root])))
        for root, found in axes.items()
        if root not in frozen and root in made and len(found) > 1
    ]


def resize(graph: Graph, widths: Sequence[Width], size: int) -> Graph:
    """The graph with another size of some widths.

    Raises
    ------
    SpecError
        If it has no such width, or it cannot have this size.
    """
    if size < 1:
        raise SpecError(f"a width of {size} is not positive")
    ties, _ = _ties(graph)
    frozen = {ties.find(axis) for axis in ties.frozen}
    place = {leaf.name: position for position, leaf in graph.parameters}
    roots = set()
    for name, place_of in (axis for width in widths for axis in width.axes):
        root = ties.find((place.get(name, -1), place_of))
        if name not in place or place_of >= len(graph.nodes[place[name]].shape) or root in frozen:
            raise SpecError(f"the graph has no axis {place_of} of '{name}' that can be changed")
        roots.add(root)
    builder = GraphBuilder()
    for position, node in enumerate(graph.nodes):
        wanted = tuple(
            [size if ties.find((position, axis)) in roots else old for axis, old in enumerate(node.shape)]
        )
        builder.add(_resized(node, wanted, graph, builder), node.inputs, node.scope)
        if builder.nodes[-1].shape != wanted:
            raise SpecError(f"the width at '{node.scope}' cannot become {size}")
    builder.output(graph.outputs)
    return builder.graph()


def _resized(node: Node, wanted: tuple[int, ...], graph: Graph, builder: GraphBuilder) -> Primitive:
    op = node.op
    if isinstance(op, Reshape | Expand | Leaf):
        return replace(op, shape=wanted) if op.shape != wanted else op
    if isinstance(op, Convolve) and op.groups > 1 and op.groups == graph.nodes[node.inputs[0]].shape[1]:
        return replace(op, groups=builder.shape(node.inputs[0])[1])
    return op


def _ties(graph: Graph) -> tuple[_Ties, list[tuple[_Axis, str]]]:
    """What ties the axes of all values, and which weight makes which axis."""
    ties = _Ties()
    makers: list[tuple[_Axis, str]] = []
    nodes = graph.nodes
    for position, node in enumerate(nodes):
        if not node.inputs and not isinstance(node.op, Parameter):
            ties.freeze(*((position, axis) for axis in range(len(node.shape))))
        elif node.inputs:
            _tie_node(ties, nodes, position, makers)
    for position in graph.outputs:
        ties.freeze(*((position, axis) for axis in range(len(nodes[position].shape))))
    return ties, makers


def _tie_node(ties: _Ties, nodes: Sequence[Node], out: int, makers: list[tuple[_Axis, str]]) -> None:
    node = nodes[out]
    op, inputs, shape = node.op, node.inputs, node.shape
    shapes = [nodes[k].shape for k in inputs]
    same: list[tuple[int, int, int]] = []  # operand, its axis, axis of the result
    if isinstance(op, Map) and not any(op.masks):
        for k, operand in enumerate(shapes):
            aligned = op.alignment(k)
            if aligned is not None:
                same += [(k, 0, aligned)] if operand[0] == shape[aligned] else []
            else:
                extra = len(shape) - len(operand)
                same += [(k, a, extra + a) for a, n in enumerate(operand) if n == shape[extra + a]]
    elif isinstance(op, Convolve) and not op.transposed and (op.groups == 1 or _is_depthwise(op, shapes)):
        same = [(0, 0, 0), (1, 0, 1)]
        if op.groups == 1:
            ties.tie((inputs[0], 1), (inputs[1], 1))
            makers.append(((out, 1), node.scope))
        else:
            same.append((0, 1, 1))
            ties.freeze((inputs[1], 1))
        for axis in range(2, len(shape)):
            ties.freeze((out, axis), (inputs[0], axis), (inputs[1], axis))
    elif isinstance(op, Contract):
        first: dict[str, _Axis] = {}
        for k, letters in zip((*inputs, out), (*op.operands, op.output), strict=True):
            for axis, letter in enumerate(letters):
                ties.tie(first.setdefault(letter, (k, axis)), (k, axis))
        parameter = next((i for i, k in enumerate(inputs) if isinstance(nodes[k].op, Parameter)), None)
        for letter in op.operands[parameter] if parameter is not None else ():
            if letter in op.output:
                makers.append(((out, op.output.index(letter)), node.scope))
    elif isinstance(op, Lookup):
        offset = len(shapes[1])
        same = [(1, a, a) for a in range(offset)] + [(0, a, offset + a - 1) for a in range(1, len(shapes[0]))]
        ties.freeze((inputs[0], 0))
        makers.append(((out, len(shape) - 1), node.scope))
    elif isinstance(op, Attention):
        rank = len(shape)
        for axis in range(rank - 2):
            same += [(k, axis, axis) for k in range(len(shapes))]
        same += [(0, rank - 2, rank - 2), (2, rank - 1, rank - 1)]
        ties.tie((inputs[0], rank - 1), (inputs[1], rank - 1))
        ties.tie((inputs[1], rank - 2), (inputs[2], rank - 2))
        if not isinstance(op.mask, str | None):
            ties.freeze(*((out, axis) for axis in range(rank)), (inputs[1], rank - 2))
        if len(shapes) == 4:
            ties.freeze(*((inputs[3], axis) for axis in range(rank)))
    elif isinstance(op, Permute):
        same = [(0, source, axis) for axis, source in enumerate(op.order)]
    elif isinstance(op, Reduce):
        kept = [a for a in range(len(shapes[0])) if op.keepdims or a not in op.axes]
        same = [(0, source, axis) for axis, source in enumerate(kept) if source not in op.axes]
    elif isinstance(op, Pool | Resample):
        free = len(shape) - len(op.kernel if isinstance(op, Pool) else op.sizes)
        same = [(0, axis, axis) for axis in range(free)]
        for axis in range(free, len(shape)):
            ties.freeze((inputs[0], axis), (out, axis))
    elif isinstance(op, Concat | Slice | Take | Pad | Keep):
        moved = _moved(op, shape)
        for k in range(len(shapes)):
            same += [(k, axis, axis) for axis in range(len(shape)) if axis not in moved]
            ties.freeze(*((inputs[k], axis) for axis in moved), *((out, axis) for axis in moved))
    elif isinstance(op, Reshape):
        same = _kept(shapes[0], shape)
        own = {a for _, a, _ in same}
        ties.freeze(*((inputs[0], a) for a, n in enumerate(shapes[0]) if a not in own and n > 1))
        kept = [a for *_, a in same]
        ties.freeze(*((out, a) for a, n in enumerate(shape) if a not in kept and n > 1))
    elif isinstance(op, Expand):
        extra = len(shape) - len(shapes[0])
        same = [(0, a, extra + a) for a, n in enumerate(shapes[0]) if n == shape[extra + a]]
    else:
        for k in (*inputs, out):
            ties.freeze(*((k, axis) for axis in range(len(nodes[k].shape))))
    for k, axis, result in same:
        ties.tie((inputs[k], axis), (out, result))


def _is_depthwise(op: Convolve, shapes: Sequence[tuple[int, ...]]) -> bool:
    return op.groups == shapes[0][1] == shapes[1][0] and shapes[1][1] == 1


def _moved(op: Concat | Slice | Take | Pad | Keep, shape: Sequence[int]) -> set[int]:
    """Axes along which elements move, appear or go."""
    if isinstance(op, Pad):
        return {axis for axis, pair in enumerate(op.padding) if pair != (0, 0)}
    if isinstance(op, Keep):
        extra = len(shape) - len(op.mask.shape)
        return {extra + axis for axis, n in enumerate(op.mask.shape) if n > 1}
    return {op.axis}


def _kept(before: Sequence[int], after: Sequence[int]) -> list[tuple[int, int, int]]:
    """Axes that a reshape keeps: those with as many elements in front and behind, and of one size."""
    starts = {(prod(before[:a]), n): a for a, n in enumerate(before) if n > 1}
    found = []
    for axis, n in enumerate(after):
        source = starts.get((prod(after[:axis]), n))
        if n > 1 and source is not None:
            found.append((0, source, axis))
    return found
