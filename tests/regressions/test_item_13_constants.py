"""Item 13: a constant masked twice, and an accumulated write of a constant, raised TypeError."""

from __future__ import annotations

import torch

from reprior.core.primitives import Keep, Take
from reprior.core.runs import Runs
from reprior.frontends.torch.lower import Lower
from tests.regressions.holes import check


def test_item_13_a_constant_masked_twice() -> None:
    lower = Lower()
    ones = lower.constant(torch.ones(3))
    once = lower.keep(ones, torch.tensor([True, True, False]))
    twice = lower.keep(once, torch.tensor([False, True, True]))
    assert twice.constant is not None and twice.constant.tolist() == [0, 1, 0]
    masked = lower.add(Keep(Runs.zeros((3,), "scaled")), twice)
    assert masked.constant is not None and masked.constant.tolist() == [0, 0, 0]


def test_item_13_a_constant_with_places_for_nothing() -> None:
    lower = Lower()
    taken = lower.add(Take(0, torch.tensor([1, -1, 0]).numpy()), lower.constant(torch.tensor([5, 7])))
    assert taken.constant is not None and taken.constant.tolist() == [7, 0, 5]


def test_item_13_index_add_of_a_constant() -> None:
    """Position 2 of four held nothing and gets a constant: an element, which the parameter meets."""
    places = torch.tensor([0, 2])

    def run(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        padded = torch.cat([x, torch.zeros(2).to(x)])
        return padded.index_add(0, places, torch.ones(2).to(x)) * w

    check(run, (2,), (4,), expected=[[1, 1, 1, 0]])
