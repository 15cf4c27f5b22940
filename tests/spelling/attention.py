"""Attention: how it is called, and how it is masked."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from .group import Group

__all__ = ["ATTENTION"]

Tensor = torch.Tensor
_SCALE = ("coupled/decay", "the scale of the scores is a node of its own before the statistic")
_SCALED = ("decay", "the scale of the queries is a node of its own")


def _heads(x: Tensor, w: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values of two heads of 3."""
    return F.linear(x, w).unflatten(-1, (3, 2, 3)).permute(2, 0, 3, 1, 4).unbind()  # type: ignore[return-value]


def _joined(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)


def _sdpa(x: Tensor, w: Tensor, **options: Any) -> Tensor:
    return _joined(F.scaled_dot_product_attention(*_heads(x, w), **options))


def _eager(x: Tensor, w: Tensor, masked: Callable[[Tensor], Tensor] = lambda scores: scores) -> Tensor:
    q, k, v = _heads(x, w)
    return _joined(masked(q @ k.mT / math.sqrt(3)).softmax(-1) @ v)


def _einsum(x: Tensor, w: Tensor, masked: Callable[[Tensor], Tensor] = lambda scores: scores) -> Tensor:
    q, k, v = _heads(x, w)
    scores = torch.einsum("bhqd,bhkd->bhqk", q * 3**-0.5, k)
    return torch.einsum("bhqk,bhkd->bqhd", F.softmax(masked(scores), -1), v).flatten(2)


def _multihead(x: Tensor, w: Tensor, **options: Any) -> Tensor:
    y = x.transpose(0, 1)
    result, _ = F.multi_head_attention_forward(
        y, y, y, 6, 2, w, None, None, None, False, 0.0, torch.eye(6), None, False, **options
    )
    return result.transpose(0, 1)


def _separate(x: Tensor, w: Tensor) -> Tensor:
    q, k, v = (F.linear(x, part).unflatten(-1, (2, 3)).transpose(1, 2) for part in w.chunk(3))
    return _joined(F.scaled_dot_product_attention(q, k, v))


def _batched(x: Tensor, w: Tensor) -> Tensor:
    q, k, v = (one.flatten(0, 1) for one in _heads(x, w))
    scores = torch.baddbmm(torch.zeros(()), q, k.mT, alpha=3**-0.5)
    return _joined(torch.bmm(scores.softmax(-1), v).unflatten(0, (1, 2)))


_upper = torch.full((5, 5), -math.inf).triu(1)
_lower = torch.ones(5, 5).tril().bool()
_near = (torch.arange(5)[:, None] - torch.arange(5)).abs() < 2


def _hand_softmax(scores: Tensor) -> Tensor:
    e = (scores - scores.amax(-1, keepdim=True)).exp()
    return e / e.sum(-1, keepdim=True)


def _cut(x: Tensor, w: Tensor) -> Tensor:
    """Probabilities of masked keys set to zero, and what is left divided by its sum."""
    q, k, v = _heads(x, w)
    p = (q @ k.mT).exp() * _lower
    return _joined((p / p.sum(-1, keepdim=True)) @ v)


def _query_by_query(x: Tensor, w: Tensor) -> Tensor:
    q, k, v = _heads(x, w)
    rows = [
        (q[:, :, i : i + 1] @ k[:, :, : i + 1].mT).softmax(-1) @ v[:, :, : i + 1] for i in range(x.shape[1])
    ]
    return _joined(torch.cat(rows, 2))


def _grouped(x: Tensor, w: Tensor, spread: Callable[[Tensor], Tensor]) -> Tensor:
    """Two heads of queries on one of keys and values."""
    q = (x @ w[:, :6]).unflatten(-1, (2, 3)).transpose(1, 2)
    k, v = ((x @ part).unflatten(-1, (1, 3)).transpose(1, 2) for part in w[:, 6:].split(3, 1))
    return _joined(F.scaled_dot_product_attention(q, spread(k), spread(v)))


def _grouped_native(x: Tensor, w: Tensor) -> Tensor:
    q = (x @ w[:, :6]).unflatten(-1, (2, 3)).transpose(1, 2)
    k, v = ((x @ part).unflatten(-1, (1, 3)).transpose(1, 2) for part in w[:, 6:].split(3, 1))
    return _joined(F.scaled_dot_product_attention(q, k, v, enable_gqa=True))


def _grouped_einsum(x: Tensor, w: Tensor) -> Tensor:
    q, k, v = (x @ w[:, :6]).unflatten(-1, (2, 3)), x @ w[:, 6:9], x @ w[:, 9:]
    scores = torch.einsum("bqhd,bkd->bhqk", q, k)
    return torch.einsum("bhqk,bkd->bqhd", scores.softmax(-1), v).flatten(2)


