"""From a candidate to its quantities: what runs in workers."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from optuna.distributions import BaseDistribution

from ..analysis import Options, analyze_model
from ..core.canonical import canonicalise
from ..core.costs import measure
from ..core.graph import Graph
from ..core.utility import utility_of_graph
from ..errors import RepriorError
from ..model import Model
from ..notes import approximations
from ..rank.baselines import nsc
from ..registry import describe
from .choices import Choices
from .keys import graph_key
from .objectives import QUANTITIES
from .spaces import Candidate, FunctionSpace, Space

__all__ = ["Outcome", "Task", "evaluate", "evaluate_candidate", "prepare"]

Values = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Task:
    """A trial to be made and measured elsewhere.

    Attributes
    ----------
    space : Space
    proposed : mapping
        Choices that the sampler has made.
    seed : sequence of int
        For those it has not.
    number : int
    wanted : tuple of str
        The quantities.
    input : any
        What is fed to modules that do not say.
    """

    space: Space
    proposed: Mapping[str, Any]
    seed: tuple[int, ...]
    number: int
    wanted: tuple[str, ...]
    input: Any = None


@dataclass(slots=True)
class Outcome:
    """What became of a trial; plain data.

    Attributes
    ----------
    candidate : str or None
        The spec of a candidate that has one.
    key : str or None
        That of its graph.
    quantities : dict
        Values by name; None where the candidate has no such value.
    error : str or None
        Why the trial failed, in one line.
    notes : tuple of str
        What a reader should know of how the candidate was understood.
    params, distributions, attributes : dict
        What was chosen, from what, and what the user's function noted.
    seconds : float
    """

    candidate: str | None = None
    key: str | None = None
    quantities: Values = field(default_factory=dict)
    error: str | None = None
    notes: tuple[str, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    distributions: dict[str, BaseDistribution] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


def prepare(space: FunctionSpace) -> None:
    """Import what evaluating needs, and the user's file.

    Raises
    ------
    SpecError
        If the file does not run or has no such function.
    """
    space.check()


def evaluate(task: Task) -> Outcome:
    """Make the candidate of a trial and measure it. Whatever goes wrong is told, not raised."""
    choices = Choices(task.proposed, task.seed, task.number)
    begun = time.perf_counter()
    try:
        candidate = task.space.suggest(choices)
        outcome = evaluate_candidate(candidate, task.wanted, task.input)
    except Exception as error:
        outcome = Outcome(error=_line(error))
    outcome.params, outcome.distributions = choices.params, choices.distributions
    outcome.attributes = choices.user_attrs
    outcome.seconds = time.perf_counter() - begun
    return outcome


def evaluate_candidate(candidate: Candidate, wanted: Sequence[str], input: Any = None) -> Outcome:
    """Measure a candidate. Whatever goes wrong is told, not raised."""
    begun = time.perf_counter()
    outcome = Outcome(candidate if isinstance(candidate, str) else None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # what frameworks say of their own models is not about the figures
            model = describe(candidate, input)
            if not isinstance(model.graph, Graph):
                raise RepriorError("a scalar graph has no layers to search over")
            doubts: set[str] = set()
            canonical = canonicalise(model.graph, doubts=doubts)
            outcome.notes = tuple(map(str, (*model.notes, *approximations(doubts))))
            outcome.key = graph_key(canonical)
            outcome.quantities = _quantities(candidate, model, canonical, wanted, input)
    except Exception as error:
        outcome.error = _line(error)
    outcome.seconds = time.perf_counter() - begun
    return outcome


_COSTS = ("macs", "depth", "weighted_layers", "activations")

_FROM_GRAPH: Mapping[str, Callable[[Graph], float | None]] = {
    "utility": utility_of_graph,
    "params": lambda graph: sum(
        [prod(leaf.shape) for _, leaf in graph.parameters if leaf.role != "running_statistic"]
    ),
    "nsc": nsc,
}


def _quantities(
    candidate: Candidate, model: Model, canonical: Graph, wanted: Sequence[str], input: Any
) -> Values:
    found: Values = {}
    if any(name in wanted for name in _COSTS):
        costs = measure(canonical)
        found |= {name: getattr(costs, name) for name in _COSTS}
    found |= {name: _FROM_GRAPH[name](canonical) for name in wanted if name in _FROM_GRAPH}
    counted = [name for name in wanted if QUANTITIES[name].source == "count"]
    if counted:
        analysis = analyze_model(model, Options())
        found |= {name: getattr(analysis, name) for name in counted}
    if "latency" in wanted:
        from .latency import latency_of

        measured = latency_of(candidate, model, input)
        found |= {"latency": measured.median, "latency_spread": measured.spread}
    return {name: _number(value) for name, value in found.items()}


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _line(error: Exception) -> str:
    """An error in one line; those of others with their kind."""
    text = " ".join(str(error).split())
    if isinstance(error, RepriorError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
