"""Products and sums, however they are associated, and what is left of them without some parts."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field

from ..graph import Node
from ..primitives import Expand, Map, Reshape, Shape
from .lineage import LIMIT, Lineage, is_linear_move
from .maps import Operands, add_operand, operands_of, with_operands

__all__ = ["Expression", "factors", "terms", "without"]


@dataclass(slots=True)
class Expression:
    """The parts of a product or a sum.

    Attributes
    ----------
    leaves : dict of int to bool
        Its factors (or terms), each with whether axes are where the expression has them.
    inside : dict of int to bool
        The values between the leaves and the result, likewise.
    exponents : set of int
        Those of both that are exponents of a factor.
    """

    leaves: dict[int, bool] = field(default_factory=dict)
    inside: dict[int, bool] = field(default_factory=dict)
    exponents: set[int] = field(default_factory=set)


def factors(lineage: Lineage, root: int) -> Expression:
    """The factors of a value: through products, roots, moves, and exponentials of sums."""
    found = Expression()
    pending = [(root, True, False)]
    while pending:
        value, aligned, exponent = pending.pop()
        node = lineage.nodes[value]
        op = node.op
        law = op.law if isinstance(op, Map) else ""
        if exponent:
            found.exponents.add(value)
            through = _adds(lineage, node)
        else:
            through = law in ("product", "power", "exp")
        through = through or is_linear_move(node) or value == root
        if not through or len(found.inside) >= LIMIT:
            found.leaves[value] = found.leaves.get(value, True) and aligned
            continue
        found.inside[value] = aligned
        aligned = aligned and _keeps_axes(node)
        exponent = exponent or law == "exp"
        pending.extend((k, aligned, exponent) for k in lineage.operands(node) if k not in found.inside)
    return found


def terms(lineage: Lineage, root: int, whole: Set[int]) -> Expression:
    """The terms of a value: through sums, scaling and moves, but not into the values of `whole`."""
    found = Expression()
    pending = [(root, True)]
    while pending:
        value, aligned = pending.pop()
        node = lineage.nodes[value]
        through = _adds(lineage, node) or is_linear_move(node)
        if value in whole or not through or len(found.inside) >= LIMIT:
            found.leaves[value] = found.leaves.get(value, True) and aligned
            continue
        found.inside[value] = aligned
        aligned = aligned and _keeps_axes(node)
        pending.extend((k, aligned) for k in lineage.operands(node) if k not in found.inside)
    return found


def _adds(lineage: Lineage, node: Node) -> bool:
    """Whether a node is a sum, or scales one value by a constant."""
    law = node.op.law if isinstance(node.op, Map) else ""
    return law == "sum" or (law == "product" and len(lineage.operands(node)) == 1)


def _keeps_axes(node: Node) -> bool:
    return not is_linear_move(node) or isinstance(node.op, Expand)


def without(lineage: Lineage, root: int, inside: Set[int], dropped: Set[int]) -> int:
    """Append the value that `root` is without some of its leaves; what is left of a part joins directly.

    Parameters
    ----------
    lineage : Lineage
        The graph, which grows.
    root : int
        A pointwise value, at least one leaf of which stays.
    inside : set of int
        The values that are rebuilt, where something below them goes; users of their own keep them.
    dropped : set of int
        Leaves that go.

    Returns
    -------
    int
        Position of the new value, of the shape of `root`.
    """
    rebuilt: dict[int, int | None] = {}

    def rebuild(value: int) -> int | None:
        if value in dropped:
            return None
        if value not in inside:
            return value
        if value not in rebuilt:
            rebuilt[value] = rebuild_node(value)
        return rebuilt[value]

    def rebuild_node(value: int) -> int | None:
        node = lineage.nodes[value]
        parts = [(k, rebuild(k)) for k in node.inputs]
        if all([old == new for old, new in parts]):
            return value
        left = [(old, new) for old, new in parts if new is not None]
        if not any([lineage.matters[new] for _, new in left]):
            return None
        if isinstance(node.op, Map):
            return rebuild_map(node, node.op, dict(left), value == root)
        operands = tuple([_to_shape(lineage, new, lineage.nodes[old].shape) for old, new in left])
        if isinstance(node.op, Expand):
            operands = (left[0][1],)
        return lineage.append(Node(node.op, operands, node.shape, node.scope))

    def rebuild_map(node: Node, op: Map, left: dict[int, int], is_root: bool) -> int:
        rank = len(node.shape)
        placed: Operands = {}
        for (old, axis), mask in operands_of(node).items():
            if old in left:
                add_operand(placed, (_laid_out(lineage, left[old], axis, rank), None), mask)
        masked = any([mask is not None for mask in placed.values()])
        if len(placed) == 1 and not is_root and not masked and op.law in ("sum", "product"):
            return next(iter(placed))[0]
        bare = with_operands(node, placed)
        shape = bare.op.infer_shape(tuple([lineage.nodes[k].shape for k in bare.inputs]))
        if shape != node.shape and (is_root or masked):
            (first, _), *_ = placed
            wide = _to_shape(lineage, first, node.shape)
            placed = {((wide if k == first else k), axis): mask for (k, axis), mask in placed.items()}
            bare, shape = with_operands(node, placed), node.shape
        return lineage.append(Node(bare.op, bare.inputs, shape, node.scope))

    result = rebuild(root)
    return root if result is None else result


def _laid_out(lineage: Lineage, value: int, axis: int | None, rank: int) -> int:
    """A vector along an axis as a tensor that broadcasts."""
    if axis is None or axis == rank - 1:
        return value
    node = lineage.nodes[value]
    shape = (*node.shape, *(1,) * (rank - 1 - axis))
    return lineage.append(Node(Reshape(shape), (value,), shape, node.scope))


def _to_shape(lineage: Lineage, value: int, shape: Shape) -> int:
    """A value broadcast to a shape."""
    node = lineage.nodes[value]
    return value if node.shape == shape else lineage.append(Node(Expand(shape), (value,), shape, node.scope))
