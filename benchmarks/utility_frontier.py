"""The frontier of the record of candidates, as docs/benchmarks/utility.md shows it.

    python benchmarks/utility_frontier.py

reads docs/benchmarks/results: the candidates' tau on samples of each population, and the leaderboard for the
better of parameters and multiply-adds.
"""

from __future__ import annotations

import csv
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "docs" / "benchmarks" / "results"
NAMES = {"bert": "encoders", "openlm": "open_lm", "nb201": "nasbench201"}


def read(name: str) -> list[dict[str, str]]:
    with open(RESULTS / f"{name}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main() -> None:
    board = {row["quantity"]: row for row in read("leaderboard")}
    record = read("utility_candidates")
    populations = list(record[0])[list(record[0]).index("mean_near") + 1 :]
    costs = {
        key: max(float(board[cost][NAMES.get(key, key)]) for cost in ("num_parameters", "macs"))
        for key in populations
    }
    rows = []
    for row in record:
        worst = min(float(row[key]) - costs[key] for key in populations)
        sought = float(row["macro"]) >= 0.69 and float(row["nb201"]) >= 0.69
        rows.append((float(row["mean_tau"]), float(row["mean_near"]), worst, sought, row))
    print("| candidate | mean tau | near pairs | worst loss | NAS-Bench-201 | Macro |")
    print("|---|--:|--:|--:|--:|--:|")
    kept = [row for row in rows if row[3]]
    for label, some, key in (
        ("highest tau", rows, 0),
        ("most near pairs", rows, 1),
        ("smallest loss", rows, 2),
        ("highest tau, cells and Macro kept", kept, 0),
        ("smallest loss, cells and Macro kept", kept, 2),
    ):
        tau, near, worst, _, row = max(some, key=lambda item: item[key])
        figures = (
            f"{tau:.3f} | {near:.3f} | {worst:+.3f} | {float(row['nb201']):.3f} | {float(row['macro']):.3f}"
        )
        print(f"| {label} | {figures} |")
    reached = sum(
        tau >= 0.71 and near >= 0.5 and worst >= -0.05 and sought for tau, near, worst, sought, _ in rows
    )
    print(f"\n{reached} of {len(rows)} meet every line with all populations in sight")


if __name__ == "__main__":
    main()
