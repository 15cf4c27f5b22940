"""An operator's arguments, as rules see them and as PyTorch does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch.utils._pytree import tree_map

from .lower import Lower
from .tensors import CPU, META, Tensors
from .values import Value
from .worlds import Worlds

__all__ = ["Operands", "read_operands"]


class Operands(NamedTuple):
    """An operator's arguments, twice.

    Attributes
    ----------
    values, named_values
        With a `Value` for every tensor.
    tensors, named_tensors
        With tensors on the meta device.
    worlds : list of Worlds
        Those of the tensors that depend on fed integers and booleans alone.
    others : list of Value
        Those tensors that are neither known nor of that kind.
    """

    values: list[Any]
    named_values: dict[str, Any]
    tensors: list[Any]
    named_tensors: dict[str, Any]
    worlds: list[Worlds]
    others: list[Value]

    @property
    def constant(self) -> bool:
        """Whether the elements of all tensors are known."""
        return not self.worlds and not self.others

    @property
    def fed(self) -> bool:
        """Whether all tensors depend on fed integers and booleans, and on constants, alone."""
        return bool(self.worlds) and not self.others

    def in_world(self, number: int = 0) -> tuple[list[Any], dict[str, Any]]:
        """The arguments with the elements that they have in one world, on the CPU."""

        def elements(item: Any) -> Any:
            if isinstance(item, Value):
                return item.constant if item.worlds is None else item.worlds.tensors[number]
            return CPU if isinstance(item, torch.device) else item

        return tree_map(elements, self.values), tree_map(elements, self.named_values)

    def replace(self, function: Any) -> Operands:
        """With other values in place of those that depend on fed integers and booleans alone.

        The function is called with the position of the argument and the value.
        """

        def each(position: int | str, item: Any) -> Any:
            if isinstance(item, Value):
                return item if item.worlds is None else function(position, item)
            return [each(position, one) for one in item] if isinstance(item, list) else item

        return self._replace(
            values=[each(position, item) for position, item in enumerate(self.values)],
            named_values={key: each(key, item) for key, item in self.named_values.items()},
        )


def read_operands(
    tensors: Tensors, lower: Lower, real: bool, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Operands:
    """The arguments of an operator that the forward calls."""
    worlds: list[Worlds] = []
    others: list[Value] = []
    slot_of, on_meta = tensors.slot, tensors.on_meta

    def convert(item: Any) -> tuple[Any, Any]:
        if isinstance(item, torch.Tensor):
            value = slot_of(item).read(lower)
            if value.constant is None:
                if value.worlds is None:
                    others.append(value)
                else:
                    worlds.append(value.worlds)
            return value, item if item.is_meta else on_meta(item)
        if isinstance(item, list | tuple) and item and not isinstance(item[0], int | float):
            pairs = [convert(one) for one in item]
            return [value for value, _ in pairs], [tensor for _, tensor in pairs]
        if isinstance(item, torch.device) and not real:
            return item, META
        return item, item

    pairs = [convert(item) for item in args]
    named = {key: convert(item) for key, item in kwargs.items()} if kwargs else {}
    return Operands(
        [value for value, _ in pairs],
        {key: value for key, (value, _) in named.items()},
        [tensor for _, tensor in pairs],
        {key: tensor for key, (_, tensor) in named.items()},
        worlds,
        others,
    )
