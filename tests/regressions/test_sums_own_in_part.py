"""What is computed in another view stays one node; sums that meet their own statistics in part say so."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import reprior


class Stem(nn.Module):
    """A norm over channels that stand last, then a residual branch whose sum is normalised that way again."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.next = nn.LayerNorm(6), nn.LayerNorm(6)
        self.depthwise = nn.Conv2d(6, 6, 3, padding=1, groups=6)
        self.linear = nn.Linear(6, 6)
        self.scale = nn.Parameter(torch.ones(6))
        self.head = nn.Conv2d(6, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Channels first outside the norms."""
        x = self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        branch = self.linear(self.depthwise(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        x = branch * self.scale[:, None, None] + x
        return self.head(self.next(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2))


def test_a_norm_in_another_view_is_used_once() -> None:
    """Every module is called once, so that N_W is N_G (definition in section 1): no norm is there twice."""
    analysis = reprior.analyze(Stem(), (1, 6, 5, 5))
    assert analysis.num_weight_nodes == analysis.num_parameters == 2 * 12 + 60 + 42 + 6 + 28
    assert {row.use_sites for row in analysis.parameters} == {1}


class Scaled(nn.Module):
    """Rows or columns of a square weight, each term beside one of the norms of its columns."""

    def __init__(self, equation: str) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 4))
        self.equation = equation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The sums, added to what is fed."""
        return x + torch.einsum(self.equation, self.weight, 1 / self.weight.norm(dim=0))


@pytest.mark.parametrize(
    ("equation", "contexts", "in_part"),
    [
        # Each term beside the norm of its own column: 16 elements, a route each (convention 6).
        ("ij,j->i", 16, False),
        # Element (j, i) beside the norm of column j: its own where i = j alone. Through its norm an element
        # reaches all four outputs; exactly it should be three of them, 16 * (1 + 3) in all.
        ("ji,j->i", 80, True),
    ],
)
def test_a_sum_that_is_own_in_part_is_noted(equation: str, contexts: int, in_part: bool) -> None:
    """A number that is not exact never comes without a word."""
    analysis = reprior.analyze(Scaled(equation), (1, 4))
    assert 2**analysis.log2_total_contexts == pytest.approx(contexts)
    assert any("some terms of a sum meet their own" in note for note in analysis.notes) is in_part
    if in_part:
        with pytest.raises(reprior.RepriorError, match="some terms of a sum"):
            reprior.analyze(Scaled(equation), (1, 4), strict=True)
