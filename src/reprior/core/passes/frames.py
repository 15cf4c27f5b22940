"""Pointwise functions between moves that cancel work where they came from (convention 1).

``move(f(undo(x), y))`` is ``f(x, move(y))``, so a normalisation that is written in another view of its
operand, or with its axes in another order, merges with its neighbours as one that is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from ..graph import Node
from ..primitives import Expand, Map, Move, Permute, Reshape, Shape
from ..runs import Runs
from .liveness import reaching
from .maps import Operands, add_operand, operands_of, rewire, with_operands

__all__ = ["cancel_moves"]

# Moves on either side of a function that are looked at: views and transpositions come in twos and threes.
_LONGEST = 6


def cancel_moves(nodes: Sequence[Node], outputs: Sequence[int]) -> tuple[list[Node], tuple[int, ...]] | None:
    """Let pointwise values be computed where the moves before and after them cancel; None if none do."""
    users = _users(nodes, outputs)
    found = dict(_cancelling(nodes, users, set(outputs)))
    if not found:
        return None
    result: list[Node] = []
    place: list[int] = []

    def add(op: Reshape | Permute | Expand, value: int, scope: str) -> int:
        shape = op.infer_shape((result[value].shape,))
        result.append(Node(op, (value,), shape, scope))
        return len(result) - 1

    def move_operand(inner: Node, k: int, axis: int | None, moves: Sequence[Node]) -> int:
        shape, rank = nodes[k].shape, len(inner.shape)
        if axis is None and shape == inner.shape:
            source = _source(nodes, k, moves, found.keys())
            if source is not None:
                return place[source]
        permuted = _permuted(rank, moves)
        if len(shape) == 1 and permuted is not None:
            axis = permuted.index(rank - 1 if axis is None else axis)
            return add(Reshape((*shape, *(1,) * (rank - 1 - axis))), place[k], inner.scope)
        value = place[k]
        if axis is not None:
            value = add(Reshape((*shape, *(1,) * (rank - 1 - axis))), value, inner.scope)
        if result[value].shape != inner.shape:
            value = add(Expand(inner.shape), value, inner.scope)
        for node in moves:
            value = add(node.op, value, inner.scope)  # type: ignore[arg-type]
        return value

    for position, node in enumerate(nodes):
        if position in found:
            function, moves = found[position]
            inner = nodes[function]
            operands: Operands = {}
            for (k, axis), mask in operands_of(inner).items():
                pair = (move_operand(inner, k, axis, moves), None)
                add_operand(operands, pair, _move_mask(mask, moves))
            result.append(with_operands(Node(inner.op, (), node.shape, inner.scope), operands))
        else:
            result.append(rewire(node, tuple([place[k] for k in node.inputs])))
        place.append(len(result) - 1)
    return result, tuple([place[k] for k in outputs])


def _move_mask(mask: Runs | None, moves: Sequence[Node]) -> Runs | None:
    for node in moves if mask is not None else ():
        assert isinstance(node.op, Move) and mask is not None
        mask = node.op.move((mask,), (mask.shape,), node.shape)
    return mask


def _users(nodes: Sequence[Node], outputs: Sequence[int]) -> list[list[int]]:
    """For each value, the live nodes that read it."""
    users: list[list[int]] = [[] for _ in nodes]
    live = reaching(nodes, outputs)
    for position, node in enumerate(nodes):
        if live[position]:
            for k in dict.fromkeys(node.inputs):
                users[k].append(position)
    return users


def _cancelling(
    nodes: Sequence[Node], users: Sequence[Sequence[int]], outputs: set[int]
) -> Iterator[tuple[int, tuple[int, list[Node]]]]:
    """For each move that undoes those before a pointwise value: that value and the moves since."""
    taken: set[int] = set()
    for position, node in enumerate(nodes):
        if not isinstance(node.op, Map) or len(users[position]) != 1:
            continue
        before = [
            chain
            for k, axis in operands_of(node)
            if axis is None and nodes[k].shape == node.shape and (chain := _moves_before(nodes, k, taken))
        ]
        if not before:
            continue
        after: list[Node] = []
        end, value = -1, position
        while len(users[value]) == 1 and value not in outputs and len(after) < _LONGEST:
            (value,) = users[value]
            if not isinstance(nodes[value].op, Reshape | Permute):
                break
            after.append(nodes[value])
            if any(_cancel(nodes, chain, after) for chain in before):
                end, length = value, len(after)
        if end >= 0:
            taken.add(end)
            yield end, (position, after[:length])


def _moves_before(nodes: Sequence[Node], value: int, but: Set[int] = frozenset()) -> list[Node]:
    """The moves that led to a value, first to last, back to one of `but` at most."""
    found: list[Node] = []
    while isinstance(nodes[value].op, Reshape | Permute) and value not in but and len(found) < _LONGEST:
        found.append(nodes[value])
        (value,) = nodes[value].inputs
    return found[::-1]


def _cancel(nodes: Sequence[Node], before: Sequence[Node], after: Sequence[Node]) -> bool:
    """Whether moves lead back to where the last few of those before them started."""
    return any(
        nodes[before[k].inputs[0]].shape == after[-1].shape
        and _is_identity(nodes[before[k].inputs[0]].shape, [*before[k:], *after])
        for k in range(len(before))
    )


def _source(nodes: Sequence[Node], value: int, after: Sequence[Node], but: Set[int]) -> int | None:
    """The value of which the moves before `value` and those after it show the same elements in place.

    Not one behind a move in `but`: that function is computed after the move now, and would be there twice.
    """
    before = _moves_before(nodes, value, but)
    for place, node in enumerate(before):
        (source,) = node.inputs
        shape = nodes[source].shape
        if shape == after[-1].shape and _is_identity(shape, [*before[place:], *after]):
            return source
    return None


def _permuted(rank: int, moves: Sequence[Node]) -> tuple[int, ...] | None:
    """The order of the axes after permutations; None if there are other moves."""
    order = tuple(range(rank))
    for node in moves:
        if not isinstance(node.op, Permute):
            return None
        order = tuple([order[axis] for axis in node.op.order])
    return order


def _is_identity(shape: Shape, moves: Sequence[Node]) -> bool:
    """Whether reshapes and permutations leave every element in place, up to axes of size one."""
    steps: list[tuple[Shape, tuple[int, ...] | None]] = []
    """Squeezed shape before the step; the order of a permutation, None for a reshape."""
    for node in moves:
        squeezed = _squeeze(shape)
        order: tuple[int, ...] | None = None
        if isinstance(node.op, Permute):
            kept = [axis for axis in node.op.order if shape[axis] != 1]
            rank = {axis: place for place, axis in enumerate(sorted(kept))}
            order = tuple([rank[axis] for axis in kept])
        shape = node.shape
        steps.append((squeezed, order))
        _simplify(steps, _squeeze(shape))
    return not steps


def _simplify(steps: list[tuple[Shape, tuple[int, ...] | None]], shape: Shape) -> None:
    """Join the last steps, which lead to `shape`, and drop what does nothing."""
    while steps:
        start, order = steps[-1]
        if start == shape if order is None else order == tuple(range(len(order))):
            steps.pop()
            continue
        if len(steps) < 2:
            return
        first, earlier = steps[-2]
        if (order is None) != (earlier is None):
            return
        joined = None if order is None or earlier is None else tuple([earlier[axis] for axis in order])
        steps[-2:] = [(first, joined)]


def _squeeze(shape: Shape) -> Shape:
    return tuple([size for size in shape if size != 1])
