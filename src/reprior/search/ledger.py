"""The trials of a study: in memory for the sampler, and each finished one in the storage.

A trial stands in the storage once it is finished, whole, by one write. So a process that is killed leaves
nothing half done there, and several may work on one study: each reads what the others have finished.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.samplers import BaseSampler
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, Trial, TrialState

from ..errors import SpecError
from .evaluation import Outcome
from .objectives import Direction, Limit, Objective
from .storage import kept_in, open_storage, patiently

__all__ = ["CANDIDATE", "ERROR", "KEY", "NOTES", "QUANTITIES_OF", "SECONDS", "Ledger"]

CANDIDATE, KEY, QUANTITIES_OF = "candidate", "graph", "quantities"
ERROR, NOTES, SECONDS = "error", "notes", "seconds"
"""The user attributes of a trial."""

_MADE_BY = "reprior"
"""The user attribute of a study that says what it searches."""

_NEWS = 0.25
"""Seconds after which others are asked what they have finished."""


class Ledger:
    """What was tried so far.

    Parameters
    ----------
    url : str
        Of the storage.
    name : str
        Of the study.
    space : str
        What is searched; a study goes on only with what it began with.
    objectives : sequence of Objective
    limits : sequence of Limit
    sampler : BaseSampler

    Raises
    ------
    SpecError
        If the study is another search.
    StorageError
        If the storage cannot be used.
    """

    def __init__(
        self,
        url: str,
        name: str,
        space: str,
        objectives: Sequence[Objective],
        limits: Sequence[Limit],
        sampler: BaseSampler,
    ) -> None:
        self.url, self.name, self.objectives, self.limits = url, name, objectives, limits
        directions = [objective.direction for objective in objectives]
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._kept = open_storage(url)
        made_by = {
            "space": space,
            "objectives": [str(objective) for objective in objectives],
            "limits": {limit.quantity: limit.most for limit in limits},
        }
        self.study = patiently(url, "open", lambda: self._open(directions, made_by))
        self._kept_id = patiently(url, "open", lambda: self._kept.get_study_id_from_name(name))
        self._memory = InMemoryStorage()
        self._sampled = optuna.create_study(
            storage=self._memory, study_name=name, directions=directions, sampler=sampler
        )
        self._id = self._memory.get_study_id_from_name(name)
        self._seen: set[int] = set()
        self._asked = 0.0
        self.finished = 0
        self.quantities: dict[str, dict[str, float | None]] = {}
        self.by_candidate: dict[str, Outcome] = {}
        self.read()

    def _open(self, directions: Sequence[Direction], made_by: dict[str, Any]) -> optuna.Study:
        """The study as it is kept, made if it is not there."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what Optuna calls experimental
            study = optuna.create_study(
                storage=self._kept, study_name=self.name, directions=directions, load_if_exists=True
            )
            self._check(study, made_by)
        return study

    def _check(self, study: optuna.Study, made_by: dict[str, Any]) -> None:
        found = study.user_attrs.get(_MADE_BY)
        if found is None and not study.get_trials(deepcopy=False):
            study.set_metric_names([objective.quantity for objective in self.objectives])
            study.set_user_attr(_MADE_BY, made_by)
        elif found != made_by:
            was = "something else" if found is None else _describe(found)
            raise SpecError(
                f"the study '{self.name}' in '{kept_in(self.url)}' searches {was}, not {_describe(made_by)}; "
                "give another --study"
            )

    def read(self) -> None:
        """Take over what others have finished."""
        found = patiently(self.url, "read", lambda: self._kept.get_all_trials(self._kept_id, deepcopy=False))
        for trial in found:
            if trial.state.is_finished() and trial._trial_id not in self._seen:
                self._seen.add(trial._trial_id)
                self._memory.create_new_trial(self._id, template_trial=trial)
                self._remember(trial)
        self._asked = time.monotonic()

    def news(self, *, urgent: bool = False) -> None:
        """Read if that is long ago."""
        if urgent or time.monotonic() - self._asked > _NEWS:
            self.read()

    def ask(self) -> Trial:
        """A new trial, with what the sampler proposes."""
        return self._sampled.ask()

    def tell(self, trial: Trial, outcome: Outcome) -> None:
        """Finish a trial and keep it.

        Raises
        ------
        StorageError
            If it cannot be kept.
        """
        identity = self._memory.get_trial_id_from_study_id_trial_number(self._id, trial.number)
        for name, value in self._attributes(outcome).items():
            trial.set_user_attr(name, value)
        try:
            for name, distribution in outcome.distributions.items():
                internal = distribution.to_internal_repr(outcome.params[name])
                self._memory.set_trial_param(identity, name, internal, distribution)
            values = self._values(outcome)
        except ValueError as error:  # choices that change from trial to trial, no value
            trial.set_user_attr(ERROR, " ".join(str(error).split()))
            values = None
        if values is None:
            self._sampled.tell(trial, state=TrialState.FAIL)
        else:
            for limit in self.limits:
                value = outcome.quantities.get(limit.quantity)
                if value is not None:
                    trial.set_constraint(limit.quantity, limit.excess(value))
            self._sampled.tell(trial, values)
        frozen = self._memory.get_trial(identity)
        kept = patiently(self.url, "write to", lambda: self._kept.create_new_trial(self._kept_id, frozen))
        self._seen.add(kept)
        self._remember(frozen)

    def _values(self, outcome: Outcome) -> list[float] | None:
        if outcome.error is not None:
            return None
        values: list[float] = []
        for objective in self.objectives:
            value = outcome.quantities.get(objective.quantity)
            if value is None:
                raise ValueError(f"its {objective.quantity} is no finite number")
            values.append(value)
        return values

    def _attributes(self, outcome: Outcome) -> Mapping[str, Any]:
        found = {
            CANDIDATE: outcome.candidate,
            KEY: outcome.key,
            QUANTITIES_OF: outcome.quantities,
            ERROR: outcome.error,
            NOTES: list(outcome.notes),
            SECONDS: round(outcome.seconds, 4),
        }
        return {**outcome.attributes, **{key: value for key, value in found.items() if value}}

    def _remember(self, trial: FrozenTrial) -> None:
        self.finished += 1
        attributes = trial.user_attrs
        key, quantities = attributes.get(KEY), attributes.get(QUANTITIES_OF)
        if trial.state != TrialState.COMPLETE or key is None or quantities is None:
            return
        self.quantities[key] = self.quantities.get(key, {}) | quantities
        candidate = attributes.get(CANDIDATE)
        if candidate is not None:
            notes = tuple(attributes.get(NOTES, ()))
            self.by_candidate[candidate] = Outcome(candidate, key, self.quantities[key], notes=notes)


def _describe(made_by: Mapping[str, Any]) -> str:
    limits = "".join(f", {name} <= {most:g}" for name, most in made_by["limits"].items())
    return f"{made_by['space']} for {' '.join(made_by['objectives'])}{limits}"