def _cross(x: Tensor, w: Tensor, attend: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Tensor:
    """The last two positions ask, all five answer."""
    q, k, v = _heads(x, w)
    return _joined(attend(q[:, :, 3:], k, v))


def _linear_attention(x: Tensor, w: Tensor) -> Tensor:
    q, k, v = _heads(x, w)
    return _joined(F.relu(q) @ (F.relu(k).mT @ v))


ATTENTION: dict[str, Group] = {
    "attention": Group(
        {
            "sdpa": _sdpa,
            "eager": _eager,
            "einsum": _einsum,
            "separate": _separate,
            "batched": _batched,
            "hand softmax": lambda x, w: _joined(
                (lambda q, k, v: _hand_softmax(q @ k.mT) @ v)(*_heads(x, w))
            ),
            "scaled": lambda x, w: _sdpa(x, w, scale=0.25),
        },
        [(18, 6)],
        differs={
            "eager": _SCALE,
            "einsum": _SCALED,
            "batched": _SCALE,
            "hand softmax": ("coupled/unit coupled/decay", "the maximum is a second statistic"),
        },
    ),
    "causal attention": Group(
        {
            "is_causal": lambda x, w: _sdpa(x, w, is_causal=True),
            "additive": lambda x, w: _sdpa(x, w, attn_mask=_upper),
            "boolean": lambda x, w: _sdpa(x, w, attn_mask=_lower),
            "eager": lambda x, w: _eager(x, w, lambda s: s + _upper),
            "masked_fill": lambda x, w: _eager(x, w, lambda s: s.masked_fill(~_lower, -math.inf)),
            "lowest": lambda x, w: _einsum(x, w, lambda s: s.masked_fill(~_lower, torch.finfo(s.dtype).min)),
            "where": lambda x, w: _einsum(x, w, lambda s: torch.where(_lower, s, torch.tensor(-1e9))),
            "triangle": lambda x, w: _eager(x, w, lambda s: s + torch.triu(torch.full_like(s, -1e9), 1)),
            "cut": _cut,
            "query by query": _query_by_query,
        },
        [(18, 6)],
        differs={
            **dict.fromkeys(["eager", "masked_fill", "triangle", "cut"], _SCALE),
            **dict.fromkeys(["lowest", "where"], _SCALED),
            "query by query": ("fan_in", "keys that are not there are not in the nominal fan-in"),
        },
    ),
    "window attention": Group(
        {
            "boolean": lambda x, w: _sdpa(x, w, attn_mask=_near),
            "additive": lambda x, w: _sdpa(x, w, attn_mask=torch.zeros(5, 5).masked_fill(~_near, -math.inf)),
            "eager": lambda x, w: _eager(x, w, lambda s: s + torch.zeros(5, 5).masked_fill(~_near, -100.0)),
            "where": lambda x, w: _einsum(x, w, lambda s: torch.where(_near, s, -math.inf)),
        },
        [(18, 6)],
        differs={"eager": _SCALE, "where": _SCALED},
    ),
    "biased attention": Group(
        {
            "sdpa": lambda x, w, b: _sdpa(x, w, attn_mask=b),
            "eager": lambda x, w, b: _eager(x, w, lambda s: s + b),
            "expanded": lambda x, w, b: _sdpa(x, w, attn_mask=b.expand(1, 2, 5, 5)),
            "einsum": lambda x, w, b: _einsum(x, w, lambda s: s + b[None, None]),
        },
        [(18, 6), (5, 5)],
        differs={"einsum": _SCALED},
    ),
    "biased causal attention": Group(
        {
            "sdpa": lambda x, w, b: _sdpa(x, w, attn_mask=b + _upper),
            "eager": lambda x, w, b: _eager(x, w, lambda s: s + b + _upper),
            "masked bias": lambda x, w, b: _eager(x, w, lambda s: s + b.masked_fill(~_lower, -1e9)),
            "where": lambda x, w, b: _eager(x, w, lambda s: torch.where(_lower, s + b, -math.inf)),
        },
        [(18, 6), (5, 5)],
    ),
    "multihead attention": Group(
        {
            "forward": _multihead,
            "with weights": lambda x, w: _multihead(x, w, need_weights=True),
            "sdpa": lambda x, w: F.linear(_sdpa(x, w), torch.eye(6)),
        },
        [(18, 6)],
        differs={"sdpa": _SCALED},
    ),
    "grouped queries": Group(
        {
            "repeat_interleave": lambda x, w: _grouped(x, w, lambda one: one.repeat_interleave(2, 1)),
            "expand": lambda x, w: _grouped(x, w, lambda one: one.expand(-1, 2, -1, -1)),
            "repeat": lambda x, w: _grouped(x, w, lambda one: one.repeat(1, 2, 1, 1)),
            "enable_gqa": _grouped_native,
            "broadcast": lambda x, w: _grouped(x, w, lambda one: one[:, [0, 0]]),
            "einsum": _grouped_einsum,
        },
        [(6, 12)],
    ),
    "fewer queries than keys": Group(
        {
            "sdpa": lambda x, w: _cross(x, w, F.scaled_dot_product_attention),
            "eager": lambda x, w: _cross(x, w, lambda q, k, v: (q @ k.mT).softmax(-1) @ v),
            "cut after": lambda x, w: _sdpa(x, w)[:, 3:],
        },
        [(18, 6)],
    ),
    "causal with fewer queries": Group(
        {
            "is_causal": lambda x, w: _cross(
                x, w, lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True)
            ),
            "boolean": lambda x, w: _cross(
                x, w, lambda q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=_lower[:2])
            ),
            "eager": lambda x, w: _cross(x, w, lambda q, k, v: (q @ k.mT + _upper[:2]).softmax(-1) @ v),
        },
        [(18, 6)],
    ),
    "linear attention": Group(
        {
            "keys first": _linear_attention,
            "einsum": lambda x, w: (
                lambda q, k, v: _joined(
                    torch.einsum("bhqd,bhde->bhqe", q.relu(), torch.einsum("bhkd,bhke->bhde", k.relu(), v))
                )
            )(*_heads(x, w)),
            "products": lambda x, w: (
                lambda q, k, v: _joined(q.relu() @ (k.relu()[..., None] * v[..., None, :]).sum(-3))
            )(*_heads(x, w)),
        },
        [(18, 6)],
    ),
}
