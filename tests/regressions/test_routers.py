"""The places of extrema are no statistics: a mask that is scattered at them routes (convention 6)."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import one_hot

import reprior


class _Router(torch.nn.Module):
    def __init__(self, choose) -> None:
        super().__init__()
        self.gate = torch.nn.Parameter(torch.randn(3, 4))
        self.choose = choose

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.choose(torch.softmax(x @ self.gate, -1))


def _written(g: torch.Tensor) -> torch.Tensor:
    mask = torch.zeros_like(g)
    mask[torch.arange(2), g.argmax(-1)] = 1.0
    return g * mask


@pytest.mark.parametrize(
    "choose",
    [
        lambda g: g * (g >= g.topk(1, -1).values),
        lambda g: g * torch.zeros_like(g).scatter(1, g.topk(1, -1).indices, 1.0),
        lambda g: g * torch.zeros_like(g).scatter(1, g.sort(-1, descending=True).indices[:, :1], 1.0),
        lambda g: one_hot(g.argmax(-1), 4) * g,
        lambda g: torch.where(one_hot(g.argmax(-1), 4).bool(), g, torch.zeros_like(g)),
        lambda g: g * (torch.arange(4) == g.max(-1, keepdim=True).indices),
        lambda g: g.masked_fill(~one_hot(g.kthvalue(4, -1).indices, 4).bool(), 0),
        _written,
    ],
)
def test_every_spelling_of_the_largest_gate_routes(choose) -> None:
    """Two rows: a gate reaches itself, and by the place of the largest all four: 2 (1 + 4)."""
    found = reprior.analyze(_Router(choose), torch.randn(2, 3), exact=True)
    assert (found.counts("gate") == 10).all()


def test_gates_divided_by_their_largest_are_normalised() -> None:
    found = reprior.analyze(
        _Router(lambda g: g / g.max(-1, keepdim=True).values), torch.randn(2, 3), exact=True
    )
    assert (found.counts("gate") == 2).all()
