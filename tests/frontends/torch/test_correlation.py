"""Correlations are cosines of centred rows; covariances are products of them (convention 6)."""

from __future__ import annotations

import pytest
import torch

import reprior


class _Rows(torch.nn.Module):
    def __init__(self, function) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(3, 4))
        self.function = function

    def forward(self, x):
        return self.function(self.weight) + x


def _cosines(w):
    rows = w - w.mean(1, keepdim=True)
    rows = rows / rows.norm(dim=1, keepdim=True)
    return rows @ rows.T


# An element of a row meets three rows, from the left and from the right: 6. Its mean goes with the norm; in a
# covariance it routes, to the four elements of the row: 6 + 4 * 6.
@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize(("function", "contexts"), [(torch.corrcoef, 6), (_cosines, 6), (torch.cov, 30)])
def test_contexts_of_rows(function, contexts, real) -> None:
    analysis = reprior.analyze(_Rows(function), torch.randn(3, 3), exact=True, real=real)
    assert {count for row in analysis.counts("weight").tolist() for count in row} == {contexts}
