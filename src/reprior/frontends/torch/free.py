"""Which elements of a result depend on what is fed, where its operands do so in part.

Ids behind a start token, a mask with columns of ones: an operator that works element by element, or only
moves elements, leaves those known that it makes of known ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map

from .operands import Operands
from .values import Value

__all__ = ["free_elements"]

_MOVED: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(
        ("cat", "concat", "stack", "clone", "_to_copy", "flip", "roll", "repeat", "repeat_interleave", "tile",
         "tril", "triu", "constant_pad_nd", "pad", "slice_scatter", "select_scatter", "unfold_copy",
         "narrow_copy"),
        (0, 1),
    ),
    **dict.fromkeys(("index", "_unsafe_index", "index_select", "gather", "take", "take_along_dim"), (0,)),
    **dict.fromkeys(("index_put", "_index_put_impl", "_unsafe_index_put"), (0, 2)),
    **dict.fromkeys(("scatter", "index_copy"), (0, 3)),
}  # fmt: skip
"""Operators whose results are elements of their operands, or zeros, and the positions of these operands."""


def free_elements(func: Any, base: str, operands: Operands) -> torch.Tensor | None:
    """Where the result of an operator depends on what is fed; None for everywhere.

    Parameters
    ----------
    func : callable
        The operator.
    base : str
        Its name as a function, ``aten.add``.
    operands : Operands
        Its arguments, all of which are known or fed.
    """
    name = base.removeprefix("aten.")
    if base in _SPECIAL:
        return _SPECIAL[base](operands.values)
    if name in _MOVED:
        return _moved(func, name, operands, _MOVED[name])
    if torch.Tag.pointwise not in func.tags or any(worlds.fixed is None for worlds in operands.worlds):
        return None
    values = [*operands.values, *operands.named_values.values()]
    return _joined([_free(item) for item in values if isinstance(item, Value)])


def _free(value: Any) -> torch.Tensor:
    """Where a value depends on what is fed."""
    if not isinstance(value, Value) or value.worlds is None:
        return torch.zeros(value.shape if isinstance(value, Value) else (), dtype=torch.bool)
    return value.worlds.free


def _joined(frees: Sequence[torch.Tensor]) -> torch.Tensor:
    result = frees[0]
    for one in frees[1:]:
        result = result | one
    return result


def _number(value: Any) -> torch.Tensor:
    """The elements of an operand, in any world."""
    if isinstance(value, Value):
        return value.constant if value.worlds is None else value.worlds.example
    return torch.as_tensor(value)


def _choice(condition: Any, one: Any, other: Any) -> torch.Tensor:
    """Where a known condition decides, what it chooses."""
    chosen = torch.where(_number(condition).bool(), _free(one), _free(other))
    return _free(condition) | chosen


def _product(values: Sequence[Any]) -> torch.Tensor:
    """Nothing that is fed changes a product with a known zero."""
    frees = [_free(one) for one in values[:2]]
    zeros = [~free & (_number(one) == 0) for one, free in zip(values[:2], frees, strict=True)]
    return _joined(frees) & ~_joined(zeros)


def _written(values: Sequence[Any]) -> torch.Tensor:
    """Elements replaced by a number or by broadcast ones."""
    return _free(values[1]).expand(values[0].shape)


_SPECIAL: dict[str, Callable[[Sequence[Any]], torch.Tensor]] = {
    "aten.where": lambda values: _choice(*values),
    "aten.masked_fill": lambda values: _choice(values[1], values[2], values[0]),
    **dict.fromkeys(("aten.mul", "aten.bitwise_and", "aten.logical_and", "aten.__and__"), _product),
    **dict.fromkeys(("aten.fill", "aten.copy"), _written),
    "aten.zero": lambda values: torch.zeros(values[0].shape, dtype=torch.bool),
}
"""Operators that know more of some elements than that they are functions of all operands."""


def _moved(func: Any, name: str, operands: Operands, places: tuple[int, ...]) -> torch.Tensor | None:
    """The same move of where the operands depend on what is fed."""
    indices = tree_leaves([item for place, item in enumerate(operands.values) if place not in places])
    if any(isinstance(one, Value) and one.worlds is not None for one in indices):
        return None

    def elements(place: int, item: Any) -> Any:
        if not isinstance(item, Value):
            return item
        return _free(item).clone() if place in places else item.constant

    arguments = [
        tree_map(lambda one, place=place: elements(place, one), item)
        for place, item in enumerate(operands.values)
    ]
    if name.endswith(("pad", "pad_nd")):  # whatever the number, it is known
        del arguments[{"pad": 3}.get(name, 2) :]
    named = {key: item for key, item in operands.named_values.items() if key not in ("device", "value")}
    try:
        result = func(*arguments, **named)
    except (RuntimeError, TypeError):
        return None
    return result.bool() if isinstance(result, torch.Tensor) else None
