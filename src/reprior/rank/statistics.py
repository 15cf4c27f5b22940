"""How well one quantity orders models by accuracy.

All functions take two arrays of equal length without NaN, higher meaning better in both.
A statistic that is not defined (fewer than three models, no variation) is None, never NaN.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, rankdata

__all__ = [
    "Floats",
    "bootstrap_interval",
    "kendall",
    "mean_within",
    "ndcg",
    "near_kendall",
    "partial_spearman",
    "spearman",
    "top_spearman",
]

Floats = NDArray[np.float64]

_TOP = 0.1
_FEWEST = 3


def kendall(score: Floats, accuracy: Floats) -> float | None:
    """Kendall's tau-b."""
    if not _varies(score, accuracy):
        return None
    return float(kendalltau(score, accuracy).statistic)


def near_kendall(
    score: Floats, accuracy: Floats, sizes: Floats, *, within: float = 0.1, most: int = 2000, least: int = 30
) -> float | None:
    """Concordance among pairs of models of nearly equal size.

    Over all pairs whose sizes differ by at most `within` of the smaller and whose accuracies differ:
    concordant less discordant, a tied score counting 0, as a share of all. Of more than `most` models a
    seeded sample takes part; None where there are fewer than `least` such pairs.
    """
    if len(score) > most:
        chosen = np.random.default_rng(0).choice(len(score), most, replace=False)
        score, accuracy, sizes = score[chosen], accuracy[chosen], sizes[chosen]
    order = np.argsort(sizes, kind="stable")
    score, accuracy, sizes = score[order], accuracy[order], sizes[order]
    ends = np.searchsorted(sizes, sizes * (1 + within), side="right")
    total, pairs = 0.0, 0
    for k, end in enumerate(ends):
        signs = np.sign(accuracy[k + 1 : end] - accuracy[k])
        total += float(np.sign(score[k + 1 : end] - score[k]) @ signs)
        pairs += int(np.count_nonzero(signs))
    return total / pairs if pairs >= least else None


def spearman(score: Floats, accuracy: Floats) -> float | None:
    """Spearman's rank correlation, ties with their mean rank."""
    if not _varies(score, accuracy):
        return None
    return _pearson(rankdata(score), rankdata(accuracy))


def top_spearman(score: Floats, accuracy: Floats) -> float | None:
    """Spearman's correlation among the tenth of the models with the highest accuracy."""
    best = np.argsort(-accuracy, kind="stable")[: int(len(accuracy) * _TOP)]
    return spearman(score[best], accuracy[best])


def ndcg(score: Floats, accuracy: Floats) -> float | None:
    """Normalised discounted cumulative gain of the tenth of the models with the highest score.

    The gain of a model is ``2**a - 1``, where a is its accuracy scaled to 0..1 over all models; the
    discount at position j is ``log2(j + 1)``. Models of equal score share the mean of their gains.
    """
    if not _varies(score, accuracy):
        return None
    relevance = (accuracy - accuracy.min()) / np.ptp(accuracy)
    gains = np.exp2(relevance) - 1
    _, place = np.unique(-score, return_inverse=True)
    expected = (np.bincount(place, gains) / np.bincount(place))[np.sort(place)]
    count = max(1, int(len(score) * _TOP))
    discount = 1 / np.log2(np.arange(2, count + 2))
    best = np.sort(gains)[::-1][:count]
    return float((expected[:count] * discount).sum() / (best * discount).sum())


def partial_spearman(score: Floats, accuracy: Floats, controls: Sequence[Floats]) -> float | None:
    """Spearman's correlation of what the controls leave unexplained of both.

    Score, accuracy and every control enter as ranks; a linear fit on the controls is taken off both.
    """
    if not _varies(score, accuracy):
        return None
    design = np.column_stack([np.ones(len(score)), *(rankdata(control) for control in controls)])
    if len(score) <= design.shape[1] + 1:
        return None
    ranks = np.column_stack([rankdata(score), rankdata(accuracy)])
    left = ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0]
    # What is left of a score that the controls explain wholly is rounding error.
    if (left.std(axis=0) < 1e-9 * ranks.std(axis=0)).any():
        return None
    return _pearson(left[:, 0], left[:, 1])


def mean_within(
    score: Floats, accuracy: Floats, groups: NDArray[np.object_], least: int = 10
) -> float | None:
    """Mean of Kendall's tau over the groups with at least `least` models.

    A group in which the score does not vary counts as 0.
    """
    taus = []
    for group in np.unique(groups.astype(str)):
        inside = groups.astype(str) == group
        if inside.sum() >= least and np.ptp(accuracy[inside]) > 0:
            taus.append(kendall(score[inside], accuracy[inside]) or 0.0)
    return float(np.mean(taus)) if taus else None


def bootstrap_interval(
    score: Floats, accuracy: Floats, *, resamples: int = 200, seed: int = 0, level: float = 0.95
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Percentile intervals of tau and rho over resamples of the models.

    Returns
    -------
    ((low, high), (low, high)) or None
        Of `kendall` and of `spearman`.
    """
    if not _varies(score, accuracy):
        return None
    random = np.random.default_rng(seed)
    found = []
    for _ in range(resamples):
        chosen = random.integers(len(score), size=len(score))
        tau, rho = kendall(score[chosen], accuracy[chosen]), spearman(score[chosen], accuracy[chosen])
        if tau is not None and rho is not None:
            found.append((tau, rho))
    if not found:
        return None
    tail = (1 - level) / 2
    low, high = np.quantile(np.array(found), [tail, 1 - tail], axis=0)
    return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))


def _varies(score: Floats, accuracy: Floats) -> bool:
    return len(score) >= _FEWEST and bool(np.ptp(score) > 0) and bool(np.ptp(accuracy) > 0)


def _pearson(a: Floats, b: Floats) -> float:
    return float(np.corrcoef(a, b)[0, 1])
