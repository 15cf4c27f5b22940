"""Products and sums, however they are associated, and what is left of them without some parts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence, Set
from dataclasses import dataclass, field

from ..graph import Node
from ..primitives import Constant, Contract, Expand, Keep, Map, Reshape, Shape
from .lineage import LIMIT, Lineage, is_linear_move
from .maps import Operands, add_operand, operands_of, with_operands

__all__ = ["Expression", "factors", "terms", "without"]


@dataclass(slots=True)
class Expression:
    """The parts of a product or a sum.

    Attributes
    ----------
    leaves : dict of int to (int or None)
        Its factors (or terms), each with the value that shows it with the axes of the expression: itself, or
        the first move that leads to it; None where that shows more than the leaf.
    inside : set of int
        The values between the leaves and the result.
    exponents : set of int
        Those of both that are exponents of a factor.
    """

    leaves: dict[int, int | None] = field(default_factory=dict)
    inside: set[int] = field(default_factory=set)
    exponents: set[int] = field(default_factory=set)


def factors(lineage: Lineage, root: int) -> Expression:
    """The factors of a value: through products, roots, moves, and exponentials of sums."""
    found = Expression()
    exponents = found.exponents

    def is_inside(value: int, node: Node) -> bool:
        if value == root:
            return True
        if value in exponents:
            return _adds(lineage, node)
        law = node.op.law if isinstance(node.op, Map) else ""
        return law in ("product", "power", "exp") or lineage.is_outer_product(node)

    def enter(value: int, node: Node) -> None:
        if value in exponents or (isinstance(node.op, Map) and node.op.law == "exp"):
            exponents.update(lineage.operands(node))

    _flatten(lineage, root, found, is_inside, enter)
    return found


def terms(lineage: Lineage, root: int, whole: Collection[int]) -> Expression:
    """The terms of a value: through sums, scaling and moves, but not into the values of `whole`."""
    found = Expression()

    def is_inside(value: int, node: Node) -> bool:
        return value not in whole and _adds(lineage, node)

    _flatten(lineage, root, found, is_inside, lambda value, node: None)
    return found


def _flatten(
    lineage: Lineage,
    root: int,
    found: Expression,
    is_inside: Callable[[int, Node], bool],
    enter: Callable[[int, Node], None],
) -> None:
    """Gather leaves: go through moves and what is inside."""
    pending: list[tuple[int, int | None, bool]] = [(root, root, True)]
    while pending:
        value, front, aligned = pending.pop()
        node = lineage.nodes[value]
        moves = is_linear_move(node)
        if len(found.inside) >= LIMIT or not (is_inside(value, node) or moves):
            same = found.leaves.get(value, front) == front
            found.leaves[value] = front if same else None
            continue
        found.inside.add(value)
        enter(value, node)
        live = lineage.operands(node)
        if aligned and (isinstance(node.op, Contract) or (moves and not isinstance(node.op, Expand))):
            aligned, front = False, None if isinstance(node.op, Contract) else front
        if not aligned and len(live) > 1:
            front = None
        pending.extend((k, k if aligned else front, aligned) for k in live if k not in found.inside)


def _adds(lineage: Lineage, node: Node) -> bool:
    """Whether a node is a sum, or scales one value by a constant."""
    law = node.op.law if isinstance(node.op, Map) else ""
    return law == "sum" or (law == "product" and len(lineage.operands(node)) == 1)


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
        if isinstance(node.op, Contract) and len(left) < len(parts):
            return _contract(lineage, node, node.op, [new for _, new in parts])
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
            elif op.law == "sum" and lineage.has_holes:
                # What is subtracted from no element makes one, though it does not route.
                shape = lineage.nodes[old].shape
                shown = lineage.append(Node(Constant("constant", shape), (), shape, node.scope))
                support = lineage.support(old)
                if support is not None:
                    shown = lineage.append(Node(Keep(support), (shown,), shape, node.scope))
                add_operand(placed, (_laid_out(lineage, shown, axis, rank), None), mask)
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


def _contract(lineage: Lineage, node: Node, op: Contract, operands: Sequence[int | None]) -> int:
    """A sum of products without those operands that are None."""
    left = [(k, names) for k, names in zip(operands, op.operands, strict=True) if k is not None]
    there = {name for _, names in left for name in names}
    output = "".join([name for name in op.output if name in there])
    bare = Contract(tuple([names for _, names in left]), output)
    inputs = tuple([k for k, _ in left])
    shape = bare.infer_shape(tuple([lineage.nodes[k].shape for k in inputs]))
    value = lineage.append(Node(bare, inputs, shape, node.scope))
    sizes = iter(shape)
    wide = tuple([next(sizes) if name in there else 1 for name in op.output])
    if wide != shape:
        value = lineage.append(Node(Reshape(wide), (value,), wide, node.scope))
    return _to_shape(lineage, value, node.shape)


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
