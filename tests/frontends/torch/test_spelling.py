"""The same model in another spelling has the same figures (the list of issue 3)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

import reprior
from reprior.frontends.torch import describe_module

Function = Callable[..., torch.Tensor]


class Body(nn.Module):
    """A layer before and after a function, so that contexts flow through it unevenly."""

    def __init__(self, function: Function, *shapes: tuple[int, ...]) -> None:
        super().__init__()
        self.first, self.last = nn.Conv1d(4, 6, 3, padding=1), nn.Linear(6, 5)
        self.weights = nn.ParameterList([nn.Parameter(torch.empty(shape)) for shape in shapes])
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x).transpose(1, 2)
        return self.last(self.function(x, *self.weights))


def figures(module: nn.Module, input: Any, **options: Any) -> tuple[float, ...]:
    found = reprior.analyze(describe_module(module, input), **options)
    return (found.num_parameters, found.p_g, found.p_g_prime, found.entropy, found.expected_spread)


def agree(one: nn.Module, other: nn.Module, input: Any, **options: Any) -> None:
    assert figures(one, input, **options) == pytest.approx(figures(other, input, **options), rel=1e-9)


def layer_norm_by_hand(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(variance + 1e-5) * w + b


def layer_norm_by_moments(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    variance, mean = torch.var_mean(x, -1, unbiased=False, keepdim=True)
    return torch.addcmul(b, (x - mean) * (variance + 1e-5).rsqrt(), w)


def rms_norm_by_hand(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    return w * (x.float() * torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + 1e-6)).type_as(x)


def group_norm_by_hand(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    y = x.transpose(1, 2).reshape(x.shape[0], 2, -1)
    y = (y - y.mean(-1, keepdim=True)) / (y.var(-1, keepdim=True) + 1e-5).sqrt()
    return y.reshape(x.shape[0], 6, -1).transpose(1, 2) * w + b


def eager_attention(x: torch.Tensor, w: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    q, k, v = F.linear(x, w).unflatten(-1, (3, 2, 3)).permute(2, 0, 3, 1, 4)
    scores = q @ k.transpose(-2, -1) / math.sqrt(3)
    if mask is not None:
        scores = scores + mask
    return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)


def fused_attention(x: torch.Tensor, w: torch.Tensor, **named: Any) -> torch.Tensor:
    q, k, v = F.linear(x, w).unflatten(-1, (3, 2, 3)).permute(2, 0, 3, 1, 4)
    return F.scaled_dot_product_attention(q, k, v, **named).transpose(1, 2).flatten(2)


def causal(size: int) -> torch.Tensor:
    return torch.full((size, size), float("-inf")).triu(1)


def masked_fill_attention(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    q, k, v = F.linear(x, w).unflatten(-1, (3, 2, 3)).permute(2, 0, 3, 1, 4)
    scores = torch.einsum("bhqd,bhkd->bhqk", q, k)
    seen = torch.ones(x.shape[1], x.shape[1]).tril().bool()
    probabilities = F.softmax(scores.masked_fill(~seen, torch.finfo(scores.dtype).min), -1)
    return torch.einsum("bhqk,bhkd->bqhd", probabilities, v).flatten(2)


def window(size: int) -> torch.Tensor:
    place = torch.arange(size)
    return (place[:, None] - place[None]).abs() < 3


norm = [(6,), (6,)]
SPELLINGS: dict[str, tuple[list[Function], list[tuple[int, ...]]]] = {
    "layer norm": (
        [lambda x, w, b: F.layer_norm(x, (6,), w, b), layer_norm_by_hand, layer_norm_by_moments],
        norm,
    ),
    "rms norm": ([lambda x, w: F.rms_norm(x, (6,), w), rms_norm_by_hand], [(6,)]),
    "group norm": (
        [lambda x, w, b: F.group_norm(x.transpose(1, 2), 2, w, b).transpose(1, 2), group_norm_by_hand],
        norm,
    ),
    "silu": ([F.silu, lambda x: x * torch.sigmoid(x), lambda x: x / (1 + torch.exp(-x))], []),
    "gelu": (
        [
            lambda x: F.gelu(x, approximate="tanh"),
            lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
        ],
        [],
    ),
    "hard-swish": ([F.hardswish, lambda x: x * F.relu6(x + 3) / 6, lambda x: x * F.hardsigmoid(x)], []),
    "softmax": ([lambda x: x.softmax(-1), lambda x: x.exp() / x.exp().sum(-1, keepdim=True)], []),
    "unit length": (
        [lambda x: F.normalize(x, dim=-1), lambda x: x / x.norm(dim=-1, keepdim=True).clamp_min(1e-6)],
        [],
    ),
    "global pool": ([lambda x: F.adaptive_avg_pool1d(x.mT, 1).mT, lambda x: x.mean(1, True)], []),
    "attention": ([fused_attention, eager_attention], [(18, 6)]),
    "causal attention": (
        [
            lambda x, w: fused_attention(x, w, is_causal=True),
            lambda x, w: fused_attention(x, w, attn_mask=causal(x.shape[1])),
            lambda x, w: fused_attention(x, w, attn_mask=causal(x.shape[1]) == 0),
            lambda x, w: eager_attention(x, w, causal(x.shape[1])),
            masked_fill_attention,
        ],
        [(18, 6)],
    ),
    "biased causal attention": (
        [
            lambda x, w, b: fused_attention(x, w, attn_mask=b + causal(7)),
            lambda x, w, b: eager_attention(x, w, b + causal(7)),
            lambda x, w, b: eager_attention(x, w, b.masked_fill(causal(7) < 0, -1e9)[None]),
            lambda x, w, b: eager_attention(x, w, torch.where(causal(7) < 0, float("-inf"), b)),
            lambda x, w, b: fused_attention(x, w, attn_mask=(b + causal(7)).expand(1, 2, 7, 7)),
        ],
        [(18, 6), (7, 7)],
    ),
    "window attention": (
        [
            lambda x, w: fused_attention(x, w, attn_mask=window(x.shape[1])),
            lambda x, w: eager_attention(x, w, torch.where(window(x.shape[1]), 0.0, -1e9)),
            lambda x, w: eager_attention(x, w, torch.zeros(7, 7).masked_fill(~window(7), -100.0)),
        ],
        [(18, 6)],
    ),
    "linear": (
        [
            lambda x, w: F.linear(x, w),
            lambda x, w: x @ w.T,
            lambda x, w: torch.einsum("bti,oi->bto", x, w),
            lambda x, w: F.conv1d(x.transpose(1, 2), w[:, :, None]).transpose(1, 2),
        ],
        [(6, 6)],
    ),
    "padding": (
        [
            lambda x, w: F.conv1d(x.transpose(1, 2), w, padding=1).transpose(1, 2),
            lambda x, w: F.conv1d(F.pad(x.transpose(1, 2), (1, 1)), w).transpose(1, 2),
            lambda x, w: F.conv1d(torch.cat([torch.zeros(1, 6, 1), x.mT, torch.zeros(1, 6, 1)], 2), w).mT,
        ],
        [(6, 6, 3)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SPELLINGS)
def test_spellings(name: str) -> None:
    functions, shapes = SPELLINGS[name]
    first, *others = [Body(function, *shapes) for function in functions]
    for other in others:
        agree(first, other, (4, 7))


# Layer norm is left out: mean and variance are two statistics by hand and one in the composite.
@pytest.mark.parametrize("name", ["attention", "causal attention", "softmax"])
def test_spellings_with_coupled_normalisation(name: str) -> None:
    """With statistics counted, spellings that compute one statistic still agree."""
    functions, shapes = SPELLINGS[name]
    first, second = (Body(function, *shapes) for function in functions[:2])
    agree(first, second, (4, 7), normalization="coupled")


def test_multihead_attention_and_separate_projections() -> None:
    class Separate(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.q, self.k, self.v = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 6)
            self.out = nn.Linear(6, 6)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            q, k, v = (part(x).unflatten(-1, (2, 3)).transpose(1, 2) for part in (self.q, self.k, self.v))
            return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))

    class Whole(nn.Module):
        def __init__(self, weights: bool) -> None:
            super().__init__()
            self.attention, self.weights = nn.MultiheadAttention(6, 2, batch_first=True), weights

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.attention(x, x, x, need_weights=self.weights)[0]

    for weights in (False, True):
        agree(Separate(), Whole(weights), (7, 6))


def test_encoder_layer_takes_no_fast_path() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    graph = describe_module(layer, (5, 8)).graph
    assert {leaf.name for _, leaf in graph.parameters} == {name for name, _ in layer.named_parameters()}
    found = reprior.analyze(describe_module(nn.TransformerEncoder(layer, 2), (5, 8)))
    assert found.dead_parameters == 0


class Mixed(nn.Module):
    """Convolution, norms, attention and a head."""

    def __init__(self, memory_format: torch.memory_format = torch.contiguous_format) -> None:
        super().__init__()
        self.memory_format = memory_format
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.SiLU())
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.group = nn.GroupNorm(2, 8)
        self.norm, self.attention = nn.LayerNorm(8), nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x.contiguous(memory_format=self.memory_format))
        x = x + F.gelu(self.group(self.depthwise(x)))
        tokens = x.flatten(2).transpose(1, 2)
        normal = self.norm(tokens)
        tokens = tokens + self.attention(normal, normal, normal, need_weights=False)[0]
        return self.head(F.hardswish(tokens).mean(1))


def test_channels_last() -> None:
    agree(Mixed(), Mixed(torch.channels_last), (3, 8, 8))
    agree(Mixed(), Mixed().to(memory_format=torch.channels_last), (3, 8, 8))


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("decompositions", [None, "core"])
def test_core_aten(decompositions: str | None) -> None:
    """The exported program, as it is and decomposed to core ATen, counts like the module."""
    module = Mixed().eval()
    program = torch.export.export(module, (torch.rand(1, 3, 8, 8),))
    if decompositions:
        program = program.run_decompositions()
    exported = program.module()
    found = reprior.analyze(describe_module(exported, (3, 8, 8)))
    whole = reprior.analyze(describe_module(module, (3, 8, 8)))
    assert (found.p_g, found.p_g_prime) == pytest.approx((whole.p_g, whole.p_g_prime), rel=1e-9)
    counts = {row.name: row.log2_contexts_mean for row in found.parameters}
    assert counts == pytest.approx({row.name: row.log2_contexts_mean for row in whole.parameters}, rel=1e-9)
