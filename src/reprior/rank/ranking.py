"""How all quantities order the models of a table."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import SpecError
from .cache import Cache
from .scores import BASELINES, QUANTITIES
from .scoring import score_models
from .statistics import (
    Floats,
    bootstrap_interval,
    kendall,
    mean_within,
    ndcg,
    near_kendall,
    partial_spearman,
    spearman,
    top_spearman,
)
from .table import Entry, RejectedRow, Table

__all__ = ["Correlation", "Ranking", "ScoredEntry", "rank", "rank_entries"]

SCHEMA_VERSION = 1

_FIXED = ("num_parameters", "macs", "depth")


@dataclass(frozen=True, slots=True)
class ScoredEntry:
    """One model with its scores.

    Attributes
    ----------
    spec, accuracy, group
        As in the table.
    scores : mapping
        Quantities, baselines and the table's own scores; None where a model has no such value.
    """

    spec: str
    accuracy: float
    group: str
    scores: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Correlation:
    """How one quantity orders the models; a figure that is not defined is None.

    Attributes
    ----------
    quantity : str
    models : int
        Number of models that take part.
    tau, tau_low, tau_high : float or None
        Kendall's tau-b with its 95 % bootstrap interval.
    rho, rho_low, rho_high : float or None
        Spearman's rho, likewise.
    top_rho : float or None
        Spearman's rho among the most accurate tenth.
    ndcg : float or None
        Of the tenth with the highest score.
    partial_rho : float or None
        Spearman's rho with parameters, multiply-adds and depth held fixed (as ranks; the logarithm
        of the first two changes no rank).
    within : float or None
        Mean tau within groups of at least ten models.
    near : float or None
        Tau among pairs of models whose parameters differ by at most a tenth.
    """

    quantity: str
    models: int
    tau: float | None
    tau_low: float | None
    tau_high: float | None
    rho: float | None
    rho_low: float | None
    rho_high: float | None
    top_rho: float | None
    ndcg: float | None
    partial_rho: float | None
    within: float | None
    near: float | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """The result.

    Attributes
    ----------
    entries : tuple of ScoredEntry
        The models that were scored.
    correlations : tuple of Correlation
        One per quantity, highest tau first.
    groups : mapping
        For each group its size and, where it has at least three models, tau of each quantity.
    rejected : tuple of RejectedRow
        Rows that take no part; row 0 stands for models that could not be analysed.
    """

    entries: tuple[ScoredEntry, ...]
    correlations: tuple[Correlation, ...]
    groups: Mapping[str, Mapping[str, Any]]
    rejected: tuple[RejectedRow, ...]

    def to_json(self, *, indent: int | None = 2) -> str:
        """Everything as JSON."""
        data = {
            "schema_version": SCHEMA_VERSION,
            "correlations": [asdict(item) for item in self.correlations],
            "groups": {name: dict(values) for name, values in self.groups.items()},
            "models": [asdict(item) for item in self.entries],
            "rejected": [asdict(item) for item in self.rejected],
        }
        return json.dumps(data, indent=indent, allow_nan=False)

    def to_csv(self) -> str:
        """The correlations as comma-separated values, four decimals."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        names = [item.name for item in fields(Correlation)]
        writer.writerow(names)
        for item in self.correlations:
            values = [getattr(item, name) for name in names]
            writer.writerow([f"{v:.4f}" if isinstance(v, float) else "" if v is None else v for v in values])
        return text.getvalue()

    def scores_to_csv(self) -> str:
        """The models and their scores as comma-separated values."""
        text = io.StringIO()
        keys = list(dict.fromkeys(key for item in self.entries for key in item.scores))
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["spec", "accuracy", "group", *keys])
        for item in self.entries:
            values = [item.scores.get(key) for key in keys]
            writer.writerow([item.spec, item.accuracy, item.group, *("" if v is None else v for v in values)])
        return text.getvalue()


def rank(
    table: Table,
    *,
    cache: str | Path | None = None,
    processes: int | None = None,
    resamples: int = 200,
    own: str | None = None,
    executor: Executor | None = None,
    report: Callable[[int], None] = lambda done: None,
) -> Ranking:
    """Score the models of a table and correlate every quantity with accuracy.

    Parameters
    ----------
    table : Table
        From `read_table`.
    cache : path, optional
        The file that keeps scores; by default nothing is kept.
    processes : int, optional
        How many to score with; by default one per core.
    resamples : int
        Of the bootstrap; 0 for no intervals.
    own : str, optional
        A score of your own, ``FILE.py:function`` from an analysis to a number.
    executor : Executor, optional
        What scores the models, instead of processes of this machine.
    report : callable
        Called with the number of models scored so far.

    Raises
    ------
    SpecError
        If fewer than three models can be scored or all have the same accuracy.
    """
    kept = Cache(cache)
    outcomes = score_models(
        (entry.spec for entry in table.entries),
        cache=kept,
        processes=processes,
        own=own,
        executor=executor,
        report=report,
    )
    scored: list[ScoredEntry] = []
    failed: list[RejectedRow] = []
    for entry in table.entries:
        outcome = outcomes[entry.spec]
        if isinstance(outcome, str):
            failed.append(RejectedRow(0, entry.spec, outcome))
        else:
            scored.append(ScoredEntry(entry.spec, entry.accuracy, entry.group, _merge(outcome, entry)))
    return rank_entries(scored, rejected=(*table.rejected, *failed), cache=kept, resamples=resamples)


