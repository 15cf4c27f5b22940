"""What a tensor of the traced model stands for, as rules see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ...core.primitives import Expand, Keep, Move, Pad, Permute, Reshape, Shape, Slice, Take
from .constants import dense

if TYPE_CHECKING:
    from .worlds import Worlds

__all__ = ["Value", "apply_move"]


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
