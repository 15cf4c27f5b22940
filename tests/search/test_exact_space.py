"""Exact optima of spaces against looking at every network."""

from __future__ import annotations

import pytest

import reprior
from reprior.errors import RepriorError, SpecError
from reprior.search import space
from reprior.search.exact_space import optimum

FIXED = {"stage1": 2, "inside1": 1, "inside2": 3, "stage2": 2}


@pytest.mark.parametrize("limits", [(None, None), (3_000_000, None), (4_000_000, 300_000_000)])
def test_widths_against_every_network(limits: tuple[int | None, int | None]) -> None:
    params, macs = limits
    widths = space("resnet-width")
    settings = [s for s in widths.settings() if all(s[k] == v for k, v in FIXED.items())]
    assert len(settings) == 64
    counted = [reprior.analyze(widths.describe(setting)) for setting in settings]
    fitting = [
        a.utility
        for a in counted
        if (params is None or a.num_parameters <= params) and (macs is None or a.costs.macs <= macs)
    ]
    found = optimum(widths, max_params=params, max_macs=macs, fixed=FIXED)
    assert 0 < len(fitting) <= 64
    assert found.is_proved
    assert found.utility == pytest.approx(max(fitting), abs=1e-9)
    again = reprior.analyze(found.candidate)
    assert (again.num_parameters, again.costs.macs) == (found.num_parameters, found.macs)


def test_far_fewer_networks_are_counted_than_there_are() -> None:
    found = optimum(space("resnet-width"), max_params=3_000_000)
    assert found.size == 16_384
    assert found.counted < 150
    assert found.num_parameters <= 3_000_000


def test_a_space_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(SpecError, match="fix"):
        optimum(space("nb201"))


def test_mistakes() -> None:
    with pytest.raises(SpecError, match="no value 9 of a choice 'stage1'"):
        optimum(space("resnet-width"), fixed={"stage1": 9})
    with pytest.raises(RepriorError, match="nothing has at most 5 parameters"):
        optimum(space("resnet-width"), max_params=5, fixed=FIXED)
