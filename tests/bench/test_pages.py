"""The pages of docs/benchmarks say what the committed tables say."""

import csv
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs" / "benchmarks"
FIGURES = ("tau", "rho", "top_rho", "ndcg", "partial_rho", "near", "within")


def tables(text):
    """Rows of every Markdown table whose first column is `quantity`, by the heading above it."""
    heading, found = "", {}
    for line in text.splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ").split(":")[0].lower()
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and re.fullmatch(r"`\w+`", cells[0]):
            found.setdefault(heading, {})[cells[0].strip("`")] = cells[1:]
    return found


PAGES = ("nasbench201", "macro", "timm")  # the others stand on the leaderboard


@pytest.mark.parametrize("name", PAGES)
def test_figures(name):
    shown = tables((DOCS / f"{name}.md").read_text())
    with open(DOCS / "results" / f"{name}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert set(shown) == {row["population"] for row in rows}
    for row in rows:
        cells = shown[row["population"]].pop(row["quantity"])
        assert cells[1] == f"{float(row['tau_low']):.3f} to {float(row['tau_high']):.3f}"
        figures = [cells[0], *cells[2:]]
        names = FIGURES if len(figures) == len(FIGURES) else FIGURES[:-1]
        for key, cell in zip(names, figures, strict=True):
            assert cell == (f"{float(row[key]):.3f}" if row[key] else "-")
    assert not any(shown.values())
