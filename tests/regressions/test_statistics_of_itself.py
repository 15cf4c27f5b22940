"""What belongs to a normalisation: centrings without a learnable part in between, and groups of zeros."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

import reprior

INF = float("inf")
DIAGONAL = torch.eye(4, dtype=torch.bool)


class _Model(torch.nn.Module):
    def __init__(self, function, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(4, 4))
        self.other = torch.nn.Parameter(torch.randn(shape))
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x @ self.weight, self.other)


def _counts(function, shape: tuple[int, ...]) -> tuple[list[int], list[list[int]]]:
    """Contexts of the weight of every column, which feeds four rows of it, and of a second parameter."""
    found = reprior.analyze(_Model(function, shape), torch.randn(4, 4), exact=True)
    return found.counts("weight").tolist()[0], found.counts("other").tolist()


def _centred(h: torch.Tensor) -> torch.Tensor:
    return h - h.mean(1, keepdim=True)


@pytest.mark.parametrize(
    ("function", "contexts"),
    [
        # The four h of a row reach its mean, which reaches four elements: 4 x (1 + 4), and through the linear
        # layer each of the centred elements reaches four.
        (lambda h, p: F.layer_norm(p * _centred(h), (4,)), 20),
        (lambda h, p: F.normalize(p * _centred(h), dim=1), 20),
        (lambda h, p: (lambda q: q / q.norm(dim=1, keepdim=True))(p * _centred(h)), 20),
        (lambda h, p: F.layer_norm(_centred(h) @ p, (4,)), 80),
        (lambda h, p: (_centred(h) @ p).softmax(-1), 80),
        (lambda h, p: F.layer_norm(p @ (h - h.amax(1, keepdim=True)), (4,)), 80),
        # Behind the rescaling, however it is associated.
        (lambda h, p: p * _centred(h) / h.std(1, keepdim=True), 4),
        (lambda h, p: p * _centred(h) / _centred(h).norm(dim=1, keepdim=True), 4),
        (lambda h, p: (_centred(h) @ p) / h.std(1, keepdim=True), 16),
        (lambda h, p: p * F.normalize(_centred(h), dim=1), 4),
        # A factor that the elements of a row have in common cancels with them.
        (lambda h, p: (p[:, :1] * _centred(h)).softmax(-1), 4),
        (lambda h, p: F.layer_norm(p[0, 0] * _centred(h), (4,)), 4),
    ],
)
def test_a_learnable_part_between_centring_and_rescaling(function, contexts: int) -> None:
    assert _counts(function, (4, 4))[0] == [contexts] * 4


@pytest.mark.parametrize(
    "function",
    [
        lambda h: h.tril(),
        lambda h: h.masked_fill(torch.ones(4, 4).triu(1) > 0, -INF).softmax(-1),
        lambda h: h.softmax(-1).tril(),
    ],
)
def test_a_softmax_of_zeros_beside_masked_scores_has_elements(function) -> None:
    """Row 0 is softmax([-inf, 0, 0, 0]): a third each, which meets rows 1 to 3 of the second factor."""
    _, other = _counts(lambda h, v: function(h).masked_fill(DIAGONAL, -INF).softmax(-1) @ v, (4, 1))
    assert other == [[3], [3], [3], [3]]


@pytest.mark.parametrize(
    "function",
    [
        lambda y: (y - y.mean(0)) / (y.std(0) + 1),
        lambda y: F.layer_norm(y.T, (4,)).T,
        lambda y: y / (y.norm(dim=0) + 1),
    ],
)
def test_a_group_of_zeros_stays_zero(function) -> None:
    """A column of padding has mean zero: the weights behind it meet nothing, the others four rows."""
    weight, other = _counts(lambda h, v: function(F.pad(h, (1, 0))) @ v, (5, 2))
    assert weight == [8] * 4
    assert other == [[0, 0], [4, 4], [4, 4], [4, 4], [4, 4]]


def test_a_zero_among_others_is_centred() -> None:
    """A padded element of a row that is centred is minus the mean of the row."""
    _, other = _counts(lambda h, v: F.normalize(_centred(F.pad(h, (1, 0))), dim=1) @ v, (5, 2))
    assert other == [[4, 4]] * 5
