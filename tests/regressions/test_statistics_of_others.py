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


def _counts(function) -> list[int]:
    """Contexts of the weights of each column: one feeds four rows of it."""
    return reprior.analyze(_Model(function), torch.randn(4, 4), exact=True).counts("weight").tolist()[0]


def _count(function) -> int:
    return _counts(function)[0]


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
        # h[j, i] over the norm of column j: 4, and 4 x 4 by the norm, less the four where i is j.
        (lambda h: h.T / h.norm(dim=0, keepdim=True), 16),
        (lambda h: h.T - h.logsumexp(0, keepdim=True), 16),
        # The mean of row j taken from column j: 4 by h, and the mean of its row reaches 4 of the column, from
        # 4 rows; that the column is rescaled by a statistic of its own is nothing more.
        (lambda h: (lambda c: c / c.norm(dim=0, keepdim=True))(h - h.mean(1)), 20),
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
        lambda h: h.roll(1, 1) / h.norm(dim=1, keepdim=True),
        lambda h: h / h.roll(1, 1).norm(dim=1, keepdim=True),
        lambda h: torch.cat([h[:, 1:], h[:, :1]], 1) / h.norm(dim=1, keepdim=True),
        lambda h: h[:, [1, 0, 3, 2]] / h.norm(dim=1, keepdim=True),
        lambda h: (h.T / h.norm(dim=1)).T,
    ],
)
def test_moved_alike_it_is_the_own_one(function) -> None:
    """One context an output element that the weight feeds: four, or three without the first row."""
    assert _count(function) in (3, 4)


def test_where_some_elements_meet_their_own_statistic() -> None:
    """Columns 0, 0, 1, 1 over the norms of columns 0 to 3: only the first one is divided by its own.

    Two uses from four rows each, 8; the norm of column 1 divides the other copy of column 0 (16), those of
    columns 2 and 3 the copies of column 1.
    """
    repeated = lambda h: h.repeat_interleave(2, 1)[:, :4] / h.norm(dim=0, keepdim=True)  # noqa: E731
    assert _counts(repeated) == [8, 24, 16, 16]


def _cosine(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return (one @ other.T) / (one.norm(dim=1, keepdim=True) * other.norm(dim=1))


@pytest.mark.parametrize(
    ("function", "contexts"),
    [
        # 4 products by the left side and 4 by the right one, from four rows.
        (lambda h: _cosine(h, h), 32),
        (lambda h: _cosine(h, h - h.mean(1, keepdim=True)), 32),
        # On the right each h reaches itself and, by the mean of its column, four rows: 4 x (4 + 4 x 5).
        (lambda h: _cosine(h, h + h.mean(0, keepdim=True)), 96),
    ],
)
def test_the_sides_of_a_cosine_are_told_apart(function, contexts: int) -> None:
    """Though both have as many rows as columns."""
    assert _count(function) == contexts
