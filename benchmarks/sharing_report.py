"""What follows from the runs of `sharing_training.py`: the tables of their pages.

python benchmarks/sharing_report.py docs/benchmarks/results/sharing_digits.csv
"""

from __future__ import annotations

import csv
import statistics
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

import typer
from scipy import stats

__all__ = ["Comparison", "Scores", "compare", "read_table", "report"]

MORE = 1.6
"""How many times the parameters of the shared network the other one has at least (paper, Table 2)."""
PREDICTORS = {
    "p_g": "P_G",
    "p_g_prime": "P'_G",
    "utility": "U_G",
    "parameters": "parameters",
    "parameters_unshared": "parameters before sharing",
    "macs": "MACs",
    "nsc": "NSC",
}


@dataclass(frozen=True)
class Scores:
    """The runs of one variant.

    Attributes
    ----------
    name : str
    depth : int
        Blocks of each stage.
    shared : bool
    predictors : dict
        What was known before training.
    accuracies : tuple of float
        One a seed, in percent.
    """

    name: str
    depth: int
    shared: bool
    predictors: dict[str, float]
    accuracies: tuple[float, ...]

    @cached_property
    def mean(self) -> float:
        """Mean accuracy, in percent."""
        return statistics.fmean(self.accuracies)

    @cached_property
    def half_width(self) -> float:
        """Of the 95 % confidence interval of the mean over seeds."""
        many = len(self.accuracies)
        return float(stats.t.ppf(0.975, many - 1)) * statistics.stdev(self.accuracies) / many**0.5


@dataclass(frozen=True, slots=True)
class Comparison:
    """A deep shared network against a shallower one without sharing.

    Attributes
    ----------
    shared, plain : Scores
    low, high : float
        Welch's 95 % interval of the difference of their means over seeds, in percent.
    """

    shared: Scores
    plain: Scores
    low: float
    high: float

    @property
    def difference(self) -> float:
        """Of the means, in percent."""
        return self.shared.mean - self.plain.mean

    @property
    def outcome(self) -> str:
        """What the interval says."""
        return "shared better" if self.low > 0 else "shared worse" if self.high < 0 else "undecided"


def read_table(table: Path) -> list[Scores]:
    """The variants of a table, in its order."""
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = []
    for name in dict.fromkeys(row["variant"] for row in rows):
        own = [row for row in rows if row["variant"] == name]
        predictors = {key: float(own[0][key]) for key in PREDICTORS}
        accuracies = tuple(float(row["accuracy"]) for row in own)
        found.append(Scores(name, int(own[0]["depth"]), own[0]["share"] != "none", predictors, accuracies))
    return found


def compare(scores: Sequence[Scores]) -> list[Comparison]:
    """Every shared network against every shallower one that has at least 60 % more parameters."""
    found = []
    for shared, plain in product(scores, scores):
        shallower = shared.shared and not plain.shared and plain.depth < shared.depth
        if shallower and plain.predictors["parameters"] >= MORE * shared.predictors["parameters"]:
            test = stats.ttest_ind(shared.accuracies, plain.accuracies, equal_var=False)
            interval = test.confidence_interval()
            found.append(Comparison(shared, plain, float(interval.low), float(interval.high)))
    return found


def report(scores: Sequence[Scores]) -> str:
    """All tables, in Markdown."""
    pairs = compare(scores)
    outcomes = Counter(pair.outcome for pair in pairs)
    counts = ", ".join(f"{outcomes[word]} {word}" for word in ("shared better", "shared worse", "undecided"))
    parts = [_scores(scores), _pairs(pairs), f"{len(pairs)} pairs: {counts}.", _predictors(scores, pairs)]
    return "\n\n".join(parts)


def _scores(scores: Sequence[Scores]) -> str:
    header = ("variant", "parameters", "MACs", "P_G", "P'_G", "U_G", "accuracy [%]")
    rows = []
    for one in sorted(scores, key=lambda item: -item.mean):
        known = one.predictors
        costs = [f"{known[key]:,.0f}" for key in ("parameters", "macs")]
        estimates = [f"{known[key]:.3f}" for key in ("p_g", "p_g_prime", "utility")]
        rows.append((one.name, *costs, *estimates, f"{one.mean:.2f} ± {one.half_width:.2f}"))
    return _markdown(header, rows, words=1)


def _pairs(pairs: Iterable[Comparison]) -> str:
    header = ("shared", "without", "outcome", "parameters", "difference [%]", "95 % interval")
    rows = []
    for pair in pairs:
        more = pair.plain.predictors["parameters"] / pair.shared.predictors["parameters"]
        names = (pair.shared.name, pair.plain.name, pair.outcome)
        interval = f"{pair.low:+.2f} to {pair.high:+.2f}"
        rows.append((*names, f"{more:.2f} times", f"{pair.difference:+.2f}", interval))
    return _markdown(header, rows, words=3)


def _predictors(scores: Sequence[Scores], pairs: Sequence[Comparison]) -> str:
    decided = [pair for pair in pairs if pair.outcome != "undecided"]
    means = [one.mean for one in scores]
    rows = []
    for key, name in PREDICTORS.items():
        values = [one.predictors[key] for one in scores]
        rho, tau = stats.spearmanr(values, means).statistic, stats.kendalltau(values, means).statistic
        right = sum(
            (pair.shared.predictors[key] > pair.plain.predictors[key]) == (pair.difference > 0)
            for pair in decided
        )
        rows.append((name, f"{rho:.3f}", f"{tau:.3f}", f"{right} of {len(decided)}"))
    return _markdown(("predictor", "Spearman", "Kendall", "decided pairs ordered rightly"), rows, words=1)


def _markdown(header: Sequence[str], rows: Iterable[Sequence[str]], words: int) -> str:
    """A table whose first columns hold words, the others figures."""
    rule = ["---"] * words + ["--:"] * (len(header) - words)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))


if __name__ == "__main__":
    typer.echo(report(read_table(Path(sys.argv[1]))))
