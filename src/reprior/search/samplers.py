"""The samplers by name: Optuna's, and regularised evolution (Real et al 2019)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.search_space import IntersectionSearchSpace
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from ..errors import SpecError
from ..naming import suggest

__all__ = ["SAMPLERS", "EvolutionSampler", "sampler"]


class EvolutionSampler(BaseSampler):
    """Regularised evolution: the best of a few of the youngest trials gets a child with one choice changed.

    Trials within the limits beat those beyond them, and of those the nearer to the limits wins.

    Parameters
    ----------
    population : int
        How many of the latest trials live.
    tournament : int
        How many of them, drawn by lot, compete to be the parent.
    seed : int
    """

    def __init__(self, *, population: int = 100, tournament: int = 25, seed: int | None = None) -> None:
        self._population, self._tournament = population, tournament
        self._random = np.random.default_rng(seed)
        self._independent = RandomSampler(seed=seed)
        self._space = IntersectionSearchSpace()

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """What all trials have chosen."""
        return self._space.calculate(study)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """A child of a good trial; nothing while the first population is drawn."""
        finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        open_choices = [name for name, found in search_space.items() if not found.single()]
        if len(finished) < self._population or not open_choices:
            return {}
        living = finished[-self._population :]
        drawn = self._random.choice(len(living), min(self._tournament, len(living)), replace=False)
        sign = 1 if study.direction == StudyDirection.MAXIMIZE else -1
        parent = max((living[k] for k in drawn), key=lambda item: _fitness(item, sign))
        child = {name: parent.params[name] for name in search_space}
        name = open_choices[int(self._random.integers(len(open_choices)))]
        child[name] = _another(search_space[name], child[name], self._random)
        return child

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """A choice by lot."""
        return self._independent.sample_independent(study, trial, param_name, param_distribution)


def _fitness(trial: FrozenTrial, sign: int) -> tuple[float, float]:
    excess = sum(max(0.0, value) for value in trial.constraints.values())
    assert trial.value is not None
    return -excess, sign * trial.value


def _another(distribution: BaseDistribution, value: Any, random: np.random.Generator) -> Any:
    """A different value: any other category, a near number."""
    if isinstance(distribution, CategoricalDistribution):
        others = [choice for choice in distribution.choices if choice != value]
        return others[int(random.integers(len(others)))]
    if isinstance(distribution, IntDistribution):
        steps = (distribution.high - distribution.low) // distribution.step
        now = (value - distribution.low) // distribution.step
        # A quarter of the range at most, so that most changes are small.
        reach = max(1, steps // 4)
        near = [k for k in range(max(0, now - reach), min(steps, now + reach) + 1) if k != now]
        return distribution.low + distribution.step * near[int(random.integers(len(near)))]
    low, high = distribution.low, distribution.high  # type: ignore[attr-defined]
    if distribution.log:  # type: ignore[attr-defined]
        return float(np.clip(value * np.exp(random.normal(0, np.log(high / low) / 8)), low, high))
    return float(np.clip(value + random.normal(0, (high - low) / 8), low, high))


SAMPLERS: Mapping[str, Callable[[int | None], BaseSampler]] = {
    "random": lambda seed: RandomSampler(seed=seed),
    "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True),
    "nsga2": lambda seed: optuna.samplers.NSGAIISampler(seed=seed),
    "nsga3": lambda seed: optuna.samplers.NSGAIIISampler(seed=seed),
    "gp": lambda seed: optuna.samplers.GPSampler(seed=seed, deterministic_objective=True),
    "evolution": lambda seed: EvolutionSampler(seed=seed),
}
"""How each sampler is made from a seed."""


def sampler(name: str | None, objectives: Sequence[object], seed: int | None) -> BaseSampler:
    """The sampler of that name; by default ``evolution`` for one objective and ``nsga2`` for several.

    Raises
    ------
    SpecError
        If there is none, or it takes one objective and there are several.
    """
    if name is None:
        name = "evolution" if len(objectives) == 1 else "nsga2"
    if name not in SAMPLERS:
        raise SpecError(f"there is no sampler '{name}': {suggest(name, list(SAMPLERS))}")
    if name == "evolution" and len(objectives) > 1:
        raise SpecError("the sampler 'evolution' takes one objective; for several there are nsga2 and nsga3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what Optuna calls experimental
        return SAMPLERS[name](seed)
