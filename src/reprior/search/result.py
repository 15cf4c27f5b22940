"""What a search has found."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from ..errors import RepriorError
from .ledger import CANDIDATE, ERROR, KEY, NOTES, QUANTITIES_OF, SECONDS
from .objectives import Limit, Objective

__all__ = ["Found", "SearchResult"]

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Found:
    """One finished trial.

    Attributes
    ----------
    number : int
    candidate : str or None
        The spec of what was tried, of spaces that have specs.
    params : mapping
        The choices that make it.
    quantities : mapping
        All that was measured, by name.
    feasible : bool
        Whether it keeps all limits; a failed trial does not.
    error : str or None
        Why it failed.
    notes : tuple of str
        What was assumed or approximated of it, as in `reprior.Analysis.notes`.
    graph : str or None
        The key that equal graphs share.
    seconds : float
        What measuring took; 0 where it was known.
    """

    number: int
    candidate: str | None
    params: Mapping[str, Any]
    quantities: Mapping[str, float | None]
    feasible: bool
    error: str | None = None
    notes: tuple[str, ...] = ()
    graph: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The trials of a study and the best of them.

    Attributes
    ----------
    space : str
    objectives : tuple of Objective
    limits : tuple of Limit
    trials : tuple of Found
        All that are finished, in the order of the study.
    front : tuple of Found
        Those that no other beats in all objectives, each graph once, best of the first objective first;
        of one objective the best alone.
    study : optuna.study.Study
        The study itself, for Optuna's own tools.
    """

    space: str
    objectives: tuple[Objective, ...]
    limits: tuple[Limit, ...]
    trials: tuple[Found, ...]
    front: tuple[Found, ...]
    study: Study = field(repr=False, compare=False)

    @classmethod
    def of(
        cls, study: Study, space: str, objectives: Sequence[Objective], limits: Sequence[Limit]
    ) -> SearchResult:
        """Read a study."""
        trials = tuple(
            _found(trial) for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()
        )
        best = {trial.number for trial in study.best_trials}
        first = objectives[0]
        sign = -1 if first.direction == "maximize" else 1
        front: dict[object, Found] = {}
        for trial in trials:
            if trial.number in best:
                front.setdefault(trial.graph or trial.number, trial)
        ordered = sorted(front.values(), key=lambda item: sign * (item.quantities[first.quantity] or 0.0))
        return cls(
            space,
            tuple(objectives),
            tuple(limits),
            trials,
            tuple(ordered[:1] if len(objectives) == 1 else ordered),
            study,
        )

    @property
    def best(self) -> Found:
        """The first of the front.

        Raises
        ------
        RepriorError
            If no trial succeeded within the limits; the message says how near the nearest was.
        """
        if self.front:
            return self.front[0]
        raise RepriorError(self.failure() or "there is no finished trial")

    def failure(self) -> str | None:
        """Why there is nothing on the front, in one line; None if there is."""
        if self.front:
            return None
        measured = [trial for trial in self.trials if trial.error is None]
        if not measured:
            first = next((trial.error for trial in self.trials if trial.error), None)
            return f"all {len(self.trials)} trials failed; the first: {first}" if first else None
        nearest = min(measured, key=self._excess)
        has = ", ".join(f"{limit.quantity} {nearest.quantities[limit.quantity]:.4g}" for limit in self.limits)
        bounds = ", ".join(map(str, self.limits))
        return f"none of {len(self.trials)} trials keeps {bounds}; the nearest has {has}"

    def _excess(self, trial: Found) -> float:
        return sum(
            max(0.0, limit.excess(value))
            for limit in self.limits
            if (value := trial.quantities.get(limit.quantity)) is not None
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes of the front's models, each once."""
        return tuple(dict.fromkeys(note for trial in self.front for note in trial.notes))

    def history(self) -> list[float | None]:
        """For every trial the best feasible value so far of the first objective."""
        first, best, found = self.objectives[0], None, []
        better = max if first.direction == "maximize" else min
        for trial in self.trials:
            value = trial.quantities.get(first.quantity) if trial.feasible else None
            if value is not None:
                best = value if best is None else better(best, value)
            found.append(best)
        return found

    def to_json(self, *, indent: int | None = 2) -> str:
        """Everything but the study."""
        data = {
            "schema_version": SCHEMA_VERSION,
            "space": self.space,
            "objectives": [asdict(item) for item in self.objectives],
            "limits": {limit.quantity: limit.most for limit in self.limits},
            "trials": len(self.trials),
            "failed": sum(trial.error is not None for trial in self.trials),
            "feasible": sum(trial.feasible for trial in self.trials),
            "notes": list(self.notes),
            "front": [asdict(trial) for trial in self.front],
            "history": self.history(),
        }
        return json.dumps(data, indent=indent, allow_nan=False)

    def to_csv(self) -> str:
        """The front, a line for each of its models."""
        return self._csv(self.front)

    def history_to_csv(self) -> str:
        """All finished trials."""
        return self._csv(self.trials)

    def _csv(self, trials: Iterable[Found]) -> str:
        rows = list(trials)
        quantities = list(dict.fromkeys(key for trial in rows for key in trial.quantities))
        params = list(dict.fromkeys(key for trial in rows for key in trial.params))
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        fixed = ["number", "candidate", "feasible", "error", "notes", "seconds"]
        writer.writerow([*fixed, *quantities, *(f"choice.{name}" for name in params)])
        for trial in rows:
            head = [
                trial.number,
                trial.candidate or "",
                int(trial.feasible),
                trial.error or "",
                "; ".join(trial.notes),
                trial.seconds,
            ]
            values = [trial.quantities.get(key) for key in quantities]
            writer.writerow(
                [*head, *("" if v is None else v for v in values), *(trial.params.get(k, "") for k in params)]
            )
        return text.getvalue()


def _found(trial: FrozenTrial) -> Found:
    attributes = trial.user_attrs
    complete = trial.state == TrialState.COMPLETE
    return Found(
        number=trial.number,
        candidate=attributes.get(CANDIDATE),
        params=dict(trial.params),
        quantities=attributes.get(QUANTITIES_OF, {}),
        feasible=complete and all(value <= 0 for value in trial.constraints.values()),
        error=None if complete else attributes.get(ERROR, "it was given up"),
        notes=tuple(attributes.get(NOTES, ())),
        graph=attributes.get(KEY),
        seconds=attributes.get(SECONDS, 0.0),
    )
