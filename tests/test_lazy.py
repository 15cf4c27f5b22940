"""Each stage of an analysis is worked out when it is asked for, once."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

import reprior
from reprior.analysis import stages
from reprior.rank import scores


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each stage has run."""
    found: Counter[str] = Counter()
    for name in ("canonicalise", "count", "measure", "utility_of_graph", "of_parameters", "tensor_rows"):
        monkeypatch.setattr(stages, name, _counting(found, name))
    return found


def _counting(found: Counter[str], name: str) -> Callable[..., Any]:
    function = getattr(stages, name)

    def counting(*arguments: Any, **options: Any) -> Any:
        found[name] += 1
        return function(*arguments, **options)

    return counting


def test_a_utility_and_costs_need_no_count(calls):
    found = reprior.analyze("paper:efficientnetv2-b0@64")
    assert found.utility == found.utility != 0
    assert dict(calls) == {"canonicalise": 1, "utility_of_graph": 1}
    assert found.costs.macs > 0
    assert dict(calls) == {"canonicalise": 1, "utility_of_graph": 1, "measure": 1}


def test_counts_need_no_utility_costs_or_table(calls):
    found = reprior.analyze("macro:01201201")
    assert found.p_g != found.p_g_prime
    assert found.log2_counts(found.parameters[0].name).size
    assert (calls["canonicalise"], calls["count"], calls["of_parameters"]) == (1, 1, 1)
    assert calls["measure"] == calls["utility_of_graph"] == 0


def test_what_shares_parameters_is_counted_for_its_groups(calls):
    assert reprior.analyze("macro:01201201", share="all_but_bn").utility is not None
    assert calls["count"] == 1


def test_a_score_without_counts_runs_none(calls):
    assert scores.score_uncounted("macro:01201201")["utility"] is not None
    assert calls["count"] == 0 and calls["canonicalise"] == 1
    scores.score("macro:01201201")
    assert calls["count"] == 1 and calls["canonicalise"] == 2


def test_seconds_say_what_counting_took():
    found = reprior.analyze("macro:01201201")
    assert found.seconds["count"] > 0 and found.seconds["quantities"] > 0
