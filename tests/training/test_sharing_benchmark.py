"""The experiments on sharing: their tables, what is said of them, and their predictions."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path

import pytest
from benchmarks.sharing_report import Scores, compare, read_table, report
from benchmarks.sharing_training import CIFAR, DIGITS, Experiment, Variant, refreshed

PAGES = Path(__file__).parents[2] / "docs" / "benchmarks"
PAGE = {"digits": "sharing.md", "cifar10-small": "sharing_cifar.md"}
TABLE = {
    "digits": PAGES / "results" / "sharing_digits.csv",
    "cifar10-small": PAGES / "results" / "sharing_cifar.csv",
}
experiments = pytest.mark.parametrize("experiment", [DIGITS, CIFAR], ids=lambda one: one.recipe)


@experiments
def test_every_variant_has_every_seed(experiment: Experiment) -> None:
    with TABLE[experiment.recipe].open(newline="") as file:
        rows = list(csv.DictReader(file))
    seeds = Counter(row["variant"] for row in rows)
    assert list(seeds) == [variant.name for variant in experiment.variants]
    assert set(seeds.values()) == {len(experiment.seeds)}
    assert len({(row["variant"], row["seed"]) for row in rows}) == len(rows)


@experiments
def test_the_page_has_the_tables_of_the_report(experiment: Experiment) -> None:
    page = (PAGES / PAGE[experiment.recipe]).read_text(encoding="utf-8")
    for part in report(read_table(TABLE[experiment.recipe])).split("\n\n"):
        assert part in page


@pytest.mark.parametrize(
    ("experiment", "variant"),
    [
        (DIGITS, Variant(1, 4)),
        (DIGITS, Variant(5, 8, "all_but_bn")),
        *((CIFAR, variant) for variant in CIFAR.variants),
    ],
    ids=lambda one: one.recipe if isinstance(one, Experiment) else one.name,
)
def test_predictions_are_those_of_now(experiment: Experiment, variant: Variant) -> None:
    (row,) = [one for one in read_table(TABLE[experiment.recipe]) if one.name == variant.name]
    found = experiment.prediction(variant)
    for key, value in row.predictors.items():
        assert found[key] == pytest.approx(value, rel=1e-9), key


def test_the_shallow_ones_have_sixty_percent_more_parameters() -> None:
    for deep, shallow in zip(CIFAR.variants[::2], CIFAR.variants[1::2], strict=True):
        small, large = (CIFAR.prediction(one)["parameters"] for one in (deep, shallow))
        assert deep.depth > shallow.depth and small > 3e5 and 1.6 * small <= large < 3e6


def test_refreshing_changes_predictions_alone(tmp_path: Path) -> None:
    rows = TABLE["cifar10-small"].read_text(encoding="utf-8").splitlines()
    old = tmp_path / "old.csv"
    shutil.copy(TABLE["cifar10-small"], old)
    header = rows[0].split(",")
    cells = rows[1].split(",")
    cells[header.index("utility")] = "0"
    old.write_text("\n".join([rows[0], ",".join(cells), *rows[2:]]) + "\n", encoding="utf-8")
    found = refreshed(CIFAR, old)
    assert list(found[0]) == header
    assert float(found[0]["utility"]) > 1
    assert [(row["seed"], row["accuracy"]) for row in found] == [
        (row.split(",")[header.index("seed")], row.split(",")[header.index("accuracy")]) for row in rows[1:]
    ]


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
