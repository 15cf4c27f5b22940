"""Item 12: constants that change device and type at once, and masks written by boolean index.

``.to(device=.., dtype=..)`` of a constant dropped the dtype: timm's EdgeNeXt built on the CPU failed, and
``~t.to(.., bool)`` was silently wrong. ``scores[mask] = -inf`` left the masked values reachable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import reprior

Forward = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Function(nn.Module):
    """``forward(x, w)`` of a vector w, built on the CPU."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self.w, self.function = nn.Parameter(torch.ones(4)), forward

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x.unsqueeze(-1), self.w)


def counts(forward: Forward) -> Any:
    return reprior.analyze(Function(forward), torch.zeros(1, 3), exact=True).counts("w").tolist()


def _flags(x: torch.Tensor) -> torch.Tensor:
    return torch.tensor([1, 2, 0, 1], device=x.device)


CONVERSIONS: dict[str, Forward] = {
    "device and type": lambda x, w: x * w * ~_flags(x).to(device=x.device, dtype=torch.bool),
    "the parameter's device": lambda x, w: x * w * ~_flags(x).to(w.device, torch.bool),
    "type": lambda x, w: x * w * ~_flags(x).to(torch.bool),
    "CPU": lambda x, w: x * w * ~_flags(x).to("cpu", torch.bool),
    "like": lambda x, w: x * w * ~_flags(x).to(torch.ones(1, dtype=torch.bool)),
}


@pytest.mark.parametrize("spelling", CONVERSIONS)
def test_item_12_to_keeps_the_type(spelling: str) -> None:
    assert counts(CONVERSIONS[spelling]) == [0, 0, 3, 0]


def test_item_12_edgenext_from_the_cpu() -> None:
    timm = pytest.importorskip("timm")
    figures = [
        reprior.analyze(timm.create_model("edgenext_xx_small"), (3, 64, 64)).p_g,
        reprior.analyze("timm:edgenext_xx_small@64").p_g,
    ]
    assert figures[0] == figures[1]


def _mask(x: torch.Tensor) -> torch.Tensor:
    return torch.tensor([True, False, False, True], device=x.device)


def _written(x: torch.Tensor, index: Any, value: Any) -> torch.Tensor:
    x[index] = value
    return x


WRITES: dict[str, Forward] = {
    "last axis": lambda x, w: _written(x * w, (..., _mask(x)), -torch.inf),
    "all axes": lambda x, w: _written(x * w, _mask(x).expand(1, 3, 4), -torch.inf),
    "scalar tensor": lambda x, w: _written(x * w, (..., _mask(x)), torch.tensor(-1e9, device=x.device)),
    "out of place": lambda x, w: (x * w).index_put(
        (_mask(x).expand(1, 3, 4),), torch.tensor(-torch.inf, device=x.device)
    ),
}


@pytest.mark.parametrize("spelling", WRITES)
def test_item_12_minus_infinity_by_boolean_index(spelling: str) -> None:
    """As ``masked_fill``: what is masked stays so through whatever is added, and under the softmax."""
    assert counts(lambda x, w: WRITES[spelling](x, w).softmax(-1)) == [0, 3, 3, 0]
    assert counts(lambda x, w: (WRITES[spelling](x, w) + x).softmax(-1)) == [0, 3, 3, 0]


def test_item_12_rows_by_boolean_index() -> None:
    """A vector written on the rows that a known mask names."""
    rows = torch.tensor([True, False, True])
    assert counts(lambda x, w: _written(x.expand(1, 3, 4) * 1, (slice(None), rows), w)) == [2, 2, 2, 2]
    assert counts(lambda x, w: _written(x * w, (slice(None), rows), 0.0)) == [1, 1, 1, 1]
