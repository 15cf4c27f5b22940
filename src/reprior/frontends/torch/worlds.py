"""What is known of values that depend on fed integers and booleans, and on constants, alone.

Such a value is computed in several *worlds*: in world 0 from what the user gave, in the others from other
legal values of what is fed. Only an element that is the same in all of them is known, so a causal mask
combined with a fed one masks what the causal one masks, and nothing else (three-valued logic). World 0
answers control flow, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import torch
from torch.utils._pytree import tree_leaves

from .constants import MASKED_BELOW, additive_mask

__all__ = ["Worlds", "combine", "fed_worlds"]

_COUNT = 5
_GENERIC = 0.7316
"""Stands for an element that is not known: no zero, and no score that is masked."""
_NO_MASK = re.compile(r"id|type|token|label|pos|step|index", re.IGNORECASE)
"""In names of integers that are no mask, even if an example holds zeros and ones alone."""

World: TypeAlias = torch.Tensor | None


@dataclass(frozen=True, eq=False)
class Worlds:
    """The elements of one tensor in every world.

    Attributes
    ----------
    tensors : tuple of (torch.Tensor or None)
        On the CPU, world 0 first; None where they are not known. World 0 is not known if only a shape was
        given; the others are not where fed integers chose among the elements of a table (convention 15).
    is_mask : bool
        Whether the value came from masks or conditions alone, so that it selects and carries no feature.
    sources : frozenset of int
        Graph nodes of the inputs that it depends on.
    fixed : torch.Tensor or None
        The elements that depend on nothing fed, such as a start token before fed ids; None if there are none.
    """

    tensors: tuple[World, ...]
    is_mask: bool
    sources: frozenset[int]
    fixed: torch.Tensor | None = None

    @property
    def example(self) -> torch.Tensor:
        """Its elements in the first world in which they are known."""
        return next(tensor for tensor in self.tensors if tensor is not None)

    @property
    def free(self) -> torch.Tensor:
        """The elements that depend on what is fed."""
        return torch.ones(self.example.shape, dtype=torch.bool) if self.fixed is None else ~self.fixed

    @property
    def whole(self) -> torch.Tensor | None:
        """All elements, if nothing fed changes any of them."""
        return self.example if self.fixed is not None and bool(self.fixed.all()) else None

    def move(self, function: Callable[[torch.Tensor], torch.Tensor]) -> Worlds:
        """The same move in every world: elements elsewhere, and zeros between them."""
        moved = self._apply(function)
        return replace(moved, fixed=_fixed(function(self.free)))

    def _apply(self, function: Callable[[torch.Tensor], torch.Tensor]) -> Worlds:
        return replace(
            self, tensors=tuple([None if tensor is None else function(tensor) for tensor in self.tensors])
        )

    def to(self, dtype: torch.dtype) -> Worlds:
        """In another type."""
        if dtype is torch.bool and not self.is_mask:
            return _free(self._apply(torch.Tensor.bool))
        return self._apply(lambda tensor: tensor.to(dtype))

    def may_hold(self) -> torch.Tensor:
        """Where a condition holds in some world."""
        return self._any_world(lambda tensor: tensor.bool())

    def may_fail(self) -> torch.Tensor:
        """Where a condition does not hold in some world."""
        return self._any_world(lambda tensor: ~tensor.bool())

    def _any_world(self, holds: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        others = self._others()
        if not others:
            return torch.ones(self.example.shape, dtype=torch.bool)
        return torch.stack([holds(tensor) for tensor in others]).any(0)

    @cached_property
    def known(self) -> torch.Tensor:
        """A constant with the elements that are known, and others that are neither zero nor masked."""
        if self.example.dtype is torch.bool:
            return self.may_hold()
        others = self._others() if self.is_mask else []
        if not others:
            return torch.full(self.example.shape, _GENERIC)
        same = torch.stack([tensor == others[0] for tensor in others[1:]]).all(0)
        found = torch.where(same, others[0], _GENERIC)
        keeps = [additive_mask(tensor) for tensor in others]
        if any(keep is None for keep in keeps):
            return found
        # Masked by another number in every world, it is masked all the same.
        return found.masked_fill(
            ~torch.stack([keep for keep in keeps if keep is not None]).any(0), -torch.inf
        )

    def _others(self) -> list[torch.Tensor]:
        """The tensors of the worlds but the user's, if there are enough to tell what is known."""
        others = [tensor for tensor in self.tensors[1:] if tensor is not None]
        own = self.tensors[0]
        return [*others, *(() if own is None else (own,))] if len(others) > 1 else []


