"""Running a benchmark: its models, scored, and how every quantity orders them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from ...rank import Cache, Correlation, Ranking, RejectedRow, ScoredEntry, Table, rank_entries, score_models
from .anchors import ANCHORS
from .benchmark import Benchmark

__all__ = ["BenchResult", "run"]

_MARKS = ("reachable",)
"""Columns that tell populations apart; they are no scores."""


@dataclass(frozen=True, slots=True)
class BenchResult:
    """What a benchmark says.

    Attributes
    ----------
    benchmark : Benchmark
    rankings : mapping
        For each population how the quantities order it.
    """

    benchmark: Benchmark
    rankings: Mapping[str, Ranking]

    def to_csv(self) -> str:
        """One line per population and quantity; figures to four decimals."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        names = [item.name for item in fields(Correlation)]
        writer.writerow(["population", *names])
        for population, ranking in self.rankings.items():
            for item in ranking.correlations:
                values = [getattr(item, name) for name in names]
                cells = ["" if v is None else f"{v:.4f}" if isinstance(v, float) else v for v in values]
                writer.writerow([population, *cells])
        return text.getvalue()

    def to_json(self) -> str:
        """Everything, with the published figures of others."""
        data = {
            "benchmark": self.benchmark.name,
            "origin": self.benchmark.origin,
            "populations": {name: json.loads(item.to_json()) for name, item in self.rankings.items()},
            "published": [asdict(item) for item in ANCHORS if item.benchmark == self.benchmark.name],
        }
        return json.dumps(data, indent=2, allow_nan=False)


def run(
    benchmark: Benchmark,
    table: Table,
    *,
    cache: str | Path | None = None,
    processes: int | None = None,
    resamples: int = 200,
    own: str | None = None,
    uncounted: bool = False,
    executor: Executor | None = None,
    report: Callable[[int], None] = lambda done: None,
) -> BenchResult:
    """Score the models of a benchmark and correlate every quantity with accuracy.

    Parameters
    ----------
    benchmark : Benchmark
    table : Table
        From `reprior.lab.bench.load`.
    cache, processes, resamples, own, uncounted, executor, report
        As for `reprior.rank.score_models` and `reprior.rank.rank`.
    """
    kept = Cache(cache)
    specs = [entry.spec for entry in table.entries]
    outcomes = score_models(
        specs, cache=kept, processes=processes, own=own, uncounted=uncounted, executor=executor, report=report
    )
    scored = []
    failed = []
    for entry in table.entries:
        outcome = outcomes[entry.spec]
        if isinstance(outcome, str):
            failed.append(RejectedRow(0, entry.spec, outcome))
        else:
            extra = {f"table.{key}" if key in outcome else key: v for key, v in entry.extra.items()}
            scored.append(ScoredEntry(entry.spec, entry.accuracy, entry.group, {**outcome, **extra}))
    rejected = (*table.rejected, *failed)
    rankings = {}
    for name, belongs in benchmark.populations.items():
        members = [_without_marks(entry) for entry in scored if belongs(entry)]
        # A proxy that few of the population have says nothing about the population.
        common = {key for key in members[0].scores} if members else set()
        for member in members:
            common &= set(member.scores)
        members = [
            replace(member, scores={key: value for key, value in member.scores.items() if key in common})
            for member in members
        ]
        rankings[name] = rank_entries(members, rejected=rejected, cache=kept, resamples=resamples)
    return BenchResult(benchmark, rankings)


def _without_marks(entry: ScoredEntry) -> ScoredEntry:
    return replace(entry, scores={key: value for key, value in entry.scores.items() if key not in _MARKS})
