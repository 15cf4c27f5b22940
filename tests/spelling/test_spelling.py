"""One function in several spellings has the same contexts, parameter by parameter and scalar by scalar."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import reprior
from reprior.frontends.torch import describe_module

from .group import INPUTS, Body, Group
from .groups import GROUPS

NORMALIZATIONS = ("local", "coupled")
WEIGHTINGS = {"unit": "unit", "fan_in": "fan_in:1", "decay": "decay:0.9"}
OPEN: dict[tuple[str, str], str] = {}
"""Spellings that should count alike and do not yet, with what is to be mended."""

CASES = [
    pytest.param(
        name,
        label,
        id=f"{name}-{label}",
        marks=[pytest.mark.xfail(reason=OPEN[name, label])] if (name, label) in OPEN else [],
    )
    for name, group in GROUPS.items()
    for label in list(group.spellings)[1:]
]

Counts = dict[str, np.ndarray[Any, Any]]


@pytest.mark.parametrize(("name", "label"), CASES)
def test_spellings_count_alike(name: str, label: str) -> None:
    group = GROUPS[name]
    first, other = counted(group, next(iter(group.spellings))), counted(group, label)
    unlike = {where for where in first if not same(first[where], other[where])}
    assert unlike == expected(group, label), group.differs.get(label, ("", ""))[1]


def counted(group: Group, label: str) -> dict[str, Counts]:
    """Exact counts of every parameter, by ``normalization/weighting``."""
    model = describe_module(Body(group.spellings[label], group), INPUTS[group.kind])
    found = {}
    for normalization in NORMALIZATIONS:
        for key, weighting in WEIGHTINGS.items():
            analysis = reprior.analyze(model, normalization=normalization, weighting=weighting, exact=True)
            found[f"{normalization}/{key}"] = {
                row.name: analysis.counts(row.name) for row in analysis.parameters
            }
    return found


def same(one: Counts, other: Counts) -> bool:
    return one.keys() == other.keys() and all((one[name] == other[name]).all() for name in one)


def expected(group: Group, label: str) -> set[str]:
    """Where the two are known to count differently."""
    where, _ = group.differs.get(label, ("", ""))
    words = set(where.split())
    pairs = {(one, key) for one in NORMALIZATIONS for key in WEIGHTINGS}
    return {f"{one}/{key}" for one, key in pairs if words & {"all", one, key, f"{one}/{key}"}}


def test_there_are_enough_groups_and_spellings() -> None:
    assert len(GROUPS) >= 44
    assert all(len(group.spellings) >= 3 for group in GROUPS.values())
    assert all(label in group.spellings for group in GROUPS.values() for label in group.differs)


def test_every_weight_of_a_group_is_used() -> None:
    """A spelling that drops a weight would agree with another that does."""
    for group in GROUPS.values():
        found = counted(group, next(iter(group.spellings)))["local/unit"]
        assert all(values.any() for values in found.values())
