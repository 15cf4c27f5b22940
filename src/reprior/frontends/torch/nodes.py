"""The graph under construction, and what is known of its elements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch

from ...core.graph import GraphBuilder
from ...core.primitives import (
    Concat,
    Constant,
    Contract,
    Expand,
    Input,
    Keep,
    Map,
    Move,
    Pad,
    Permute,
    Primitive,
    Reduce,
    Reshape,
    Role,
    Slice,
    Take,
)
from ...core.primitives.base import as_mask
from ...core.primitives.pointwise import broadcast_to
from ...core.primitives.presence import complement, intersect, unite
from ...core.runs import Runs
from ...core.runs.axis import IntArray
from ...errors import UnknownOperatorError
from ...notes import Kind, Note
from .constants import MASKED_BELOW, mask_runs
from .values import Value, apply_move
from .worlds import Worlds, combine

__all__ = ["Nodes", "is_zero"]


class Nodes:
    """The graph under construction: nodes, moves, and what is known of elements.

    Constants are handled here: a move of a known tensor is a known tensor, and one that enters a product
    becomes a leaf whose zeros are no elements.

    Attributes
    ----------
    builder : GraphBuilder
        The graph so far.
    scope : str
        Dotted path of the module that is running.
    operator : callable
        The operator that is being lowered.
    supports : dict of int to Runs
        For each node some elements of which are known to be zero, 1 where they are not. Scores that are
        masked by minus infinity are no zeros, see `barred`.
    roles : dict of int to Role
        What parameters turned out to be.
    notes : dict of Note to None
        What a reader should know of the graph, in order.
    """

    __slots__ = ("_barred", "_fed", "builder", "notes", "operator", "roles", "scope", "supports")

    def __init__(self) -> None:
        self.builder = GraphBuilder()
        self.operator: Any = None
        self.supports: dict[int, Runs] = {}
        self.scope = ""
        self.roles: dict[int, Role] = {}
        self.notes: dict[Note, None] = {}
        self._barred: dict[int, torch.Tensor] = {}
        self._fed: list[bool] = []

    # -- any primitive ------------------------------------------------------------------------

    def add(self, op: Primitive, *operands: Value) -> Value:
        """A node of any primitive."""
        if isinstance(op, Move) and len(operands) == 1 and operands[0].constant is not None:
            constant = apply_move(op, operands[0].constant)
            return Value(None, tuple(constant.shape), constant)
        if isinstance(op, Move) and operands[0].worlds is not None and len(operands) == 1:
            return self._move_worlds(op, operands[0], operands[0].worlds)
        result = self.append(op, [self.node(value) for value in operands])
        if self._barred and isinstance(op, Move):
            self._move_barred(op, operands, result)
        return result

    def _move_worlds(self, op: Move, value: Value, worlds: Worlds) -> Value:
        moved = worlds.move(lambda tensor: apply_move(op, tensor))
        if moved.whole is not None:
            return self.constant(moved.whole)
        shape = tuple(moved.example.shape)
        return Value(None, shape, worlds=moved, origin=lambda: self.append(op, (self.node(value),)))

    def append(self, op: Primitive, nodes: Sequence[int]) -> Value:
        """A node of any primitive that reads other nodes."""
        node = self.builder.add(op, nodes, self.scope)
        shape = self.builder.nodes[node].shape
        supports = self.supports
        if op.may_remove or (supports and any([k in supports for k in nodes])):
            shapes = tuple([self.builder.nodes[k].shape for k in nodes])
            before = tuple([supports.get(k) for k in nodes])
            if isinstance(op, Reduce) and nodes[0] in self._barred:
                # What is reduced beside zeros is no element either.
                keep = broadcast_to(mask_runs(self._barred[nodes[0]]), shapes[0])
                before = (intersect(before[0], keep),)
            found = op.support(before, shapes, shape)
            there = None if found is None else as_mask(found)
            if there is not None:
                supports[node] = there
        return Value(node, shape)

    def node(self, value: Value) -> int:
        """The graph's node of a value; a leaf is made for a constant."""
        if value.node is None and value.worlds is not None:
            made = None if value.origin is None else value.origin()
            if made is None or made.shape != value.shape:
                value.node = self._depending_on(value.worlds.sources, value.shape)
            else:
                value.node = self.node(made)
        elif value.node is None:
            leaf = self.append(Constant("constant", value.shape), ())
            constant = value.constant
            if constant is not None and constant.numel() and not constant.is_complex():
                leaf = self.keep(leaf, constant != 0)
                if constant.is_floating_point() and bool((constant <= MASKED_BELOW).any()):
                    leaf = self.bar(leaf, constant > MASKED_BELOW)
            value.node = leaf.node
        assert value.node is not None
        return value.node

    def _depending_on(self, sources: Iterable[int], shape: tuple[int, ...]) -> int:
        """A node every element of which depends on all of some inputs.

        No parameter lies behind what depends on fed integers alone, so that no context asks how it does.
        """
        nodes = [(k, self.builder.shape(k)) for k in sorted(sources)]
        if len(nodes) > 1 or nodes[0][1] != shape:
            axes = [(k, tuple(range(len(own)))) for k, own in nodes]
            nodes = [(self.node(self.append(Reduce(own), (k,))) if own else k, ()) for k, own in axes]
        result = self.append(Map("fed"), [k for k, _ in nodes])
        return self.node(self.expand(result, shape))

    def is_fed(self, value: Value) -> bool:
        """Whether a value depends on what is fed."""
        nodes, fed = self.builder.nodes, self._fed
        for node in nodes[len(fed) :]:
            fed.append(isinstance(node.op, Input) or any([fed[k] for k in node.inputs]))
        return value.worlds is not None or (value.node is not None and fed[value.node])

    def constant(self, tensor: torch.Tensor) -> Value:
        """A known tensor."""
        return Value(None, tuple(tensor.shape), tensor)

    def any_of(self, table: Value) -> Value:
        """A table that fed indices choose from: what they find is none of its values in particular.

        So no element of a known one counts as zero (convention 15).
        """
        if table.constant is None:
            return table
        return Value(self.builder.add(Constant("constant", table.shape), (), self.scope), table.shape)

    def role(self, value: Value, role: Role) -> Value:
        """Note what a parameter is, and return it."""
        if value.node is not None:
            self.roles.setdefault(value.node, role)
        return value

    # -- products -----------------------------------------------------------------------------

    def contract(self, equation: str, *operands: Value) -> Value:
        """A sum of products, as in ``einsum``."""
        return self.add(Contract.parse(equation), *operands)

    # -- moves --------------------------------------------------------------------------------

    def reshape(self, x: Value, shape: Sequence[int]) -> Value:
        """The same elements under another shape."""
        shape = tuple(shape)
        return x if shape == x.shape else self.add(Reshape(shape), x)

    def along(self, vector: Value, axis: int | None, rank: int) -> Value:
        """A vector shaped to broadcast along one axis of a tensor of this rank; None leaves it."""
        if axis is None:
            return vector
        after = rank - 1 - axis % rank
        return self.reshape(vector, (*vector.shape, *(1,) * after)) if after else vector

    def permute(self, x: Value, order: Sequence[int]) -> Value:
        """Axes in another order."""
        order = tuple(order)
        return x if order == tuple(range(len(order))) else self.add(Permute(order), x)

    def move_axis(self, x: Value, source: int, target: int) -> Value:
        """One axis elsewhere."""
        order = [axis for axis in range(len(x.shape)) if axis != source % len(x.shape)]
        order.insert(target % len(x.shape), source % len(x.shape))
        return self.permute(x, order)

    def expand(self, x: Value, shape: Sequence[int]) -> Value:
        """Broadcast to a shape."""
        shape = tuple(shape)
        return x if shape == x.shape else self.add(Expand(shape), x)

    def slice(self, x: Value, axis: int, start: int, stop: int) -> Value:
        """Positions ``start:stop`` of an axis."""
        axis %= len(x.shape)
        return x if (start, stop) == (0, x.shape[axis]) else self.add(Slice(axis, start, stop), x)

    def select(self, x: Value, axis: int, index: int) -> Value:
        """One position of an axis, which goes away."""
        axis %= len(x.shape)
        return self.reshape(self.slice(x, axis, index, index + 1), (*x.shape[:axis], *x.shape[axis + 1 :]))

    def take(self, x: Value, axis: int, indices: IntArray) -> Value:
        """Known positions of an axis, -1 for no element."""
        return self.add(Take(axis % len(x.shape), indices), x)

    def pad(self, x: Value, padding: Sequence[tuple[int, int]], value: float = 0) -> Value:
        """Positions around every axis that hold a number; zeros and what masks a score are no elements."""
        padding = tuple(padding)
        if not any(map(any, padding)):
            return x
        if not value or x.constant is not None:
            return self.add(Pad(padding), x) if x.constant is None else self._pad_known(x, padding, value)
        if value <= MASKED_BELOW:
            inside = apply_move(Pad(padding), torch.ones((), dtype=torch.bool).expand(x.shape))
            return self.bar(self.add(Pad(padding), x), inside)
        for axis, (before, after) in enumerate(padding):
            x = self.slice(x, axis, max(-before, 0), x.shape[axis] - max(-after, 0))
            ends = [
                self.constant(torch.tensor(float(value)).expand(*x.shape[:axis], n, *x.shape[axis + 1 :]))
                for n in (max(before, 0), max(after, 0))
            ]
            x = self.concat([ends[0], x, ends[1]], axis)
        return x

    def _pad_known(self, x: Value, padding: tuple[tuple[int, int], ...], value: float) -> Value:
        flat = [width for pair in reversed(padding) for width in pair]
        assert x.constant is not None
        return self.constant(torch.nn.functional.pad(x.constant, flat, value=value))

    def concat(self, values: Sequence[Value], axis: int) -> Value:
        """One after another along an axis; known zeros at the ends are padding."""
        axis %= len(values[0].shape)
        parts = [value for value in values if value.shape[axis]] or [values[0]]
        if all(value.constant is not None for value in parts):
            return self.constant(torch.cat([v.constant for v in parts if v.constant is not None], axis))
        if all(value.constant is not None or value.worlds is not None for value in parts):
            return self._concat_worlds(parts, axis)
        before = after = 0
        while is_zero(parts[0]):
            before += parts.pop(0).shape[axis]
        while is_zero(parts[-1]):
            after += parts.pop().shape[axis]
        joined = parts[0] if len(parts) == 1 else self.add(Concat(axis), *parts)
        padding = [(0, 0)] * len(joined.shape)
        padding[axis] = (before, after)
        return self.pad(joined, padding)

    def _concat_worlds(self, parts: Sequence[Value], axis: int) -> Value:
        def joined(number: int) -> torch.Tensor:
            tensors = [v.constant if v.worlds is None else v.worlds.tensors[number] for v in parts]
            return torch.cat([one for one in tensors if one is not None], axis)

        frees = [torch.zeros(v.shape, dtype=torch.bool) if v.worlds is None else v.worlds.free for v in parts]
        fed = [v.worlds for v in parts if v.worlds is not None]
        found = combine(joined, fed, chooses=False, free=torch.cat(frees, axis))
        assert found is not None
        shape = tuple(found[0].example.shape)
        return Value(
            None,
            shape,
            worlds=found[0],
            origin=lambda: self.append(Concat(axis), [self.node(part) for part in parts]),
        )

    def keep(self, x: Value, mask: torch.Tensor) -> Value:
        """The elements of x at which a known mask is true; the others are no elements."""
        if mask.all():
            return x
        if x.constant is not None:
            return self.constant(torch.where(mask, x.constant, torch.zeros((), dtype=x.constant.dtype)))
        return self.add(Keep(mask_runs(mask)), x)

    def only(self, x: Value, mask: torch.Tensor) -> Value:
        """x, of which all elements but those at which a known mask is true are known to be zero."""
        if x.node is not None and not mask.all():
            there = intersect(self.supports.get(x.node), broadcast_to(mask_runs(mask), x.shape))
            if there is not None:
                self.supports[x.node] = there
        return x

    # -- scores that are masked ---------------------------------------------------------------

    def bar(self, x: Value, mask: torch.Tensor) -> Value:
        """As `keep`, where the others are minus infinity: so is whatever they are added to."""
        if mask.all():
            return x
        if x.constant is not None:
            return self.constant(torch.where(mask, x.constant.to(torch.float64), -torch.inf))
        source, keep = self.node(x), mask_runs(mask)
        node = self.builder.add(Keep(keep), (source,), self.scope)
        before = self.barred(x)
        self._barred[node] = mask if before is None else mask & before
        if source in self.supports:
            there = unite(self.supports[source], complement(broadcast_to(keep, x.shape)))
            if there is not None and not there.nonzero().all():
                self.supports[node] = there
        return Value(node, x.shape)

    def barred(self, x: Value) -> torch.Tensor | None:
        """Where x is not known to be minus infinity; None if that is everywhere."""
        return self._barred.get(x.node) if x.node is not None else None

    def is_nowhere(self, x: Value) -> bool:
        """Whether every element is known to be zero."""
        there = self.supports.get(x.node) if x.node is not None else None
        return there is not None and not there.nonzero().any()

    def _move_barred(self, op: Move, operands: Sequence[Value], result: Value) -> None:
        """Scores that are masked stay so when they move."""
        keeps = [self.barred(value) for value in operands]
        if result.node is None or all([keep is None for keep in keeps]):
            return
        masked = [
            torch.zeros(value.shape, dtype=torch.bool) if keep is None else ~keep.expand(value.shape)
            for value, keep in zip(operands, keeps, strict=True)
        ]
        moved = torch.cat(masked, op.axis) if isinstance(op, Concat) else apply_move(op, masked[0])
        if moved.any():
            self._barred[result.node] = ~moved

    # -- what to tell ---------------------------------------------------------------------------

    def note(self, kind: Kind, text: str) -> None:
        """Tell the reader something, once."""
        self.notes[Note(kind, text)] = None

    # -- errors -------------------------------------------------------------------------------

    def unsupported(self, message: str) -> UnknownOperatorError:
        """The error for a use of an operator that its rule does not cover."""
        return UnknownOperatorError(f"in '{self.scope}': {message}", module=self.scope)


def is_zero(value: Value) -> bool:
    """Whether every element is known to be zero, which is no element."""
    return value.constant is not None and not value.constant.any()
