"""What a tensor of the traced model stands for, through views and writes.

The graph is functional; PyTorch is not. Every tensor has a `Slot`: its value, and, where it is a view,
the slot that owns the memory and the moves that lead from there. A write through a view puts the
new elements back into the owner's value, and the other views of that memory then read themselves
anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from ...core.primitives import Expand, Keep, Move, Pad, Permute, Reshape, Shape, Slice, Take
from ...errors import RepriorError, UnknownOperatorError
from .constants import dense

if TYPE_CHECKING:
    from .lower import Lower
    from .worlds import Worlds

__all__ = ["LeftOut", "Slot", "Value", "apply_move"]


@dataclass(slots=True, eq=False)
class Value:
    """One tensor, as rules see it.

    Attributes
    ----------
    node : int or None
        Its position in the graph; None for a value that needs none until a primitive reads it.
    shape : tuple of int
        Its shape.
    constant : torch.Tensor or None
        Its elements, where they depend neither on what is fed nor on a parameter, and are known.
    is_mask : bool
        Whether it is a boolean index whose elements are not known.
    worlds : Worlds or None
        What is known of its elements, where they depend on fed integers and booleans alone.
    origin : callable or None
        Makes its node, should a primitive read it after all; None where nothing knows how.
    """

    node: int | None
    shape: Shape
    constant: torch.Tensor | None = None
    is_mask: bool = False
    worlds: Worlds | None = None
    origin: Callable[[], Value | None] | None = None


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

    def read(self, lower: Lower) -> Value:
        """The value now."""
        owner = self.owner
        if owner is not None and owner.version != self.version:
            value = owner.value
            for move in self.moves:
                value = lower.add(move, value)
            self.value, self.version = value, owner.version
        return self.value

    def write(self, lower: Lower, value: Value) -> None:
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

    def read(self, lower: Lower) -> Value:
        """An error that says what is missing."""
        where = f"module '{lower.scope or '(root)'}'"
        raise UnknownOperatorError(
            f"in {where}: the forward uses {self.what}, which its rule leaves out; "
            "a rule that gives it takes its place by @reprior.rule(..., override=True), see docs/torch.md",
            module=lower.scope,
        )


def apply_move(move: Move, constant: torch.Tensor) -> torch.Tensor:
    """The move of a tensor whose elements are known."""
    match move:
        case Reshape(shape):
            return constant.reshape(shape)
        case Permute(order):
            return constant.permute(order)
        case Expand(shape):
            return constant.expand(shape)
        case Slice(axis, start, stop):
            return constant.narrow(axis, start, stop - start)
        case Take(axis, indices) if (indices >= 0).all():
            return constant.index_select(axis, torch.from_numpy(indices))
        case Take(axis, indices):
            nothing = constant.new_zeros((*constant.shape[:axis], 1, *constant.shape[axis + 1 :]))
            places = torch.from_numpy(indices) % (constant.shape[axis] + 1)  # -1 is the last place
            return torch.cat([constant, nothing], axis).index_select(axis, places)
        case Keep(mask):
            return constant.masked_fill(~dense(mask), 0)
        case Pad(padding):
            flat = [width for pair in reversed(padding) for width in pair]
            return torch.nn.functional.pad(constant, flat)
    raise TypeError(f"{move.label} of a constant")


def _put(lower: Lower, base: Value, moves: tuple[Move, ...], new: Value) -> Value:
    """The base with the elements that `moves` lead to replaced."""
    if not moves:
        return new
    inner = _put(lower, lower.add(moves[0], base), moves[1:], new) if moves[1:] else new
    return _put_one(lower, base, moves[0], inner)


def _put_one(lower: Lower, base: Value, move: Move, new: Value) -> Value:
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


def _put_slice(lower: Lower, base: Value, axis: int, start: int, stop: int, new: Value) -> Value:
    size = base.shape[axis]
    parts = [new]
    if start:
        parts.insert(0, lower.add(Slice(axis, 0, start), base))
    if stop < size:
        parts.append(lower.add(Slice(axis, stop, size), base))
    return lower.concat(parts, axis)
