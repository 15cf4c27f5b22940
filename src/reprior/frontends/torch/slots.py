"""Tensors through views and writes.

The graph is functional; PyTorch is not. Every tensor has a `Slot`: its value, and, where it is a view,
the slot that owns the memory and the moves that lead from there. A write through a view puts the
new elements back into the owner's value, and the other views of that memory then read themselves
anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from ...core.primitives import Expand, Move, Permute, Reshape, Slice, Take
from ...errors import RepriorError, UnknownOperatorError
from .nodes import Nodes
from .values import Value

__all__ = ["LeftOut", "Slot"]


@dataclass(slots=True, eq=False)
class Slot:
    """A tensor's place in the bookkeeping.

    Attributes
    ----------
    value : Value
        What it holds, as of `version`.
    owner : Slot or None
        The slot whose memory it views; None if the memory is its own.
    moves : tuple of Move
        From the owner's value to this one.
    version : int
        Number of writes to the memory that `value` has seen.
    memory : torch.Tensor or None
        The owner's tensor, which knows how its elements lie in memory; None if the memory is its own.
    """

    value: Value
    owner: Slot | None = None
    moves: tuple[Move, ...] = ()
    version: int = field(default=0)
    memory: torch.Tensor | None = None

    def read(self, lower: Nodes) -> Value:
        """The value now."""
        owner = self.owner
        if owner is not None and owner.version != self.version:
            value = owner.value
            for move in self.moves:
                value = lower.add(move, value)
            self.value, self.version = value, owner.version
        return self.value

    def write(self, lower: Nodes, value: Value) -> None:
        """Replace the elements."""
        self.value = value
        self.version += 1
        if self.owner is not None:
            self.owner.value = _put(lower, self.owner.value, self.moves, value)
            self.owner.version += 1
            self.version = self.owner.version

    def view(self, moves: list[Move], value: Value, tensor: torch.Tensor) -> Slot:
        """The slot of a view of this slot's tensor."""
        owner = self.owner or self
        return Slot(value, owner, (*self.moves, *moves), owner.version, self.memory_of(tensor))

    def memory_of(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor that owns the memory of this slot's tensor."""
        return tensor if self.memory is None else self.memory


@dataclass(slots=True, eq=False)
class LeftOut(Slot):
    """The place of a result that the rule of an operator leaves out: nothing may read it.

    Attributes
    ----------
    what : str
        Which result of which operator.
    """

    what: str = ""

    def read(self, lower: Nodes) -> Value:
        """An error that says what is missing."""
        where = f"module '{lower.scope or '(root)'}'"
        raise UnknownOperatorError(
            f"in {where}: the forward uses {self.what}, which its rule leaves out; "
            "a rule that gives it takes its place by @reprior.rule(..., override=True), see docs/torch.md",
            module=lower.scope,
        )


def _put(lower: Nodes, base: Value, moves: tuple[Move, ...], new: Value) -> Value:
    """The base with the elements that `moves` lead to replaced."""
    if not moves:
        return new
    inner = _put(lower, lower.add(moves[0], base), moves[1:], new) if moves[1:] else new
    return _put_one(lower, base, moves[0], inner)


def _put_one(lower: Nodes, base: Value, move: Move, new: Value) -> Value:
    shape = base.shape
    match move:
        case Reshape():
            return lower.add(Reshape(shape), new)
        case Permute(order):
            return lower.add(Permute(tuple(int(i) for i in np.argsort(order))), new)
        case Expand(target) if target == shape:
            return new
        case Slice(axis, start, stop):
            return _put_slice(lower, base, axis, start, stop, new)
        case Take(axis, indices) if len(np.unique(indices)) == len(indices):
            source = np.arange(shape[axis])
            source[indices] = shape[axis] + np.arange(len(indices))
            return lower.add(Take(axis, source), lower.concat([base, new], axis))
    raise RepriorError(
        f"in '{lower.scope}': a write through a view that repeats elements ({move.label} of shape {shape}) "
        "has no defined result",
        module=lower.scope,
    )


def _put_slice(lower: Nodes, base: Value, axis: int, start: int, stop: int, new: Value) -> Value:
    size = base.shape[axis]
    parts = [new]
    if start:
        parts.insert(0, lower.add(Slice(axis, 0, start), base))
    if stop < size:
        parts.append(lower.add(Slice(axis, stop, size), base))
    return lower.concat(parts, axis)
