"""What a rule builds its nodes with."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ...errors import RepriorError, UnknownOperatorError
from ...graph import GraphBuilder
from ...primitives import (
    Concat,
    Constant,
    Contract,
    Expand,
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
from ...runs.axis import IntArray
from .constants import broadcast, mask_runs
from .values import Value, apply_move

__all__ = ["Lower"]


class Lower:
    """Adds nodes to the graph on behalf of the rules.

    Constants are handled here: a move of a known tensor is a known tensor, a pointwise function does not
    gain an edge from one, and one that enters a product becomes a leaf whose zeros are no elements.

    Attributes
    ----------
    builder : GraphBuilder
        The graph so far.
    scope : str
        Dotted path of the module that is running.
    roles : dict of int to Role
        What parameters turned out to be.
    """

    __slots__ = ("_barred", "builder", "roles", "scope")

    def __init__(self) -> None:
        self.builder = GraphBuilder()
        self.scope = ""
        self.roles: dict[int, Role] = {}
        self._barred: dict[int, torch.Tensor] = {}

    # -- any primitive ------------------------------------------------------------------------

    def add(self, op: Primitive, *operands: Value) -> Value:
        """A node of any primitive."""
        if isinstance(op, Move) and len(operands) == 1 and operands[0].constant is not None:
            constant = apply_move(op, operands[0].constant)
            return Value(None, tuple(constant.shape), constant)
        node = self.builder.add(op, [self.node(value) for value in operands], self.scope)
        result = Value(node, self.builder.nodes[node].shape)
        if self._barred and len(operands) == 1 and isinstance(op, Move):
            keep = self._barred.get(operands[0].node or 0)
            if keep is not None:
                self._barred[node] = apply_move(op, keep.expand(operands[0].shape))
        return result

    def node(self, value: Value) -> int:
        """The graph's node of a value; a leaf is made for a constant."""
        if value.node is None:
            add = self.builder.add
            node = add(Constant("constant", value.shape), (), self.scope)
            constant = value.constant
            if constant is not None and constant.numel() and not constant.is_complex():
                there = constant != 0
                if not there.all():
                    node = add(Keep(mask_runs(there)), (node,), self.scope)
            value.node = node
        return value.node

    def constant(self, tensor: torch.Tensor) -> Value:
        """A known tensor."""
        return Value(None, tuple(tensor.shape), tensor)

    def role(self, value: Value, role: Role) -> Value:
        """Note what a parameter is, and return it."""
        if value.node is not None:
            self.roles.setdefault(value.node, role)
        return value

    # -- pointwise ----------------------------------------------------------------------------

    def map(self, name: str, *operands: object) -> Value:
        """A pointwise function of broadcast operands; numbers and known tensors give no edge."""
        values = [value for value in operands if isinstance(value, Value)]
        shape = broadcast([value.shape for value in values])
        sources: dict[int, Value] = {}
        for value in values:
            if value.constant is None:
                sources.setdefault(self.node(value), value)
        nodes = list(sources)
        if not nodes:
            raise RepriorError(f"in '{self.scope}': {name} of constants alone")
        if broadcast([value.shape for value in sources.values()]) != shape:
            nodes[0] = self.node(self.expand(sources[nodes[0]], shape))
        return Value(self.builder.add(Map(name), nodes, self.scope), shape)

    def bias(self, x: Value, bias: Value | None, axis: int = -1) -> Value:
        """Add a bias vector along one axis of x."""
        if bias is None:
            return x
        self.role(bias, "bias")
        return self.map("bias", x, self.along(bias, axis, len(x.shape)))

    def affine(self, x: Value, scale: Value | None, shift: Value | None, axis: int = -1) -> Value:
        """Multiply by a vector along one axis and add another."""
        operands = []
        if scale is not None:
            operands.append(self.along(self.role(scale, "scale"), axis, len(x.shape)))
        if shift is not None:
            operands.append(self.along(self.role(shift, "shift"), axis, len(x.shape)))
        return self.map("affine", x, *operands) if operands else x

    def normalise(self, name: str, x: Value, axes: Sequence[int]) -> Value:
        """Rescale x by a statistic of itself over `axes` (convention 6)."""
        axes = tuple(sorted(axis % len(x.shape) for axis in axes))
        statistic = self.add(Reduce(axes, keepdims=True), x)
        return self.map(name, x, statistic)

    # -- products -----------------------------------------------------------------------------

    def contract(self, equation: str, *operands: Value) -> Value:
        """A sum of products, as in ``einsum``."""
        return self.add(Contract.parse(equation), *operands)

    # -- moves --------------------------------------------------------------------------------

    def reshape(self, x: Value, shape: Sequence[int]) -> Value:
        """The same elements under another shape."""
        shape = tuple(shape)
        return x if shape == x.shape else self.add(Reshape(shape), x)

    def along(self, vector: Value, axis: int, rank: int) -> Value:
        """A vector shaped to broadcast along one axis of a tensor of this rank."""
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

    def pad(self, x: Value, padding: Sequence[tuple[int, int]]) -> Value:
        """Positions without an element around every axis."""
        padding = tuple(padding)
        return self.add(Pad(padding), x) if any(map(any, padding)) else x

    def concat(self, values: Sequence[Value], axis: int) -> Value:
        """One after another along an axis; known zeros at the ends are padding."""
        axis %= len(values[0].shape)
        parts = [value for value in values if value.shape[axis]] or [values[0]]
        if all(value.constant is not None for value in parts):
            return self.constant(torch.cat([v.constant for v in parts if v.constant is not None], axis))
        before = after = 0
        while is_zero(parts[0]):
            before += parts.pop(0).shape[axis]
        while is_zero(parts[-1]):
            after += parts.pop().shape[axis]
        joined = parts[0] if len(parts) == 1 else self.add(Concat(axis), *parts)
        padding = [(0, 0)] * len(joined.shape)
        padding[axis] = (before, after)
        return self.pad(joined, padding)

    def keep(self, x: Value, mask: torch.Tensor) -> Value:
        """The elements of x at which a known mask is true; the others are no elements."""
        if mask.all():
            return x
        return self.add(Keep(mask_runs(mask)), x)

    # -- scores that are masked ---------------------------------------------------------------

    def bar(self, x: Value, mask: torch.Tensor) -> Value:
        """As `keep`, where the others are minus infinity: so is whatever they are added to."""
        kept = self.keep(x, mask)
        if kept.node is not None:
            before = self._barred.get(x.node or 0)
            self._barred[kept.node] = mask if before is None else mask & before
        return kept

    def barred(self, x: Value) -> torch.Tensor | None:
        """Where x is not known to be minus infinity; None if that is everywhere."""
        return self._barred.get(x.node) if x.node is not None else None

    # -- errors -------------------------------------------------------------------------------

    def unsupported(self, message: str) -> UnknownOperatorError:
        """The error for a use of an operator that its rule does not cover."""
        return UnknownOperatorError(f"in '{self.scope}': {message}")


def is_zero(value: Value) -> bool:
    """Whether every element is known to be zero, which is no element."""
    return value.constant is not None and not value.constant.any()
