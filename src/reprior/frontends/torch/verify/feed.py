"""Random values of what is fed."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._pytree import tree_map

from ..inputs import Inputs

__all__ = ["draw_inputs", "vocabulary"]


def draw_inputs(
    fed: Inputs, dtype: torch.dtype, words: int, generator: torch.Generator
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of one forward: features are normal, indices uniform, masks as they were given.

    Parameters
    ----------
    fed : Inputs
        With elements. Integers that are not all 1 are the user's own and stay.
    dtype : torch.dtype
        Of features.
    words : int
        Size of the table that indices look up.
    generator : torch.Generator
    """

    def drawn(item: Any) -> Any:
        if not isinstance(item, torch.Tensor):
            return item
        if item.is_floating_point():
            return torch.randn(item.shape, generator=generator, dtype=dtype)
        if item.is_complex() or item.dtype == torch.bool or id(item) in masks or bool((item != 1).any()):
            return item.clone()
        return torch.randint(0, words, item.shape, generator=generator, dtype=item.dtype)

    masks = {id(tensor) for name, tensor in fed.tensors.items() if not _is_words(name)}
    return tuple(tree_map(drawn, item) for item in fed.args), {
        key: tree_map(drawn, item) for key, item in fed.kwargs.items()
    }


def _is_words(name: str) -> bool:
    """Whether integers of this name are words of the main vocabulary, as far as a name tells."""
    return not any(part in name for part in ("mask", "type", "position", "bbox", "labels"))


def vocabulary(module: torch.nn.Module) -> int:
    """How many words may be fed: what the configuration says, else the smallest table."""
    config: Any = getattr(module, "config", None)
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    size = getattr(text, "vocab_size", None)
    if isinstance(size, int) and size > 0:
        return size
    tables = [
        part.num_embeddings
        for part in module.modules()
        if isinstance(part, torch.nn.Embedding | torch.nn.EmbeddingBag)
    ]
    return min(tables, default=2)
