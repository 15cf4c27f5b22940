"""A trial that makes its choices by itself, wherever it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    check_distribution_compatibility,
)

from ..errors import RepriorError

__all__ = ["Choices"]


class Choices:
    """Choices proposed by a sampler, completed by lot, and remembered.

    It has the methods of an Optuna trial that make choices. Unlike one it holds no storage, so it can be
    sent to another process, and what was chosen comes back as data.

    Attributes
    ----------
    number : int
        Of the trial.
    params : dict
        What was chosen so far.
    distributions : dict
        From what.
    user_attrs : dict
        What `set_user_attr` was told.
    """

    def __init__(self, proposed: Mapping[str, Any], seed: Sequence[int], number: int = 0) -> None:
        self.number = number
        self.params: dict[str, Any] = {}
        self.distributions: dict[str, BaseDistribution] = {}
        self.user_attrs: dict[str, Any] = {}
        self._proposed = proposed
        self._random = np.random.default_rng(seed)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """One of the choices."""
        return self._choose(name, CategoricalDistribution(choices))

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """An integer from `low` to `high`, both included."""
        found: int = self._choose(name, IntDistribution(low, high, log=log, step=step))
        return found

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """A number from `low` to `high`."""
        found: float = self._choose(name, FloatDistribution(low, high, log=log, step=step))
        return found

    def set_user_attr(self, key: str, value: Any) -> None:
        """Note something, to stand beside the trial's results."""
        self.user_attrs[key] = value

    def _choose(self, name: str, distribution: BaseDistribution) -> Any:
        if name in self.params:
            check_distribution_compatibility(self.distributions[name], distribution)
            return self.params[name]
        value = self._value(name, distribution)
        self.params[name], self.distributions[name] = value, distribution
        return value

    def _value(self, name: str, distribution: BaseDistribution) -> Any:
        if name in self._proposed:
            value = self._proposed[name]
            try:
                if distribution._contains(distribution.to_internal_repr(value)):
                    return value
            except ValueError:
                pass  # proposed for another set of choices
        return _draw(distribution, self._random)


def _draw(distribution: BaseDistribution, random: np.random.Generator) -> Any:
    """A value by lot."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[int(random.integers(len(distribution.choices)))]
    if isinstance(distribution, IntDistribution):
        low, high, step = distribution.low, distribution.high, distribution.step
        if distribution.log:
            return min(high, int(np.exp(random.uniform(np.log(low), np.log(high + 1)))))
        return low + step * int(random.integers((high - low) // step + 1))
    if isinstance(distribution, FloatDistribution):
        if distribution.log:
            return float(np.exp(random.uniform(np.log(distribution.low), np.log(distribution.high))))
        if distribution.step is None:
            return float(random.uniform(distribution.low, distribution.high))
        steps = round((distribution.high - distribution.low) / distribution.step)
        return float(distribution.low + distribution.step * int(random.integers(steps + 1)))
    raise RepriorError(f"nothing can be drawn from {distribution}")
