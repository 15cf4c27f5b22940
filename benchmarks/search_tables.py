"""Searches over spaces whose networks were all trained: docs/benchmarks/search.md.

    REPRIOR_DATA=DIR python benchmarks/search_tables.py [--seeds 20] [--trials 1000] [NAME...]

For NAS-Bench-201, NAS-Bench-Macro and Channel-Bench-ResNet every network is scored once (cached as by
`reprior bench`); a search then looks scores up. Two tables a space: the best network by each score, of all
and of those within a limit of multiply-adds; and what each sampler finds by U_G, over seeds.
"""

from __future__ import annotations

import argparse
import csv
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna

from reprior.lab.bench import BENCHMARKS, load
from reprior.rank import Cache, default_cache, score_models
from reprior.search import SAMPLERS, SPACES, ChoiceSpace

RESULTS = Path(__file__).parents[1] / "docs" / "benchmarks" / "results"
SPACE_OF = {"nasbench201": "nb201", "macro": "macro", "channels": "resnet-width"}
SCORES = {"utility": "U_G", "num_parameters": "parameters", "macs": "multiply-adds", "nsc": "NSC"}
LIMITS = (1.0, 0.75, 0.5, 0.25)
FEWER = {"tpe": (20, 300), "gp": (3, 60)}
"""Seeds and trials of samplers that think long about every trial."""


@dataclass(frozen=True)
class Table:
    """A space: the scores of all its networks by spec, and the accuracies of those that were trained."""

    name: str
    space: ChoiceSpace
    accuracy: dict[str, float]
    scores: dict[str, dict[str, float]]

    def percentile(self, spec: str) -> float:
        """Share of the networks that are worse, ties half."""
        values = np.array(list(self.accuracy.values()))
        mine = self.accuracy[spec]
        return 100 * float(np.mean(values < mine) + np.mean(values == mine) / 2)


def read(name: str) -> Table:
    entries = list(load(BENCHMARKS[name]).entries)
    space = SPACES[SPACE_OF[name]]
    found = score_models(space.candidates(), cache=Cache(default_cache()), uncounted=True)
    scores = {spec: values for spec, values in found.items() if not isinstance(values, str)}
    trained = {entry.spec.replace("macro:a", "macro:"): entry.accuracy for entry in entries}
    accuracy = {spec: value for spec, value in trained.items() if spec in scores}
    return Table(name, space, accuracy, scores)


def exhaustive(table: Table) -> list[dict[str, object]]:
    """The best by each score, of all networks and of those with at most a share of the multiply-adds."""
    macs = {spec: table.scores[spec]["macs"] for spec in table.accuracy}
    rows: list[dict[str, object]] = []
    for share in LIMITS:
        most = float(np.quantile(list(macs.values()), share))
        within = [spec for spec in table.accuracy if macs[spec] <= most]
        oracle = max(table.accuracy[spec] for spec in within)
        mean = float(np.mean([table.accuracy[spec] for spec in within]))
        rows.append({"limit": share, "by": "chance", "accuracy": mean, "percentile": 50.0, "best": oracle})
        for key, label in SCORES.items():
            values = {spec: table.scores[spec][key] for spec in within}
            values = {spec: -np.inf if value is None else value for spec, value in values.items()}
            top = max(values.values())
            # Networks of equal score: what one of them has on average.
            tied = [spec for spec, value in values.items() if value == top]
            ranks = [
                100 * float(np.mean([table.accuracy[s] < table.accuracy[spec] for s in within]))
                for spec in tied
            ]
            accuracies = [table.accuracy[spec] for spec in tied]
            rows.append({
                "limit": share, "by": label, "accuracy": float(np.mean(accuracies)),
                "percentile": float(np.mean(ranks)), "best": oracle,
            })  # fmt: skip
    return rows


def search(table: Table, sampler: str, seed: int, trials: int) -> tuple[str, int]:
    """The trained network with the highest U_G of those that a sampler tries, and after how many trials."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = optuna.create_study(direction="maximize", sampler=SAMPLERS[sampler](seed))
        best, found, when = -np.inf, "", 0
        for number in range(trials):
            trial = study.ask()
            spec = table.space.suggest(trial)
            value = table.scores.get(spec, {}).get("utility")
            if value is None:  # without a layer that counts
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
                continue
            study.tell(trial, value)
            if value > best and spec in table.accuracy:
                best, found, when = value, spec, number + 1
    return found, when


def samplers(table: Table, seeds: int, trials: int, names: list[str]) -> list[dict[str, object]]:
    top = max(
        (spec for spec in table.accuracy if table.scores[spec]["utility"] is not None),
        key=lambda spec: table.scores[spec]["utility"],
    )
    rows: list[dict[str, object]] = []
    for name in names:
        many, length = FEWER.get(name, (seeds, trials))
        begun = time.process_time()
        found = [search(table, name, seed, length) for seed in range(many)]
        specs = [spec for spec, _ in found]
        accuracies = np.array([table.accuracy[spec] for spec in specs])
        rows.append({
            "sampler": name, "seeds": many, "trials": length,
            "accuracy": float(accuracies.mean()), "deviation": float(accuracies.std()),
            "percentile": float(np.mean([table.percentile(spec) for spec in specs])),
            "top": float(np.mean([spec == top for spec in specs])),
            "when": float(np.median([when for _, when in found])),
            "seconds": (time.process_time() - begun) / many,
        })  # fmt: skip
        print(table.name, rows[-1], flush=True)
    return rows


def write(path: Path, rows: list[dict[str, object]]) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.3f}" if isinstance(v, float) else v for k, v in row.items()})


def others(path: Path, names: list[str]) -> list[dict[str, object]]:
    """The rows of samplers that are not run again."""
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return [dict(row) for row in csv.DictReader(file) if row["sampler"] not in names]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(SPACE_OF))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--samplers", nargs="*", default=sorted(SAMPLERS))
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for name in asked.names or list(SPACE_OF):
        table = read(name)
        print(name, len(table.accuracy), "networks", flush=True)
        rows = exhaustive(table)
        write(RESULTS / f"search_{name}_exhaustive.csv", rows)
        print(*rows, sep="\n", flush=True)
        path = RESULTS / f"search_{name}_samplers.csv"
        fresh = samplers(table, asked.seeds, asked.trials, asked.samplers)
        write(path, [*others(path, asked.samplers), *fresh])


if __name__ == "__main__":
    main()
