"""Which of the tensors that a forward returns are its outputs (convention 13)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import torch

from ...errors import GraphError, SpecError

__all__ = ["output_tensors"]

_BY_PRODUCTS = re.compile(
    r"(.*_)?(hidden_states|attentions|past_key_values|router_logits|model_output)"
    r"|encoder_last_hidden_state|cache_params|(.*_)?loss|mems|state"
)
"""Names under which models return caches and by-products (convention 13)."""


def output_tensors(result: Any, wanted: Sequence[str] | None = None) -> dict[str, torch.Tensor]:
    """The outputs by name, from whatever nest of sequences, mappings and dataclasses a forward returns.

    Parameters
    ----------
    result
        What the forward returned.
    wanted : sequence of str, optional
        Names (keys, fields or positions) to restrict to; by default all but caches and by-products.

    Raises
    ------
    SpecError
        If there is no output of a wanted name.
    GraphError
        If none is a floating tensor.
    """
    named = dict(_named_tensors(result))
    if wanted is not None:
        missing = [name for name in wanted if not any(_is_named(key, name) for key in named)]
        if missing:
            raise SpecError(f"there is no output '{missing[0]}'; there are {', '.join(named)}")
        named = {key: one for key, one in named.items() if any(_is_named(key, name) for name in wanted)}
    else:
        named = {key: one for key, one in named.items() if not _is_by_product(key)}
    found = {key: one for key, one in named.items() if one.is_floating_point() or one.is_complex()}
    if not found:
        raise GraphError("the forward returns no floating tensor")
    return found


def _is_named(key: str, name: str) -> bool:
    return key == name or key.startswith(f"{name}.")


def _is_by_product(key: str) -> bool:
    return any(_BY_PRODUCTS.fullmatch(part) for part in key.split("."))


def _named_tensors(result: Any, prefix: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """All tensors in a nest of sequences, mappings and dataclasses, by dotted name."""
    if isinstance(result, torch.Tensor):
        yield prefix or "0", result
        return
    items: list[tuple[str, Any]] = []
    if isinstance(result, Mapping):
        items = [(str(key), item) for key, item in result.items()]
    elif isinstance(result, tuple) and hasattr(result, "_fields"):
        items = list(zip(result._fields, result, strict=True))
    elif isinstance(result, list | tuple):
        items = [(str(position), item) for position, item in enumerate(result)]
    elif is_dataclass(result):
        items = [(one.name, getattr(result, one.name)) for one in fields(result)]
    for key, item in items:
        yield from _named_tensors(item, f"{prefix}.{key}" if prefix else key)
