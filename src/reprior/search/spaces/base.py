"""What a search space is, and spaces that are a product of choices."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

__all__ = ["Candidate", "Choice", "ChoiceSpace", "Chooser", "Space"]

Candidate = Any
"""One point of a space: anything that `reprior.analyze` takes. Points of the spaces by name are specs."""


class Chooser(Protocol):
    """What makes the choices: an Optuna trial, or anything with its three methods."""

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """One of the choices."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """An integer from `low` to `high`, both included."""

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """A number from `low` to `high`."""


@runtime_checkable
class Space(Protocol):
    """A set of candidates."""

    @property
    def name(self) -> str:
        """By which it is asked for again."""

    @property
    def label(self) -> str:
        """What it is called in a study: the name, without the folder of a file."""

    @property
    def trusted(self) -> bool:
        """Whether candidates are made in this process; else in one that may hang or die."""

    def suggest(self, trial: Chooser) -> Candidate:
        """The candidate that a trial's choices make."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision.

    Attributes
    ----------
    values : tuple
        What there is to choose from. Integers at equal distances are ordered for the samplers.
    """

    values: tuple[Any, ...]

    def suggest(self, trial: Chooser, name: str) -> Any:
        """Let a trial choose."""
        step = self._step()
        if step is None:
            return trial.suggest_categorical(name, self.values)
        return trial.suggest_int(name, self.values[0], self.values[-1], step=step)

    def _step(self) -> int | None:
        values = self.values
        if len(values) < 2 or not all(type(value) is int for value in values):
            return None
        step: int = values[1] - values[0]
        even = all(b - a == step for a, b in itertools.pairwise(values))
        return step if even and step > 0 else None


@dataclass(frozen=True, slots=True)
class ChoiceSpace:
    """A space that is the product of independent choices.

    Attributes
    ----------
    name : str
    choices : mapping
        The decisions by name, in the order in which they are made.
    describe : callable
        From the value of every decision to the candidate, a model spec.
    """

    name: str
    choices: Mapping[str, Choice] = field(repr=False)
    describe: Callable[[Mapping[str, Any]], Candidate] = field(repr=False)
    trusted: bool = True

    @property
    def label(self) -> str:
        """The name."""
        return self.name

    def suggest(self, trial: Chooser) -> Candidate:
        """The candidate that a trial's choices make."""
        return self.describe({name: choice.suggest(trial, name) for name, choice in self.choices.items()})

    @property
    def size(self) -> int:
        """Number of combinations of choices."""
        return math.prod(len(choice.values) for choice in self.choices.values())

    def settings(self) -> Iterator[dict[str, Any]]:
        """Every combination of choices; the last decision changes fastest."""
        values = [choice.values for choice in self.choices.values()]
        for chosen in itertools.product(*values):
            yield dict(zip(self.choices, chosen, strict=True))

    def candidates(self) -> Iterator[Candidate]:
        """Every candidate, in the order of `settings`."""
        return map(self.describe, self.settings())

    def __reduce__(self) -> str | tuple[Any, ...]:
        from . import SPACES, space

        if SPACES.get(self.name) is self:
            return space, (self.name,)
        return ChoiceSpace, (self.name, self.choices, self.describe, self.trusted)
