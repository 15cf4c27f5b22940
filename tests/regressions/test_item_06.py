"""Item 6: ``as_strided`` read the logical order, not memory.

After a transpose, a viewing reshape, in channels-last memory, or with an explicit offset below a slice's own.
Longformer and LED counted their queries and keys 1.41 times.

The oracle changes one weight at a time and counts the output elements that move.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import reprior

Forward = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Scaled(nn.Module):
    """``forward(x, w)`` of a weight of x's shape."""

    def __init__(self, forward: Forward, shape: torch.Size) -> None:
        super().__init__()
        self.w, self.function = nn.Parameter(torch.rand(shape, dtype=torch.float64) + 1), forward

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x, self.w)


def moved(module: Scaled, x: torch.Tensor) -> list[float]:
    """For each scalar of w, how many output elements change with it."""
    result = []
    with torch.no_grad():
        before = module(x)
        for place in range(module.w.numel()):
            kept = module.w.reshape(-1)[place].item()
            module.w.data.reshape(-1)[place] = kept + 0.5
            result.append(float((module(x) != before).sum()))
            module.w.data.reshape(-1)[place] = kept
    return result


def _write(y: torch.Tensor, view: torch.Tensor) -> torch.Tensor:
    view.zero_()
    return y


def _write_transposed(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    y = (x * w).t()
    return _write(y, y.as_strided((2,), (2,), 1)) * 1


def _write_rows(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    y = (x * w).t()
    y.as_strided((2, 2), (3, 1), 1).copy_(x[:, :2] * 2)
    return y * 1


CASES: dict[str, tuple[tuple[int, ...], Forward]] = {
    "contiguous": ((2, 3), lambda x, w: (x * w).as_strided((2, 2), (2, 1))),
    "transposed": ((2, 3), lambda x, w: (x * w).t().as_strided((2, 2), (1, 2))),
    "offset": ((2, 3), lambda x, w: (x * w).t().as_strided((2, 2), (3, 1), 1)),
    "offset of its own": ((2, 3), lambda x, w: (x * w)[1].as_strided((2,), (1,))),
    "below the slice": ((2, 3), lambda x, w: (x * w)[1].as_strided((2,), (1,), 0)),
    "repeats": ((2, 3), lambda x, w: (x * w).t()[1:].as_strided((2, 3, 2), (1, 0, 2), 1)),
    "viewing reshape": ((2, 3, 2), lambda x, w: (x * w).transpose(0, 1).view(3, 4).as_strided((2, 2), (4, 1))
                        if (x * w).transpose(0, 1).is_contiguous()
                        else (x * w).transpose(1, 2).reshape(2, 6).as_strided((2, 3), (6, 2))),
    "expanded": ((1, 3), lambda x, w: (x * w).expand(4, 3).as_strided((2, 2), (1, 1))),
    "channels last": ((1, 2, 3, 3), lambda x, w: (x * w).contiguous(memory_format=torch.channels_last)
                      .as_strided((2, 3, 2), (6, 2, 1), 2)),
    "windows": ((2, 6, 4), lambda x, w: (x * w).as_strided((2, 5, 2, 4), (24, 4, 4, 1))),
    "windows transposed": ((2, 6, 4), lambda x, w: (x * w).transpose(0, 1)
                           .as_strided((3, 2, 2, 4), (4, 8, 24, 1))),
    "diagonal": ((4, 4), lambda x, w: (x * w).t().as_strided((4,), (5,))),
    "written": ((2, 3), _write_transposed),
    "written rows": ((2, 3), _write_rows),
    "of a parameter": ((2, 3), lambda x, w: w.t().as_strided((2,), (3,), 1) * x[0, 0]),
    "empty": ((2, 3), lambda x, w: torch.cat([(x * w).as_strided((0, 3), (3, 1)), x * w])),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_item_06_strides_follow_memory(name: str) -> None:
    shape, forward = CASES[name]
    x = torch.rand(shape, dtype=torch.float64) + 1
    module = Scaled(forward, x.shape)
    assert reprior.analyze(module, x, exact=True).counts("w").reshape(-1).tolist() == moved(module, x)


def test_item_06_reads_outside_are_refused() -> None:
    x = torch.zeros(2, 3, dtype=torch.float64)
    module = Scaled(lambda x, w: torch.empty_like(x * w)[:, ::2].clone().as_strided((9,), (1,)), x.shape)
    with pytest.raises(reprior.RepriorError):
        reprior.analyze(module, x)


@pytest.mark.parametrize("window", [4, 8])
def test_item_06_longformer_sees_its_window(window: int) -> None:
    """One layer: position i meets the keys within half a window of it, as a mask on full attention says."""
    transformers = pytest.importorskip("transformers")
    length, width, heads = 8, 16, 2
    config = transformers.LongformerConfig(
        vocab_size=30, hidden_size=width, num_hidden_layers=1, num_attention_heads=heads,
        intermediate_size=32, max_position_embeddings=20, attention_window=window, pad_token_id=1,
    )  # fmt: skip
    model = transformers.LongformerModel(config, add_pooling_layer=False).eval()
    analysis = reprior.analyze(model, {"input_ids": (1, length)}, exact=True)
    near = sum(abs(i - j) <= window // 2 for i in range(length) for j in range(length))
    counted = {
        name: int(analysis.counts(f"encoder.layer.0.attention.self.{name}.weight")[0][0])
        for name in ("query", "key", "value")
    }
    assert counted["query"] == counted["key"]
    # Behind the attention each of the `width` outputs of a position adds a like number of paths. A score of
    # one pair feeds the `width / heads` values of its head; a value feeds one of them for each query.
    assert counted["query"] * heads == counted["value"] * width
    assert counted["value"] % near == 0
