import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprior.core.quantities import ContextDistribution, p_g, p_g_prime
from reprior.errors import GraphError

small = st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 1000)), min_size=1, max_size=8)
# Counts that are exact in both number types, over a range no float covers.
wide = st.lists(
    st.tuples(st.integers(1, 2**53 - 1), st.integers(0, 5000), st.integers(1, 10**6)), min_size=1, max_size=8
)
orders = st.floats(0, 50) | st.just(math.inf)


def exact(parts):
    return ContextDistribution.from_counts((m << e, many) for m, e, many in parts)


def scaled(parts):
    mantissas, exponents, many = zip(*parts, strict=True)
    return ContextDistribution.from_scaled(
        np.array(mantissas, dtype=np.float64), np.array(exponents, dtype=np.int64), many
    )


def written_out(pairs):
    return [count for count, many in pairs for _ in range(many)]


@given(small)
def test_sums_of_the_paper(pairs):
    counts = written_out(pairs)
    total = sum(counts)
    distribution = ContextDistribution.from_counts(pairs)
    assert distribution.total == total
    assert distribution.num_parameters == len(counts)
    assert distribution.log2_total == pytest.approx(math.log2(total), rel=1e-14)
    spread = math.fsum(c / total * math.log2(c) for c in counts)
    entropy = -math.fsum(c / total * math.log2(c / total) for c in counts)
    surprisal = -math.fsum(math.log2(c / total) for c in counts)
    assert distribution.expected_spread == pytest.approx(spread, rel=1e-12)
    assert distribution.entropy == pytest.approx(entropy, rel=1e-12, abs=1e-13)
    assert distribution.total_surprisal == pytest.approx(surprisal, rel=1e-12, abs=1e-12)


@given(small, st.floats(0, 10).filter(lambda order: abs(order - 1) > 1e-3))
def test_renyi_entropy_is_the_power_sum(pairs, order):
    counts = written_out(pairs)
    total = sum(counts)
    powers = math.fsum((c / total) ** order for c in counts)
    renyi = ContextDistribution.from_counts(pairs).renyi_entropy(order)
    assert renyi == pytest.approx(math.log2(powers) / (1 - order), rel=1e-9, abs=1e-9)


@given(wide)
def test_renyi_entropies_of_named_order(parts):
    distribution = exact(parts)
    assert distribution.renyi_entropy(0) == pytest.approx(math.log2(distribution.num_parameters))
    assert distribution.renyi_entropy(1) == distribution.entropy
    largest = max(m << e for m, e, _ in parts)
    min_entropy = math.log2(distribution.total) - math.log2(largest)
    assert distribution.renyi_entropy(math.inf) == pytest.approx(min_entropy, abs=1e-11)


@given(wide, orders, orders)
def test_renyi_entropy_falls_with_its_order(parts, first, second):
    low, high = sorted((first, second))
    distribution = exact(parts)
    # Near order 1 the quotient loses digits: its error is that of the logarithm over the distance.
    lost = sum(1e-12 / abs(order - 1) if 0 < abs(order - 1) < 1 else 0 for order in (low, high))
    assert distribution.renyi_entropy(low) >= distribution.renyi_entropy(high) - 1e-9 - lost


@pytest.mark.parametrize("order", [-1, -1e-9, -math.inf, math.nan])
def test_renyi_orders_that_are_none(order):
    with pytest.raises(ValueError, match="at least 0"):
        ContextDistribution.from_counts([(1, 2)]).renyi_entropy(order)


@given(wide)
def test_lemma_1_and_theorem_1(parts):
    for distribution in (exact(parts), scaled(parts)):
        spread = distribution.expected_spread
        assert distribution.kl_from_uniform() == pytest.approx(spread, rel=1e-12, abs=1e-11)
        assert distribution.entropy + spread == pytest.approx(distribution.log2_total, rel=1e-12, abs=1e-12)


@given(wide)
def test_surprisal_is_the_closed_form(parts):
    """S = N_G log2 N_C - sum log2 |C_w|."""
    distribution = exact(parts)
    logs = math.fsum(many * math.log2(m << e) for m, e, many in parts)
    closed = distribution.num_parameters * math.log2(distribution.total) - logs
    scale = distribution.num_parameters * math.log2(distribution.total) + 1
    assert distribution.total_surprisal == pytest.approx(closed, rel=1e-12, abs=1e-14 * scale)


