"""Item 5: a normalisation over one element counts once.

Its statistic has the shape of what it rescales, and was taken for another operand of the same elements.
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

import reprior
from reprior.frontends.torch import describe_module

from .norms import WIDTH, Function, contexts

OVER_ONE: dict[str, Function] = {
    "softmax": lambda x: x.softmax(1),
    "log softmax": lambda x: x.log_softmax(1),
    "softmax by hand": lambda x: x.exp() / x.exp().sum(1, keepdim=True),
    "log softmax by hand": lambda x: x - x.logsumexp(1, keepdim=True),
    "unit length": lambda x: F.normalize(x, dim=1),
    "unit length by hand": lambda x: x / x.norm(dim=1, keepdim=True),
    "standardised by hand": lambda x: (x - x.mean(1, keepdim=True)) / (x.std(1, keepdim=True) + 1e-5),
    "layer norm of channels of one": lambda x: F.layer_norm(x[..., None], (1,)).squeeze(-1),
    "group norm of groups of one": lambda x: torch.group_norm(x.mT, WIDTH).mT,
}


@pytest.mark.parametrize("function", OVER_ONE.values(), ids=OVER_ONE.keys())
def test_item_05_over_one_element(function: Function) -> None:
    assert contexts(function, tokens=1)["before.bias"] == [1] * WIDTH


@pytest.mark.parametrize("tokens", [1, 2])
def test_item_05_attention_over_one_token(tokens: int) -> None:
    """As PyTorch's fused attention and written out."""
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        vocab_size=11, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
        max_position_embeddings=16,
    )  # fmt: skip

    def figures(attention: str) -> tuple[float, ...]:
        config._attn_implementation = attention
        model: nn.Module = transformers.BertModel(config, add_pooling_layer=False).eval()
        ids = torch.zeros(1, tokens, dtype=torch.long)
        found = reprior.analyze(describe_module(model, ids))
        return found.p_g, found.p_g_prime, found.entropy, found.log2_total_contexts

    assert figures("eager") == pytest.approx(figures("sdpa"), rel=1e-12)
