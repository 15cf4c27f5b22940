"""Scaled dot-product attention (convention 7)."""

from __future__ import annotations

from math import prod
from typing import Any

import torch

from ....core.primitives import Attention
from ..constants import Mask, additive_mask, broadcast, is_causal, mask_runs
from ..lower import Lower
from ..registry import rule
from ..values import Value

__all__: list[str] = []


@rule("aten.scaled_dot_product_attention")
def scaled_dot_product_attention(
    lower: Lower, query: Value, key: Value, value: Value, attn_mask: Value | None = None,
    dropout_p: float = 0.0, is_causal: bool = False, *, scale: float | None = None, enable_gqa: bool = False,
) -> Value:  # fmt: skip
    """``softmax(q k^T + mask) v``, key and value heads repeated where there are fewer."""
    if enable_gqa:
        key, value = (_repeat_heads(lower, x, query.shape[-3]) for x in (key, value))
    batch = broadcast([x.shape[:-2] for x in (query, key, value)])
    query, key, value = (lower.expand(x, (*batch, *x.shape[-2:])) for x in (query, key, value))
    mask, biases = _mask(lower, attn_mask, (*batch, query.shape[-2], key.shape[-2]))
    return lower.add(Attention("causal" if is_causal else mask), query, key, value, *biases)


@rule("aten._scaled_dot_product_flash_attention_for_cpu", "aten._scaled_dot_product_efficient_attention",
      "aten._scaled_dot_product_flash_attention", "aten._scaled_dot_product_attention_math")  # fmt: skip
def attention_backend(
    lower: Lower,
    query: Value,
    key: Value,
    value: Value,
    *rest: Any,
    attn_mask: Value | None = None,
    **named: Any,
) -> tuple[Value | None, ...]:
    """As `scaled_dot_product_attention`, as the backends are called."""
    causal = any(item is True for item in rest) or named.get("is_causal", False)
    bias = attn_mask or next((item for item in rest if isinstance(item, Value)), None)
    return (scaled_dot_product_attention(lower, query, key, value, bias, 0.0, causal), *([None] * 8))


def _repeat_heads(lower: Lower, x: Value, heads: int) -> Value:
    *batch, own, length, width = x.shape
    if own == heads:
        return x
    x = lower.reshape(x, (*batch, own, 1, length, width))
    x = lower.expand(x, (*batch, own, heads // own, length, width))
    return lower.reshape(x, (*batch, heads, length, width))


def _mask(lower: Lower, mask: Value | None, scores: tuple[int, ...]) -> tuple[Mask, list[Value]]:
    """The mask that is known, and the bias that is not."""
    if mask is None:
        return None, []
    biases = [] if mask.constant is not None else [lower.expand(mask, scores)]
    if mask.constant is None:
        keep = lower.barred(mask)
    else:
        keep = mask.constant if mask.constant.dtype == torch.bool else additive_mask(mask.constant)
    if keep is None or bool(keep.all()):
        return None, biases
    keep = _narrow(keep)
    full = keep.expand(*keep.shape[:-2], *scores[-2:]) if keep.dim() >= 2 else keep.expand(scores[-2:])
    return ("causal" if is_causal(full) else mask_runs(keep)), biases


def _narrow(keep: torch.Tensor) -> torch.Tensor:
    """A mask without the batch axes on which it does not depend."""
    for axis in range(keep.dim() - 2):
        if keep.shape[axis] > 1 and bool((keep == keep.narrow(axis, 0, 1)).all()):
            keep = keep.narrow(axis, 0, 1)
    if keep.dim() > 2 and prod(keep.shape[:-2]) == 1:
        keep = keep.reshape(keep.shape[-2:])
    return keep
