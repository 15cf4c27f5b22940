"""The same module in another spelling has the same figures; functions are in tests/spelling."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

import reprior
from reprior.frontends.torch import describe_module


def figures(module: nn.Module, input: Any, **options: Any) -> tuple[float, ...]:
    found = reprior.analyze(describe_module(module, input), **options)
    return (found.num_parameters, found.p_g, found.p_g_prime, found.entropy, found.expected_spread)


def agree(one: nn.Module, other: nn.Module, input: Any, **options: Any) -> None:
    assert figures(one, input, **options) == pytest.approx(figures(other, input, **options), rel=1e-9)


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
