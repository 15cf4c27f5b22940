"""Item 1: values of constants are lost on the traced device.

``y[..., [1]]``, ``torch.tensor([..], device=x.device)``, ``as_tensor(.., device=)``, scalar tensors as
fill values: rows that are never read counted, masks and minus infinity vanished. Real models: Falcon's
ALiBi and causal mask, GPT-Neo's local window.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import reprior

X = torch.zeros(1, 3)
Forward = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Function(nn.Module):
    """``forward(x, w)`` of a vector w."""

    def __init__(self, forward: Forward, size: int = 4) -> None:
        super().__init__()
        self.w, self.function = nn.Parameter(torch.ones(size)), forward

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x.unsqueeze(-1), self.w)


def counts(forward: Forward) -> Any:
    return reprior.analyze(Function(forward), X, exact=True).counts("w").tolist()


READS: dict[str, Forward] = {
    "list": lambda x, w: (x * w)[..., [1]],
    "list of lists": lambda x, w: (x * w)[[[0, 0, 0], [0, 1, 2], [1, 1, 1]]],
    "list of booleans": lambda x, w: (x * w)[..., [False, True, False, False]],
    "range": lambda x, w: (x * w)[..., range(1, 2)],
    "array": lambda x, w: (x * w)[..., np.array([1])],
    "tensor": lambda x, w: (x * w)[..., torch.tensor([1], device=x.device)],
    "tensor of no axis": lambda x, w: (x * w)[..., torch.tensor(1, device=x.device)],
    "as_tensor": lambda x, w: (x * w).index_select(-1, torch.as_tensor([1], device=x.device)),
    "asarray": lambda x, w: (x * w)[..., torch.asarray([1], device=x.device)],
    "new_tensor": lambda x, w: (x * w)[..., x.new_tensor([1], dtype=torch.int64)],
    "arange": lambda x, w: (x * w)[..., torch.arange(1, 2, device=x.device)],
    "from numpy": lambda x, w: (x * w)[..., torch.from_numpy(np.array([1])).to(x.device)],
    "factor": lambda x, w: x * w * torch.tensor([0.0, 1, 0, 0], device=x.device),
    "filled memory": lambda x, w: x * w * torch.cat(
        [torch.empty(1, device=x.device).fill_(k == 1) for k in range(4)]
    ),
    "default device": lambda x, w: x * w * _under(x.device, lambda: torch.tensor([0.0, 1, 0, 0])),
    "written by list": lambda x, w: _written(x * w, [0, 2, 3]),
}  # fmt: skip


def _under(device: torch.device, make: Callable[[], torch.Tensor]) -> torch.Tensor:
    with device:
        return make()


def _written(x: torch.Tensor, places: list[int]) -> torch.Tensor:
    x[..., places] = 0
    return x


@pytest.mark.parametrize("spelling", READS)
def test_item_01_literals_keep_their_values(spelling: str) -> None:
    # Three elements of x meet w[1], and no other.
    assert counts(READS[spelling]) == [0, 3, 0, 0]


FILLS: dict[str, Forward] = {
    "number": lambda x, w: (x * w).masked_fill(_mask(x), -torch.inf),
    "scalar tensor": lambda x, w: (x * w).masked_fill(_mask(x), torch.tensor(-torch.inf, device=x.device)),
    "where": lambda x, w: torch.where(_mask(x), torch.tensor(-1e9, device=x.device), x * w),
    "full": lambda x, w: torch.where(_mask(x), torch.full((), -torch.inf, device=x.device), x * w),
    "addend": lambda x, w: x * w + torch.tensor([-torch.inf, 0, 0, -torch.inf], device=x.device),
}


def _mask(x: torch.Tensor) -> torch.Tensor:
    return torch.tensor([True, False, False, True], device=x.device)


@pytest.mark.parametrize("spelling", FILLS)
def test_item_01_masks_and_fill_values(spelling: str) -> None:
    assert counts(lambda x, w: FILLS[spelling](x, w).softmax(-1)) == [0, 3, 3, 0]


def _small(name: str, attention: str, **more: Any) -> nn.Module:
    transformers = pytest.importorskip("transformers")
    config = getattr(transformers, f"{name}Config")(vocab_size=30, hidden_size=16, **more)
    config._attn_implementation = attention
    return getattr(transformers, f"{name}Model")(config).eval()


@pytest.mark.parametrize("alibi", [False, True])
def test_item_01_falcon_is_causal_either_way(alibi: bool) -> None:
    """Eager attention masks by scalar tensors of the device, the fused one by a flag."""
    figures = [
        reprior.analyze(
            _small("Falcon", attention, num_hidden_layers=2, num_attention_heads=2, alibi=alibi),
            {"input_ids": (1, 6)},
        ).p_g
        for attention in ("eager", "sdpa")
    ]
    assert figures[0] == pytest.approx(figures[1], rel=1e-12)


def test_item_01_local_window_of_gpt_neo() -> None:
    """One layer with a window of 1: every position sees itself alone, so it counts as one token does."""
    shape = dict(num_layers=1, num_heads=2, attention_types=[[["local"], 1]], window_size=1)
    shape |= dict(max_position_embeddings=8, intermediate_size=32)
    model = _small("GPTNeo", "eager", **shape)
    rows = {row.name: row for row in reprior.analyze(model, {"input_ids": (1, 4)}, exact=True).parameters}
    one = {row.name: row for row in reprior.analyze(model, {"input_ids": (1, 1)}, exact=True).parameters}
    name = "h.0.attn.attention.v_proj.weight"
    assert rows[name].log2_contexts_mean == pytest.approx(one[name].log2_contexts_mean + 2)
