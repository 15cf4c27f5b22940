"""All populations at once: which quantity orders trained models best where it was not chosen."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from ...rank import Correlation, Ranking

__all__ = ["Leaderboard", "Standing", "leaderboard"]

_COST = ("num_parameters", "macs")


@dataclass(frozen=True, slots=True)
class Standing:
    """How one quantity does over all populations.

    Attributes
    ----------
    quantity : str
    tau : float
        Mean tau over populations.
    worst : float
        The smallest difference of its tau to the better of parameters and multiply-adds.
    worst_at : str
        The population where that is.
    near : float or None
        Mean tau among pairs within a tenth of parameters, over the populations that have such pairs.
    rho, ndcg : float or None
        Means likewise.
    taus : mapping
        Tau on each population.
    """

    quantity: str
    tau: float
    worst: float
    worst_at: str
    near: float | None
    rho: float | None
    ndcg: float | None
    taus: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The quantities that every population has, highest mean tau first."""

    standings: tuple[Standing, ...]

    def to_csv(self) -> str:
        """One line per quantity, figures to four decimals."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        names = list(self.standings[0].taus) if self.standings else []
        writer.writerow(["quantity", "tau", "worst", "worst_at", "near", "rho", "ndcg", *names])
        for item in self.standings:
            figures = [item.near, item.rho, item.ndcg, *(item.taus[name] for name in names)]
            cells = ["" if value is None else f"{value:.4f}" for value in figures]
            writer.writerow([item.quantity, f"{item.tau:.4f}", f"{item.worst:.4f}", item.worst_at, *cells])
        return text.getvalue()

    def to_json(self) -> str:
        """Everything as JSON."""
        return json.dumps([asdict(item) for item in self.standings], indent=2, allow_nan=False)


def leaderboard(rankings: Mapping[str, Ranking]) -> Leaderboard:
    """Standings over populations.

    Parameters
    ----------
    rankings : mapping
        For each population how quantities order it. A figure that is not defined counts as 0 in the mean tau.
    """
    found = {
        name: {item.quantity: item for item in ranking.correlations} for name, ranking in rankings.items()
    }
    common = [key for key in next(iter(found.values()), {}) if all(key in one for one in found.values())]
    standings = [_standing(key, found) for key in common]
    return Leaderboard(tuple(sorted(standings, key=lambda item: -item.tau)))


def _standing(key: str, found: Mapping[str, Mapping[str, Correlation]]) -> Standing:
    taus = {name: one[key].tau or 0.0 for name, one in found.items()}
    losses = {
        name: taus[name] - max(one[cost].tau or 0.0 for cost in _COST if cost in one)
        for name, one in found.items()
    }
    worst = min(losses, key=lambda name: losses[name])
    items = [one[key] for one in found.values()]
    return Standing(
        quantity=key,
        tau=float(np.mean(list(taus.values()))),
        worst=losses[worst],
        worst_at=worst,
        near=_mean([item.near for item in items]),
        rho=_mean([item.rho for item in items]),
        ndcg=_mean([item.ndcg for item in items]),
        taus=taus,
    )


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
