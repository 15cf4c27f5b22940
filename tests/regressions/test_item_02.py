"""Item 2: a constant table gathered by fed indices is taken for zeros.

The token-type embeddings of RoBERTa and its kin were reported dead: their indices are a buffer of zeros,
gathered at positions that are computed from the tokens. Convention 15: it may be any of its values.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import reprior


class Gathered(nn.Module):
    def __init__(self, how: str) -> None:
        super().__init__()
        self.w, self.how = nn.Parameter(torch.ones(4, 2)), how
        self.register_buffer("types", torch.zeros(1, 8, dtype=torch.int64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        place = x.argmax(-1, keepdim=True)
        if self.how == "gather":
            return self.w[torch.gather(self.types, 1, place)]
        if self.how == "index":
            return self.w[self.types[:, place[:, 0]]]
        if self.how == "take_along_dim":
            return self.w[torch.take_along_dim(self.types, place, 1)]
        return self.w[torch.gather(torch.zeros(1, 8, dtype=torch.int64, device=x.device), 1, place)]


@pytest.mark.parametrize("where", ["cpu", "meta"])
@pytest.mark.parametrize("how", ["gather", "index", "take_along_dim", "made on the way"])
def test_item_02_may_be_any_value(how: str, where: str) -> None:
    with torch.device(where):
        module = Gathered(how)
    analysis = reprior.analyze(module, torch.zeros(1, 8), exact=True)
    assert analysis.counts("w").tolist() == [[1, 1]] * 4  # one index: each row may be the one


def test_item_02_values_that_are_looked_up() -> None:
    """A table of zeros that is data itself is no zero where fed indices read it."""

    class Table(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.ones(2))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.zeros(5, 2, device=x.device)[x.argmax(-1)] * self.w

    assert reprior.analyze(Table(), torch.zeros(3, 8), exact=True).counts("w").tolist() == [3, 3]


_SIZES: dict[str, Any] = dict(
    vocab_size=30, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
    max_position_embeddings=20, type_vocab_size=2, pad_token_id=1,
)  # fmt: skip


@pytest.mark.parametrize("name", ["Roberta", "XLMRoberta", "Camembert", "Data2VecText", "XLMRobertaXL"])
def test_item_02_token_types_live_wherever_it_was_built(name: str) -> None:
    transformers = pytest.importorskip("transformers")
    config = getattr(transformers, f"{name}Config")(**_SIZES)
    here = getattr(transformers, f"{name}Model")(config)
    with torch.device("meta"):
        there = getattr(transformers, f"{name}Model")(config)
    one, other = (reprior.analyze(model, {"input_ids": (1, 6)}) for model in (here, there))
    assert not one.counts("embeddings.token_type_embeddings.weight").tolist().count([0.0] * 16)
    assert one.p_g == other.p_g


@pytest.mark.parametrize("name", ["Bert", "Llama", "Falcon"])
def test_item_02_buffers_are_known_on_meta(name: str) -> None:
    """Position tables and rotary frequencies are computed again by the library's own initialisation."""
    transformers = pytest.importorskip("transformers")
    config = getattr(transformers, f"{name}Config")(**{**_SIZES, "pad_token_id": 0})
    here = getattr(transformers, f"{name}Model")(config)
    with torch.device("meta"):
        there = getattr(transformers, f"{name}Model")(config)
    one, other = (reprior.analyze(model, {"input_ids": (1, 6)}) for model in (here, there))
    assert one.p_g == other.p_g


def test_item_02_unknown_buffers_are_noted() -> None:
    from reprior.frontends.torch import trace

    class Owner(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(3, 3)
            self.register_buffer("table", torch.ones(3))
            self.register_buffer("unread", torch.ones(3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x) @ self.table

    with torch.device("meta"):
        module = Owner()
    (note,) = [note for note in trace(module, (3,)).notes if note.kind == "unknown"]
    assert "buffer 'table'" in note
