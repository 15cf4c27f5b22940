"""Item 18: seven registrations that can never match, and re-registering a rule in a notebook refused.

That every registered name matches an operator is ``test_every_registered_operator_has_a_case`` of
``tests/frontends/torch/dependence``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from reprior import analyze, rule
from reprior.errors import SpecError
from reprior.frontends.torch import registry


@pytest.fixture
def name() -> Iterator[str]:
    yield "reprior_tests.registered"
    registry._OPERATORS.pop("reprior_tests.registered", None)


def _cell(name: str, kind: str) -> Any:
    """What a notebook's cell does, each time that it is run."""

    @rule(name)
    def registered(lower: Any, x: Any) -> Any:
        return lower.map(kind, x)

    return registered


def test_item_18_a_cell_may_be_run_again(name: str) -> None:
    _cell(name, "first")
    again = _cell(name, "second")
    assert registry.operators()[name].function is again


def test_item_18_another_function_has_to_say_so(name: str) -> None:
    _cell(name, "first")

    def other(lower: Any, x: Any) -> Any:
        return lower.map("other", x)

    with pytest.raises(SpecError, match="override=True"):
        rule(name)(other)
    rule(name, override=True)(other)
    assert registry.operators()[name].function is other


def test_item_18_a_pathless_operator_is_declared_once(name: str) -> None:
    registry.pathless(name, "noise")
    registry.pathless(name, "noise")
    with pytest.raises(SpecError, match="has a rule already"):
        _cell(name, "first")


class Function(torch.nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.weight, self.function = torch.nn.Parameter(torch.zeros(2, 3)), function

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(self.weight * x)


@pytest.mark.parametrize(
    ("function", "count"),
    [
        (lambda x: torch.inner(x, torch.ones(3)), 1),
        (lambda x: x.renorm(2, 0, 1.0), 1),
        (lambda x: x.kthvalue(2, 1).values, 1),
        (lambda x: x.aminmax(dim=1), 2),
        (lambda x: x.msort(), 2),
        (lambda x: torch.nn.functional.softmin(x, 1), 1),
        (torch.nn.functional.tanhshrink, 1),
    ],
    ids=["inner", "renorm", "kthvalue", "aminmax", "msort", "softmin", "tanhshrink"],
)
def test_item_18_the_seven_operators_have_rules(function: Any, count: int) -> None:
    analysis = analyze(Function(function), torch.zeros(1, 3), exact=True)
    assert analysis.counts("weight").tolist() == [[count] * 3] * 2
