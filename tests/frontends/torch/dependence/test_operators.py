"""Every registered operator against automatic differentiation or finite change."""

from __future__ import annotations

import warnings

import pytest

from reprior.frontends.torch import registry

from . import fourier, indexing, linalg, moves, pathless, pointwise, products, quantised, reductions, spatial
from .case import Case, differences
from .required import matching, registered

CASES: list[Case] = [
    case
    for table in (
        pointwise,
        moves,
        products,
        reductions,
        indexing,
        spatial,
        fourier,
        linalg,
        quantised,
        pathless,
    )
    for case in table.CASES
]


def _names() -> list[str]:
    """One per case: its operator, numbered where it has several."""
    seen: dict[str, int] = {}
    names = []
    for case in CASES:
        seen[case.operator] = seen.get(case.operator, 0) + 1
        names.append(f"{case.operator} {seen[case.operator]}")
    return names


@pytest.mark.parametrize("case", CASES, ids=_names())
def test_dependence(case: Case) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # operators that PyTorch deprecates have a rule still
        wrong = differences(case)
    assert not wrong, wrong


def test_cases_are_of_registered_operators() -> None:
    assert [case.operator for case in CASES if registry.find(case.operator) is None] == []


def test_another_kind_than_derivatives_has_a_reason() -> None:
    assert [case.operator for case in CASES if case.kind in ("bound", "claim") and not case.reason] == []


def test_every_registered_operator_has_a_case() -> None:
    called = {case.operator for case in CASES}
    unmatched = [name for name in registered() if not matching(name)]
    assert not unmatched, f"no operator that a forward may call has the names {', '.join(unmatched)}"
    missing = [one for name in registered() for one in matching(name) if one not in called]
    assert not missing, f"no dependence case for {', '.join(missing)}"
