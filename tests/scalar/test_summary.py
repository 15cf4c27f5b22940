import math

import pytest
from hypothesis import given

from reprior.core.weighting import Weighting
from reprior.errors import GraphError
from reprior.scalar import DagBuilder, count_contexts, summarise
from tests.strategies import live_dags, weightings


@given(live_dags(), weightings())
def test_lemma_1(dag, weighting):
    """The expected spread is the divergence from the uniform distribution over contexts."""
    summary = summarise(dag, weighting)
    kl = summary.distribution.kl_from_uniform()
    assert kl == pytest.approx(summary.expected_spread, abs=1e-12, rel=1e-12)


@given(live_dags(), weightings())
def test_theorem_1(dag, weighting):
    """H + E = log2 N_C."""
    summary = summarise(dag, weighting)
    total = summary.entropy + summary.expected_spread
    assert total == pytest.approx(summary.log2_total_contexts, abs=1e-12, rel=1e-12)


@given(live_dags())
def test_quantities_are_the_sums_of_the_paper(dag):
    counts = [count for count in count_contexts(dag).values() if count]
    total = sum(counts)
    p = [count / total for count in counts]
    summary = summarise(dag)
    assert summary.total_contexts == total
    assert summary.num_parameters == len(counts)
    assert len(summary.dead_parameters) == 3 - len(counts)
    assert summary.expected_spread == pytest.approx(
        sum(q * math.log2(c) for q, c in zip(p, counts, strict=True))
    )
    assert summary.entropy == pytest.approx(-sum(q * math.log2(q) for q in p), abs=1e-12)
    assert summary.total_surprisal == pytest.approx(-sum(math.log2(q) for q in p), abs=1e-12)
    scale = summary.num_inputs / summary.graph_size
    if summary.total_surprisal:
        assert summary.p_g == pytest.approx(math.log2(summary.total_surprisal * scale))
    spread = len(counts) * (summary.expected_spread + 1)
    assert summary.p_g_prime == pytest.approx(math.log2(spread * scale))


def test_sizes():
    """A parameter counts once for each function that takes it and reaches an output."""
    dag = (
        DagBuilder()
        .inputs("x1", "x2")
        .parameters("shared", "single", "unused", "lost")
        .function("f", "x1", "shared")
        .function("dead_end", "x2", "shared", "lost")
        .output("y1", "f", "shared", "single")
        .output("y2", "f")
        .build()
    )
    summary = summarise(dag)
    assert summary.dead_parameters == ("unused", "lost")
    assert (summary.num_inputs, summary.num_outputs, summary.num_weight_nodes) == (2, 2, 3)
    assert summary.graph_size == 7
    assert summary.num_parameters == 2
    assert summary.total_contexts == 4


def test_inexact_weights_have_no_exact_total():
    dag = DagBuilder().inputs("a", "b").parameters("w").output("y", "a", "b", "w").build()
    summary = summarise(dag, Weighting.parse("fan_in:0.5"))
    assert summary.total_contexts is None
    assert summary.log2_total_contexts == pytest.approx(-0.5)


def test_single_parameter_has_no_surprisal():
    summary = summarise(DagBuilder().inputs("x").parameters("w").output("y", "x", "w").build())
    assert summary.total_surprisal == 0
    assert summary.p_g is None
    assert summary.p_g_prime == pytest.approx(math.log2(1 / 3))


def test_graph_without_inputs():
    summary = summarise(DagBuilder().parameters("v", "w").output("y", "v", "w").build())
    assert summary.p_g is None
    assert summary.p_g_prime is None


@pytest.mark.parametrize(
    ("builder", "message"),
    [
        (DagBuilder().inputs("x").output("y", "x"), "the graph has no learnable parameter"),
        (DagBuilder().parameters("w").output("y"), "no learnable parameter has a path to an output"),
    ],
)
def test_nothing_to_summarise(builder, message):
    with pytest.raises(GraphError, match=message):
        summarise(builder.build())