def fed_worlds(name: str, tensor: torch.Tensor, example: World, node: int) -> Worlds | None:
    """The worlds of an input; None if it carries features.

    Integers and booleans do not, until they are used as such; a floating input is a mask by its name.
    """
    is_mask = tensor.dtype is torch.bool or "mask" in name.lower() or _is_two_valued(name, example)
    if tensor.is_complex() or (tensor.is_floating_point() and not is_mask):
        return None
    generator = torch.Generator().manual_seed(0)
    top = 2 if is_mask else max(int(example.max()) + 2 if example is not None and example.numel() else 0, 5)
    shape, dtype = tuple(tensor.shape), tensor.dtype
    drawn = [torch.randint(top, shape, generator=generator).to(dtype) for _ in range(_COUNT - 3)]
    fixed = [torch.zeros(shape, dtype=dtype), torch.ones(shape, dtype=dtype)]
    return Worlds((example, *fixed, *drawn), is_mask, frozenset((node,)))


def _is_two_valued(name: str, example: World) -> bool:
    if example is None or example.is_floating_point() or _NO_MASK.search(name):
        return False
    return bool(((example == 0) | (example == 1)).all()) and bool(example.any()) and not bool(example.all())


def combine(
    compute: Callable[[int], Any],
    operands: Sequence[Worlds],
    chooses: bool,
    free: torch.Tensor | None = None,
) -> list[Worlds] | None:
    """The results of an operator in every world.

    Parameters
    ----------
    compute : callable
        The operator's results in the world of a number.
    operands : sequence of Worlds
        Those of its operands that are fed; the others are the same in every world.
    chooses : bool
        Whether a fed operand chooses among the elements of another (convention 15).
    free : torch.Tensor or None
        Which elements of the result depend on what is fed; None for all of them.

    Returns
    -------
    list of Worlds, or None
        For every tensor among the results; None if the operator could be computed in no world.
    """
    alive = [all(one.tensors[k] is not None for one in operands) for k in range(_COUNT)]
    results: list[list[Any] | None] = []
    for k in range(_COUNT):
        if not alive[k] or (chooses and any(found is not None for found in results)):
            results.append(None)
            continue
        try:
            results.append([one for one in tree_leaves(compute(k)) if isinstance(one, torch.Tensor)])
        except (RuntimeError, IndexError, ValueError):  # not legal in this world
            results.append(None)
    first = next((found for found in results if found is not None), None)
    if first is None:
        return None
    is_mask = all(one.is_mask for one in operands)
    is_compared = any(not one.is_mask and one.example.dtype is not torch.bool for one in operands)
    sources: frozenset[int] = frozenset().union(*(one.sources for one in operands))
    combined = []
    for place, one in enumerate(first):
        tensors = tuple([_same_kind(found, place, one) for found in results])
        masks = one.is_floating_point() and any(
            tensor is not None and bool((tensor <= MASKED_BELOW).any()) for tensor in tensors
        )
        fixed = None if free is None or free.shape != one.shape else _fixed(free)
        worlds = Worlds(tensors, is_mask or masks or one.dtype is torch.bool, sources, fixed)
        combined.append(_free(worlds) if one.dtype is torch.bool and (is_compared or chooses) else worlds)
    return combined


def _same_kind(found: list[Any] | None, place: int, like: torch.Tensor) -> World:
    """A result of one world, if it has the shape of the others."""
    if found is None or found[place].shape != like.shape:
        return None
    tensor: torch.Tensor = found[place]
    return tensor


def _fixed(free: torch.Tensor) -> torch.Tensor | None:
    return None if free.numel() and bool(free.all()) else ~free


def _free(worlds: Worlds) -> Worlds:
    """Booleans of which nothing is known: what integers compare to, or what fed integers chose.

    Those stay that depend on nothing fed.
    """
    own, example = worlds.tensors[0], worlds.example
    generator = torch.Generator().manual_seed(1)
    drawn = [torch.randint(2, example.shape, generator=generator).bool() for _ in range(_COUNT - 3)]
    fixed = [torch.zeros_like(example, dtype=torch.bool), torch.ones_like(example, dtype=torch.bool)]
    tensors: list[World] = [own, *fixed, *drawn]
    if worlds.fixed is not None:
        known, there = example.bool(), worlds.fixed
        tensors = [None if one is None else torch.where(there, known, one) for one in tensors]
    return Worlds(tuple(tensors), True, worlds.sources, worlds.fixed)
