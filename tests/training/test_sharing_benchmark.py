"""The experiment on digits: its table, what is said of it, and that its predictions are those of now."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from benchmarks.sharing_digits import Variant, variants
from benchmarks.sharing_report import Scores, compare, read_table, report

PAGES = Path(__file__).parents[2] / "docs" / "benchmarks"
TABLE = PAGES / "results" / "sharing_digits.csv"


def test_every_variant_has_five_seeds() -> None:
    with TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    seeds = Counter(row["variant"] for row in rows)
    assert list(seeds) == [variant.name for variant in variants()]
    assert len(seeds) >= 24
    assert set(seeds.values()) == {5}
    assert len({(row["variant"], row["seed"]) for row in rows}) == len(rows)


def test_the_page_has_the_tables_of_the_report() -> None:
    page = (PAGES / "sharing.md").read_text(encoding="utf-8")
    for part in report(read_table(TABLE)).split("\n\n"):
        assert part in page


@pytest.mark.parametrize("variant", [Variant(1, 4, "none"), Variant(5, 8, "all_but_bn")], ids=str)
def test_predictions_are_those_of_now(variant: Variant) -> None:
    (row,) = [one for one in read_table(TABLE) if one.name == variant.name]
    found = variant.prediction()
    for key, value in row.predictors.items():
        assert getattr(found, key) == pytest.approx(value, rel=1e-9), key


def _scores(name: str, depth: int, shared: bool, parameters: int, *accuracies: float) -> Scores:
    return Scores(name, depth, shared, {"parameters": parameters}, accuracies)


def test_pairs_and_their_intervals() -> None:
    """Hand-made: two samples of which Welch's interval is known."""
    deep = _scores("deep", 3, True, 100, 90, 91, 92)
    wide = _scores("wide", 1, False, 160, 95, 96, 97)
    others = [
        _scores("narrow", 1, False, 159, 1, 2, 3),
        _scores("as deep", 3, False, 999, 1, 2, 3),
        _scores("shallow shared", 1, True, 999, 1, 2, 3),
    ]
    (pair,) = compare([deep, wide, *others])
    assert (pair.shared.name, pair.plain.name, pair.outcome) == ("deep", "wide", "shared worse")
    assert pair.difference == -5
    # t(0.975, 4) = 2.7764; standard error sqrt(1/3 + 1/3).
    assert (pair.high - pair.low) / 2 == pytest.approx(2.77645 * (2 / 3) ** 0.5, rel=1e-4)
    assert deep.half_width == pytest.approx(4.30265 / 3**0.5, rel=1e-4)
