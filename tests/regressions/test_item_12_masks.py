"""Item 12: a score that is masked by minus infinity stays so, however it is written and wherever it moves.

``scores[mask] = -inf`` by boolean index and ``cat`` with a column of minus infinity left masked values
reachable.
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from tests.regressions.holes import check, counts

INF = torch.inf
FUTURE = torch.ones(3, 3).triu(1).bool()


def written(x: torch.Tensor) -> torch.Tensor:
    scores = x.clone()
    scores[FUTURE] = -INF
    return scores.softmax(-1)


def written_a_view(x: torch.Tensor) -> torch.Tensor:
    scores = x.clone()
    for row in range(3):
        scores[row, row + 1 :] = torch.finfo(scores.dtype).min
    return scores.softmax(-1)


def clamped_to_the_least_number(x: torch.Tensor) -> torch.Tensor:
    least = torch.tensor(torch.finfo(torch.float32).min).to(x)
    return torch.max(x.masked_fill(FUTURE, -INF), least).softmax(-1)


def by_hand(x: torch.Tensor) -> torch.Tensor:
    scores = x.masked_fill(FUTURE, -INF)
    exponentials = (scores - scores.amax(-1, keepdim=True)).exp()
    return exponentials / exponentials.sum(-1, keepdim=True)


SPELLINGS = {
    "masked_fill": lambda x: x.masked_fill(FUTURE, -INF).softmax(-1),
    "boolean index": written,
    "slices": written_a_view,
    "where": lambda x: torch.where(FUTURE, torch.tensor(-INF).to(x), x).softmax(-1),
    "where of a tensor": lambda x: torch.where(~FUTURE, x, torch.full((3, 3), -1e30).to(x)).softmax(-1),
    "added": lambda x: (x + torch.full((3, 3), -INF).triu(1).to(x)).softmax(-1),
    "added beside a slope": lambda x: (x + torch.arange(3).to(x).masked_fill(FUTURE, -INF)).softmax(-1),
    "scaled afterwards": lambda x: (x.masked_fill(FUTURE, -INF) * 0.125).softmax(-1),
    "flattened": lambda x: x.reshape(9).masked_fill(FUTURE.reshape(9), -INF).reshape(3, 3).softmax(-1),
    "stacked": lambda x: torch.stack([x, x.masked_fill(FUTURE, -INF)]).softmax(-1)[1],
    "a column beside it": lambda x: torch.cat([x.masked_fill(FUTURE, -INF), x], 1)[:, :3].softmax(-1),
    "repeated": lambda x: x.masked_fill(FUTURE, -INF).repeat(1, 2)[:, :3].softmax(-1),
    "clamped": clamped_to_the_least_number,
    "by hand": by_hand,
    "sigmoid": lambda x: x.masked_fill(FUTURE, -INF).sigmoid(),
    "softplus": lambda x: F.softplus(x.masked_fill(FUTURE, -INF)),
    "through the logarithm": lambda x: F.log_softmax(x.masked_fill(FUTURE, -INF), -1).exp(),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_item_12_masked_scores(name: str) -> None:
    """Value k is read by the queries from k on, to both outputs of a linear layer."""
    function = SPELLINGS[name]
    check(lambda x, v: function(x) @ v, (3, 3), (3, 2), expected=[[[3] * 2, [2] * 2, [1] * 2]])


def test_item_12_masked_scores_lead_nowhere() -> None:
    """Query i's gain leads to the i + 1 keys that it sees and each of their scores to both outputs."""

    def attend(x: torch.Tensor, gain: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return written((x * gain) @ torch.ones(1, 3).to(x)) @ v

    assert counts(attend, (3, 1), (3, 1), (3, 2)) == [[[2], [4], [6]], [[3, 3], [2, 2], [1, 1]]]


COLUMNS = {
    "concatenated": lambda x: torch.cat([x, torch.full((3, 1), -INF).to(x)], 1),
    "padded": lambda x: F.pad(x, (0, 1), value=-INF),
    "concatenated and scaled": lambda x: torch.cat([x, torch.full((3, 1), -1e9).to(x)], 1) / 8,
}


@pytest.mark.parametrize("name", COLUMNS)
def test_item_12_a_column_of_minus_infinity(name: str) -> None:
    function = COLUMNS[name]
    expected = [[[3] * 2] * 3 + [[0] * 2]]
    check(lambda x, v: function(x).softmax(-1) @ v, (3, 3), (4, 2), expected=expected)


def test_item_12_what_is_not_zero_at_minus_infinity_is_an_element() -> None:
    check(lambda x, w: x.masked_fill(FUTURE[0], -INF).tanh() * w, (3,), (3,), expected=[[1, 1, 1]])


def test_item_12_a_fill_over_a_masked_score_is_no_mask() -> None:
    """The second fill sets some of the masked scores to zero, whose exponential is an element."""
    last = torch.tensor([False, False, True])
    check(
        lambda x, v: x.masked_fill(FUTURE, -INF).masked_fill(last, 0.0).softmax(-1) @ v,
        (3, 3),
        (3, 2),
        expected=[[[3] * 2, [2] * 2, [3] * 2]],
    )
