"""Tensors in nests of tuples, lists and dictionaries, as functions take and return them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

__all__ = ["map_tensors", "tensors_in"]


def tensors_in(nest: Any) -> Iterator[torch.Tensor]:
    """All tensors in a nest."""
    if isinstance(nest, torch.Tensor):
        yield nest
    elif isinstance(nest, tuple | list):
        for item in nest:
            yield from tensors_in(item)
    elif isinstance(nest, dict):
        yield from tensors_in(list(nest.values()))


def map_tensors(change: Callable[[torch.Tensor], torch.Tensor], nest: Any) -> Any:
    """The nest with each tensor replaced; what is no plain nest of torch's own comes back as it is."""
    if isinstance(nest, torch.Tensor):
        return change(nest)
    if not isinstance(nest, tuple | list):
        return nest
    items = [map_tensors(change, item) for item in nest]
    if type(nest) in (tuple, list) or hasattr(nest, "n_fields"):  # or a structure such as torch.topk gives
        return type(nest)(items)
    return nest