@given(wide)
def test_both_number_types_agree(parts):
    one, other = exact(parts), scaled(parts)
    assert other.total is None
    assert other.num_parameters == one.num_parameters
    for name in ("log2_total", "expected_spread", "entropy", "total_surprisal"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-12, abs=1e-12), name


@given(wide)
def test_equal_counts_may_be_given_together_or_apart(parts):
    apart = ContextDistribution.from_counts((m << e, 1) for m, e, many in parts for _ in range(min(many, 3)))
    together = ContextDistribution.from_counts((m << e, min(many, 3)) for m, e, many in parts)
    assert apart.total == together.total
    assert apart.num_parameters == together.num_parameters
    assert apart.entropy == together.entropy
    assert apart.total_surprisal == together.total_surprisal


@given(small)
def test_common_factor_changes_the_spread_alone(pairs):
    before = ContextDistribution.from_counts(pairs)
    after = ContextDistribution.from_counts((Fraction(count, 3 << 2000), many) for count, many in pairs)
    assert after.entropy == pytest.approx(before.entropy, rel=1e-12, abs=1e-12)
    assert after.total_surprisal == pytest.approx(before.total_surprisal, rel=1e-12, abs=1e-9)
    assert after.expected_spread == pytest.approx(before.expected_spread - 2000 - math.log2(3), rel=1e-12)


@pytest.mark.parametrize(
    "distribution",
    [
        ContextDistribution.from_counts([(2**100_000, 1), (1, 1)]),
        ContextDistribution.from_scaled(np.array([1.0, 1.0]), np.array([100_000, 0]), [1, 1]),
    ],
    ids=["exact", "scaled"],
)
def test_giant_counts(distribution):
    assert distribution.log2_total == 100_000
    assert distribution.expected_spread == 100_000
    assert distribution.entropy == 0
    assert distribution.total_surprisal == 100_000
    assert distribution.renyi_entropy(0) == 1
    assert distribution.renyi_entropy(0.5) == 0
    assert distribution.renyi_entropy(math.inf) == 0
    assert np.isfinite(distribution.log2_probabilities).all()


def test_giant_fractions():
    distribution = ContextDistribution.from_counts([(Fraction(1, 2**100_000), 3)])
    assert distribution.log2_total == pytest.approx(math.log2(3) - 100_000)
    assert distribution.entropy == pytest.approx(math.log2(3))
    assert distribution.expected_spread == -100_000


def test_huge_multiplicities():
    """10^20 parameters with one context and as many with two."""
    distribution = ContextDistribution.from_counts([(1, 10**20), (2, 10**20)])
    assert distribution.num_parameters == 2 * 10**20
    assert distribution.total == 3 * 10**20
    assert distribution.expected_spread == pytest.approx(2 / 3)


def test_dead_parameters_are_left_out():
    exact_one = ContextDistribution.from_counts([(0, 5), (2, 3), (Fraction(0), 1)])
    scaled_one = ContextDistribution.from_scaled(np.array([0.0, 0.5]), np.array([7, 2]), [5, 3])
    for distribution in (exact_one, scaled_one):
        assert distribution.num_parameters == 3
        assert distribution.log2_counts.tolist() == [1.0]
        assert distribution.entropy == pytest.approx(math.log2(3))


@pytest.mark.parametrize(
    "make",
    [
        lambda: ContextDistribution.from_counts([]),
        lambda: ContextDistribution.from_counts([(0, 4)]),
        lambda: ContextDistribution.from_scaled(np.array([]), np.array([], dtype=np.int64), []),
        lambda: ContextDistribution.from_scaled(np.array([0.0]), np.array([3]), [4]),
    ],
)
def test_nothing_alive_is_refused(make):
    with pytest.raises(GraphError, match="no learnable parameter has a path to an output"):
        make()


def test_performance_estimates():
    assert p_g(24.67970000576925, 2, 11) == pytest.approx(2.1658213341563815)
    assert p_g_prime(8, 2 / 3, 2, 11) == pytest.approx(1.277533975528909)


def test_performance_estimates_that_diverge():
    assert p_g(0.0, 2, 11) is None
    assert p_g(24.0, 0, 9) is None
    assert p_g_prime(8, 0.5, 0, 9) is None
    assert p_g_prime(8, -1.0, 2, 11) is None
    assert p_g_prime(8, -20.0, 2, 11) is None
