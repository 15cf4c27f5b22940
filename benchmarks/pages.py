"""The tables of docs/benchmarks that show results of `reprior bench`, written from docs/benchmarks/results.

    reprior bench all --data TABLES --out docs/benchmarks/results && python benchmarks/pages.py

A table stands after a line ``<!-- results: NAME [POPULATION] -->`` and ends at the next empty line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs" / "benchmarks"
MARK = re.compile(r"(?m)^<!-- results: ([\w ]+) -->\n(?:(?:.+\n)*)")


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table of results."""
    with open(DOCS / "results" / f"{name}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def figure(value: str, digits: int = 3) -> str:
    """A figure, or "-" where there is none."""
    return f"{float(value):.{digits}f}" if value else "-"


def table(columns: list[str], lines: list[list[str]], left: tuple[int, ...] = (0,)) -> str:
    """A Markdown table, figures to the right."""
    rule = ["---" if k in left else "--:" for k in range(len(columns))]
    return "".join(
        f"| {' | '.join(line)} |\n" if line is not rule else f"|{'|'.join(rule)}|\n"
        for line in (columns, rule, *lines)
    )


def ranking(name: str, population: str) -> str:
    """How all quantities order one population."""
    found = [row for row in rows(name) if row["population"] == population]
    figures = {"rho": "rho", "top rho": "top_rho", "nDCG": "ndcg", "partial": "partial_rho", "near": "near"}
    if any(row["within"] for row in found):
        figures["within"] = "within"
    lines = [
        [
            f"`{row['quantity']}`",
            figure(row["tau"]),
            f"{figure(row['tau_low'])} to {figure(row['tau_high'])}" if row["tau_low"] else "-",
            *(figure(row[key]) for key in figures.values()),
        ]
        for row in found
    ]
    return table(["quantity", "tau", "95 %", *figures], lines)


def standings() -> str:
    """The leaderboard: one line per quantity."""
    lines = [
        [
            f"`{row['quantity']}`",
            figure(row["tau"]),
            figure(row["worst"], 2),
            row["worst_at"],
            *(figure(row[key]) for key in ("near", "rho", "ndcg")),
        ]
        for row in rows("leaderboard")
    ]
    return table(["quantity", "mean tau", "worst loss", "at", "near pairs", "rho", "nDCG"], lines, (0, 3))


def by_population(key: str) -> str:
    """One figure of every quantity on every population."""
    board = rows("leaderboard")
    names = list(board[0])[list(board[0]).index("ndcg") + 1 :]
    found = {}
    for name in names:
        results = rows(name)
        first = results[0]["population"]
        found[name] = {row["quantity"]: row[key] for row in results if row["population"] == first}
    lines = [
        [f"`{row['quantity']}`", *(figure(found[name].get(row["quantity"], "")) for name in names)]
        for row in board
    ]
    return table(["quantity", *names], lines)


LEADERBOARD: dict[str, Callable[[], str]] = {
    "": standings,
    "tau": lambda: by_population("tau"),
    "near": lambda: by_population("near"),
}


def best_by(name: str) -> str:
    """What each score puts first in a space, within limits of multiply-adds."""
    found = rows(f"search_{name}_exhaustive")
    limits = list(dict.fromkeys(row["limit"] for row in found))
    by = {(row["limit"], row["by"]): row for row in found}
    scores = list(dict.fromkeys(row["by"] for row in found))
    lines = [
        [
            f"{float(limit):.0%}",
            figure(by[limit, scores[0]]["best"], 2),
            *(
                f"{figure(by[limit, score]['accuracy'], 2)} ({figure(by[limit, score]['percentile'], 0)})"
                for score in scores
            ),
        ]
        for limit in limits
    ]
    return table(["multiply-adds", "the best there is", *scores], lines)


def by_sampler(name: str) -> str:
    """What each sampler finds by U_G in a space."""
    lines = [
        [
            f"`{row['sampler']}`",
            row["seeds"],
            row["trials"],
            f"{figure(row['accuracy'], 2)} ± {figure(row['deviation'], 2)}",
            figure(row["percentile"], 1),
            f"{float(row['top']):.0%}",
            figure(row["when"], 0),
            figure(row["seconds"], 1),
        ]
        for row in rows(f"search_{name}_samplers")
    ]
    return table(["sampler", "seeds", "trials", "accuracy", "percentile", "found", "after", "seconds"], lines)


SEARCHES: dict[str, Callable[[str], str]] = {"search": best_by, "samplers": by_sampler}


def written(text: str) -> str:
    """A page with its tables as the results say."""

    def fresh(found: re.Match[str]) -> str:
        name, _, part = found[1].partition(" ")
        if name in SEARCHES:
            made = SEARCHES[name](part)
        else:
            made = LEADERBOARD[part]() if name == "leaderboard" else ranking(name, part)
        return f"<!-- results: {found[1]} -->\n{made}"

    return MARK.sub(fresh, text)


def main() -> None:
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        if (new := written(text)) != text:
            page.write_text(new, encoding="utf-8")
            print(page.name)


if __name__ == "__main__":
    main()
