"""A benchmark of samplers: the objective is counted, and a table says how good what they find is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import optunahub
from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection

from reprior.errors import RepriorError, SpecError
from reprior.lab.bench import BENCHMARKS, data_directory, load
from reprior.search import SPACES, Limit
from reprior.search.choices import Choices
from reprior.search.evaluation import evaluate_candidate
from reprior.search.objectives import objectives

__all__ = ["TABLES", "Problem"]

TABLES: Mapping[str, str] = MappingProxyType(
    {"nasbench201": "nb201", "macro": "macro", "channels": "resnet-width"}
)
"""Tables of trained networks, and the space of each."""


class Problem(optunahub.benchmarks.BaseProblem):
    """Search a space by counted quantities; nothing is trained.

    Parameters
    ----------
    table : {"nasbench201", "macro", "channels"}
    objective : str or sequence of str
        Quantities of `reprior search`: ``utility``, ``-macs``, ``+depth``, ...
    limits : mapping, optional
        The most of a quantity: ``{"params": "1M"}``. They are Optuna's constraints.
    data : path, optional
        Folder of the table; by default what REPRIOR_DATA names. Only `accuracy` reads it.

    Raises
    ------
    SpecError
        If there is no such table or quantity.
    """

    def __init__(
        self,
        table: str = "nasbench201",
        objective: str | Sequence[str] = "utility",
        limits: Mapping[str, str | float] | None = None,
        data: str | Path | None = None,
    ) -> None:
        if table not in TABLES:
            raise SpecError(f"there is no table '{table}': take one of {', '.join(TABLES)}")
        self.table = table
        self._space = SPACES[TABLES[table]]
        self._objectives = objectives([objective] if isinstance(objective, str) else objective)
        self._limits = [Limit.parse(name, most) for name, most in (limits or {}).items()]
        self._data = data
        # Constraints and values are asked for one after the other: the last network is kept.
        self._last: tuple[str, Mapping[str, float | None]] | None = None

    @property
    def search_space(self) -> dict[str, BaseDistribution]:
        choices = Choices({}, (0,))
        self._space.suggest(choices)
        return choices.distributions

    @property
    def directions(self) -> list[StudyDirection]:
        return [StudyDirection[objective.direction.upper()] for objective in self._objectives]

    def evaluate(self, params: dict[str, Any]) -> float | Sequence[float]:
        """The counted quantities of a network, NaN for one that it has not.

        Optuna counts a trial with NaN as failed.

        Raises
        ------
        RepriorError
            If the network cannot be described.
        """
        found = self._quantities(params)
        values = [_number(found.get(objective.quantity)) for objective in self._objectives]
        return values[0] if len(values) == 1 else values

    def evaluate_constraints(self, params: dict[str, Any]) -> dict[str, float]:
        """By what share each limit is exceeded; 0 or less within it."""
        found = self._quantities(params) if self._limits else {}
        return {limit.quantity: limit.excess(_number(found.get(limit.quantity))) for limit in self._limits}

    def spec(self, params: Mapping[str, Any]) -> str:
        """The network of a trial's parameters, as every command of reprior takes it."""
        return str(self._space.describe(params))

    def accuracy(self, params: Mapping[str, Any]) -> float | None:
        """What the network reached when it was trained, in per cent; None if it was not.

        Raises
        ------
        SpecError
            If the table is not in the folder. It is never downloaded from here.
        """
        return self._trained.get(self.spec(params))

    @cached_property
    def _trained(self) -> Mapping[str, float]:
        benchmark = BENCHMARKS[self.table]
        path = data_directory(self._data) / benchmark.file
        if not path.is_file():
            raise SpecError(
                f"there is no '{path.name}' in '{path.parent}': name its folder by data or REPRIOR_DATA"
            )
        # The table of Macro writes an 'a' before the digits, so that no reader takes them for a number.
        return {
            entry.spec.replace("macro:a", "macro:"): entry.accuracy
            for entry in load(benchmark, path.parent).entries
        }

    def _quantities(self, params: Mapping[str, Any]) -> Mapping[str, float | None]:
        spec = self.spec(params)
        if self._last is None or self._last[0] != spec:
            wanted = [item.quantity for item in self._objectives] + [item.quantity for item in self._limits]
            outcome = evaluate_candidate(spec, wanted)
            if outcome.error is not None:
                raise RepriorError(f"{spec}: {outcome.error}")
            self._last = spec, outcome.quantities
        return self._last[1]


def _number(value: float | None) -> float:
    return math.nan if value is None else value
