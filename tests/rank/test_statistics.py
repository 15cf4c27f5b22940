"""Statistics against definitions written out naively."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprior.rank.statistics import (
    bootstrap_interval,
    kendall,
    mean_within,
    ndcg,
    near_kendall,
    partial_spearman,
    spearman,
    top_spearman,
)

PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=25)


def naive_tau(score, accuracy):
    pairs = list(itertools.combinations(range(len(score)), 2))
    signs = [(np.sign(score[i] - score[j]), np.sign(accuracy[i] - accuracy[j])) for i, j in pairs]
    total = sum(a * b for a, b in signs)
    return total / math.sqrt(sum(a * a for a, _ in signs) * sum(b * b for _, b in signs))


def naive_ranks(values):
    return [sum(w < v for w in values) + (sum(w == v for w in values) + 1) / 2 for v in values]


def naive_rho(score, accuracy):
    a, b = np.array(naive_ranks(score)), np.array(naive_ranks(accuracy))
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / math.sqrt((a * a).sum() * (b * b).sum()))


@given(PAIRS)
def test_tau_and_rho(pairs):
    score, accuracy = (np.array(values, dtype=float) for values in zip(*pairs, strict=True))
    if np.ptp(score) == 0 or np.ptp(accuracy) == 0:
        assert kendall(score, accuracy) is None and spearman(score, accuracy) is None
    else:
        assert kendall(score, accuracy) == pytest.approx(naive_tau(score, accuracy))
        assert spearman(score, accuracy) == pytest.approx(naive_rho(score, accuracy))


def test_top_looks_at_the_most_accurate_tenth():
    accuracy = np.arange(40.0)
    score = accuracy.copy()
    score[-4:] = score[-4:][::-1]
    assert top_spearman(score, accuracy) == pytest.approx(-1)
    assert top_spearman(score[:20], accuracy[:20]) is None  # two models are too few


def test_ndcg_by_hand():
    accuracy = np.array([0.0, 1.0] + [0.5] * 18)
    perfect, worst = accuracy, -accuracy
    assert ndcg(perfect, accuracy) == pytest.approx(1)
    half = math.sqrt(2) - 1
    ideal = 1 + half / math.log2(3)
    assert ndcg(worst, accuracy) == pytest.approx((0 + half / math.log2(3)) / ideal)
    tied = np.where(accuracy >= 0.5, 1.0, 0.0)  # all but one share the first place
    mean = (1 + 18 * half) / 19
    assert ndcg(tied, accuracy) == pytest.approx(mean * (1 + 1 / math.log2(3)) / ideal)


def test_partial_takes_away_what_a_control_explains():
    random = np.random.default_rng(1)
    size, luck = random.normal(size=400), random.normal(size=400)
    accuracy = size + luck
    assert partial_spearman(size, accuracy, [size]) is None
    assert partial_spearman(size + 0.01 * random.normal(size=400), accuracy, [size]) == pytest.approx(
        0, abs=0.15
    )
    assert partial_spearman(size + luck, accuracy, [size]) == pytest.approx(1)
    assert partial_spearman(size - luck, accuracy, [size]) < -0.8


def test_within_groups():
    groups = np.array(["a"] * 10 + ["b"] * 10 + ["small"] * 3, dtype=object)
    accuracy = np.concatenate([np.arange(10.0), np.arange(10.0), [0, 1, 2]])
    score = np.concatenate([np.arange(10.0), -np.arange(10.0), [0, 1, 2]])
    assert mean_within(score, accuracy, groups) == pytest.approx(0)
    assert mean_within(score, accuracy, groups, least=3) == pytest.approx(1 / 3)
    assert mean_within(np.zeros(23), accuracy, groups) == 0
    assert mean_within(score, accuracy, groups, least=11) is None


def test_bootstrap_covers_and_repeats():
    random = np.random.default_rng(0)
    accuracy = random.normal(size=300)
    score = accuracy + random.normal(size=300)
    (tau, rho) = bootstrap_interval(score, accuracy)
    assert tau[0] < kendall(score, accuracy) < tau[1]
    assert rho[0] < spearman(score, accuracy) < rho[1]
    assert 0.05 < tau[1] - tau[0] < 0.2
    assert bootstrap_interval(score, accuracy) == (tau, rho)
    assert bootstrap_interval(np.ones(300), accuracy) is None


def test_near_pairs():
    sizes = np.array([100.0, 105.0, 109.0, 200.0])
    score, accuracy = np.array([1.0, 2.0, 2.0, 9.0]), np.array([1.0, 2.0, 3.0, 0.0])
    # Three pairs within a tenth: two concordant, one tied in score.
    assert near_kendall(score, accuracy, sizes, least=1) == pytest.approx(2 / 3)
    assert near_kendall(score, accuracy, sizes) is None
