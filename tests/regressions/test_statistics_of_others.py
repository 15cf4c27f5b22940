"""A statistic that moves have brought beside other elements of its value routes (convention 6: of itself)."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import pad

import reprior


class _Model(torch.nn.Module):
    def __init__(self, function) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(4, 4))
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x @ self.weight)


def _count(function) -> int:
    """Contexts of the first weight: it feeds four rows of one column."""
    return reprior.analyze(_Model(function), torch.randn(4, 4), exact=True).counts("weight").tolist()[0][0]


@pytest.mark.parametrize(
    ("function", "contexts"),
    [
        # A token over the norm of the next one's row: rows 0 to 2 are divided (3), and the norms of rows 1
        # to 3 reach four elements each (12); row 0's norm meets padding alone.
        (lambda h: pad(h[:-1], (0, 0, 1, 0)) / h.norm(dim=1, keepdim=True), 15),
        # Columns exchanged: each element is divided (4), and its column's deviation reaches another's four.
        (lambda h: h[:, [1, 0, 3, 2]] / h.std(0, keepdim=True), 20),
        # Two heads of two, swapped: 4, and each head's norm reaches the two of the other, from four rows.
        (lambda h: h.view(4, 2, 2).flip(1) / h.view(4, 2, 2).norm(dim=2, keepdim=True), 12),
    ],
)
def test_a_statistic_of_other_elements_routes(function, contexts: int) -> None:
    assert _count(function) == contexts


@pytest.mark.parametrize(
    "function",
    [
        lambda h: h[1:] / h.norm(dim=1, keepdim=True)[1:],
        lambda h: h.T / h.norm(dim=1, keepdim=True).T,
        lambda h: h.T / h.T.norm(dim=0, keepdim=True),
        lambda h: h.flip(0) / h.norm(dim=1, keepdim=True).flip(0),
        lambda h: h.view(4, 2, 2) / h.view(4, 2, 2).norm(dim=2, keepdim=True),
    ],
)
def test_moved_alike_it_is_the_own_one(function) -> None:
    """One context an output element that the weight feeds: four, or three without the first row."""
    assert _count(function) in (3, 4)