def rank_entries(
    entries: Sequence[ScoredEntry],
    *,
    rejected: Sequence[RejectedRow] = (),
    cache: Cache | None = None,
    resamples: int = 200,
) -> Ranking:
    """Correlate the scores of models with their accuracy.

    Raises
    ------
    SpecError
        If there are fewer than three models or all have the same accuracy.
    """
    if len(entries) < 3:
        why = f"; the first failure: {rejected[0].reason}" if rejected else ""
        raise SpecError(f"{len(entries)} models are too few to rank; there must be at least 3{why}")
    if len({entry.accuracy for entry in entries}) == 1:
        raise SpecError("all models have the same accuracy; there is no order to predict")
    found_keys = {key for entry in entries for key in entry.scores}
    keys = dict.fromkeys(key for key in (*QUANTITIES, *BASELINES) if key in found_keys)
    keys |= dict.fromkeys(key for entry in entries for key in entry.scores)
    controls, kept = _controls(entries), cache or Cache(None)
    found = [_correlate(key, entries, controls, kept, resamples) for key in keys]
    found.sort(key=lambda item: -np.inf if item.tau is None else item.tau, reverse=True)
    return Ranking(tuple(entries), tuple(found), _by_group(list(keys), entries), tuple(rejected))


def _merge(scores: Mapping[str, float | None], entry: Entry) -> dict[str, float | None]:
    clash = set(scores) & set(entry.extra)
    return {**scores, **{f"table.{key}" if key in clash else key: v for key, v in entry.extra.items()}}


def _column(key: str, entries: Sequence[ScoredEntry]) -> Floats:
    """The scores of a quantity; where a model has none it ranks below all others."""
    values = [entry.scores[key] for entry in entries]
    known = [value for value in values if value is not None]
    least = min(known, default=0.0) - 1.0
    return np.array([least if value is None else value for value in values], dtype=np.float64)


def _controls(entries: Sequence[ScoredEntry]) -> list[Floats]:
    """What the partial correlation holds fixed, where the models have it."""
    return [_column(name, entries) for name in _FIXED if _all_have(name, entries)]


def _correlate(
    key: str, entries: Sequence[ScoredEntry], controls: Sequence[Floats], cache: Cache, resamples: int
) -> Correlation:
    having = [entry for entry in entries if key in entry.scores]
    if len(having) < len(entries):
        controls = _controls(having)
    score, accuracy = _column(key, having), np.array([entry.accuracy for entry in having])
    groups = np.array([entry.group for entry in having], dtype=object)
    interval = _interval(score, accuracy, cache, resamples)
    (tau_low, tau_high), (rho_low, rho_high) = interval or ((None, None), (None, None))
    return Correlation(
        quantity=key,
        models=len(having),
        tau=kendall(score, accuracy),
        tau_low=tau_low,
        tau_high=tau_high,
        rho=spearman(score, accuracy),
        rho_low=rho_low,
        rho_high=rho_high,
        top_rho=top_spearman(score, accuracy),
        ndcg=ndcg(score, accuracy),
        partial_rho=partial_spearman(score, accuracy, controls) if len(controls) == len(_FIXED) else None,
        within=mean_within(score, accuracy, groups) if any(groups) else None,
        near=_near(score, accuracy, having),
    )


def _near(score: Floats, accuracy: Floats, entries: Sequence[ScoredEntry]) -> float | None:
    if not _all_have("num_parameters", entries):
        return None
    return near_kendall(score, accuracy, _column("num_parameters", entries))


def _all_have(key: str, entries: Sequence[ScoredEntry]) -> bool:
    return bool(entries) and all(key in entry.scores for entry in entries)


def _interval(score: Floats, accuracy: Floats, cache: Cache, resamples: int) -> Any:
    """The bootstrap's intervals; they cost more than reading the scores, so they are kept too."""
    if not resamples:
        return None
    digest = hashlib.sha256(score.tobytes() + b"\0" + accuracy.tobytes())
    place = f"interval:{resamples}:{digest.hexdigest()}"
    kept = cache.get([place])
    if place not in kept:
        kept[place] = bootstrap_interval(score, accuracy, resamples=resamples)
        cache.put(kept)
    return kept[place]


def _by_group(keys: Sequence[str], entries: Sequence[ScoredEntry]) -> dict[str, dict[str, Any]]:
    result: dict[str, dict[str, Any]] = {}
    for group in sorted({entry.group for entry in entries if entry.group}):
        inside = [entry for entry in entries if entry.group == group]
        accuracy = np.array([entry.accuracy for entry in inside])
        taus = {
            key: kendall(_column(key, inside), accuracy) for key in keys if _all_have(key, inside)
        }  # fmt: skip
        result[group] = {"models": len(inside), "tau": taus}
    return result
